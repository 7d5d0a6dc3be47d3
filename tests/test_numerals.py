"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.numerals import readable

ORDINARY = st.floats(1e-6, 1e12).flatmap(lambda size: st.sampled_from([size, -size]))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (99_999.14, "99,999"),
        (162_614.2, "162,614"),
        (1_234.0, "1,234"),
        (9.99996, "10"),
        (999_999.7, "1,000,000"),
        (25.67, "25.67"),
        (-0.0000399, "-0.0000399"),
        (0.0, "0"),
        (7, "7"),
        (None, "\N{EN DASH}"),
        (float("inf"), "inf"),
        (2.5e-9, "2.5e-09"),
        (1.5e16, "1.5e+16"),
    ],
)
def test_a_number_has_four_digits_and_commas_and_no_exponent_where_its_size_is_ordinary(value: float | None, told: str) -> None:
    assert readable(value) == told


@given(ORDINARY, st.integers(2, 6))
def test_what_is_told_is_the_number_to_so_many_digits(value: float, digits: int) -> None:
    told = readable(value, digits)
    assert "e" not in told
    assert float(told.replace(",", "")) == pytest.approx(value, rel=0.5000001 * 10.0 ** (1 - digits))


@given(st.floats(1e-4, 9_999, exclude_min=True).filter(lambda value: float(f"{value:.4g}") < 10_000))
def test_small_numbers_are_told_as_by_the_format_of_four_digits_but_for_the_comma(value: float) -> None:
    assert readable(value).replace(",", "") == f"{value:.4g}"
