"""The slices in which drift lives: where the metric got worse than elsewhere, and where the drifted features changed more than elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from mlworks_orchestration.monitoring.causes.changed import Codes, cells_of, compare_change
from mlworks_orchestration.monitoring.causes.jackknife import BLOCKS, Estimate, jackknife
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import LABEL, Measure, evaluate

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

PREDICTED = "_predicted"
"""What predictions are called beside features, of which one may be called `prediction`."""

_CONFIDENCE = 0.95
_MOST_SLICES = 50
_DISTANCE_OF_A_SHIFT = 1 / float(np.sqrt(2 * np.pi))
"""Total variation distance of two normals, by their shift in standard deviations, where it is small."""


@dataclass(frozen=True)
class Rows:
    """The rows to compare, each in time order.

    Parameters:
        training: the features that the version was trained on.
        holdout: the rows held out: features, `label` and `_predicted`.
        window: the features of the window.
        truth: its rows whose label is known: features, `label` and `_predicted`.
        scale: of MASE, that of the version that the window is compared with.
    """

    training: pl.DataFrame
    holdout: pl.DataFrame
    window: pl.DataFrame
    truth: pl.DataFrame
    scale: float = float("nan")


@dataclass(frozen=True)
class SliceFeature:
    """How much a feature changed in a slice.

    Parameters:
        column: the feature.
        inside: total variation distance of the slice's rows, training against window, in ten cells; 0 to 1.
        outside: of all other rows.
        stands_out: whether it changed more inside than outside, beyond what chance does and by more than `min_effect`.
    """

    column: str
    inside: float
    outside: float
    stands_out: bool


@dataclass(frozen=True)
class SliceDrift:
    """What happened in one slice.

    Parameters:
        column: the feature that cuts.
        value: its value, as text; None for rows in which it is missing.
        rows_reference: rows of it held out.
        rows_current: rows of it in the window, with a known label.
        share_reference: its share of the training's rows.
        share_current: its share of the window's.
        metric_reference: the primary metric on the held-out rows; None with too few rows.
        metric_current: in the window; None with too few rows or labels.
        change: by how much it is worse, in the metric's unit.
        excess: by how much more it got worse than all other rows.
        excess_low: lower end of the interval of the excess, 95 % for all slices together.
        excess_high: its upper end.
        features: the drifted features inside against outside; none with too few rows.
        remark: what could not be told, in words.
    """

    column: str
    value: str | None
    rows_reference: int
    rows_current: int
    share_reference: float
    share_current: float
    metric_reference: float | None
    metric_current: float | None
    change: float | None
    excess: float | None
    excess_low: float | None
    excess_high: float | None
    features: tuple[SliceFeature, ...]
    remark: str

    @property
    def is_worse(self) -> bool:
        """Whether the metric got worse here than elsewhere, beyond what chance does."""
        return self.excess_low is not None and self.excess_low > 0

    @property
    def stands_out(self) -> bool:
        """Whether drift lives here: by the metric, or by a drifted feature."""
        return self.is_worse or any(feature.stands_out for feature in self.features)


@dataclass(frozen=True)
class _Case:
    """What is the same for all slices: the rows, the cells of the drifted features, and how many standard errors are beyond chance."""

    model: MLModel
    rows: Rows
    codes: Mapping[str, Codes]
    deviations: float


def drifting_slices(model: MLModel, rows: Rows, features: Sequence[str]) -> list[SliceDrift]:
    """Compare each value of each declared slice column with all other rows.

    The excess is what the metric changed here, held-out rows against window, less what it changed elsewhere; positive is worse. Its interval is
    the normal one, of standard errors from leaving out blocks of time for slice and others alike, so that a bad day in both is no difference,
    and widened for the number of slices (Bonferroni). Features are compared likewise. Of a column with many values the fifty most frequent count.

    Parameters:
        model: its slices, metric, least rows and least effect.
        rows: those to compare.
        features: the ones that drifted.

    Returns:
        One a slice: those in which drift lives first, the largest excess before the others.
    """
    cut = [(column, value) for column in model.slices for value in _values(rows.window, column)]
    codes = {name: cells_of(rows.training[name], rows.window[name]) for name in features}
    comparisons = max(1, len(cut) * (1 + len(codes)))
    case = _Case(model, rows, codes, float(ndtri(1 - (1 - _CONFIDENCE) / (2 * comparisons))))
    return sorted((_slice(case, *one) for one in cut), key=lambda one: (not one.stands_out, -(one.excess or 0.0)))


def _values(window: pl.DataFrame, column: str) -> list[str | None]:
    counted = window[column].cast(pl.String).value_counts(sort=True, name="_rows")
    return sorted(counted[column].to_list()[:_MOST_SLICES], key=lambda value: (value is None, value or ""))


def _slice(case: _Case, column: str, value: str | None) -> SliceDrift:
    rows = case.rows
    training, holdout, window, truth = (_chosen(side[column], value) for side in (rows.training, rows.holdout, rows.window, rows.truth))
    counts = {"in the training": training, "held out": holdout, "in the window": window, "with a label in the window": truth}
    return SliceDrift(
        column=column,
        value=value,
        rows_reference=int(holdout.sum()),
        rows_current=int(truth.sum()),
        share_reference=float(training.mean()),
        share_current=float(window.mean()),
        **_metrics(case, holdout, truth),
        features=tuple(_features(case, training, window)),
        remark="; ".join(_remarks(case, counts)),
    )


def _chosen(values: pl.Series, value: str | None) -> Flags:
    return np.asarray(values.cast(pl.String).eq_missing(pl.Series([value], dtype=pl.String)).to_numpy(), dtype=np.bool_)


def _enough(case: _Case, chosen: Flags) -> bool:
    """Return whether there are rows enough on both sides, also when any block of time is left out."""
    largest = [max(int(block.sum()) for block in np.array_split(side, BLOCKS)) for side in (chosen, ~chosen)]
    return all(side.sum() >= max(case.model.drift.min_rows, most + 2) for side, most in zip((chosen, ~chosen), largest, strict=True))


def _metrics(case: _Case, holdout: Flags, truth: Flags) -> dict[str, float | None]:
    """Return what the metric did here, and beyond what it did elsewhere; None for what cannot be told."""
    sign = 1.0 if case.model.primary_metric.lower_is_better else -1.0
    before, now = (_metric(case, rows.filter(chosen)) for rows, chosen in ((case.rows.holdout, holdout), (case.rows.truth, truth)))
    found: dict[str, float | None] = dict.fromkeys(("change", "excess", "excess_low", "excess_high"))
    found |= {"metric_reference": before, "metric_current": now}
    if before is not None and now is not None:
        found["change"] = sign * (now - before)
    if _enough(case, holdout) and _enough(case, truth):
        sides = [_gap(case, case.rows.holdout, holdout), _gap(case, case.rows.truth, truth)]
        excess, half = sides[1].value - sides[0].value, case.deviations * float(np.hypot(sides[0].error, sides[1].error))
        # A metric that is not defined for one side, or without one block of it, tells nothing.
        if np.isfinite([excess, half]).all():
            found |= {"excess": excess, "excess_low": excess - half, "excess_high": excess + half}
    return found


def _metric(case: _Case, rows: pl.DataFrame) -> float | None:
    if rows.height < case.model.drift.min_rows:
        return None
    value = _measured(case, rows[LABEL].to_numpy(), rows[PREDICTED].to_numpy())
    return value if np.isfinite(value) else None


def _measured(case: _Case, actual: Floats, predicted: Floats) -> float:
    name = case.model.metrics.primary
    return evaluate(Measure.of(case.model, case.rows.scale), [name], actual, predicted)[name]


def _gap(case: _Case, rows: pl.DataFrame, chosen: Flags) -> Estimate:
    """Return by how much worse the metric is in the chosen rows than in the others."""
    actual, predicted = rows[LABEL].to_numpy(), rows[PREDICTED].to_numpy()
    sign = 1.0 if case.model.primary_metric.lower_is_better else -1.0

    def gap(kept: NDArray[np.int64]) -> float:
        here, there = (_measured(case, actual[side], predicted[side]) for side in (kept[chosen[kept]], kept[~chosen[kept]]))
        return sign * (here - there)

    return jackknife(gap, rows.height)


def _features(case: _Case, training: Flags, window: Flags) -> Iterator[SliceFeature]:
    if not (_enough(case, training) and _enough(case, window)):
        return
    least = case.model.drift.min_effect * _DISTANCE_OF_A_SHIFT
    for name, codes in case.codes.items():
        change = compare_change(codes, training, window)
        yield SliceFeature(name, change.inside, change.outside, stands_out=change.excess - case.deviations * change.error > least)


def _remarks(case: _Case, counts: Mapping[str, Flags]) -> Iterator[str]:
    least = case.model.drift.min_rows
    for what, chosen in counts.items():
        if chosen.sum() < least:
            yield f"{chosen.sum()} rows {what}, fewer than min_rows {least}"
        elif not _enough(case, chosen):
            yield f"too few other rows {what}, or all of the slice's at one time, to compare them"
