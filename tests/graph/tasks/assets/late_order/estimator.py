"""Logistic regression."""

from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def build(seed: int) -> Pipeline:
    """Return an unfitted pipeline."""
    return make_pipeline(make_column_transformer((StandardScaler(), ["amount"])), LogisticRegression(random_state=seed))
