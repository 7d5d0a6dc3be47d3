"""statsmodels' models by scikit-learn's interface: against statsmodels itself, stored and cloned, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
import skops.io
import statsmodels.api as sm
from sklearn.base import clone
from statsmodels.tsa.statespace.sarimax import SARIMAX

from mlworks_orchestration.training.adapters import OLSRegressor, SarimaxForecaster

RNG = np.random.default_rng(4)


def walks(weeks: int = 60) -> pd.DataFrame:
    """Return two series that go their own ways, in mixed order: each keeps half of how far it was from its level."""
    rows = []
    for region, level in (("north", 10.0), ("south", -3.0)):
        away = 0.0
        for week in range(weeks):
            away = 0.5 * away + RNG.normal(0, 0.5)
            rows.append({"region": region, "week": float(week), "y": level + away})
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def test_least_squares_are_those_of_statsmodels() -> None:
    x = RNG.normal(size=(80, 3))
    y = 2 + x @ np.array([1.0, -1.0, 0.5]) + RNG.normal(size=80)
    ours, theirs = OLSRegressor().fit(x, y), sm.OLS(y, sm.add_constant(x)).fit()
    assert ours.predict(x) == pytest.approx(theirs.fittedvalues)
    assert (ours.aic_, ours.bic_) == pytest.approx((theirs.aic, theirs.bic))


def test_a_column_that_is_constant_does_not_take_the_place_of_the_intercept() -> None:
    x = np.column_stack([np.ones(20), np.arange(20.0)])
    assert OLSRegressor().fit(x, 5 + 2 * x[:, 1]).predict(np.array([[1.0, 30.0]])) == pytest.approx([65.0])


def test_each_series_is_forecast_from_its_own_past_as_statsmodels_does() -> None:
    rows = walks()
    model = SarimaxForecaster("week", ["region"], order=(1, 0, 0)).fit(rows, rows["y"])
    ahead = pd.DataFrame({"region": ["south", "north", "north"], "week": [61.0, 60.0, 63.0]})
    alone, criteria = {}, 0.0
    for region, part in rows.groupby("region"):
        fitted = SARIMAX(part.sort_values("week")["y"].to_numpy(), order=(1, 0, 0), trend="c").fit(disp=False, maxiter=500)
        alone[region], criteria = fitted.forecast(4), criteria + fitted.aic
    assert model.predict(ahead) == pytest.approx([alone["south"][1], alone["north"][0], alone["north"][3]])
    assert model.aic_ == pytest.approx(criteria)


def test_missing_periods_are_bridged_and_rows_before_the_beginning_get_the_mean() -> None:
    rows = walks().query("region == 'north' and not 20 <= week < 30")
    model = SarimaxForecaster("week", order=(1, 0, 0)).fit(rows, rows["y"])
    inside, before = model.predict(pd.DataFrame({"week": [25.0, -2.0]}))
    assert inside == pytest.approx(10, abs=1)
    assert before == pytest.approx(rows["y"].mean())


def test_it_is_stored_by_plain_numbers_and_cloned_unfitted() -> None:
    rows = walks()
    model = SarimaxForecaster("week", ["region"], order=(1, 0, 0)).fit(rows, rows["y"])
    stored = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=stored)
    assert types == ["mlworks_orchestration.training.adapters.sarimax.SarimaxForecaster"]
    assert skops.io.loads(stored, trusted=types).predict(rows) == pytest.approx(model.predict(rows))
    assert not hasattr(clone(model), "series_")


def test_what_it_cannot_forecast_is_refused() -> None:
    rows = walks()
    model = SarimaxForecaster("week", ["region"], order=(1, 0, 0))
    with pytest.raises(ValueError, match="more than one row of a period; name the features"):
        SarimaxForecaster("week").fit(rows, rows["y"])
    with pytest.raises(ValueError, match="series 'east' was not among the 2 that it was fitted on"):
        model.fit(rows, rows["y"]).predict(pd.DataFrame({"region": ["east"], "week": [1.0]}))
    with pytest.raises(ValueError, match="'week' must number the periods by whole numbers"):
        model.predict(pd.DataFrame({"region": ["north"], "week": [1.5]}))
