"""A fitted version on the bench: its predictor, its rows, and the champion beside it."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training.measure import Measure, Vector
from mlworks_orchestration.training.metrics import evaluate
from mlworks_orchestration.training.predictor import Predictor
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.scale import scale_of
from mlworks_orchestration.training.snapshot import LABEL, find_snapshot
from mlworks_orchestration.training.versions import ModelVersion


class Stores(NamedTuple):
    """Where a version and its rows come from."""

    lake: Lake
    catalog: Catalog
    registry: Registry


class Part(NamedTuple):
    """Rows that have the same value in a column.

    Parameters:
        name: column and value, as people read them.
        rows: their positions, of shape (rows of the part,).
    """

    name: str
    rows: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Subject:
    """The version that is tested, as a test sees it.

    Parameters:
        model: its declaration.
        version: its registered version.
        predictor: it, ready to predict.
        training_rows: what it was fitted on: entity, event time, features and `label`.
        rows: those held out, likewise, in the order of time.
        folder: its stored files.
        stores: where all that comes from.
    """

    model: MLModel
    version: ModelVersion
    predictor: Predictor
    training_rows: pl.DataFrame
    rows: pl.DataFrame
    folder: Path
    stores: Stores

    @cached_property
    def truth(self) -> Vector:
        """The labels of the held-out rows, of shape (rows,)."""
        return self.rows[LABEL].cast(pl.Float64).to_numpy()

    @cached_property
    def predicted(self) -> Vector:
        """The version's predictions of the held-out rows, of shape (rows,)."""
        return self.predictor.predict(self.rows)

    @cached_property
    def how(self) -> Measure:
        """How its predictions are measured."""
        return Measure.of(self.model, scale_of(self.model, self.stores.registry, self.version.version))

    @cached_property
    def champion(self) -> ModelVersion | None:
        """The version that serves; None before the first."""
        return self.stores.registry.champion(self.model.name)

    @cached_property
    def unseen_by_champion(self) -> pl.Series:
        """Which of the held-out rows the champion was not trained on."""
        if self.champion is None:
            return pl.repeat(value=True, n=self.rows.height, eager=True)
        snapshot = find_snapshot(self.stores.lake, self.model, self.champion.tags["snapshot"])
        return self.rows[self.model.event_time] >= snapshot.window.end

    def predict(self, rows: pl.DataFrame) -> Vector:
        """Return the version's predictions, of shape (rows,).

        Parameters:
            rows: with all features.
        """
        return self.predictor.predict(rows)

    def measure(self, metric: str, truth: Vector, predicted: Vector) -> float:
        """Return a metric of the model's task; NaN where it is not defined.

        Parameters:
            metric: its name.
            truth: of shape (rows,).
            predicted: of the same shape.
        """
        return evaluate(self.how, [metric], truth, predicted)[metric]

    def generator(self, name: str) -> np.random.Generator:
        """Return the source of all that is random in a test: the same for the same version.

        Parameters:
            name: of the test.
        """
        return np.random.default_rng([self.model.seed, self.version.version, zlib.crc32(name.encode())])

    def parts(self, columns: list[str]) -> Iterator[Part]:
        """Cut the held-out rows by the values of columns, the largest part of a column first.

        Parameters:
            columns: features; the model's slices where there are none.
        """
        for column in columns or self.model.slices:
            numbered = self.rows.select(pl.col(column).cast(pl.String).alias("value")).with_row_index("row")
            grouped = numbered.group_by("value").agg("row", pl.len().alias("rows")).sort("rows", "value", descending=[True, False])
            for value, rows, _ in grouped.iter_rows():
                yield Part(f"{column}={'missing' if value is None else value}", np.sort(np.asarray(rows, dtype=np.intp)))
