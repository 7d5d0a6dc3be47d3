"""`dg scaffold defs`: what `mlworks new` does, by Dagster's own command."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import BaseModel, Field

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.project import Project

if TYPE_CHECKING:
    from mlworks_orchestration.onboarding import Request


class TableParams(BaseModel):
    """What a new feature table is made of; options of `dg scaffold defs`."""

    data: str = Field(description="CSV or Parquet file.")
    time: str = Field(default="", description="Column that says when a row is about; inferred if just one holds times.")
    entity: str = Field(default="", description="Columns that, with the time, identify a row, separated by commas; inferred.")
    timezone: str = Field(default="UTC", description="Of times without an offset; partitions begin at its midnight.")
    owner: str = Field(default="team:data-science", description="Who answers for it.")

    def request(self, name: str) -> "Request":
        """Return what is asked for."""
        from mlworks_orchestration.onboarding import Request  # noqa: PLC0415 - what the code location need not load

        entity = tuple(column.strip() for column in self.entity.split(",") if column.strip())
        return Request(name, Path(self.data), time=self.time, entity=entity, timezone=self.timezone, owner=self.owner)


class ModelParams(TableParams):
    """What a new model is made of; options of `dg scaffold defs`."""

    label: str = Field(description="Column that is predicted.")
    task: str = Field(default="", description="What kind of prediction it is; inferred from the label.")
    positive: str = Field(default="", description="Of a label of two words, the one whose probability is predicted.")

    def request(self, name: str) -> "Request":
        """Return what is asked for."""
        return replace(super().request(name), label=self.label, task=self.task, positive=self.positive)


class TableScaffolder(dg.Scaffolder[TableParams]):
    """Writes a feature table from a data file."""

    @classmethod
    def get_scaffold_params(cls) -> type[TableParams]:
        """Return the options."""
        return TableParams

    def scaffold(self, request: dg.ScaffoldRequest[TableParams]) -> None:
        """Write the files."""
        from mlworks_orchestration.onboarding import draft_table  # noqa: PLC0415 - what the code location need not load

        draft_table(*_asked(request)).write()


class ModelScaffolder(dg.Scaffolder[ModelParams]):
    """Writes a model, with its feature tables, from a data file."""

    @classmethod
    def get_scaffold_params(cls) -> type[ModelParams]:
        """Return the options."""
        return ModelParams

    def scaffold(self, request: dg.ScaffoldRequest[ModelParams]) -> None:
        """Write the files."""
        from mlworks_orchestration.onboarding import draft_model  # noqa: PLC0415 - what the code location need not load

        draft_model(*_asked(request)).write()


def _asked(request: "dg.ScaffoldRequest[ModelParams] | dg.ScaffoldRequest[TableParams]") -> "tuple[Project, Request]":
    """Return the project and what is asked for; the empty folder that Dagster has made is taken away, for files are moved there whole."""
    project, place = Project.find(request.project_root), request.target_path
    if place.parent != project.root / "assets" or request.scaffold_format != "yaml" or request.append:
        message = f"{place} cannot be scaffolded: a declaration is a folder directly below assets/, in YAML. Give a plain name."
        raise DeclarationError(message)
    if not any(place.iterdir()):
        place.rmdir()
    return project, request.params.request(place.name)
