"""The Wasserstein distance, in standard deviations of the reference."""

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.effects import from_deviations
from mlworks_orchestration.monitoring.drift.statistics.numbers import finite, radii
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register

NO_SPREAD = "a side has no finite values, or those of the reference have no spread to measure a distance by"
"""Why the distance cannot be told."""

_QUARTILES_OF_NORMAL = 1.3489795003921634
"""Distance between the quartiles of a normal, in its standard deviations."""


def wasserstein(cells: Cells) -> Measures:
    """Measure how far values moved on average, the area between the cumulative distributions (Vallender 1974); infinities are left out.

    The unit is the reference's standard deviation or, where that overflows, the distance between its quartiles over 1.349, which is the same of a
    normal. A reference that is constant has neither, and nothing is told unless the window is that constant too.

    Parameters:
        cells: of numbers.
    """
    inside, values = finite(cells)
    n, m = inside.present_reference, inside.present
    reach = radii(inside, values)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ahead = np.cumsum(inside.windows / m[:, None] - inside.reference / n, axis=1)[:, :-1]
        distance = (np.abs(ahead, out=ahead) * np.diff(values)).sum(axis=1)
        alike = (inside.windows * n == inside.reference * m[:, None]).all(axis=1) & (m > 0) & (n > 0)
        distance = np.where(alike, 0.0, distance)
        unit, blur = _unit(inside.reference, values, reach)
        value = np.where(alike, 0.0, distance / unit)
        off = (reach * inside.reference).sum() / n + (inside.windows * reach).sum(axis=1) / m
        bound = np.where(alike & (off == 0), 0.0, (off + value * blur) / max(unit - blur, 0.0) if unit > 0 else np.nan)
    return Measures(value, None, from_deviations(value), bound, NO_SPREAD).only(np.isfinite(value))


def _unit(rows: Floats, values: Floats, reach: Floats) -> tuple[float, float]:
    """Return the unit of the distance, and by how much the exact one can differ; 0 or NaN where there is none."""
    total = rows.sum()
    if total < 2 or np.count_nonzero(rows) == 1:  # noqa: PLR2004 - two values make a spread
        return 0.0, 0.0
    center = (values * rows).sum() / total
    deviation = np.sqrt((np.square(values - center) * rows).sum() / (total - 1))
    if np.isfinite(deviation):
        return float(deviation), float(np.sqrt((np.square(reach) * rows).sum() / (total - 1)))
    low, high = np.searchsorted(np.cumsum(rows), [total / 4, total * 3 / 4])
    return float((values[high] - values[low]) / _QUARTILES_OF_NORMAL), float((reach[high] + reach[low]) / _QUARTILES_OF_NORMAL)


WASSERSTEIN = register(
    Statistic(
        name="wasserstein",
        description="Wasserstein distance: how far values moved on average, in standard deviations of the reference",
        types=frozenset({"numeric", "datetime"}),
        counts_missing=False,
        measure=wasserstein,
    )
)
