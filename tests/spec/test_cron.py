import pytest
from dagster._utils.schedules import is_valid_cron_string
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.spec.cron import check_cron

GOOD = ["* * * * *", "0 6 * * 1-5", "*/10 0,12 1 jan MON-fri", "5-50/5 8-20/4 1,15 * 0", "0 0 31 12 7", "  0   0 * * *  "]
BAD = {
    "": "has 0 fields",
    "0 6 * *": "has 4 fields",
    "0 6 * * * *": "has 6 fields",
    "@daily": "has 1 fields",
    "60 * * * *": "'60' is no minute .* 0 to 59",
    "0 24 * * *": "'24' is no hour .* 0 to 23",
    "0 0 0 * *": "'0' is no day of month .* 1 to 31",
    "0 0 * 13 *": "'13' is no month",
    "0 0 * * 8": "'8' is no day of week",
    "0 0 * mon *": "'mon' is no month",
    "5-1 * * * *": "'5-1' is no minute",
    "*/0 * * * *": "'\\*/0' is no minute",
    "1,,2 * * * *": "is no minute",
    "-1 * * * *": "is no minute",
    "٣ * * * *": "is no minute",
    "5/2 * * * *": "is no minute",
}


@pytest.mark.parametrize("expression", GOOD)
def test_a_cron_expression_is_accepted_as_dagster_accepts_it(expression: str) -> None:
    assert is_valid_cron_string(expression)
    assert check_cron(expression) == expression


@pytest.mark.parametrize("expression", BAD)
def test_a_wrong_cron_expression_is_refused_by_naming_its_field(expression: str) -> None:
    with pytest.raises(ValueError, match=BAD[expression]):
        check_cron(expression)


@given(st.lists(st.sampled_from(["*", "*/2", "1", "3-5", "1,2", "59", "31", "12", "mon", "jan", "x", "0", "7", "24"]), min_size=5, max_size=5))
def test_what_is_accepted_here_is_accepted_by_dagster(parts: list[str]) -> None:
    expression = " ".join(parts)
    try:
        check_cron(expression)
    except ValueError:
        return
    assert is_valid_cron_string(expression)
