"""The two Dagster components: thin YAML faces of `spec/`."""

from typing import Self

import dagster as dg
from pydantic import BaseModel

from mlworks_orchestration import spec
from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.graph.build import definitions_of
from mlworks_orchestration.graph.scaffold import ModelScaffolder, TableScaffolder
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import Spec


class _Declared(dg.Component):
    """A component whose attributes are a spec."""

    def __init__(self, declaration: Spec) -> None:
        self.declaration = declaration

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Take the validated attributes as they are."""
        del context
        if not isinstance(attributes, Spec):
            message = f"{cls.__name__} needs attributes; see docs/declare.md."
            raise DeclarationError(message)
        return cls(attributes)


@dg.scaffold_with(TableScaffolder)
class FeatureTable(_Declared):
    """A feature table: where its rows come from, what they must look like, who answers for them."""

    declaration: spec.FeatureTable

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the declaration's class."""
        return spec.FeatureTable

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build `raw/<name>` and `features/<name>`."""
        project = Project.find(context.project_root)
        catalog = project.catalog_with(self.declaration)
        catalog.check_table(self.declaration)
        return definitions_of(catalog, self.declaration, project.environment)


@dg.scaffold_with(ModelScaffolder)
class MLModel(_Declared):
    """A model's whole life: training, gate, scores, drift, performance, jobs and schedule."""

    declaration: spec.MLModel

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the declaration's class."""
        return spec.MLModel

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build the model's assets, jobs and schedule."""
        project = Project.find(context.project_root)
        catalog = project.catalog_with(self.declaration)
        catalog.check_model(self.declaration)
        return definitions_of(catalog, self.declaration, project.environment)
