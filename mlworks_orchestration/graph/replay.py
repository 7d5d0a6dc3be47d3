"""Moving the clock through history, with the jobs and sensors of production against the real instance."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
import polars as pl
from dagster_shared.error import SerializableErrorInfo

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.jobs import MAX_PARTITIONS, request_tags
from mlworks_orchestration.graph.nobody_there import check_serving
from mlworks_orchestration.graph.retraining_sensor import RETRAINING_SENSOR, RetrainingSensor
from mlworks_orchestration.graph.sqlite import fewer_syncs
from mlworks_orchestration.spec import MLModel, moments_of_replay

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run config under which a run's events go to the instance alone, not to the terminal too."""

_MAX_REQUESTS = 100


@dataclass(frozen=True)
class Progress:
    """How far a replay is.

    Parameters:
        done: steps replayed.
        total: steps in all.
        moment: where the clock stands.
        doing: what is going on, in words.
    """

    done: int
    total: int
    moment: datetime
    doing: str


@dataclass(frozen=True)
class Replay:
    """A replay of one model.

    Parameters:
        model: the model's declaration.
        definitions: the code location's definitions.
        instance: the Dagster instance that keeps the history.
        lake: the Delta tables.
        until: where to stop; by default when the last label has arrived.
        stand_in: approves what waits for people, where nobody is there to do so; by default it waits.
    """

    model: MLModel
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    lake: Lake
    until: datetime | None = None
    stand_in: Callable[[], int | None] | None = None

    def moments(self) -> list[datetime]:
        """Return where the clock stops: first when a whole training window has passed and its labels are known, then step by step.

        Raises:
            NotReadyError: if the declaration has no end, so that there is no history to replay, or if it ends before the first training.
        """
        return moments_of_replay(self.model, self.until)

    def reached(self) -> datetime:
        """Return the last moment that was replayed; only of a model of which something was."""
        return max(self._completed())

    def run(self, report: Callable[[Progress], None]) -> None:
        """Replay from where the last replay stopped.

        Parameters:
            report: is told of every step.

        Raises:
            MLWorksError: if a run fails; what was done stays, and the next replay goes on from there.
        """
        with fewer_syncs():
            self._fail_abandoned_runs()
            self._run(report)

    def _run(self, report: Callable[[Progress], None]) -> None:
        moments = self.moments()
        done = self._completed()
        cursor = done[max(done)] if done else None
        for index, moment in enumerate(moments):
            if moment in done:
                continue

            def tell(doing: str, index: int = index, moment: datetime = moment) -> None:
                report(Progress(index, len(moments), moment, doing))

            with clock.replaying(moment):
                if index == 0:
                    self._first_training(moment, tell)
                else:
                    cursor = self._step(moment, cursor, tell)
            self.lake.append(self._table, pl.DataFrame({"moment": [moment], "cursor": [cursor or ""]}, schema=_COMPLETED))
        report(Progress(len(moments), len(moments), moments[-1], "done"))

    def _fail_abandoned_runs(self) -> None:
        """Say of runs that a killed replay left under way that they failed; otherwise the sensor would wait for them forever."""
        left = dg.RunsFilter(tags={names.REPLAYED: self.model.name}, statuses=[dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
        for run in self.instance.get_runs(left):
            self.instance.report_run_failed(run, "The replay that executed this run was stopped.")

    @property
    def _table(self) -> str:
        return f"{self.model.name}/replay"

    def _completed(self) -> dict[datetime, str]:
        if not self.lake.exists(self._table):
            return {}
        return dict(self.lake.read(self._table).select("moment", "cursor").iter_rows())

    def _first_training(self, moment: datetime, tell: Callable[[str], None]) -> None:
        ended = self.model.partitions.keys(moment - self.model.label.delay)
        tell(f"data of {len(ended)} partitions")
        self._execute(self._job("data"), request_tags(ended), f"first:{ended[0]}:{ended[-1]}", moment)
        tell("first training")
        self._execute(self._job("train"), {names.RUN_TRIGGER: "first training"}, "first", moment)

    def _step(self, moment: datetime, cursor: str | None, tell: Callable[[str], None]) -> str | None:
        self._act_on_approvals(moment, tell)
        last = self._last_scored()
        pending = [key for key in self.model.partitions.keys(moment) if key > last]
        for first in range(0, len(pending), MAX_PARTITIONS):
            keys = pending[first : first + MAX_PARTITIONS]
            tell(f"scoring {keys[0]} to {keys[-1]}")
            self._execute(self._job("score"), request_tags(keys), f"{keys[0]}:{keys[-1]}", moment)
        for request in self._requests(f"{self.model.name}_label_sensor"):
            tell("labels and performance")
            self._execute(self._job("labels"), request.tags, request.run_key, moment)
        tell("retraining sensor")
        return self._retraining_tick(moment, cursor, tell)

    def _job(self, verb: str) -> str:
        return names.job(self.model.name, verb)

    def _last_scored(self) -> str:
        scored = self.lake.partitions(f"{self.model.name}/scores") or self.lake.partitions(f"{self.model.name}/labels")
        return max(scored, default="")

    def _requests(self, sensor: str) -> Iterator[dg.RunRequest]:
        """Tick a sensor until it has nothing more to ask for."""
        asked: set[str | None] = set()
        for _ in range(_MAX_REQUESTS):
            with dg.build_sensor_context(instance=self.instance) as context:
                found = self.definitions.resolve_sensor_def(sensor)(context)
            requests = [found] if isinstance(found, dg.RunRequest) else list(found.run_requests or []) if isinstance(found, dg.SensorResult) else []
            new = [request for request in requests if request.run_key not in asked]
            if not new:
                return
            asked |= {request.run_key for request in new}
            yield from new

    def _act_on_approvals(self, moment: datetime, tell: Callable[[str], None]) -> None:
        """Let what people, or the stand-in, have approved since the last step take over."""
        if self.model.gate.mode != "manual":
            return
        if self.stand_in:
            self.stand_in()
        for request in self._requests(f"{self.model.name}_approval_sensor"):
            tell(request.tags[names.RUN_TRIGGER])
            self._execute(self._job("train"), request.tags, request.run_key, moment, request.asset_selection)
        check_serving(self.lake, self.model)

    def _retraining_tick(self, moment: datetime, cursor: str | None, tell: Callable[[str], None]) -> str | None:
        sensor = self.definitions.resolve_sensor_def(RETRAINING_SENSOR)
        if not isinstance(sensor, RetrainingSensor):
            message = f"{RETRAINING_SENSOR} must be made by graph.retraining_sensor, not a {type(sensor).__name__}."
            raise MLWorksError(message)
        # Only for this model: of the others, nothing is known at the replayed moment.
        with dg.build_sensor_context(instance=self.instance, cursor=cursor) as context:
            result = sensor.of([self.model])(context)
        if not isinstance(result, dg.SensorResult):
            message = f"{RETRAINING_SENSOR} must return a SensorResult, not {type(result).__name__}."
            raise MLWorksError(message)
        for request in result.run_requests or []:
            tell(f"{request.job_name}: {request.tags[names.RUN_TRIGGER]}")
            self._execute(f"{request.job_name}", request.tags, request.run_key, moment)
        return result.cursor

    def _execute(self, job: str, tags: Mapping[str, str], run_key: str | None, moment: datetime, assets: Sequence[dg.AssetKey] | None = None) -> None:
        """Run a job in this process, unless a run with its key has succeeded already."""
        all_tags = {**tags, names.RUN_KEY: f"{run_key}", names.REPLAYED: self.model.name, names.RUN_NOW: moment.isoformat()}
        same = dg.RunsFilter(job_name=job, tags={names.RUN_KEY: f"{run_key}"}, statuses=[dg.DagsterRunStatus.SUCCESS])
        if self.instance.get_runs_count(same):
            return
        resolved = self.definitions.resolve_job_def(job)
        result = resolved.execute_in_process(
            run_config=QUIET, instance=self.instance, tags=all_tags, raise_on_error=False, asset_selection=list(assets) if assets else None
        )
        if not result.success:
            remedy = "Correct the cause and replay again: it goes on from here."
            message = f"The run {result.run_id} of {job} failed at {moment.isoformat()}: {failure(result)} {remedy}"
            raise MLWorksError(message)


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Return why a run failed, in the words of the errors that its steps raised.

    Parameters:
        result: of a run that did not succeed.
    """
    reasons = []
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error is not None:
            described = event.step_failure_data.user_failure_data
            reasons.append(f"{event.step_key}: {(described and described.description) or _root(event.step_failure_data.error)}")
        # A resource that cannot be opened fails the run before any step.
        elif event.is_job_failure and event.job_failure_data.error is not None and not reasons:
            reasons.append(_root(event.job_failure_data.error))
    checks = [item for item in result.get_asset_check_evaluations() if not item.passed and item.blocking]
    return " ".join([*reasons, *(f"Check {item.check_name}: {item.description}" for item in checks)])


def _root(error: SerializableErrorInfo) -> str:
    """Return the text of the first error of ours in the chain of causes, for it says what to do; else of the first cause."""
    kinds: list[type[MLWorksError]] = [MLWorksError, *MLWorksError.__subclasses__()]
    ours = {kind.__name__ for kind in kinds}
    while error.cls_name not in ours and error.cause is not None:
        error = error.cause
    return error.message.partition(": ")[2].strip()


_COMPLETED: pl.Schema = pl.Schema([("moment", pl.Datetime("us", "UTC")), ("cursor", pl.String())])
