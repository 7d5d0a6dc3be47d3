"""Which two numbers go together otherwise than before: what to look at where all features together differ."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.seen import normal_scores
from mlworks_orchestration.threads import one_blas_thread

_CHANCE = 0.01
"""How often a pair may be named where none changed, all pairs together."""

_LEAST_ROWS = 30
_CLOSEST = 0.999


class Pairing(NamedTuple):
    """Two columns of numbers, and how their ranks go together on either side, from -1 to 1."""

    first: str
    second: str
    before: float
    after: float


@one_blas_thread()
def most_changed(reference: JointProfile, window: JointProfile) -> Pairing | None:
    """Return the two numbers whose correlation of normal scores changed most; None where no change is more than chance.

    Changes are compared after Fisher's transformation (1921), whose standard error is 1/√(rows - 3) whatever the correlation is, and held against as
    many pairs as there are (Bonferroni). Rows that lack one of two values say nothing of the pair.

    Parameters:
        reference: with a sample of rows.
        window: with a sample of rows.

    Examples:
        >>> generator = np.random.default_rng(1)
        >>> x, noise = generator.normal(size=(2, 300))
        >>> sides = ({"x": x, "y": sign * x + 0.1 * noise, "z": noise} for sign in (1, -1))
        >>> before, after = (JointProfile.of_columns(side, {}, generator) for side in sides)
        >>> found = most_changed(before, after)
        >>> found.first, found.second, round(found.before, 1), round(found.after, 1)
        ('x', 'y', 1.0, -1.0)
        >>> most_changed(before, before) is None
        True
    """
    names = [name for name in reference.numbers if name in window.numbers]
    if len(names) < 2:  # noqa: PLR2004 - a pair is two
        return None
    (before, rows_before), (after, rows_after) = (_correlations(side, names) for side in (reference, window))
    moved = np.abs(np.subtract(*(np.arctanh(np.clip(side, -_CLOSEST, _CLOSEST)) for side in (before, after))))
    errors = np.sqrt(sum(1 / (np.maximum(rows, _LEAST_ROWS) - 3) for rows in (rows_before, rows_after)))
    evidence = np.where(np.minimum(rows_before, rows_after) < _LEAST_ROWS, 0.0, moved / errors)
    np.fill_diagonal(evidence, 0.0)
    first, second = divmod(int(evidence.argmax()), len(names))
    if evidence[first, second] <= -ndtri(_CHANCE / (len(names) * (len(names) - 1))):
        return None
    return Pairing(names[first], names[second], float(before[first, second]), float(after[first, second]))


def _correlations(side: JointProfile, names: list[str]) -> tuple[Floats, Floats]:
    """Return the correlation of each pair, 0 where one does not vary, and of how many rows, both of shape (names, names)."""
    values = side.sample[:, [side.numbers.index(name) for name in names]].T
    scores, known = np.array([normal_scores(column) for column in values]), (~np.isnan(values)).astype(np.float64)
    squares = np.square(scores) @ known.T
    lengths = np.sqrt(squares * squares.T)
    return scores @ scores.T / np.where(lengths > 0, lengths, 1.0), known @ known.T
