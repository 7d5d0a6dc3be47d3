"""Ordinary least squares."""

from mlworks_orchestration.training.adapters import OLSRegressor


def build(seed: int) -> OLSRegressor:
    """Return an unfitted model, in which nothing is random."""
    del seed
    return OLSRegressor()
