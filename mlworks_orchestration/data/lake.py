"""The lake: Delta tables through delta-rs, cut by partition and replaced atomically."""

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from mlworks_orchestration.data.partitioning import PARTITION, check_partitioned, predicate
from mlworks_orchestration.data.retrying import retried
from mlworks_orchestration.data.schema import SchemaMode, creatable, fit, retyped, storable
from mlworks_orchestration.data.storage import LocatedTable, is_there, listing
from mlworks_orchestration.errors import LakeError, NotReadyError, nearest

__all__ = ["PARTITION", "Lake"]

_TABLE = re.compile(r"[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*")
LOG = "_delta_log"
_ASKED_AT_ONCE = 32
# Delta would drop log entries after 30 days by itself, and with them the versions that training snapshots name.
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}


class Lake:
    """All Delta tables under one root, on disk or in an object store.

    Every write is one atomic commit: readers see all of it or nothing, and a process
    killed before the commit leaves the version that was there, beside orphan files that no reader sees.

    Parameters:
        root: a folder, or a URI that delta-rs knows, for example `s3://bucket/lake`.
        storage_options: passed on to delta-rs and polars, for example the credentials of an object store.

    Examples:
        >>> from tempfile import mkdtemp
        >>> lake = Lake(mkdtemp())
        >>> version = lake.write("raw/flights", pl.DataFrame({"id": [1], "_partition": ["2013-01-01"]}), partitions=["2013-01-01"])
        >>> lake.partitions("raw/flights"), lake.read("raw/flights", columns=["id"]).rows()
        (['2013-01-01'], [(1,)])
    """

    def __init__(self, root: str | Path, storage_options: Mapping[str, str] | None = None) -> None:
        self.root = str(root).rstrip("/")
        self.storage_options = dict(storage_options) if storage_options else None

    def write(
        self,
        table: str,
        frame: pl.DataFrame,
        *,
        partitions: Sequence[str],
        metadata: Mapping[str, str] | None = None,
        schema: SchemaMode = "fixed",
    ) -> int:
        """Replace exactly these partitions in one commit; a partition without rows is emptied. Writing the same again changes nothing.

        Parameters:
            table: for example `features/flights`; created by the first write.
            frame: the rows, with their partition's key in the column `_partition`.
            partitions: keys of the partitions to replace; rows of others are refused.
            metadata: kept with the commit, see `history`.
            schema: `fixed` refuses any change of columns or types; `merge` takes in new columns and lets columns be absent, and where all partitions
                of the table are replaced, so that no row of the old types is left, it takes any types.

        Returns:
            The new Delta version of the table.

        Raises:
            LakeError: naming table, partition or column, if rows do not fit; the table is unchanged.
        """
        check_partitioned(table, frame, partitions)
        return self._commit(table, frame, metadata, schema, replacing=partitions)

    def append(self, table: str, rows: pl.DataFrame, *, metadata: Mapping[str, str] | None = None, schema: SchemaMode = "fixed") -> int:
        """Add rows in one commit to a table that is not cut by partition, for example of verdicts or decisions.

        Parameters:
            table: for example `airline_delay/verdicts`; created by the first append.
            rows: of the table's very columns and types.
            metadata: kept with the commit, see `history`.
            schema: as in `write`.

        Returns:
            The new Delta version of the table.

        Raises:
            LakeError: naming table and column, if rows do not fit; the table is unchanged.
        """
        return self._commit(table, rows, metadata, schema, replacing=None)

    def append_once(self, table: str, rows: pl.DataFrame, key: str, *, schema: SchemaMode = "fixed") -> bool:
        """Add rows in one commit, unless rows with this key were added before; of several writers at the same moment exactly one does.

        The key is an application's transaction in the Delta log, which refuses a commit beside another one of the same transaction.

        Parameters:
            table: for example `airline_delay/decisions`; created by the first append.
            rows: of the table's very columns and types.
            key: what is to be there once.
            schema: as in `write`.

        Returns:
            Whether the rows were added.

        Raises:
            LakeError: naming table and column, if rows do not fit; the table is unchanged.
        """
        return self._commit(table, rows, None, schema, replacing=None, once=key) >= 0

    def read(
        self, table: str, *, columns: Sequence[str] | None = None, partitions: Sequence[str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """Return rows of a table, in the order of their partitions; files of other partitions are not opened.

        Parameters:
            table: for example `features/flights`.
            columns: those to read, in this order; all by default, in the table's.
            partitions: keys of those to read; all by default. A key without rows gives none.
            version: the Delta version to travel to; the newest by default.

        Raises:
            NotReadyError: if the table does not exist.
            LakeError: if the version or a column does not exist, or a file cannot be read.
        """
        opened = self._open(table, version)
        try:
            rows = pl.scan_delta(opened, storage_options=self.storage_options)
            known = rows.collect_schema().names()
            wanted = list(columns) if columns is not None else known
            unknown = [name for name in wanted if name not in known]
            if unknown:
                message = f"Lake table {table} has no column {unknown[0]!r}; {nearest(unknown[0], known)}."
                raise LakeError(message)
            if partitions is not None:
                rows = rows.filter(pl.col(PARTITION).is_in(list(partitions)))
            if PARTITION in known:
                rows = rows.select({*wanted, PARTITION}).sort(PARTITION, maintain_order=True)
            return rows.select(wanted).collect()
        except (DeltaError, OSError, pl.exceptions.PolarsError) as error:
            remedy = "materialise it again" if version is None else "they were vacuumed; restore them from a backup, or use a newer version"
            message = f"Lake table {table} at version {opened.version()} could not be read: {error}. If its files are gone, {remedy}."
            raise LakeError(message) from error

    def exists(self, table: str) -> bool:
        """Return whether the table has been created."""
        return DeltaTable.is_deltatable(self._uri(table), self.storage_options)

    def version(self, table: str) -> int:
        """Return the newest Delta version.

        Raises:
            NotReadyError: if the table does not exist.
        """
        return self._open(table).version()

    def newer(self, seen: Mapping[str, int]) -> set[str]:
        """Return which tables have a version after the one that was seen, by looking for one file each, whatever their age.

        Parameters:
            seen: the Delta version by table; -1 for a table that did not exist.
        """
        logs = {table: f"{self._uri(table)}/{LOG}/{version + 1:020}.json" for table, version in seen.items()}
        if "://" not in self.root:
            return {table for table, path in logs.items() if os.path.exists(path)}  # noqa: PTH110 - asked thousands of times a tick
        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            found = pool.map(lambda path: is_there(path, self.storage_options), logs.values())
            return {table for table, there in zip(logs, found, strict=True) if there}

    def partitions(self, table: str, version: int | None = None) -> list[str]:
        """Return, sorted, the keys that have rows; none if the table does not exist. Read from the log alone."""
        if not self.exists(table):
            return []
        return sorted(partition[PARTITION] for partition in self._open(table, version).partitions())

    def history(self, table: str) -> list[dict[str, Any]]:
        """Return the commits, newest first, each with its `version`, `timestamp`, `operation` and the metadata given to the write.

        Raises:
            NotReadyError: if the table does not exist.
        """
        return self._open(table).history()

    def tables(self) -> list[str]:
        """Return the names of all tables, sorted."""
        paths = (path.partition(f"/{LOG}") for path in listing(self.root, self.storage_options))
        return sorted({name for name, mark, _ in paths if mark and _TABLE.fullmatch(name)})

    def sizes(self, table: str) -> dict[str, int]:
        """Return the size in bytes of each file in a table's folder that is no part of its log, whether a version names it or not."""
        found = listing(self._uri(table), self.storage_options)
        return {path: size for path, size in found.items() if size is not None and not path.startswith(LOG)}

    def delta(self, table: str, version: int | None = None) -> DeltaTable:
        """Return delta-rs's own table, for what is not here.

        Raises:
            NotReadyError: if the table does not exist.
            LakeError: if it has no such version.
        """
        return self._open(table, version)

    def _uri(self, table: str) -> str:
        if _TABLE.fullmatch(table) is None:
            message = f"{table!r} is no name of a lake table; write lower-case words of letters, digits and _, parted by /, as in features/flights."
            raise LakeError(message)
        return f"{self.root}/{table}"

    def _open(self, table: str, version: int | None = None) -> DeltaTable:
        uri = self._uri(table)
        try:
            return LocatedTable(uri, version=version, storage_options=self.storage_options)
        except TableNotFoundError as error:
            message = f"Lake table {table} does not exist yet under {self.root}; materialise the asset that writes it."
            raise NotReadyError(message) from error
        except (DeltaError, OSError) as error:
            at = "" if version is None else f" at version {version}"
            message = f"Lake table {table} could not be opened{at}: {error}"
            raise LakeError(message) from error

    def _open_or_create(self, table: str, rows: pl.DataFrame, schema: SchemaMode, partition_by: list[str]) -> DeltaTable:
        # Created empty, by itself: of two writers that both create with rows, delta-rs keeps the rows of both. Never rebased: a
        # second creation on top of the first would replace its schema; the loser finds the winner's table when it tries again.
        if not self.exists(table):
            DeltaTable.create(
                self._uri(table),
                Schema.from_arrow(creatable(table, rows, schema).to_arrow().schema),
                mode="ignore",
                partition_by=partition_by,
                configuration=_CONFIGURATION,
                storage_options=self.storage_options,
                commit_properties=CommitProperties(max_commit_retries=0),
            )
        return self._open(table)

    def _commit(  # noqa: PLR0913 - what is written, how, and how often
        self,
        table: str,
        frame: pl.DataFrame,
        metadata: Mapping[str, str] | None,
        schema: SchemaMode,
        *,
        replacing: Sequence[str] | None,
        once: str = "",
    ) -> int:
        """Return the new version; -1 where rows with the key `once` were there already."""
        rows = storable(table, frame)
        commit = CommitProperties(custom_metadata=dict(metadata or {}), app_transactions=[Transaction(once, 1)] if once else None)

        def attempt() -> int:
            opened = self._open_or_create(table, rows, schema, [PARTITION] if replacing is not None else [])
            if once and opened.transaction_version(once) is not None:
                return -1
            stored = pl.scan_delta(opened, storage_options=self.storage_options).collect_schema()
            if replacing is not None and schema == "merge" and retyped(rows, stored) and _holds_only(opened, replacing):
                anew = rows.select(creatable(table, rows, schema).columns)
                write_deltalake(opened, anew, mode="overwrite", schema_mode="overwrite", commit_properties=commit)
                return opened.version()
            fitted = fit(table, rows, stored, schema)
            wider: Literal["merge"] | None = "merge" if fitted.width > len(stored) else None
            if replacing is None:
                write_deltalake(opened, fitted, mode="append", schema_mode=wider, commit_properties=commit)
            else:
                write_deltalake(opened, fitted, mode="overwrite", predicate=predicate(replacing), schema_mode=wider, commit_properties=commit)
            return opened.version()

        return retried(table, attempt)


def _holds_only(opened: DeltaTable, partitions: Sequence[str]) -> bool:
    return {partition[PARTITION] for partition in opened.partitions()} <= set(partitions)
