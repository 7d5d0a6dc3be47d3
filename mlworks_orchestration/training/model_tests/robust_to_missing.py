"""Missing values in a feature leave predictions finite and cost no more than a share of the primary metric."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import METRICS, RobustToMissing
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.changed import blanked
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, together, too_few
from mlworks_orchestration.training.model_tests.subject import Subject


def robust_to_missing(subject: Subject, test: RobustToMissing) -> Finding:
    """Blank one feature after another in a share of the rows, and measure what that costs.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    if subject.rows.height < test.min_rows:
        return too_few(subject.rows.height, test.min_rows)
    columns = test.columns or list(subject.predictor.columns)
    # As many at once as take no more rows than were held out.
    at_once = max(1, int(1 / test.share))
    findings = [found for first in range(0, len(columns), at_once) for found in _without(subject, test, columns[first : first + at_once])]
    return together(findings, "features")


def _without(subject: Subject, test: RobustToMissing, columns: Sequence[str]) -> Iterator[Finding]:
    """Yield what it costs to blank each of some columns."""
    blank = [blanked(subject.rows, column, test.share, subject.generator(f"{test.title} {column}")) for column in columns]
    predicted = _predicted(subject, [rows for _, rows in blank])
    for column, (gone, _), found in zip(columns, blank, predicted, strict=True):
        if isinstance(found, TrainingError):
            words = f"Blanked in {test.share:.0%} of the rows, there is no prediction. {found}"
            yield Finding("failed", words, rows=subject.rows.height, part=column)
        else:
            lacking = subject.predicted.copy()
            lacking[gone] = found
            yield _compared(subject, test, column, lacking)


def _predicted(subject: Subject, blank: Sequence[pl.DataFrame]) -> Sequence[Vector | TrainingError]:
    """Predict the rows that lack a value, in one go; where that fails, column by column, to tell which one it is.

    No prediction, or one that is no number, is what the test looks for.
    """
    try:
        found = subject.predict(pl.concat(blank))
    except TrainingError as error:
        return [error] if len(blank) == 1 else [each for rows in blank for each in _predicted(subject, [rows])]
    return np.split(found, np.cumsum([rows.height for rows in blank])[:-1])


def _compared(subject: Subject, test: RobustToMissing, column: str, predicted: Vector) -> Finding:
    metric, rows = subject.model.metrics.primary, subject.rows.height
    whole, lacking = (subject.measure(metric, subject.truth, each) for each in (subject.predicted, predicted))
    if not np.isfinite(whole):
        return Finding("inconclusive", f"{metric} is not defined on the {rows:,} held-out rows.", rows=rows, part=column)
    sign = 1.0 if METRICS[subject.model.task][metric].lower_is_better else -1.0
    worse, least = sign * (lacking - whole), test.at_most_worse * abs(whole)
    limit = whole + sign * least
    words = (
        f"Blanked in {test.share:.0%} of {rows:,} rows, {metric} goes from {readable(whole)} to {readable(lacking)}; "
        f"{'at most' if sign > 0 else 'at least'} {readable(limit)} is asked for."
    )
    return Finding("passed" if worse <= least else "failed", words, lacking, limit=limit, rows=rows, metric=metric, part=column)


ROBUST_TO_MISSING = register(
    Kind("robust_to_missing", "Missing values leave predictions finite and cost no more than a share of the primary metric.", robust_to_missing)
)
