"""The version against other predictions of the same rows, by a paired bootstrap of rows."""

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.training.judge import judge
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.record import Finding, State
from mlworks_orchestration.training.model_tests.subject import Subject


def better_than(subject: Subject, other: Vector, named: str, generator: np.random.Generator) -> Finding:
    """Say whether the version is better: passed if that is sure, failed if its metric is no better, else inconclusive.

    Parameters:
        subject: the version.
        other: predictions of the held-out rows, of shape (rows,).
        named: whose they are, in words.
        generator: source of the resamples.
    """
    metric = subject.model.metrics.primary
    found = judge(subject.model, subject.truth, subject.predicted, other, generator, scale=float(subject.how.scale))
    if not np.isfinite(found.gain_low):
        return Finding("inconclusive", f"{metric} is not defined on the {found.rows:,} held-out rows.", rows=found.rows)
    state: State = "passed" if found.gain_low > 0 else "failed" if found.gain <= 0 else "inconclusive"
    words = (
        f"{metric} is {readable(found.challenger_value)} on {found.rows:,} rows, that of {named} {readable(found.champion_value)}. The gain is "
        f"{readable(found.gain)}, with {subject.model.gate.confidence:.2%} confidence between {readable(found.gain_low)} and "
        f"{readable(found.gain_high)}; above 0 is asked for."
    )
    return Finding(state, words, found.gain, found.gain_low, found.gain_high, 0.0, found.rows, f"gain in {metric}")
