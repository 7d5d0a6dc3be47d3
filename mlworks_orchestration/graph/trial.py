"""A model in a throw-away place: built once by its own jobs and sensors, for checks that look at what came of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from mlworks_orchestration import clock
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.integration import CheckReport, integrate, slice_end
from mlworks_orchestration.graph.jobs import request_tags
from mlworks_orchestration.graph.location import code_location
from mlworks_orchestration.graph.replay import QUIET, Progress, failure
from mlworks_orchestration.graph.resources import open_lake, open_registry
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.data import Lake


@dataclass(frozen=True)
class Trial:
    """A model, and the place where it is tried.

    Parameters:
        project: the deployment; its environment is the throw-away place.
        model: the model's declaration.
        definitions: the code location's definitions.
        instance: a throw-away Dagster instance.
        lake: the Delta tables.
        registry: MLflow's models.
    """

    project: Project
    model: MLModel
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    lake: "Lake"
    registry: Any

    def live(self, report: Callable[[Progress], None]) -> list[CheckReport]:
        """Let the model live until its first labels have arrived, and return what its asset checks say.

        Parameters:
            report: is told of every step.

        Raises:
            MLWorksError: if an asset cannot be built.
        """
        return integrate(self.project, self.definitions, self.instance, select=f"group:{self.model.name}", report=report)

    def score_again(self, partitions: Sequence[str]) -> None:
        """Build the features, scores and reports of partitions once more, as if a person had asked for it.

        Parameters:
            partitions: keys that were scored before.

        Raises:
            MLWorksError: if the run fails.
        """
        job = self.definitions.resolve_job_def(names.job(self.model.name, "score"))
        tags = {**request_tags(partitions), names.RUN_NOW: slice_end(self.model).isoformat()}
        with clock.replaying(slice_end(self.model)):
            result = job.execute_in_process(run_config=QUIET, instance=self.instance, tags=tags, raise_on_error=False)
        if not result.success:
            message = f"{job.name} could not build {', '.join(partitions)} again: {failure(result)}"
            raise MLWorksError(message)

    def checks(self) -> dict[str, set[str]]:
        """Return the names of the asset checks, by the asset's key, of the model and of its tables."""
        found: dict[str, set[str]] = {}
        for check in self.definitions.resolve_asset_graph().asset_check_keys:
            found.setdefault(check.asset_key.to_user_string(), set()).add(check.name)
        return found


@contextmanager
def open_trial(project: Project, model: MLModel) -> Iterator[Trial]:
    """Open the place for a trial: the project's environment, which the caller has made throw-away.

    Parameters:
        project: the deployment.
        model: the model's declaration.
    """
    with dg.DagsterInstance.get() as instance:
        environment = project.environment
        yield Trial(project, model, code_location(project), instance, open_lake(environment), open_registry(environment))
