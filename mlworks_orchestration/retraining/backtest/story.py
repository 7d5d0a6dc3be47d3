"""What a policy would have come to: errors over time, retrainings, alarms, minutes and money."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.monitoring import aggregate_worth, row_worth
from mlworks_orchestration.retraining.backtest.course import Course
from mlworks_orchestration.retraining.backtest.fits import Fits
from mlworks_orchestration.retraining.past import Attempt, Outcome
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import LABEL, Measure, evaluate

_MONTH = len("2013-01")


@dataclass(frozen=True)
class Training:
    """A retraining of a policy's course.

    Parameters:
        at: when.
        trigger: what asked for it.
        version: what was trained; none if it failed.
        outcome: what came of it.
        reason: the gate's, in words.
    """

    at: datetime
    trigger: str
    version: int | None
    outcome: str
    reason: str


@dataclass(frozen=True)
class Month:
    """A month of scored rows.

    Parameters:
        month: as `2013-05`.
        rows: how many have a label.
        value: the primary metric; none where it is not defined.
        business: the business's number; none where none is declared.
    """

    month: str
    rows: int
    value: float | None
    business: float | None = None


@dataclass(frozen=True)
class Story:
    """What a policy would have come to, since the first champion.

    Parameters:
        policy: its name.
        rows: scored ones with a label.
        metrics: by name, over all those rows; none where one is not defined.
        business: the business's number; none where none is declared.
        months: the primary metric and the business's number, month by month.
        retrainings: how many were asked for.
        outcomes: how many of them came to what.
        rollbacks: how many promotions were taken back.
        calls: decisions that would have called a person.
        alarms: partitions whose report found drift, by kind.
        training_minutes: of the processor, for fitting in all retrainings.
        trainings: the retrainings.
    """

    policy: str
    rows: int
    metrics: dict[str, float | None]
    business: float | None
    months: list[Month]
    retrainings: int
    outcomes: dict[str, int]
    rollbacks: int
    calls: int
    alarms: dict[str, int]
    training_minutes: float
    trainings: list[Training]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        told = asdict(self)
        return told | {"trainings": [each | {"at": each["at"].isoformat()} for each in told["trainings"]]}


def story(name: str, course: Course, fits: Fits, since: datetime) -> Story:
    """Tell the course of a policy.

    Parameters:
        name: of the policy.
        course: at its end.
        fits: the fitted models.
        since: event times before the first champion served do not count.
    """
    state, model = course.state, course.model
    rows = predicted(course, fits, since)
    asked = [attempt for attempt in state.attempts if attempt.champion is not None]
    reports = [report for report in state.reports.values() if model.partitions.window(report.partition).end > since]
    alarms = Counter(kind for report in reports for kind, found in report.findings.items() if found.drifted)
    return Story(
        policy=name,
        rows=rows.height,
        metrics=_metrics(model, model.metrics.names, rows),
        business=_business(model, rows),
        months=[_month(model, str(key), part) for (key,), part in sorted(rows.partition_by("month", as_dict=True).items())],
        retrainings=len(asked),
        outcomes={outcome.value: count for outcome, count in Counter(attempt.outcome for attempt in asked).items()},
        rollbacks=len(state.rollbacks),
        calls=sum(told.action == "escalate" for _, told in state.decisions),
        alarms={kind.value: alarms[kind] for kind in DriftKind},
        training_minutes=sum(fit.seconds for fit in state.versions[1:]) / 60,
        trainings=[_training(course, attempt) for attempt in asked],
    )


def predicted(course: Course, fits: Fits, since: datetime) -> pl.DataFrame:
    """Return the scored rows whose labels have come in, with `month`, `prediction`, the scale of MASE (`_scale`) and the worth (`_business`).

    Parameters:
        course: at its end.
        fits: the fitted models.
        since: event times before the first champion served do not count.
    """
    state, model = course.state, course.model
    frames = []
    for key in (key for key in state.scored if key in state.labelled):
        fit = state.versions[state.scored[key] - 1]
        values = pl.Series("prediction", fits.predictions(fit, [key])[0])
        frames.append(fits.rows.of([key]).with_columns(values, pl.lit(fit.scale).alias("_scale")))
    rows = pl.concat(frames) if frames else fits.rows.frame.clear().with_columns(prediction=pl.lit(0.0), _scale=pl.lit(0.0))
    counted = rows.filter(pl.col(model.event_time) >= since, pl.col(LABEL).is_not_null())
    worth = [row_worth(model.business).alias("_business")] if model.business else []
    return counted.with_columns(pl.col(PARTITION).str.slice(0, _MONTH).alias("month"), *worth)


def _metrics(model: MLModel, names: Sequence[str], rows: pl.DataFrame) -> dict[str, float | None]:
    if rows.is_empty():
        return dict.fromkeys(names)
    how = Measure.of(model, rows["_scale"].to_numpy())
    found = evaluate(how, names, rows[LABEL].cast(pl.Float64).to_numpy(), rows["prediction"].to_numpy())
    return {name: value if isfinite(value) else None for name, value in found.items()}


def _month(model: MLModel, month: str, rows: pl.DataFrame) -> Month:
    primary = model.metrics.primary
    return Month(month, rows.height, _metrics(model, [primary], rows)[primary], _business(model, rows))


def _business(model: MLModel, rows: pl.DataFrame) -> float | None:
    return rows.select(aggregate_worth(model.business, "_business")).item() if model.business and rows.height else None


def _training(course: Course, attempt: Attempt) -> Training:
    reasons = {judged.challenger: judged.reason for judged in course.state.verdicts}
    reason = reasons[attempt.version] if attempt.version else "It could not be fitted."
    return Training(attempt.at, attempt.trigger or "", attempt.version, _WORDS.get(attempt.outcome, attempt.outcome.value), reason)


_WORDS = {Outcome.UNFINISHED: "failed"}
