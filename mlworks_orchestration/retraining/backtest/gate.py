"""The gate's verdict and the model tests before it, on versions that no registry knows."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.retraining.backtest.fits import Fit, Obstacles
from mlworks_orchestration.retraining.backtest.reports import Version
from mlworks_orchestration.retraining.backtest.rows import TrainingSet
from mlworks_orchestration.spec import LOADS_CLEANLY, Catalog, MLModel, TimeWindow
from mlworks_orchestration.training import (
    FEWEST_HOLDOUT_ROWS,
    SCALE,
    Bout,
    Comparison,
    ModelVersion,
    Predictor,
    Registry,
    Stores,
    Subject,
    Verdict,
    compare,
    deliver,
    obstacle_of,
    required_tests,
    run_test,
)

LEFT_OUT = frozenset({LOADS_CLEANLY, "latency", "size", "serving_parity", "reproducibility"})
"""Model tests of stored files and of the machine, which a backtest does not run: it stores no version."""


class Unregistered(Registry):
    """The versions of one policy's course, as model tests ask for them; MLflow is never reached.

    Parameters:
        versions: by number, from 1.
        serving: the champion's number; none before the first.
    """

    def __init__(self, versions: Sequence[Fit], serving: int | None) -> None:
        super().__init__("", Lake(""))
        self._versions, self._serving = versions, serving

    def champion(self, model: str) -> ModelVersion | None:
        """Return the version that serves."""
        return self.version(model, self._serving) if self._serving else None

    def version(self, model: str, number: int) -> ModelVersion:
        """Return a version as a registry would."""
        fit = self._versions[number - 1]
        return ModelVersion(model, number, "", fit.moment, {"snapshot": fit.snapshot, SCALE: repr(fit.scale)}, ())

    def window(self, number: int) -> TimeWindow:
        """Return the event times of the rows that a version was trained on."""
        return self._versions[number - 1].window

    def load(self, model: str, version: int) -> Predictor:
        """Return a version ready to predict."""
        return Predictor(model, version, *(getattr(self._versions[version - 1].predictor, name) for name in ("columns", "estimator")))


class _Bench(Subject):
    """A version on the bench whose champion's training window is known here and not in the lake."""

    @cached_property
    def unseen_by_champion(self) -> pl.Series:
        """Which of the held-out rows the champion was not trained on."""
        registry = self.stores.registry
        if self.champion is None or not isinstance(registry, Unregistered):
            return pl.repeat(value=True, n=self.rows.height, eager=True)
        return self.rows[self.model.event_time] >= registry.window(self.champion.version).end


def verdict(  # noqa: PLR0913 - the declarations, who is judged on what, and what is known already
    catalog: Catalog, model: MLModel, versions: Sequence[Fit], champion: int | None, cut: TrainingSet, *, known: Obstacles
) -> Verdict:
    """Judge the newest version against the champion as the gate does, on its held-out rows that the champion was not trained on.

    A challenger that is not better is not tested, for it does not serve whatever its tests find.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
        versions: by number, from 1; the last is the challenger.
        champion: its number; none before the first.
        cut: the challenger's rows.
        known: what model tests found before; what they find now is added.
    """
    number, challenger = len(versions), Version(len(versions), versions[-1])
    serving = versions[champion - 1] if champion else None
    start = max(cut.kept_out.start, serving.window.end) if serving else cut.kept_out.start
    rows = cut.holdout.filter(pl.col(model.event_time) >= start)
    compared = _compare(model, challenger, serving, rows) if rows.height >= FEWEST_HOLDOUT_ROWS else None
    bout = Bout(number, champion, TimeWindow(min(start, cut.kept_out.end), cut.kept_out.end), rows.height, cut.holdout.height - rows.height)
    untested = deliver(model, bout, compared, "")
    if not untested.favourable:
        return untested
    # Tests are seeded by the version's number, and some ask the gate's confidence or what the champion was trained on.
    key = (versions[-1].key, number, serving.key if serving else None, champion, model.gate.model_dump_json())
    if key not in known:
        known[key] = _obstacle(catalog, model, Unregistered(versions, champion), number, cut)
    return deliver(model, bout, compared, known[key])


def _compare(model: MLModel, challenger: Version, serving: Fit | None, rows: pl.DataFrame) -> Comparison:
    fit = challenger.fit
    holding = serving.predictor.predict(rows) if serving else np.full(rows.height, fit.constant)
    return compare(model, rows, fit.predictor.predict(rows), holding, challenger.number, first=serving is None, scale=fit.scale)


def _obstacle(catalog: Catalog, model: MLModel, registry: Unregistered, number: int, cut: TrainingSet) -> str:
    """Return why model tests that would hold a version back do so; those of severity `warn` never do."""
    tests = [test for test in required_tests(model) if test.severity == "error" and test.kind not in LEFT_OUT]
    if not tests:
        return ""
    train, holdout = cut.train.drop(PARTITION), cut.holdout.drop(PARTITION)
    version, predictor = registry.version(model.name, number), registry.load(model.name, number)
    subject = _Bench(model, version, predictor, train, holdout, Path(), Stores(registry.lake, catalog, registry))
    return obstacle_of(model, {test.title: run_test(subject, test) for test in tests})
