"""The estimator of the avocado forecast."""

import numpy as np
import pandas as pd
import pytest

from assets.sales_forecast.estimator import build
from mlworks_orchestration.training.fit import _criteria


@pytest.fixture
def weeks() -> pd.DataFrame:
    """Return 200 weeks of markets of very different size, in the order of the declared features."""
    rng = np.random.default_rng(0)
    size = np.exp(rng.uniform(7, 14, 200))
    return pd.DataFrame(
        {
            "kind": rng.choice(["conventional", "organic"], 200),
            "feast": rng.choice(["none", "super bowl"], 200),
            "season_sin": rng.uniform(-1, 1, 200),
            "season_cos": rng.uniform(-1, 1, 200),
            "last_year_units": size,
            "last_units": size * rng.uniform(0.9, 1.1, 200),
            "recent_units": size,
            "last_price": rng.uniform(0.8, 2, 200),
            "price_ratio": rng.uniform(0.9, 1.1, 200),
        }
    )


def test_effects_multiply(weeks: pd.DataFrame) -> None:
    feast = np.where(weeks["feast"] == "super bowl", 1.5, 1.0)
    model = build(0).fit(weeks, weeks["recent_units"] * feast)
    usual, feasting = weeks.assign(feast="none"), weeks.assign(feast="super bowl")
    np.testing.assert_allclose(model.predict(feasting) / model.predict(usual), 1.5, rtol=1e-3)


def test_an_unknown_feast_and_missing_sales_are_forecast_all_the_same(weeks: pd.DataFrame) -> None:
    model = build(0).fit(weeks, weeks["recent_units"])
    assert np.isfinite(model.predict(weeks.assign(feast="new year", last_year_units=np.nan))).all()


def test_its_information_criteria_are_logged(weeks: pd.DataFrame) -> None:
    good = _criteria(build(0).fit(weeks, weeks["recent_units"]))
    poor = _criteria(build(0).fit(weeks.assign(recent_units=1.0, last_units=1.0, last_year_units=1.0), weeks["recent_units"]))
    assert set(good) == {"aic", "bic"}
    assert good["aic"] < poor["aic"]
