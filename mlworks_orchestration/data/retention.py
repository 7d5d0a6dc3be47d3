"""Care of the lake's files: small ones are merged, and those that no version needs any more are deleted."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import polars as pl
from deltalake import DeltaTable, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError, DeltaError

from mlworks_orchestration.data.lake import LOG, Lake
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.errors import LakeError

_INPUTS = "inputs"
# A file of this size or more gains nothing from being merged with others.
_SMALL_BYTES = 50 * 2**20
# Versions are named by snapshots for as long as the models live; no commit of ours may shorten the log.
_KEEP_THE_LOG = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


@dataclass(frozen=True)
class Need:
    """A version of a table that must stay readable.

    Parameters:
        table: for example `features/flights`.
        version: its Delta version.
        why: who needs it, in words.
    """

    table: str
    version: int
    why: str


@dataclass(frozen=True)
class Tidied:
    """What was done to a table, or would be.

    Parameters:
        table: its name.
        newest: its newest version, which is always kept.
        kept: older versions that are kept, and who needs each.
        merged: number of small files that were merged into larger ones.
        freed_files: number of files that were deleted.
        freed_bytes: their size.
        stored_bytes: the size of all files beforehand.
        trouble: what kept it from being done, and what to do; empty if nothing did.
    """

    table: str
    newest: int
    kept: Mapping[int, tuple[str, ...]]
    merged: int = 0
    freed_files: int = 0
    freed_bytes: int = 0
    stored_bytes: int = 0
    trouble: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        kept = [{"version": version, "needed_by": list(why)} for version, why in sorted(self.kept.items())]
        return {**vars(self), "kept": kept}


def recorded_needs(lake: Lake) -> list[Need]:
    """Return the versions that stored rows say they were computed from, in a column `inputs`; reading such a row back reads them.

    Parameters:
        lake: whose rows.
    """
    found: list[Need] = []
    for table in lake.tables():
        if _INPUTS not in {field.name for field in lake.delta(table).schema().fields}:
            continue
        for text in lake.read(table, columns=[_INPUTS])[_INPUTS].drop_nulls().unique().sort():
            found += [Need(name, int(version), f"rows of {table}") for name, version in json.loads(text).items()]
    return list(dict.fromkeys(found))


def tidy(  # noqa: PLR0913 - the table, what is needed of it and three settings, which go by name
    lake: Lake, table: str, needs: Iterable[Need], *, order: Sequence[str] = (), older_than: timedelta, dry_run: bool
) -> Tidied:
    """Merge the small files of a table, then delete the files that neither its newest version nor a needed one reads.

    Safe beside writers and readers, as long as none takes longer than `older_than`: younger files and files that were replaced more
    recently stay. The log is not shortened. Doing it again does nothing; killed on the way, the next time completes it.

    Parameters:
        lake: where the table is.
        table: its name.
        needs: versions to keep; those of other tables are passed over.
        order: columns by which merged files are Z-ordered; in the order of their rows without any.
        older_than: for how long a file must have been of no use.
        dry_run: only tell what would be done.

    Raises:
        LakeError: if delta-rs would delete a file that is needed; nothing was deleted.
    """
    kept = _kept(table, needs)
    merged, trouble = _merge(lake, table, order, dry_run=dry_run)
    newest, sizes = lake.version(table), lake.sizes(table)
    files, unreadable = _files(lake, table, kept, sizes)
    if unreadable:
        # Deleting more of a table whose past is not what it ought to be could make it worse.
        return Tidied(table, newest, kept, merged, stored_bytes=sum(sizes.values()), trouble=unreadable)
    unused = _unused(lake, table, sorted({*kept, newest}), older_than, dry_run=True)
    doomed = [path for path in unused if path in sizes]
    wrong = [path for path in doomed if PurePosixPath(path).name in files]
    if wrong:
        message = f"Lake table {table}: {wrong[0]} is needed but would be deleted; nothing was. Report this with the version of deltalake."
        raise LakeError(message)
    if doomed and not dry_run:
        _unused(lake, table, sorted({*kept, newest}), older_than, dry_run=False)
    return Tidied(
        table, lake.version(table), kept, merged, len(doomed), sum(sizes[path] for path in doomed), stored_bytes=sum(sizes.values()), trouble=trouble
    )


def _kept(table: str, needs: Iterable[Need]) -> dict[int, tuple[str, ...]]:
    kept: dict[int, dict[str, None]] = {}
    for need in needs:
        if need.table == table:
            kept.setdefault(need.version, {})[need.why] = None
    return {version: tuple(why) for version, why in sorted(kept.items())}


def _merge(lake: Lake, table: str, order: Sequence[str], *, dry_run: bool) -> tuple[int, str]:
    """Merge small files, partition by partition; return how many there were and what kept it from being done."""
    opened = lake.delta(table)
    small = _small_files(opened)
    if not small or dry_run:
        return sum(small.values()), ""
    cut = PARTITION in opened.metadata().partition_columns
    where: list[tuple[str, str, Any]] | None = [(PARTITION, "in", sorted(small))] if cut else None
    try:
        if order:
            opened.optimize.z_order(list(order), partition_filters=where, post_commithook_properties=_KEEP_THE_LOG)
        else:
            opened.optimize.compact(partition_filters=where, post_commithook_properties=_KEEP_THE_LOG)
    except CommitFailedError:
        return 0, "A writer came in between, so its files were not merged; the next time will."
    except (DeltaError, OSError) as error:
        return 0, f"Its files could not be merged: {error}. They are as they were; check the storage."
    return sum(small.values()), ""


def _small_files(opened: DeltaTable) -> dict[str, int]:
    """Return, of each partition with more than one small file, how many it has; of a table that is not cut, under an empty key."""
    actions = pl.DataFrame(opened.get_add_actions(flatten=True)).filter(pl.col("size_bytes") < _SMALL_BYTES)
    key = f"partition.{PARTITION}"
    counts = Counter(actions[key].to_list() if key in actions.columns else [""] * actions.height)
    return {name: count for name, count in counts.items() if count > 1}


def _files(lake: Lake, table: str, kept: Mapping[int, tuple[str, ...]], sizes: Mapping[str, int]) -> tuple[set[str], str]:
    """Return the names of the files that kept versions and the newest read, and what is wrong with one of them."""
    if within := next((path for path in sizes if f"/{LOG}/" in path), ""):
        # To delta-rs its files would be orphans of this one.
        return set(), f"Another table lies within it, at {within.partition(f'/{LOG}/')[0]}. No file was deleted; move that table elsewhere."
    present = {PurePosixPath(path).name for path in sizes}
    named: set[str] = set()
    for version in (None, *kept):
        who = "" if version is None else f", needed by {kept[version][0]},"
        try:
            files = {PurePosixPath(uri).name for uri in lake.delta(table, version).file_uris()}
        except LakeError as error:
            return named, f"Version {version}{who} is not in the log: {error} No file was deleted; restore the table from a backup."
        if gone := files - present:
            which = "the newest version" if version is None else f"version {version}{who}"
            return named, f"{len(gone)} files of {which} are gone. No file was deleted; restore the table from a backup."
        named |= files
    return named, ""


def _unused(lake: Lake, table: str, keep: list[int], older_than: timedelta, *, dry_run: bool) -> list[str]:
    """Let delta-rs find, or delete, the files that none of these versions reads and that were of no use for long enough."""
    hours = -(-older_than // timedelta(hours=1))
    try:
        return lake.delta(table).vacuum(
            hours, dry_run=dry_run, enforce_retention_duration=False, full=True, keep_versions=keep, post_commithook_properties=_KEEP_THE_LOG
        )
    except (DeltaError, OSError) as error:
        message = f"Lake table {table} could not be vacuumed: {error}. What is needed is still there; check the storage and run again."
        raise LakeError(message) from error
