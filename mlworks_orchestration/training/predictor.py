"""A registered version, loaded: features in, predictions out."""

from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.threads import threads_for
from mlworks_orchestration.training.flavor import stored_features
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.tracking import connect, reaching
from mlworks_orchestration.training.wording import in_short

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Predictor:
    """A model version that predicts.

    Parameters:
        model: the model's name.
        version: its registered version.
        columns: the features that it needs, in the order of its training.
        estimator: the fitted estimator.
    """

    model: str
    version: int
    columns: tuple[str, ...]
    estimator: Any

    def predict(self, features: pl.DataFrame) -> Vector:
        """Return a prediction a row, of shape (rows,): in the label's unit, or of a classifier the probability that the label is 1.

        Parameters:
            features: rows with at least the columns that the version was trained on.

        Raises:
            TrainingError: if a feature is missing, or if the estimator fails or gives anything but one finite number a row.
        """
        who = f"Model {self.model} version {self.version}"
        if features.is_empty():
            return np.empty(0)
        return predictions(self.estimator, features, self.columns, who)


def predictions(estimator: Any, rows: pl.DataFrame, columns: tuple[str, ...], who: str) -> Vector:  # noqa: ANN401 - scikit-learn has no type for it
    """Let an estimator predict rows, and refuse what is no prediction.

    An estimator that has `predict_proba` gives the probability that the label is 1, any other what it predicts.

    Parameters:
        estimator: fitted.
        rows: with the features, at least one row.
        columns: the features, in the order of the training.
        who: whose prediction it is, for the error.

    Raises:
        TrainingError: if a feature is missing, or if the estimator fails or gives anything but one finite number a row.
    """
    matrix = design_matrix(rows, columns, asked_by=who)
    try:
        with threads_for(matrix.size):
            predicted = probabilities(estimator, matrix) if classifies(estimator) else np.asarray(estimator.predict(matrix), dtype=np.float64)
    except Exception as error:
        message = (
            f"{who} could not predict {rows.height} rows: {in_short(error)}. An estimator must take what its training did not have, "
            "missing values and new categories (encoders of scikit-learn: handle_unknown); repair it and train again, or repair the rows."
        )
        raise TrainingError(message) from error
    wrong = int(np.count_nonzero(~np.isfinite(predicted)))
    if predicted.shape != (rows.height,) or wrong:
        message = (
            f"{who} gave predictions of shape {predicted.shape} for {rows.height} rows, {wrong} of them NaN or infinite; "
            "an estimator must give one finite number a row. Look at its training data and its hyperparameters."
        )
        raise TrainingError(message)
    return predicted


def classifies(estimator: Any) -> bool:  # noqa: ANN401 - scikit-learn has no type for it
    """Return whether an estimator gives probabilities, as those of the tasks binary and text do."""
    return hasattr(estimator, "predict_proba")


def probabilities(estimator: Any, matrix: "pd.DataFrame") -> Vector:  # noqa: ANN401 - as above
    """Return the probability that the label is 1, of shape (rows,).

    Parameters:
        estimator: a fitted classifier that knows the classes 0 and 1.
        matrix: the features, of shape (rows, features).
    """
    positive = [float(each) for each in estimator.classes_].index(1.0)
    return np.asarray(estimator.predict_proba(matrix)[:, positive], dtype=np.float64)


def load_predictor(tracking_uri: str, registry_uri: str | None, model: str, version: int) -> Predictor:
    """Download a registered version and load it.

    Parameters:
        tracking_uri: MLflow's address.
        registry_uri: of its registry, where that is another.
        model: the model's name.
        version: which of its versions.

    Raises:
        TrackingError: if MLflow does not have it or cannot be reached.
        TrainingError: if it cannot be loaded here, for example because the module of a class of its own is missing.
    """
    client = connect(tracking_uri, registry_uri)
    from mlflow import artifacts, sklearn  # noqa: PLC0415 - heavy
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from mlflow.models import Model  # noqa: PLC0415

    with TemporaryDirectory(prefix="mlworks-model-") as folder:
        with reaching(tracking_uri):
            source = client.get_model_version_download_uri(model, str(version))
        try:
            path = artifacts.download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=tracking_uri)
            columns = stored_features(path, Model.load(path).signature)
        except (MlflowException, OSError) as error:
            message = (
                f"Model {model} version {version}: its files at {source} could not be read: {in_short(error)}. "
                "Bring them back, or promote another version."
            )
            raise TrackingError(message) from error
        try:
            estimator = sklearn.load_model(path)
        except Exception as error:
            message = (
                f"Model {model} version {version} cannot be loaded: {in_short(error)}. "
                "Run where the module of its estimator can be imported, with the package versions of its requirements.txt."
            )
            raise TrainingError(message) from error
    return Predictor(model, version, columns, estimator)
