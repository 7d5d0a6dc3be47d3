"""How a version errs on rows that it was trained on, had it not been trained on them."""

import numpy as np
import polars as pl

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.threads import threads_for
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.predictor import Predictor, classifies, predictions
from mlworks_orchestration.training.snapshot import LABEL
from mlworks_orchestration.training.wording import in_short

FOLDS = 4
"""So many estimators are fitted, each on all rows but one contiguous part of them."""


def cross_predict(predictor: Predictor, rows: pl.DataFrame, folds: int = FOLDS) -> Vector:
    """Return predictions of a version's training rows, each by a copy of it that was fitted without them.

    The parts are contiguous in time, so that no row is predicted from its neighbours (blocked cross-validation, Bergmeir and Benítez 2012). A copy
    has seen less than the version itself, and rows from after those that it predicts. Where all rows outside of a part are of one class, there is
    nothing to fit: the part is predicted by that class, 0 or 1.

    Parameters:
        predictor: the version; its estimator is left as it is.
        rows: what it was trained on, in the order of time, with features and `label`; at least one a fold.
        folds: how many parts.

    Returns:
        One a row, as `Predictor.predict` gives it, of shape (rows,).

    Raises:
        TrainingError: if a copy cannot be fitted, or does not predict.
    """
    from sklearn.base import clone  # noqa: PLC0415 - heavy

    who = f"Model {predictor.model} version {predictor.version}, fitted without a part of its rows,"
    parts = np.array_split(np.arange(rows.height), folds)
    found = []
    for part in parts:
        rest = rows[np.setdiff1d(np.arange(rows.height), part)]
        if classifies(predictor.estimator) and rest[LABEL].n_unique() == 1:
            found.append(np.full(len(part), rest[LABEL][0]))
            continue
        try:
            copy, matrix = clone(predictor.estimator), design_matrix(rest, predictor.columns, asked_by=who)
            with threads_for(matrix.size):
                copy.fit(matrix, rest[LABEL].to_numpy())
        except Exception as error:
            message = f"{who} could not be fitted on {rest.height} rows: {in_short(error)}."
            raise TrainingError(message) from error
        found.append(predictions(copy, rows[part], predictor.columns, who))
    return np.concatenate(found)
