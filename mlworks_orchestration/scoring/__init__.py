"""Predictions of the champion."""

from mlworks_orchestration.scoring.batch import score

__all__ = ["score"]
