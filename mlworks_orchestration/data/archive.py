"""Data sets that come as archives of the Python package index: fetched once, checked before they are opened, kept as Parquet."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import polars as pl

from mlworks_orchestration.data.fetching import download, is_distribution
from mlworks_orchestration.data.progress import say
from mlworks_orchestration.data.unpacking import data_name, unpack
from mlworks_orchestration.errors import DataError

_ROW_GROUP = 2**15
_LARGE_BYTES = 5e7
_MADE_OF = "mlworks.made_of"
_FORMS = {"package": r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "version": r"[0-9A-Za-z]([0-9A-Za-z.!+_-]*[0-9A-Za-z])?", "sha256": r"[0-9a-f]{64}"}


class Reading(TypedDict, total=False):
    """How a member is read; all but `columns`, `timestamps` and `time_format` are of text files alone."""

    columns: Sequence[str]
    """The columns to keep; all by default. Of a wide file this saves most of the time."""

    timestamps: Sequence[str]
    """Columns of text that hold moments; without an offset they are in UTC."""

    time_format: str
    """How those moments are written, as `strptime` has it; in ISO 8601 by default."""

    nulls: Sequence[str]
    """Texts that mean a missing value; the empty text and `NA` by default."""

    separator: str
    """What stands between values; a comma by default."""

    quote: str | None
    """What values may be enclosed in; `"` by default, None where quotation marks are text like any other."""

    names: Sequence[str]
    """The names of the columns, where the file has no header."""


def data_folder() -> Path:
    """Return where data sets are kept: `$MLWORKS_DATA`, else `data/` below `$MLWORKS_HOME`, else `.mlworks/data`."""
    if given := os.environ.get("MLWORKS_DATA"):
        return Path(given)
    return Path(os.environ.get("MLWORKS_HOME", ".mlworks")) / "data"


@dataclass(frozen=True)
class Archive:
    """A file of a package on the index, source distribution or wheel, that is read by path and never installed or imported.

    Parameters:
        package: its name on the index.
        version: its version.
        sha256: of the file, in hexadecimal digits; it says which of the files of that version is meant.

    Raises:
        DataError: if one of them is malformed.
    """

    package: str
    version: str
    sha256: str

    def __post_init__(self) -> None:
        """Keep anything but a name, a version and a hash out of pip's arguments and of paths."""
        for field, form in _FORMS.items():
            value = getattr(self, field)
            if not re.fullmatch(form, value):
                message = f"Archive {self.package!r}: {field} {value!r} is malformed; it must match {form}."
                raise DataError(message)

    @property
    def folder(self) -> Path:
        """Where the archive and its tables are kept."""
        return data_folder() / self.package

    def table(self, member: str, **reading: Unpack[Reading]) -> Path:
        """Return the Parquet file made of a member, fetching the archive and reading the member if that was not done before.

        The member alone is unpacked, and read in parts, so that memory is bounded however large it is. Several processes may ask at once:
        each writes a file of its own, and the last one to end replaces the others' equal ones.

        Parameters:
            member: path of a Parquet or text file within the archive, see `unpacking.unpack`.
            reading: how to read it, see `Reading`.

        Raises:
            DataError: if the archive cannot be fetched, is not the expected one, lacks the member, if that is no such table, or if the table
                cannot be written.
        """
        target = self.folder / f"{data_name(member)}.parquet"
        made_of = f"{self.sha256} {member} {sorted(reading.items())}"
        if _made(target, made_of):
            return target
        archive = self.fetch()
        try:
            with _scratch(self.folder) as scratch:
                partial = scratch / "table"
                self._write(unpack(archive, member, scratch), partial, member, reading, made_of)
                partial.replace(target)
        except OSError as error:
            message = f"{target} cannot be written: {error}. Free space on that disk, or set MLWORKS_DATA to a folder that has more."
            raise DataError(message) from error
        return target

    def _write(self, file: Path, target: Path, member: str, reading: Reading, made_of: str) -> None:
        if file.stat().st_size > _LARGE_BYTES:
            say(f"reading {member} of {self.package} ({file.stat().st_size / 1e6:,.0f} MB)")
        try:
            _scan(file, member, reading).sink_parquet(target, row_group_size=_ROW_GROUP, metadata={_MADE_OF: made_of})
        except pl.exceptions.PolarsError as error:
            reason = " ".join(str(error).split())
            kind = "Parquet file" if ".parquet" in member else "CSV file with a header"
            kind += f" and moments in {', '.join(reading['timestamps'])}" if "timestamps" in reading else ""
            message = f"{self.package} {self.version}: {member} cannot be read as a {kind}: {reason}. Check that it is the table you mean."
            raise DataError(message) from error

    def fetch(self) -> Path:
        """Return the archive's file, downloading it with pip if it is not there yet.

        Raises:
            DataError: if it cannot be fetched or is not the expected one.
        """
        there = [path for path in sorted(self.folder.glob("*")) if is_distribution(path.name, self.package, self.version)]
        there = there or [download(self.package, self.version, self.sha256, self.folder)]
        digests = {path: _sha256(path) for path in there}
        right = next((path for path, digest in digests.items() if digest == self.sha256), None)
        if right is None:
            path, digest = next(iter(digests.items()))
            message = (
                f"{path} is not {self.package} {self.version} as it was published: its sha256 is {digest}, expected {self.sha256}. "
                "It is broken or truncated: delete it and run again to fetch it anew."
            )
            raise DataError(message)
        return right

    def member(self, member: str) -> bytes:
        """Return the content of one file of the archive, unpacked; for small ones that are no tables.

        Parameters:
            member: path within the archive, see `unpacking.unpack`.

        Raises:
            DataError: if the archive cannot be had or opened, lacks the member, or holds a larger one than can be taken.
        """
        archive = self.fetch()
        with _scratch(self.folder) as scratch:
            return unpack(archive, member, scratch).read_bytes()


def _made(target: Path, made_of: str) -> bool:
    """Return whether a whole Parquet file is there that was made of the same in the same way, or put there by hand, as slices for tests are."""
    try:
        return pl.read_parquet_metadata(target).get(_MADE_OF, made_of) == made_of
    except (FileNotFoundError, pl.exceptions.PolarsError):
        return False


def _scan(file: Path, member: str, reading: Reading) -> pl.LazyFrame:
    if ".parquet" in member:
        frame = pl.scan_parquet(file)
    else:
        # Timestamps are named, since polars takes ten times as long when it looks for them in every cell.
        frame = pl.scan_csv(
            file,
            has_header="names" not in reading,
            new_columns=reading.get("names"),
            null_values=list(reading.get("nulls", ("", "NA"))),
            separator=reading.get("separator", ","),
            quote_char=reading.get("quote", '"'),
            infer_schema_length=None,
        )
    frame = frame.select(reading["columns"]) if "columns" in reading else frame
    return frame.with_columns(pl.col(reading.get("timestamps", ())).str.to_datetime(reading.get("time_format"), time_unit="us", time_zone="UTC"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Yield an empty folder on the disk of the tables; what a kill leaves of it begins with `.writing-`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
        yield Path(name)
