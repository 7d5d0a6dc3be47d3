"""Batch scoring: the champion's predictions for a range of partitions, in one call and one commit."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.errors import DeclarationError, NotReadyError, TrainingError
from mlworks_orchestration.scoring.inference_log import Served, log_inference
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import Measured, Predictor, Registry, measure

Floats = NDArray[np.float64]

_OURS = ("prediction", "model_version", "role", "scored_at")


def score(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, partitions: Sequence[str]) -> tuple[pl.DataFrame, Measured]:
    """Predict all rows of the partitions by the champion, and write the table `<model>/scores`, in one commit.

    The features as served are written before, to the table `<model>/inference_log`, so that a score never lacks them.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose champion predicts.
        registry: MLflow's models.
        partitions: keys.

    Returns:
        The rows written (entity, event time, `prediction`, `model_version`, `role`, `scored_at`, `_partition`), and what it cost to join their
        features, predict and write; not counted is the loading of the model, which is once a process.

    Raises:
        NotReadyError: if there is no champion, or naming a partition that has no features.
        TrainingError: if the champion does not give one finite number a row; nothing is written.
        DeclarationError: if entity or event time are called as a column of the table of scores.
    """
    _check_names(model)
    champion = registry.champion(model.name)
    if champion is None:
        message = f"Model {model.name} has no champion; materialise {model.name}/champion first, then {model.name}/scores of {_span(partitions)}."
        raise NotReadyError(message)
    predictor = registry.load(model.name, champion.version)
    with measure() as measured:
        features = feature_frame(lake, catalog, model, partitions)
        served = Served(champion.version, "champion", clock.now())
        scores = _scores(model, features, _predicted(model, predictor, features, partitions), served)
        log_inference(lake, model, features, served, partitions)
        lake.write(f"{model.name}/scores", scores, partitions=partitions)
        measured.rows = scores.height
    return scores, measured


def _predicted(model: MLModel, predictor: Predictor, features: pl.DataFrame, partitions: Sequence[str]) -> Floats:
    try:
        return predictor.predict(features.select(model.feature_columns))
    except TrainingError as error:
        message = f"{model.name}/scores of {_span(partitions)}: {error}"
        raise TrainingError(message) from error


def _scores(model: MLModel, features: pl.DataFrame, predictions: Floats, served: Served) -> pl.DataFrame:
    return features.select(
        *model.entity,
        model.event_time,
        pl.Series("prediction", predictions),
        pl.lit(served.version, dtype=pl.Int64).alias("model_version"),
        pl.lit(served.role).alias("role"),
        pl.lit(served.at, dtype=pl.Datetime("us", "UTC")).alias("scored_at"),
        PARTITION,
    )


def _check_names(model: MLModel) -> None:
    taken = sorted({*model.entity, model.event_time} & set(_OURS))
    if taken:
        message = f"Model {model.name}: a column of entity or event_time is called {taken[0]!r}, as one of its table of scores is; rename it."
        raise DeclarationError(message)


def _span(partitions: Sequence[str]) -> str:
    return min(partitions) if len(partitions) == 1 else f"{min(partitions)} … {max(partitions)}"
