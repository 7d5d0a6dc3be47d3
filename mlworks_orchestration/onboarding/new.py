"""What is asked of `mlworks new`: a draft of all files, which is looked at or put in place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlworks_orchestration.onboarding.model import model_files, table_files
from mlworks_orchestration.onboarding.profile import Profile
from mlworks_orchestration.onboarding.profiling import profile_file
from mlworks_orchestration.onboarding.request import Request, check_name, taken_names
from mlworks_orchestration.onboarding.trying import try_tables
from mlworks_orchestration.onboarding.writing import check_free, put
from mlworks_orchestration.project import Project


@dataclass(frozen=True)
class Draft:
    """The files of a new model or feature table, before they are written.

    Parameters:
        profile: what was found out from the data.
        files: texts by their path from the project's root.
        project: the deployment that they are for.
    """

    profile: Profile
    files: Mapping[str, str]
    project: Project

    def write(self) -> None:
        """Put the files in place, after the whole file was read through them once."""
        put(self.files, self.project.root, lambda stage: try_tables(stage, self.project))


def draft_model(project: Project, request: Request) -> Draft:
    """Return the files of a new model.

    Parameters:
        project: the deployment.
        request: what the model is to be.

    Raises:
        MLWorksError: if the name is taken, or nothing can be made of the data; see `profile_file`.
    """
    return _draft(project, request, model_files)


def draft_table(project: Project, request: Request) -> Draft:
    """Return the files of a new feature table.

    Parameters:
        project: the deployment.
        request: what the table is to be.

    Raises:
        MLWorksError: as `draft_model`.
    """
    return _draft(project, replace(request, label=None), table_files)


def _draft(project: Project, request: Request, made: Callable[[Profile, Path], dict[str, str]]) -> Draft:
    check_name(request.name, taken_names(project.catalog, project.root / "assets"))
    profile = profile_file(request)
    draft = Draft(profile, made(profile, project.root), project)
    check_free(draft.files, project)
    return draft
