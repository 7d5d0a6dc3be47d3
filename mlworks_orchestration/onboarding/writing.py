"""Writing files into a project so that they are there whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from mlworks_orchestration.errors import DeclarationError, MLWorksError
from mlworks_orchestration.project import Project

STAGE = ".writing-"


def put(files: Mapping[str, str], root: Path, check: Callable[[Path], None]) -> None:
    """Write files below a folder: made in one beside, checked, and moved in their order, a folder below `assets/` at once.

    Killed on the way, what was moved is whole, and asking for the same again moves the rest.

    Parameters:
        files: texts by their path from the root, in the order in which they may appear.
        root: the folder.
        check: is given the folder beside, with all files in it, and raises if they must not be moved.

    Raises:
        MLWorksError: if the folder cannot be written to.
    """
    try:
        with tempfile.TemporaryDirectory(dir=root, prefix=STAGE) as scratch:
            stage = Path(scratch)
            for path, text in files.items():
                (stage / path).parent.mkdir(parents=True, exist_ok=True)
                (stage / path).write_text(text, encoding="utf-8")
            check(stage)
            for unit in dict.fromkeys(map(unit_of, files)):
                _move(stage / unit, root / unit)
    except OSError as error:
        message = f"{root} cannot be written to: {error}. What is not there yet was not written."
        raise MLWorksError(message) from error


def check_free(files: Mapping[str, str], project: Project) -> None:
    """Check that nothing else is where files are to be put; what a killed run left is just what would be written again.

    Parameters:
        files: texts by their path from the project's root.
        project: the deployment.

    Raises:
        DeclarationError: naming what is in the way.
    """
    units = {unit_of(path) for path in files}
    there = [unit for unit in sorted(units) if (project.root / unit).exists()]
    other = [unit for unit in there if any(unit_of(path) == unit and not _same(project.root / path, text) for path, text in files.items())]
    declared = [str(path) for name, path in project.declarations.paths.items() if f"assets/{name}" in units and path.parent.name != name]
    if other or declared:
        message = f"{', '.join(other + declared)} would be in the way, so nothing was written. Choose another name, or remove it first."
        raise DeclarationError(message)


def unit_of(path: str) -> str:
    """Return what is moved at once with a file: a folder below `assets/`, or the file by itself."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "assets" else path


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _move(made: Path, place: Path) -> None:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, place)
