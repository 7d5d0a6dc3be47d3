"""The prediction moves one way when a column changes (a directional expectation; Ribeiro et al. 2020, CheckList)."""

import numpy as np
import polars as pl

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Direction
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.changed import with_value
from mlworks_orchestration.training.model_tests.intervals import Interval, resampled
from mlworks_orchestration.training.model_tests.record import Finding, Kind, State, register, too_few
from mlworks_orchestration.training.model_tests.subject import Subject

_ROUNDING = 1e-9


def direction(subject: Subject, test: Direction) -> Finding:
    """Change a column and see which way predictions move.

    It passes if they move the declared way on average, surely, and at most the declared share moves the other way; rows whose prediction stays,
    as between two splits of a tree, count for neither. Rows in which the column is missing, or has the value already, are left out.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    rows = subject.rows
    changed = with_value(rows, test.column, test.becomes) if test.becomes is not None else rows.with_columns(pl.col(test.column) + test.change)
    touched = (rows[test.column].is_not_null() & rows[test.column].ne_missing(changed[test.column])).to_numpy()
    count = int(touched.sum())
    if count < test.min_rows:
        return too_few(count, test.min_rows)
    sign = 1.0 if test.prediction == "increases" else -1.0
    moves = sign * (subject.predict(changed) - subject.predicted)[touched]
    mean, against = _mean(subject, moves, subject.generator(test.title)), float(np.mean(moves < -_ROUNDING))
    change = f"set to {test.becomes!r}" if test.becomes is not None else f"changed by {test.change:+g}"
    words = (
        f"With {test.column} {change}, the prediction of {count:,} rows moves by {readable(sign * mean.value)} on average, between "
        f"{readable(min(sign * mean.low, sign * mean.high))} and {readable(max(sign * mean.low, sign * mean.high))}; it must be one "
        f"that {test.prediction}. {against:.2%} move the other way; at most {test.against:.2%} may."
    )
    return Finding(_state(mean, against, test), words, mean.value, mean.low, mean.high, 0.0, count, f"mean move that {test.prediction}")


def _mean(subject: Subject, moves: Vector, generator: np.random.Generator) -> Interval:
    draws = (generator.integers(0, moves.size, moves.size) for _ in range(subject.model.gate.resamples))
    means = np.array([moves[draw].mean() for draw in draws])
    return resampled(means, float(moves.mean()), subject.model.gate.confidence)


def _state(mean: Interval, against: float, test: Direction) -> State:
    if mean.value <= _ROUNDING or against > test.against:
        return "failed"
    return "passed" if mean.low > 0 else "inconclusive"


DIRECTION = register(Kind("direction", "The prediction moves one way when a column changes.", direction))
