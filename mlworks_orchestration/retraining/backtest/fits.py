"""Fitted models: each training set is fitted once, whichever policies ask for it, and kept for the next backtest."""

import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.retraining.backtest.rows import Rows, TrainingSet
from mlworks_orchestration.retraining.backtest.shelf import Shelf
from mlworks_orchestration.spec import MLModel, TimeWindow, load_object
from mlworks_orchestration.training import (
    FEWEST_HOLDOUT_ROWS,
    FEWEST_TRAINING_ROWS,
    LABEL,
    Predictor,
    baseline,
    build_estimator,
    cross_predict,
    design_matrix,
    fingerprint,
    fit_estimator,
    naive_scale,
    source_hash,
)

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "mlworks-orchestration")

Vector = npt.NDArray[np.float64]


Obstacles: TypeAlias = dict[tuple[str | int | None, ...], str]
"""What model tests hold against versions, by version, champion and gate; policies that train at the same moments share it."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model.

    Parameters:
        key: the hash of its rows, its estimator and the libraries.
        snapshot: the id that `training.take_snapshot` gives to the same rows.
        moment: when it was trained.
        window: event times of the rows that it was trained on.
        predictor: it, ready to predict.
        constant: the best constant on its training rows.
        scale: of MASE; NaN where the task needs none.
        seconds: of the processor that fitting took; those on the wall would tell how busy the machine was.
    """

    key: str
    snapshot: str
    moment: datetime
    window: TimeWindow
    predictor: Predictor
    constant: float
    scale: float
    seconds: float


class Fits:
    """The fitted models of a backtest.

    Parameters:
        rows: of the model's past.
        shelf: where they are kept; without one for as long as this lasts, for writing an estimator may take longer than fitting it.
        tell: is told what goes on.
    """

    def __init__(self, rows: Rows, shelf: Shelf | None, tell: Callable[[str], None]) -> None:
        self.rows = rows
        self._shelf, self._tell = shelf, tell
        self._known: dict[str, Fit] = {}
        self._predicted: dict[tuple[str, str], Vector] = {}
        self.obstacles: Obstacles = {}

    def at(self, model: MLModel, moment: datetime) -> tuple[Fit, TrainingSet]:
        """Return the model that is trained at a moment, and its rows.

        Parameters:
            model: the declaration; hyperparameters are taken as declared, for a backtest does not tune.
            moment: aware.

        Raises:
            NotReadyError: if no label is known by then.
            TrainingError: if there are too few rows, or if the estimator cannot be made or fitted.
        """
        cut = self.rows.training_set(model.retraining, moment)
        _check_counts(model, cut, moment)
        snapshot = fingerprint(pl.concat([cut.train, cut.holdout]).drop(PARTITION))[:16]
        key = _key(model, snapshot, cut)
        if key not in self._known:
            estimator, seconds = self._estimator(model, cut, key, moment)
            predictor = Predictor(model.name, 0, tuple(model.feature_columns), estimator)
            constant, scale = baseline(model, cut.train[LABEL].to_numpy()), naive_scale(model, cut.train)
            self._known[key] = Fit(key, snapshot, moment, cut.window, predictor, constant, scale, seconds)
        return self._known[key], cut

    def predictions(self, fit: Fit, partitions: Sequence[str]) -> list[Vector]:
        """Return a model's predictions of partitions, each of shape (rows of the partition,)."""
        missing = [key for key in partitions if (fit.key, key) not in self._predicted]
        if missing:
            predicted = fit.predictor.predict(self.rows.of(missing).select(fit.predictor.columns))
            ends = np.cumsum([self.rows.of([key]).height for key in missing])
            self._predicted |= {(fit.key, key): part for key, part in zip(missing, np.split(predicted, ends[:-1]), strict=True)}
        return [self._predicted[fit.key, key] for key in partitions]

    def cross_predictions(self, fit: Fit, train: pl.DataFrame) -> Vector:
        """Return predictions of a model's training rows by copies that were fitted without them, of shape (rows,)."""
        name = f"{fit.key}.unseen.npy"
        if self._shelf and (kept := self._shelf.find(name)) is not None:
            return np.asarray(np.load(io.BytesIO(kept)), dtype=np.float64)
        self._tell(f"{fit.moment:%Y-%m-%d} reference of a champion")
        found = cross_predict(fit.predictor, train)
        if self._shelf:
            file = io.BytesIO()
            np.save(file, found)
            self._shelf.keep(name, file.getvalue())
        return found

    def _estimator(self, model: MLModel, cut: TrainingSet, key: str, moment: datetime) -> tuple[object, float]:
        if self._shelf and (kept := _taken(self._shelf, key)):
            return kept
        self._tell(f"{moment:%Y-%m-%d} fitting on {cut.train.height:,} rows")
        estimator = build_estimator(model, load_object(model.estimator, field=f"Model {model.name}: estimator"))
        matrix = design_matrix(cut.train, model.feature_columns, asked_by=f"Model {model.name}")
        began = time.process_time()
        fit_estimator(model, estimator, matrix, cut.train[LABEL].to_numpy())
        seconds = time.process_time() - began
        if self._shelf:
            _put(self._shelf, key, estimator, seconds, moment)
        return estimator, seconds


def _taken(shelf: Shelf, key: str) -> tuple[object, float] | None:
    """Return a fitted estimator that was kept, and the seconds that fitting took."""
    import skops.io  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy

    kept, about = shelf.find(f"{key}.skops"), shelf.find(f"{key}.json")
    if kept is None or about is None:
        return None
    said = json.loads(about)
    return skops.io.loads(kept, trusted=said["types"]), said["seconds"]


def _put(shelf: Shelf, key: str, estimator: object, seconds: float, moment: datetime) -> None:
    import skops.io  # noqa: PLC0415 - heavy

    stored = skops.io.dumps(estimator)
    shelf.keep(f"{key}.skops", stored)
    # Last comes what says that it is whole.
    said = {"seconds": seconds, "types": skops.io.get_untrusted_types(data=stored), "moment": moment.isoformat()}
    shelf.keep(f"{key}.json", json.dumps(said).encode())


def _key(model: MLModel, snapshot: str, cut: TrainingSet) -> str:
    build = load_object(model.estimator, field=f"Model {model.name}: estimator")
    return name_of([snapshot, cut.train.height, model.estimator, source_hash(build), model.hyperparameters, model.seed, model.task])


def name_of(made_of: Sequence[object]) -> str:
    """Return the hash, in 24 hexadecimal digits, of what something is made of and of the libraries that make it.

    Parameters:
        made_of: plain values.
    """
    return sha256(json.dumps([*made_of, [version(name) for name in _LIBRARIES]], default=str).encode()).hexdigest()[:24]


def _check_counts(model: MLModel, cut: TrainingSet, moment: datetime) -> None:
    for rows, fewest, what in ((cut.train, FEWEST_TRAINING_ROWS, "to train on"), (cut.holdout, FEWEST_HOLDOUT_ROWS, "to hold out")):
        if rows.height < fewest:
            message = f"Model {model.name}: by {moment:%Y-%m-%d %H:%M} UTC there are {rows.height} labelled rows {what}, but {fewest} are needed."
            raise TrainingError(message)
