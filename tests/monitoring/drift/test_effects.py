"""One scale for all effects: a normal that is shifted by d has the effect d, whatever the statistic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.statistics import (
    CHI_SQUARED,
    CRAMERS_V,
    HELLINGER,
    JENSEN_SHANNON,
    KS,
    L_INFINITY,
    LEVENE,
    MANN_WHITNEY,
    MISSING_SHARE,
    PSI,
    TOTAL_VARIATION,
    WASSERSTEIN,
    Statistic,
)
from mlworks_orchestration.monitoring.drift.statistics.effects import (
    LARGEST,
    from_deviations,
    from_overlap,
    from_scale,
    from_shares,
    from_shift,
    from_superiority,
)

Floats = NDArray[np.float64]
ROWS = 10_000_000.0


def normals(*windows: tuple[float, float], cells: int = 4000) -> Cells:
    """Return a standard normal and normals of other means and standard deviations, without the noise of a sample."""
    edges = np.linspace(-12, 12, cells + 1)
    rows = [np.diff(stats.norm.cdf(edges, mean, deviation)) * ROWS for mean, deviation in ((0.0, 1.0), *windows)]
    return Cells(rows[0], np.array(rows[1:]), 0.0, np.zeros(len(windows)), (edges[1:] + edges[:-1]) / 2, None, np.ones(cells, dtype=np.bool_))


def as_categories(cells: Cells) -> Cells:
    """Cut what is spread over cells into ten categories of equal share in the reference."""
    cut = np.searchsorted(np.cumsum(cells.reference), np.arange(10) * cells.reference.sum() / 10)
    reference, windows = np.add.reduceat(cells.reference, cut), np.add.reduceat(cells.windows, cut, axis=1)
    return Cells(reference, windows, 0.0, cells.missing, None, tuple("abcdefghij"), np.zeros(10, dtype=np.bool_))


SHIFTS = np.array([0.1, 0.5, 1.0, 2.0])


@pytest.mark.parametrize("statistic", [KS, MANN_WHITNEY, WASSERSTEIN, PSI, JENSEN_SHANNON, HELLINGER, TOTAL_VARIATION, L_INFINITY])
def test_a_shifted_normal_has_its_shift_as_effect(statistic: Statistic) -> None:
    up, down = (statistic.measure(normals(*((sign * shift, 1.0) for shift in SHIFTS))).effect for sign in (1, -1))
    assert up == pytest.approx(SHIFTS, rel=0.02)
    assert down == pytest.approx(SHIFTS, rel=0.02)


@pytest.mark.parametrize("statistic", [CHI_SQUARED, CRAMERS_V, PSI, JENSEN_SHANNON, HELLINGER, TOTAL_VARIATION, L_INFINITY])
def test_a_shifted_normal_that_is_cut_into_categories_has_its_shift_as_effect(statistic: Statistic) -> None:
    cells = as_categories(normals(*((shift, 1.0) for shift in SHIFTS)))
    assert statistic.measure(cells).effect == pytest.approx(SHIFTS, rel=0.02)


def test_a_change_of_scale_has_the_effect_of_the_shift_that_leaves_as_much_in_common() -> None:
    ratios = np.array([0.5, 1.1, 1.5, 3.0])
    found = LEVENE.measure(normals(*((0.3, ratio) for ratio in ratios)))
    for ratio, effect in zip(ratios, found.effect, strict=True):
        moved, scaled = (
            integrate.quad(lambda x, m=m, s=s: abs(stats.norm.pdf(x) - stats.norm.pdf(x, m, s)) / 2, -15, 15, limit=200)[0]
            for m, s in ((float(effect), 1.0), (0.0, float(ratio)))
        )
        assert moved == pytest.approx(scaled, rel=0.01)


def test_a_shift_alone_is_no_change_of_scale() -> None:
    assert LEVENE.measure(normals((1.0, 1.0))).effect == pytest.approx([0.0], abs=0.001)


def test_a_missing_share_has_the_effect_of_the_shift_whose_test_is_as_certain() -> None:
    rows = 2000
    found = MISSING_SHARE.measure(Cells(np.array([1960.0]), np.array([[1940.0]]), 40.0, np.array([60.0]), None, None, np.zeros(1, dtype=np.bool_)))
    indicator = [np.repeat([1.0, 0.0], [missing, rows - missing]) for missing in (40, 60)]
    pooled = np.sqrt(np.mean([side.var() for side in indicator]))
    assert found.effect[0] == pytest.approx((indicator[1].mean() - indicator[0].mean()) / pooled)
    z = found.effect[0] / np.sqrt(2 / rows)
    assert found.p_value is not None
    assert found.p_value[0] == pytest.approx(2 * stats.norm.sf(z), rel=0.1)


shares = st.floats(0, 1, allow_subnormal=False)


@settings(max_examples=50, deadline=None)
@given(shares, shares)
def test_effects_grow_with_what_they_are_made_of_and_stay_in_range(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for effect in (from_overlap, from_deviations, lambda x: from_superiority(0.5 + x / 2), lambda x: from_shares(np.zeros_like(x), x)):
        found = effect(np.array([0.0, low, high, 1.0]))
        assert (np.diff(found) >= 0).all()
        assert found[0] == 0
        assert found[3] <= LARGEST


@settings(max_examples=50, deadline=None)
@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_the_effect_of_a_scale_grows_and_is_the_same_for_its_inverse(one: float, other: float) -> None:
    found = from_scale(np.array([*sorted((one, other)), 1 / one, one]))
    assert found[0] <= found[1] + 1e-9
    assert found[2] == pytest.approx(found[3], rel=1e-6, abs=1e-6)
    assert from_scale(np.array([np.inf, 0.0])).tolist() == [LARGEST, LARGEST]


def test_what_cannot_be_told_stays_so() -> None:
    unknown = np.array([np.nan])
    for effect in (from_overlap, from_superiority, from_deviations, from_scale, lambda x: from_shares(x, x), lambda x: from_shift(x, total)):
        assert np.isnan(effect(unknown)).all()


def total(before: Floats, after: Floats) -> Floats:
    moved: Floats = np.abs(after - before).sum(axis=-1) / 2
    return moved


def test_a_distance_on_all_values_is_that_of_finely_cut_normals() -> None:
    assert from_shift(np.array([2 * stats.norm.cdf(0.25) - 1]), total, groups=400) == pytest.approx([0.5], rel=0.001)
