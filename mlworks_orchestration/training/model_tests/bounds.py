"""A metric against its bound, on all held-out rows or on a part of them."""

import numpy as np
import numpy.typing as npt

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import METRICS, MinimumQuality, SliceQuality
from mlworks_orchestration.training.model_tests.intervals import Interval, metric_interval, state_of
from mlworks_orchestration.training.model_tests.record import Finding, too_few
from mlworks_orchestration.training.model_tests.subject import Subject


def keeps_bound(  # noqa: PLR0913 - the version, the test, and which rows with which confidence
    subject: Subject, test: MinimumQuality | SliceQuality, rows: npt.NDArray[np.intp], *, part: str, confidence: float, generator: np.random.Generator
) -> Finding:
    """Compare a metric with the bound that a test declares.

    Parameters:
        subject: the version.
        test: with metric, bound and fewest rows.
        rows: positions of the rows, of shape (rows,).
        part: what they are; empty for all.
        confidence: of the interval.
        generator: source of the resamples.
    """
    if rows.size < test.min_rows:
        return too_few(rows.size, test.min_rows, part)
    name = test.metric or subject.model.metrics.primary
    limit = test.at_most if test.at_most is not None else test.at_least
    assert limit is not None  # noqa: S101 - the declaration has one of both
    found = metric_interval(subject, name, rows, confidence, generator)
    state = state_of(found, limit, lower_is_better=METRICS[subject.model.task][name].lower_is_better)
    said = _in_words(name, found, rows.size, f"{'at most' if test.at_most is not None else 'at least'} {readable(limit, 6)}", confidence)
    return Finding(state, said, *_numbers(found), limit, int(rows.size), name, part)


def _in_words(name: str, found: Interval, rows: int, bound: str, confidence: float) -> str:
    if not np.isfinite(found.value):
        return f"{name} is not defined on these {rows:,} rows."
    span = f"with {confidence:.2%} confidence between {readable(found.low)} and {readable(found.high)}"
    return f"{name} is {readable(found.value)} on {rows:,} rows, {span}; {bound} is asked for."


def _numbers(found: Interval) -> tuple[float | None, float | None, float | None]:
    return (found.value, found.low, found.high) if np.isfinite(found.value) else (None, None, None)
