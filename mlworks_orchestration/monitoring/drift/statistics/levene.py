"""Levene's test of equal spread, in the form of Brown and Forsythe."""

from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.effects import from_scale
from mlworks_orchestration.monitoring.drift.statistics.numbers import NO_FINITE, finite, radii
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register
from mlworks_orchestration.spec import DriftKind

NO_SQUARES = "distances from the median do not differ within a side, or their squares are too small or too large for floating-point numbers"
"""Why finite values do not say how much more the sides differ than they vary."""


class Spread(NamedTuple):
    """Distances from a side's median, each field of shape (sides,).

    Parameters:
        mean: their mean.
        squares: the sum of their squared distances from that mean.
        mean_error: the mean differs from the exact one by at most this.
        root_error: and the square root of the squares by at most this.
    """

    mean: Floats
    squares: Floats
    mean_error: Floats
    root_error: Floats


def levene(cells: Cells) -> Measures:
    """Test whether both sides spread equally about their medians (Levene 1960; Brown and Forsythe 1974); infinities are left out.

    A shift leaves it alone. The effect is therefore that of a change of scale, by the ratio of the mean distances from the median: the shift that
    leaves normals as much in common as this change does. 1.1 times the spread is an effect of 0.12, twice is 0.83.

    Parameters:
        cells: of numbers.
    """
    inside, values = finite(cells)
    n, m = inside.present_reference, inside.present
    if not n:
        blank = np.full(len(m), np.nan)
        return Measures(blank, blank, blank, blank, NO_FINITE)
    reach = radii(inside, values)
    sides = _spread(np.vstack((inside.reference, inside.windows)), values, reach)
    before, after = (Spread(*(field[some] for field in sides)) for some in (slice(1), slice(1, None)))
    scale = (n + m - 2) * n * m / (n + m)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        change, within = np.abs(after.mean - before.mean), np.sqrt(before.squares + after.squares)
        value = np.where(change == 0, 0.0, scale * np.square(change / within))
        moved, blurred = before.mean_error + after.mean_error, np.hypot(before.root_error, after.root_error)
        highest = np.where(moved + change == 0, 0.0, scale * np.square((change + moved) / np.maximum(within - blurred, 0.0)))
        lowest = np.where(change <= moved, 0.0, scale * np.square(np.maximum(change - moved, 0.0) / (within + blurred)))
        effect = np.where(change == 0, 0.0, from_scale(after.mean / before.mean))
        bound = np.where(np.isfinite(value), np.maximum(highest - value, value - lowest), 0.0)
    return Measures(value, fdtrc(1, np.maximum(n + m - 2, 1), value), effect, bound, NO_FINITE if (m == 0).any() else NO_SQUARES).only(
        ~np.isnan(change)
    )


def _spread(rows: Floats, values: Floats, reach: Floats) -> Spread:
    counts = rows.sum(axis=1)
    cumulated = np.cumsum(rows, axis=1)
    middles = [np.argmax(cumulated >= rank[:, None], axis=1) for rank in ((counts + 1) // 2, counts // 2 + 1)]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        median = values[middles[0]] / 2 + values[middles[1]] / 2
        errors = reach + np.maximum(reach[middles[0]], reach[middles[1]])[:, None]
        distances = np.abs(values - median[:, None])
        mean = (distances * rows).sum(axis=1) / counts
        distances -= mean[:, None]
        squares = (np.square(distances, out=distances) * rows).sum(axis=1)
        return Spread(mean, squares, (errors * rows).sum(axis=1) / counts, np.sqrt((np.square(errors) * rows).sum(axis=1)))


LEVENE = register(
    Statistic(
        name="levene",
        description="Levene's test, about the medians, that both sides spread equally",
        types=frozenset({"numeric", "datetime"}),
        counts_missing=False,
        measure=levene,
        least_rows=2,
        decides_on=frozenset({DriftKind.CONCEPT}),  # residuals that grow to both sides move no distribution, but spread
    )
)
