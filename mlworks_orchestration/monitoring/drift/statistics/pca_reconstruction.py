"""The reconstruction error of principal components: whether columns still go together as in the reference."""

from math import sqrt
from typing import cast

import numpy as np
from scipy.special import ndtr

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.comoments import comoments_of, without
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.by_window import Found, by_window
from mlworks_orchestration.monitoring.drift.statistics.reconstruction import Components, components_of, error_of, errors_of
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register
from mlworks_orchestration.monitoring.drift.statistics.separation import FOLDS, part

LEAST_ROWS = 30
"""Fewest rows of a sample from which the spread of the rows' errors is taken."""

_ROUNDING = 1e-12
"""What is left of a column's variance after rounding."""


def pca_reconstruction(pair: Pair) -> Measures:
    """Return the mean squared error of rows that are rebuilt from the reference's principal components, over that of the reference's own rows.

    The columns of numbers are standardised as the reference has them, a missing value counting as its mean, and enough components kept to explain
    65 % of the variance (as NannyML; Jolliffe 2002, section 6.1). Components rebuild the rows that they were found in better than others, so they are
    cross-fitted: those of all rows but a fifth of the reference's sample rebuild that fifth, and the window (Bro, Kjeldahl, Smilde and Kiers 2008).
    Else the errors follow from means and scatter alone, over all rows, the shift of the mean included. The p-value is that of a two-sided z-test with
    the spread of the errors of the sampled rows, the reference's variance taken twice as in `separation`. The effect is the difference over that
    spread. A column that is constant in the reference is not seen.

    Parameters:
        pair: of joint profiles.

    Examples:
        >>> import numpy as np, polars as pl
        >>> generator = np.random.default_rng(1)
        >>> x, noise = generator.normal(size=(2, 1000))
        >>> frames = [pl.DataFrame({"x": x, "y": x + 0.1 * noise}), pl.DataFrame({"x": x, "y": -x + 0.1 * noise})]
        >>> before, after = (JointProfile.of(frame, generator) for frame in frames)
        >>> found = pca_reconstruction(Pair(before, [before, after]))
        >>> bool(found.value[1] > 100), found.p_value.round(2).tolist()
        (True, [0.93, 0.0])
    """
    reference = cast("JointProfile", pair.reference)
    components = components_of(reference.numbers, reference.moments)
    if components is None:
        return by_window("fewer than two numbers vary in the reference, or their principal components leave nothing out" for _ in pair.windows)
    return by_window(_measure(components, reference, cast("JointProfile", window)) for window in pair.windows)


def _measure(components: Components, reference: JointProfile, window: JointProfile) -> Found | str:
    lacking = sorted(set(components.names) - set(window.numbers))
    if lacking:
        return f"the window has no number {lacking[0]!r} ({len(lacking)} such columns in all), which the reference's principal components need"
    few = min(len(reference.sample), len(window.sample))
    if few < LEAST_ROWS:
        return f"a sample has {few} rows; the spread of their errors needs at least {LEAST_ROWS}"
    crossed = _crossed(reference, window)
    if crossed is None:
        return "the reference's principal components leave nothing out where a fifth of its sample is not counted"
    inside, held_out, after, of_window = errors_of(components, reference), *crossed
    rebuilt = error_of(components, reference)
    before = rebuilt + float((held_out - inside).mean())
    sampled = len(inside) / reference.rows
    error_before = held_out.var(ddof=1) / reference.rows + (1 - sampled) * (held_out - inside).var(ddof=1) / len(inside)
    standard_error = sqrt(2 * error_before + of_window.var(ddof=1) / window.rows)  # any two folds count twice: each judges what the other taught
    if rebuilt <= _ROUNDING * len(components.names) or standard_error <= 0:
        return "the reference's principal components rebuild all of its rows, so there is no error to compare with"
    p_value = 2 * float(ndtr(-abs(after - before) / standard_error))
    return Found(after / before, p_value, abs(after - before) / sqrt((held_out.var(ddof=1) + of_window.var(ddof=1)) / 2))


def _crossed(reference: JointProfile, window: JointProfile) -> tuple[Floats, float, Floats] | None:
    """Cross-fit components: return the errors of the reference's sampled rows, the mean error of the window, and those of its sampled rows."""
    rows, numbers = len(reference.sample), reference.sample[:, : len(reference.numbers)]
    held_out, means, of_window = np.zeros(rows), [], []
    for fold in range(FOLDS):
        scored = part(rows, fold)[1]
        fitted = components_of(reference.numbers, without(reference.moments, comoments_of(numbers[scored])))
        if fitted is None:
            return None
        held_out[scored] = errors_of(fitted, reference, scored)
        means.append(error_of(fitted, window))
        of_window.append(errors_of(fitted, window))
    return held_out, float(np.mean(means)), np.mean(of_window, axis=0)


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
