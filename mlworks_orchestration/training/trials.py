"""The trials of tuning, each a run nested in the training's, so that they are seen while they come and found again after a stop."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.tracking import reaching

if TYPE_CHECKING:
    from mlflow.entities import Run

_SEARCH, _PARAMETERS, _REASON = "tuning", "tuning_parameters", "tuning_reason"
_MILLISECONDS = 1000
_MOST = 10_000


@dataclass(frozen=True)
class Past:
    """A trial that has ended.

    Parameters:
        parameters: its hyperparameters.
        value: the primary metric; none if it failed.
        seconds: how long it took.
        reason: why it failed; empty if it did not.
    """

    parameters: Mapping[str, Any]
    value: float | None
    seconds: float
    reason: str = ""


@dataclass
class Recorded:
    """What came of a trial, filled in while it is recorded.

    Parameters:
        value: the primary metric; none as long as there is none.
        reason: why it failed.
    """

    value: float | None = None
    reason: str = ""


class Trials:
    """The trials of one search: of a model, on one snapshot, with the same code and the same declaration.

    Parameters:
        registry: where MLflow is.
        model: the model's declaration.
        run_id: of the training, in which trials are nested.
        basis: what else makes a search another one: the snapshot's id, the hash of the estimator's code.
    """

    def __init__(self, registry: Registry, model: MLModel, run_id: str, basis: tuple[str, ...]) -> None:
        self._registry = registry
        self._model = model
        self._run_id = run_id
        self._basis = basis

    @cached_property
    def search(self) -> str:
        """What the search is known by: a hash of the declaration and of its basis."""
        declared = self._model.model_dump(mode="json", include={"tune", "hyperparameters", "seed", "estimator", "metrics", "features"})
        # More trials or more time go on with the same search.
        of_it = {name: value for name, value in declared["tune"].items() if name not in {"trials", "time_limit"}}
        return hashlib.sha256(json.dumps([{**declared, "tune": of_it}, *self._basis], sort_keys=True).encode()).hexdigest()[:16]

    def past(self) -> list[Past]:
        """Return the trials that have ended, in order; one that a killed process left under way is ended as killed and does not count."""
        client, ended = self._registry.client, []
        with reaching(self._registry.tracking_uri):
            experiment = self._registry.experiment(self._model.name)
            found = client.search_runs([experiment], f"tags.{_SEARCH} = '{self.search}'", max_results=_MOST, order_by=["attributes.start_time ASC"])
            for run in found:
                if run.info.status in {"FINISHED", "FAILED"}:
                    ended.append(self._past(run))
                elif run.info.status == "RUNNING":
                    client.set_terminated(run.info.run_id, "KILLED")
        return ended

    def _past(self, run: "Run") -> Past:
        value = run.data.metrics.get(self._model.metrics.primary) if run.info.status == "FINISHED" else None
        seconds = (run.info.end_time - run.info.start_time) / _MILLISECONDS
        return Past(json.loads(run.data.tags[_PARAMETERS]), value, seconds, run.data.tags.get(_REASON, ""))

    @contextmanager
    def record(self, number: int, parameters: Mapping[str, Any]) -> Iterator[Recorded]:
        """Record a trial that is done inside the block.

        Parameters:
            number: from 0.
            parameters: its hyperparameters.
        """
        client, recorded = self._registry.client, Recorded()
        tags = {"mlflow.parentRunId": self._run_id, _SEARCH: self.search, _PARAMETERS: json.dumps(dict(parameters))}
        with reaching(self._registry.tracking_uri):
            experiment = self._registry.experiment(self._model.name)
            run_id = client.create_run(experiment, tags=tags, run_name=f"trial {number + 1}").info.run_id
            for name, value in parameters.items():
                client.log_param(run_id, name, value)
        try:
            yield recorded
        except BaseException:
            with reaching(self._registry.tracking_uri):
                client.set_terminated(run_id, "KILLED")
            raise
        with reaching(self._registry.tracking_uri):
            if recorded.value is None:
                client.set_tag(run_id, _REASON, recorded.reason)
            else:
                client.log_metric(run_id, self._model.metrics.primary, recorded.value)
            client.set_terminated(run_id, "FAILED" if recorded.value is None else "FINISHED")

    def conclude(self, best: float, count: int) -> None:
        """Log what came of the search into the training's run.

        Parameters:
            best: the best value of the primary metric.
            count: number of trials.
        """
        client = self._registry.client
        with reaching(self._registry.tracking_uri):
            client.log_metric(self._run_id, f"tuning_best_{self._model.metrics.primary}", best)
            client.log_metric(self._run_id, "tuning_trials", count)
