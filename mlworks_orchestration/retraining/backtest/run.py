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


class Steps:
    """Counts the steps of a backtest.

    Parameters:
        total: how many there are.
        report: is told of each.
    """

    def __init__(self, total: int, report: Report) -> None:
        self.done, self._total, self._report = 0, total, report

    def tell(self, doing: str) -> None:
        """Say what goes on."""
        self._report(self.done, self._total, doing)


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
    steps = Steps(len(tried) * len(moments), report)
    fits = Fits(read_rows(lake, catalog, model, moments[-1], steps), Shelf(folder), steps.tell)
    reports = Reports(fits)
    told = [story(policy.name, live(policy, fits, reports, moments, steps), fits, moments[0]) for policy in tried]
    steps.tell("done")
    return told


def read_rows(lake: Lake, catalog: Catalog, model: MLModel, until: datetime, steps: Steps) -> Rows:
    """Read the rows of a model's past, from the lake or else from the sources.

    Parameters:
        lake: the deployment's; it is only read.
        catalog: all declarations.
        model: the model's declaration.
        until: what ends later is not needed.
        steps: is told what goes on.
    """
    with feature_lake(lake, catalog, model, until, steps.tell) as source:
        steps.tell("joining features and labels")
        return Rows.read(source, catalog, model, until)


def live(policy: Policy, fits: Fits, reports: Reports | None, moments: Sequence[datetime], steps: Steps) -> Course:
    """Live through the past under a policy.

    Parameters:
        policy: the policy.
        fits: fitted models, shared by all policies.
        reports: drift reports, likewise; none for a policy that looks at none.
        moments: of the first training, and of the steps after it.
        steps: is told of each.

    Raises:
        NotReadyError: if no label is known by the first training.
        TrainingError: if the first model cannot be fitted, or may not serve.
    """
    course = Course(policy.model, fits, reports)
    course.begin(moments[0])
    for moment in moments[1:]:
        steps.done += 1
        steps.tell(f"{policy.name}: {moment:%Y-%m-%d}")
        course.step(moment)
    steps.done += 1
    steps.tell(f"{policy.name}: done")
    return course
