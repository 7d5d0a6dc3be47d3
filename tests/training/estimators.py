"""Estimators that the tests declare: one that works and some that users get wrong."""

import time

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


def build(seed: int, alpha: float = 1.0) -> object:
    """Return a small pipeline of plain scikit-learn."""
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier"]), (SimpleImputer(), ["distance", "seats", "rainy"]), verbose_feature_names_out=False
    )
    return make_pipeline(encode, Ridge(alpha=alpha, random_state=seed))


def boosted(seed: int) -> object:
    """Return a pipeline with LightGBM at its end."""
    from lightgbm import LGBMRegressor  # noqa: PLC0415 - one test needs it

    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier"]), remainder="passthrough")
    return make_pipeline(encode.set_output(transform="pandas"), LGBMRegressor(n_estimators=10, n_jobs=1, verbose=-1, random_state=seed))


def made_elsewhere(seed: int, uri: str) -> object:
    """Return a model that another process made and stored."""
    from mlworks_orchestration.training.adapters import PyfuncRegressor  # noqa: PLC0415 - one test needs it

    del seed
    return PyfuncRegressor(uri)


def slow(seed: int, alpha: float) -> object:
    """Return the same after more than a second."""
    time.sleep(1.1)
    return build(seed, alpha)


def strict(seed: int) -> object:
    """Return a pipeline that knows only the categories it was fitted with."""
    return make_pipeline(make_column_transformer((OneHotEncoder(), ["carrier"])), Ridge(random_state=seed))


def restless(seed: int) -> object:
    """Return a regressor that comes out otherwise each time it is fitted."""
    return Restless(0.0, seed)


def useless(seed: int) -> object:
    """Return a regressor that is as good as a constant."""
    return Constant(0.0, seed)


def failing(seed: int) -> object:
    """Return a regressor that cannot be fitted to text."""
    return Ridge(random_state=seed)


def silent(seed: int) -> object:
    """Return a regressor that predicts nothing."""
    return Constant(float("nan"), seed)


def wrong_type(seed: int) -> object:
    """Return no estimator."""
    return {"seed": seed}


def not_storable(seed: int) -> object:
    """Return a pipeline that holds a function which no other process could find."""
    return make_pipeline(FunctionTransformer(lambda frame: frame[["distance"]].fillna(0.0)), Ridge(random_state=seed))


def interrupted(seed: int) -> object:
    """Return a regressor whose fitting the user interrupts."""
    return Interrupted(0.0, seed)


class Constant(RegressorMixin, BaseEstimator):
    """Predict a number."""

    def __init__(self, value: float = 0.0, seed: int = 0) -> None:
        self.value = value
        self.seed = seed

    def fit(self, _frame: object, _labels: object) -> "Constant":
        """Learn nothing."""
        self.fitted_ = True
        return self

    def predict(self, frame: np.ndarray) -> np.ndarray:
        """Return the number, once a row."""
        return np.full(len(frame), self.value)


class Interrupted(Constant):
    """Be interrupted while learning."""

    def fit(self, _frame: object, _labels: object) -> "Interrupted":
        """Stop as if by ctrl-C."""
        raise KeyboardInterrupt


class Restless(Constant):
    """Learn another number each time, whatever the seed."""

    def fit(self, _frame: object, _labels: object) -> "Restless":
        """Take what the machine offers."""
        self.value_ = float(np.random.default_rng().normal())
        return self

    def predict(self, frame: np.ndarray) -> np.ndarray:
        """Return the number, once a row."""
        return np.full(len(frame), self.value_)


def classifier(seed: int) -> object:
    """Return a small classifier."""
    return make_pipeline(*build(seed).steps[0][1:], StandardScaler(), LogisticRegression(random_state=seed))  # type: ignore[attr-defined]


def indifferent(seed: int) -> object:
    """Return a classifier that guesses."""
    return DummyClassifier(strategy="uniform", random_state=seed)


def sociable(seed: int) -> object:
    """Return a regressor whose predictions depend on the rows beside them."""
    return Sociable(0.0, seed)


class Sociable(Constant):
    """Predict how many rows are asked for."""

    def predict(self, frame: np.ndarray) -> np.ndarray:
        """Return the number of rows, once a row."""
        return np.full(len(frame), float(len(frame)))
