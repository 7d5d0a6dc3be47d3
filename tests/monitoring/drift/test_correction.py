"""The correction for the number of tests, against scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from mlworks_orchestration.monitoring.drift.comparison.correction import benjamini_hochberg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_it_is_scipys(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values, method="bh")))


def test_no_test_needs_no_correction() -> None:
    assert benjamini_hochberg([]) == []
