"""A whole new project, with the same top level as the framework's own."""

import tempfile
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.onboarding.render import render
from mlworks_orchestration.onboarding.request import suggested
from mlworks_orchestration.onboarding.writing import STAGE

SHARED = (
    ".gitignore",
    "assets/__init__.py",
    "dagster.yaml",
    "resources/__init__.py",
    "resources/local.py",
    "resources/production.py",
    "resources/staging.py",
    "sensors/__init__.py",
    "sensors/approvals.py",
    "sensors/labels.py",
    "sensors/retraining.py",
    "tests/conformance/test_conformance.py",
    "workspace.yaml",
)
"""The files that a project has as this one has them: read from the wheel, or from beside the framework where it is developed."""

OWN = {
    "Makefile": "project/Makefile.jinja",
    "README.md": "project/README.md.jinja",
    "pyproject.toml": "project/pyproject.toml.jinja",
    "tests/test_project.py": "project/test_project.py.jinja",
}
"""The files that each project has in its own words, and their templates."""


def project_files(name: str) -> dict[str, str]:
    """Return the files of a new project by their path.

    Parameters:
        name: of the project.
    """
    values = {"name": name, "version": metadata.version("mlworks-orchestration")}
    own = {path: render(template, **values) for path, template in OWN.items()}
    return dict(sorted((own | {path: _shared(path) for path in SHARED}).items()))


def new_project(folder: Path) -> dict[str, str]:
    """Make a project in a new or empty folder: made beside it and moved to its place at once.

    Parameters:
        folder: where it is to be.

    Returns:
        Its files by their path.

    Raises:
        MLWorksError: if something is there, or it cannot be written to.
    """
    place = folder.absolute()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        message = (
            f"{folder} is there and not empty, so nothing was written. Give a new folder; a model is added to a project with `mlworks new model`."
        )
        raise MLWorksError(message)
    made = project_files(suggested(place.name).replace("_", "-"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=STAGE) as scratch:
            stage = Path(scratch) / place.name
            for path, text in made.items():
                (stage / path).parent.mkdir(parents=True, exist_ok=True)
                (stage / path).write_text(text, encoding="utf-8")
            stage.replace(place)
    except OSError as error:
        message = f"{folder} cannot be made: {error}."
        raise MLWorksError(message) from error
    return made


def _shared(path: str) -> str:
    packed = files("mlworks_orchestration.onboarding") / "shared" / path
    beside = Path(__file__).parents[2] / path
    return packed.read_text(encoding="utf-8") if packed.is_file() else beside.read_text(encoding="utf-8")
