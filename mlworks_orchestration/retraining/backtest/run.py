"""A backtest: several policies on the same past, side by side."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.backtest.course import Course
from mlworks_orchestration.retraining.backtest.fits import Fits
from mlworks_orchestration.retraining.backtest.policies import Policy
from mlworks_orchestration.retraining.backtest.reports import Reports
from mlworks_orchestration.retraining.backtest.rows import Rows
from mlworks_orchestration.retraining.backtest.shelf import Shelf
from mlworks_orchestration.retraining.backtest.sources import feature_lake
from mlworks_orchestration.retraining.backtest.story import Story, story
from mlworks_orchestration.spec import Catalog, MLModel, moments_of_replay

Report = Callable[[int, int, str], None]
"""Is told of every step: how many are done, how many there are, and what goes on."""


def backtest(  # noqa: PLR0913 - the lake, the declarations, the policies, and where and until when
    lake: Lake, catalog: Catalog, model: MLModel, tried: Sequence[Policy], *, folder: Path, until: datetime | None, report: Report
) -> list[Story]:
    """Replay the past of a model once under each policy, and return what each came to.

    The moments are those of `mlworks replay`, and at each one only what was known by then is looked at. Nothing that production reads is written.

    Parameters:
        lake: the deployment's; it is only read.
        catalog: all declarations.
        model: the model's declaration.
        tried: the policies.
        folder: where fitted models are kept for the next backtest.
        until: where to stop; by default when the last label has arrived.
        report: is told of every step.

    Raises:
        NotReadyError: if there is no past to replay, or no label is known by the first training.
        TrainingError: if the first model cannot be fitted, or may not serve.
    """
    moments = moments_of_replay(model, until)
    total, done = len(tried) * len(moments), 0

    def tell(doing: str) -> None:
        report(done, total, doing)

    with feature_lake(lake, catalog, model, moments[-1], tell) as source:
        tell("joining features and labels")
        rows = Rows.read(source, catalog, model, moments[-1])
    fits = Fits(rows, Shelf(folder), tell)
    reports, told = Reports(fits), []
    for policy in tried:
        course = Course(policy.model, fits, reports)
        course.begin(moments[0])
        for moment in moments[1:]:
            done += 1
            tell(f"{policy.name}: {moment:%Y-%m-%d}")
            course.step(moment)
        done += 1
        told.append(story(policy.name, course, fits, moments[0]))
    tell("done")
    return told
