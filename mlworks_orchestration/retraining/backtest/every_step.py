"""What retraining at every step would have predicted: one course, kept until its past changes, to be set beside what served."""

import json
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError, TrainingError
from mlworks_orchestration.retraining.backtest.course import Course
from mlworks_orchestration.retraining.backtest.fits import Fits, name_of
from mlworks_orchestration.retraining.backtest.policies import EVERY_STEP, policies
from mlworks_orchestration.retraining.backtest.reports import Reports
from mlworks_orchestration.retraining.backtest.rows import Rows
from mlworks_orchestration.retraining.backtest.run import Report, Steps, live, read_rows
from mlworks_orchestration.retraining.backtest.shelf import Shelf
from mlworks_orchestration.retraining.backtest.story import predicted
from mlworks_orchestration.retraining.past import Outcome
from mlworks_orchestration.spec import Catalog, MLModel, load_object, moments_of_replay
from mlworks_orchestration.training import fingerprint, source_hash


class EveryStep(NamedTuple):
    """What retraining at every step would have come to.

    Parameters:
        predictions: of the scored rows whose labels have come in: entity, event time, `prediction`, and `scale` of MASE (NaN where it has none).
        retrainings: how many were asked for.
        promoted: how many versions of them came to serve.
        untold: why it cannot be told, in words; empty where it can.
    """

    predictions: pl.DataFrame
    retrainings: int
    promoted: int
    untold: str = ""


def every_step(  # noqa: PLR0913 - the lake, the declarations, and where and until when
    lake: Lake, catalog: Catalog, model: MLModel, *, folder: Path, until: datetime | None, report: Report
) -> EveryStep:
    """Replay the past of a model in memory, retraining it at every step, and return what it would have predicted.

    It is the policy `every step` of `backtest`, to the last digit. That looks at no drift, so reports are made only where `gate.rollback_on` asks
    for them. The result is kept, the fitted models are not; it is found again as long as rows, declaration and code are the same.

    Parameters:
        lake: the deployment's; it is only read.
        catalog: all declarations.
        model: the model's declaration.
        folder: where the result is kept.
        until: where to stop; by default when the last label has arrived.
        report: is told of every step.

    Returns:
        What came of it; `untold` where the first model cannot be fitted or may not serve, for a backtest does not tune and stores no version.

    Raises:
        NotReadyError: if there is no past to replay.
    """
    moments = moments_of_replay(model, until)
    steps, shelf = Steps(len(moments), report), Shelf(folder)
    rows = read_rows(lake, catalog, model, moments[-1], steps)
    name = _name(rows, moments)
    if (kept := _kept(shelf, name)) is not None:
        return kept
    fits = Fits(rows, None, steps.tell)
    [policy] = (policy for policy in policies(model) if policy.name == EVERY_STEP)
    reports = Reports(fits) if model.gate.rollback_on else None
    try:
        course = live(policy, fits, reports, moments, steps)
    except (NotReadyError, TrainingError) as error:
        none = rows.frame.clear().with_columns(prediction=pl.lit(0.0), _scale=pl.lit(0.0))
        return EveryStep(_predictions(model, none), 0, 0, str(error))
    found = _told(course, fits, moments[0])
    _keep(shelf, name, found)
    return found


def _told(course: Course, fits: Fits, since: datetime) -> EveryStep:
    asked = [attempt for attempt in course.state.attempts if attempt.champion is not None]
    served = sum(attempt.outcome in {Outcome.PROMOTED, Outcome.ROLLED_BACK} for attempt in asked)
    return EveryStep(_predictions(course.model, predicted(course, fits, since)), len(asked), served)


def _predictions(model: MLModel, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(*model.entity, model.event_time, "prediction", pl.col("_scale").alias("scale"))


def _name(rows: Rows, moments: Sequence[datetime]) -> str:
    """Return the name under which the result is kept: the hash of the rows, of the declaration and of the functions that it names."""
    model = rows.model
    tests = [path for test in model.model_tests for path in (test.kind, getattr(test, "estimator", None)) if path and ":" in path]
    sources = [source_hash(load_object(path, field=f"Model {model.name}")) for path in (model.estimator, *tests)]
    return name_of([fingerprint(rows.frame), model.model_dump_json(), sources, [f"{moment:%Y-%m-%dT%H:%M}" for moment in moments]])


def _kept(shelf: Shelf, name: str) -> EveryStep | None:
    counts = shelf.find(f"{name}.every-step.json")
    rows = shelf.find(f"{name}.every-step.parquet")
    if counts is None or rows is None:
        return None
    return EveryStep(pl.read_parquet(rows), **json.loads(counts))


def _keep(shelf: Shelf, name: str, found: EveryStep) -> None:
    file = BytesIO()
    found.predictions.write_parquet(file)
    shelf.keep(f"{name}.every-step.parquet", file.getvalue())
    # Last comes what says that it is whole.
    shelf.keep(f"{name}.every-step.json", json.dumps({"retrainings": found.retrainings, "promoted": found.promoted}).encode())
