"""The reconstruction error of principal components: whether columns still go together as in the reference."""

from math import sqrt
from typing import cast

from scipy.special import ndtr

from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.by_window import Found, by_window
from mlworks_orchestration.monitoring.drift.statistics.reconstruction import Components, components_of, error_of, errors_of
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register

LEAST_ROWS = 30
"""Fewest rows of a sample from which the spread of the rows' errors is taken."""

_ROUNDING = 1e-12
"""What is left of a column's variance after rounding."""


def pca_reconstruction(pair: Pair) -> Measures:
    """Return the mean squared error of rows that are rebuilt from the reference's principal components, over that of the reference's own rows.

    The columns of numbers are standardised as the reference has them, a missing value counting as its mean, and enough components kept to explain
    65 % of the variance (as NannyML; Jolliffe 2002, section 6.1). The error over all rows follows from means and scatter alone, the shift of the mean
    included, so it is exact. The p-value is that of a two-sided z-test with the spread of the errors of the sampled rows; it takes the components as
    given, which holds for a reference of many more rows than columns. The effect is the difference over that spread. A column that is constant in
    the reference is not seen.

    Parameters:
        pair: of joint profiles.

    Examples:
        >>> import numpy as np, polars as pl
        >>> generator = np.random.default_rng(1)
        >>> x, noise = generator.normal(size=(2, 1000))
        >>> frames = [pl.DataFrame({"x": x, "y": x + 0.1 * noise}), pl.DataFrame({"x": x, "y": -x + 0.1 * noise})]
        >>> before, after = (JointProfile.of(frame, generator) for frame in frames)
        >>> found = pca_reconstruction(Pair(before, [before, after]))
        >>> bool(found.value[1] > 100), found.p_value.round(6).tolist()
        (True, [1.0, 0.0])
    """
    reference = cast("JointProfile", pair.reference)
    components = components_of(reference)
    if components is None:
        return by_window("fewer than two numbers vary in the reference, or their principal components leave nothing out" for _ in pair.windows)
    return by_window(_measure(components, reference, cast("JointProfile", window)) for window in pair.windows)


def _measure(components: Components, reference: JointProfile, window: JointProfile) -> Found | str:
    lacking = sorted(set(components.names) - set(window.numbers))
    if lacking:
        return f"the window has no number {lacking[0]!r} ({len(lacking)} such columns in all), which the reference's principal components need"
    spreads = []
    for side in (reference, window):
        errors = errors_of(components, side)
        if len(errors) < LEAST_ROWS:
            return f"a sample has {len(errors)} rows; the spread of their errors needs at least {LEAST_ROWS}"
        spreads.append(float(errors.var(ddof=1)))
    before, after = (error_of(components, side) for side in (reference, window))
    standard_error = sqrt(spreads[0] / reference.rows + spreads[1] / window.rows)
    if before <= _ROUNDING * len(components.names) or standard_error <= 0:
        return "the reference's principal components rebuild all of its rows, so there is no error to compare with"
    p_value = 2 * float(ndtr(-abs(after - before) / standard_error))
    return Found(after / before, p_value, abs(after - before) / sqrt(sum(spreads) / 2))


PCA_RECONSTRUCTION = register(
    Statistic(
        name="pca_reconstruction",
        description="error of rows rebuilt from the reference's principal components, over that of the reference's rows",
        types=frozenset({"joint"}),
        counts_missing=False,
        measure=pca_reconstruction,
        least_rows=LEAST_ROWS,
    )
)
