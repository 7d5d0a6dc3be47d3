"""Missing values in a feature leave predictions finite and cost no more than a share of the primary metric."""

import numpy as np

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import METRICS, RobustToMissing
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
    return together([_without(subject, test, column) for column in columns], "features")


def _without(subject: Subject, test: RobustToMissing, column: str) -> Finding:
    metric, rows = subject.model.metrics.primary, subject.rows.height
    try:
        predicted = subject.predict(blanked(subject.rows, column, test.share, subject.generator(f"{test.title} {column}")))
    except TrainingError as error:
        # No prediction, or one that is no number, is what the test looks for.
        return Finding("failed", f"Blanked in {test.share:.0%} of the rows, there is no prediction. {error}", rows=rows, part=column)
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
