"""Drift reports of windows, each computed once for all policies under which the same versions scored it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.monitoring import (
    DataProfiles,
    ModelReference,
    ReportWindow,
    Rows,
    feature_profiles,
    label_profiles,
    merge_by_partition,
    prediction_profiles,
    profile_snapshot,
    report_rows,
    residual_profiles,
    set_thresholds,
)
from mlworks_orchestration.monitoring.drift import Blocks, Profile
from mlworks_orchestration.retraining.backtest.fits import Fit, Fits
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import LABEL


class Version(NamedTuple):
    """A version of one policy's course: the same fit may have another number in another's.

    Parameters:
        number: from 1.
        fit: the model.
    """

    number: int
    fit: Fit


class Scored(NamedTuple):
    """A partition as it stands.

    Parameters:
        key: of the partition.
        version: whose predictions it holds.
        labelled: whether its labels have come in.
    """

    key: str
    version: Version
    labelled: bool


class Reports:
    """The reports of a backtest.

    Parameters:
        fits: the fitted models.
    """

    def __init__(self, fits: Fits) -> None:
        self._fits, self.rows = fits, fits.rows
        self._profiles: dict[tuple[str, ...], Profile] = {}
        self._snapshots: dict[str, tuple[Profile, dict[str, Blocks]]] = {}
        self._trained_on = DataProfiles({}, {}, {})
        self._references: dict[tuple[str, int], ModelReference] = {}
        self._sums: dict[tuple[object, ...], list[dict[str, Any]]] = {}

    def sums(self, model: MLModel, champion: Version, window: Sequence[Scored]) -> list[dict[str, Any]]:
        """Return what the report of a window says of each kind of drift, before persistence is required.

        Parameters:
            model: the model's declaration.
            champion: with whose training data the window is compared.
            window: its partitions.
        """
        known = (champion.number, champion.fit.key, *((one.key, one.version.number, one.version.fit.key, one.labelled) for one in window))
        if known not in self._sums:
            profiles = {one.key: self._profile(model, one) for one in window}
            whole = ReportWindow.of(list(profiles), profiles, {one.key: [one.version.number] for one in window})
            told = report_rows(model, self._reference(model, champion), whole, champion.number)
            self._sums[known] = [row for row in told if not row["column"]]
        # Alarms that do not last are taken back in place.
        return [dict(row) for row in self._sums[known]]

    def _profile(self, model: MLModel, one: Scored) -> Profile:
        """Return the profile of a partition; it and each of its parts are made once."""
        return self._made(("all", one.key, one.version.fit.key, str(one.labelled)), lambda: self._merged(model, one))

    def _merged(self, model: MLModel, one: Scored) -> dict[str, Profile]:
        rows, catalog, key = self.rows.of([one.key]), self.rows.catalog, one.key
        fit = one.version.fit
        truth = rows.filter(pl.col(LABEL).is_not_null())
        scores = rows.select(PARTITION, LABEL, prediction=pl.Series("prediction", self._fits.predictions(fit, [key])[0]))
        parts = [
            self._made(("features", key), lambda: feature_profiles(catalog, model, rows)),
            self._made(("predictions", key, fit.key), lambda: prediction_profiles(scores)),
        ]
        if one.labelled and truth.height:
            residuals = scores.filter(pl.col(LABEL).is_not_null()).select(PARTITION, residual=pl.col(LABEL) - pl.col("prediction"))
            parts += [
                self._made(("labels", key), lambda: label_profiles(catalog, model, truth)),
                self._made(("residuals", key, fit.key), lambda: residual_profiles(residuals)),
            ]
        return merge_by_partition(*({key: part} for part in parts))

    def _made(self, name: tuple[str, ...], make: Callable[[], Mapping[str, Profile]]) -> Profile:
        if name not in self._profiles:
            self._profiles[name] = make()[name[1]]
        return self._profiles[name]

    def _reference(self, model: MLModel, version: Version) -> ModelReference:
        """Return what windows are compared with; thresholds are drawn by the version's number, as in production."""
        known = version.fit.key, version.number
        if known not in self._references:
            profile, blocks = self._snapshot(model, version.fit)
            past = {part: (one, set_thresholds(model, version.number, one)) for part, one in blocks.items()}
            self._references[known] = ModelReference.of(profile, past)
        return self._references[known]

    def _snapshot(self, model: MLModel, fit: Fit) -> tuple[Profile, dict[str, Blocks]]:
        if fit.key not in self._snapshots:
            cut = self.rows.training_set(model.retraining, fit.moment)
            training, holdout = (rows.with_columns(pl.Series("prediction", fit.predictor.predict(rows))) for rows in (cut.train, cut.holdout))
            unseen = training.with_columns(pl.Series("prediction", self._fits.cross_predictions(fit, cut.train)))
            data = self.training_profiles(model, cut.train)
            self._snapshots[fit.key] = profile_snapshot(self.rows.catalog, model, Rows(training, pl.concat([unseen, holdout])), data)
        return self._snapshots[fit.key]

    def training_profiles(self, model: MLModel, training: pl.DataFrame) -> DataProfiles:
        """Profile training rows; those of a partition that is in whole are profiled once for all versions that were trained on it."""
        whole = [str(key) for key, rows in training[PARTITION].value_counts().iter_rows() if rows == self.rows.by_partition[key][LABEL].count()]
        known = self._trained_on.only(whole)
        made = DataProfiles.of(self.rows.catalog, model, training.filter(~pl.col(PARTITION).is_in(list(known.values))))
        self._trained_on = self._trained_on.and_of(made.only(whole))
        return known.and_of(made)
