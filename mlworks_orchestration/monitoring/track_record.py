"""How often recent estimates of performance held, told by the labels that have arrived since."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite, nan
from typing import Any, NamedTuple

import polars as pl
from scipy.special import bdtr

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.truth import labelled, read_scores, with_labels
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Measure, evaluate

MOST_WINDOWS = 10
"""So many windows are looked back at, at most: what was long ago says little of today."""

NOMINAL = 0.95
_LEAST_LIKELY = 0.01


class TrackRecord(NamedTuple):
    """In how many earlier windows the interval held the realised metric.

    Parameters:
        held: windows in which it did.
        known: windows whose labels are known.
    """

    held: int = 0
    known: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether an interval that holds in 95 of 100 windows would have held in so few less than once in a hundred times.

        Examples:
            >>> [TrackRecord(*each).doubtful for each in ((0, 1), (0, 2), (1, 2), (1, 3), (7, 10), (6, 10))]
            [False, True, False, True, False, True]
        """
        return self.known > 0 and float(bdtr(self.held, self.known, NOMINAL)) < _LEAST_LIKELY

    def words(self, metric: str) -> str:
        """Say it in a sentence.

        Parameters:
            metric: what was estimated.

        Examples:
            >>> TrackRecord(9, 10).words("mae")
            'Of the last 10 windows whose labels are known by now, the interval held the realised mae in 9.'
        """
        if not self.known:
            return "No earlier estimate could be held against its labels yet."
        which = "window whose labels are" if self.known == 1 else f"{self.known} windows whose labels are"
        return f"Of the last {which} known by now, the interval held the realised {metric} in {self.held}."


def track_record(lake: Lake, model: MLModel, estimates: pl.DataFrame) -> TrackRecord:
    """Hold the newest estimates against the labels that are known by now, of windows that share no partition.

    Windows that overlap share rows, so that one bad day would count several times. An estimate that was doubted for its own window does not count,
    since nobody was told to rely on it; one that only the record speaks against does, for else it could never be relied on again.

    Parameters:
        lake: the Delta tables.
        model: whose estimates.
        estimates: rows of `<model>/expected_performance`.
    """
    found = [one.held for one in islice(checked(lake, model, estimates.filter("alike"), apart=True), MOST_WINDOWS)]
    return TrackRecord(sum(found), len(found))


class Checked(NamedTuple):
    """An estimate beside what came true.

    Parameters:
        estimate: its row in `<model>/expected_performance`.
        realised: the metric of the rows that it spoke of.
    """

    estimate: Mapping[str, Any]
    realised: float

    @property
    def held(self) -> bool:
        """Whether the interval holds what came true."""
        return bool(self.estimate["low"] <= self.realised <= self.estimate["high"])


def checked(lake: Lake, model: MLModel, estimates: pl.DataFrame, *, apart: bool) -> Iterator[Checked]:
    """Yield the estimates of windows whose labels are all known by now, the newest first; those whose metric is not defined are left out.

    Parameters:
        lake: the Delta tables.
        model: whose estimates.
        estimates: rows of `<model>/expected_performance`.
        apart: whether to leave out windows that share a partition with a newer one.
    """
    members = windows(model.partitions, model.drift.window, estimates[PARTITION].to_list(), lake.partitions(f"{model.name}/scores"))
    known, seen = set(labelled(lake, model, sorted(set().union(*members.values())))), set[str]()
    for estimate in estimates.sort(PARTITION, descending=True).iter_rows(named=True):
        keys = members[estimate[PARTITION]]
        if not known.issuperset(keys) or (apart and not seen.isdisjoint(keys)):
            continue
        realised = _realised(lake, model, keys, estimate)
        if isfinite(realised):
            seen.update(keys)
            yield Checked(estimate, realised)


def _realised(lake: Lake, model: MLModel, keys: Sequence[str], estimate: Mapping[str, Any]) -> float:
    truth = with_labels(lake, model, read_scores(lake, model, keys), keys).filter(model_version=estimate["model_version"])
    if truth.is_empty():
        return nan
    rows = (truth[name].cast(pl.Float64).to_numpy() for name in ("label", "prediction"))
    return evaluate(Measure.of(model), [estimate["metric"]], *rows)[estimate["metric"]]
