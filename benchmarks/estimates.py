"""How often the interval of a metric that is expected before labels are known holds the one that labels then tell.

Streams are drawn in which labels depend on features always alike, while in every second window the features have moved; a champion is fitted, what it
errs on rows that it was not trained on is learnt as the reports do, and each window's estimate is held against its labels. Prints a table, writes
JSON, and exits with 1 if an interval of 95 % holds in less than 90 % of the windows of a stream.

    python benchmarks/estimates.py [--champions 20] [--windows 4] [--only bursts] [--json estimates.json]

With --home it prints, of every model in the folder that MLWORKS_HOME names, what was expected of each window in the reports that are stored there,
beside what its labels told:

    MLWORKS_HOME=.mlworks python benchmarks/estimates.py --home
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.estimates import Estimate, fit_classifier_estimator, fit_loss_estimator
from mlworks_orchestration.monitoring.track_record import checked
from mlworks_orchestration.project import Project
from mlworks_orchestration.training import Measure, evaluate

ARTIFACTS = Path(__file__).parent.parent / ".artifacts"
GOAL = 0.9
FOLDS = 4
FEATURES = 8
MOVED = 0.3
"""Standard deviation of what is added to the mean of each feature, in its own, in windows whose features moved."""

Floats = NDArray[np.float64]
Labels = Callable[[Generator, Floats, NDArray[np.int64]], Floats]


@dataclass(frozen=True)
class Stream:
    """One stream.

    Parameters:
        name: as it stands in the table.
        labels: drawn from the features, shape (rows, features), and the block of each row.
        days: blocks that a champion is trained on; a sixth as many more are held out.
        rows: of each block.
        window: blocks of a window.
        group: rows that follow each other and are nearly alike.
        metrics: that are estimated.
        classes: whether labels are 0 and 1.
        threshold: of the probability from which a row counts as positive.
    """

    name: str
    labels: Labels
    days: int
    rows: int
    window: int
    group: int = 1
    metrics: Sequence[str] = ("roc_auc", "pr_auc", "f1")
    classes: bool = True
    threshold: float = 0.5

    def draw(self, rng: Generator, days: int, *, moved: bool) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Return features, labels and blocks of some blocks that follow each other."""
        block = np.repeat(np.arange(days), self.rows)
        mean = rng.normal(0, MOVED, FEATURES) if moved else np.zeros(FEATURES)
        x = np.repeat(rng.normal(mean, 1, (len(block) // self.group, FEATURES)), self.group, axis=0)
        return x + 0.1 * rng.normal(size=x.shape), self.labels(rng, x, block), block

    @property
    def estimator(self) -> Any:  # noqa: ANN401 - scikit-learn's have no type of their own
        """An unfitted one."""
        kind = HistGradientBoostingClassifier if self.classes else HistGradientBoostingRegressor
        return kind(max_iter=60, learning_rate=0.1, max_leaf_nodes=15, early_stopping=False, random_state=0)


def _rare(x: Floats) -> Floats:
    return -4.6 + x[:, 0] + 0.8 * x[:, 1] * x[:, 2] + 0.9 * np.abs(x[:, 3]) + 1.2 * (x[:, 4] > 1) - 0.5 * x[:, 5]


def _common(x: Floats) -> Floats:
    return -0.2 + 0.9 * x[:, 0] - 0.6 * x[:, 1] + 0.4 * x[:, 2] * x[:, 3]


def _falls(logit: Floats, coins: Floats) -> Floats:
    return (coins < 1 / (1 + np.exp(-logit))).astype(np.float64)


def _together(rng: Generator, x: Floats, block: NDArray[np.int64]) -> Floats:
    """Draw labels of which each five that follow each other are the same."""
    del block
    return _falls(_rare(x), np.repeat(rng.random(len(x) // 5), 5))


def _months(rng: Generator, x: Floats, block: NDArray[np.int64]) -> Floats:
    """Draw labels that are likelier in some blocks than in others."""
    return _falls(_common(x) + rng.normal(0, 0.2, int(block.max()) + 1)[block], rng.random(len(x)))


def _stormy(rng: Generator, x: Floats, block: NDArray[np.int64]) -> Floats:
    """Draw numbers whose noise grows with a feature, and is larger on some days than on others."""
    loud = np.exp(rng.normal(0, 0.3, int(block.max()) + 1))[block]
    return 2 * x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=len(x)) * loud * (1 + np.abs(x[:, 3]))


STREAMS = (
    Stream("3.5 % positive, independent", lambda rng, x, _: _falls(_rare(x), rng.random(len(x))), 36, 500, 7, threshold=0.2),
    Stream("3.5 % positive, in bursts of five", _together, 36, 500, 7, 5, threshold=0.2),
    Stream("half positive, independent", lambda rng, x, _: _falls(_common(x), rng.random(len(x))), 6, 2500, 1),
    Stream("half positive, months differ", _months, 6, 2500, 1),
    Stream("numbers, days differ", _stormy, 36, 150, 7, metrics=("mae", "rmse"), classes=False),
)


def champion(stream: Stream, rng: Generator) -> tuple[Any, tuple[Floats, Floats, Floats, NDArray[np.int64]]]:
    """Fit a champion; return it, and features, predictions, labels and blocks of rows that it, or a copy of it, had not seen."""
    held_out = max(1, stream.days // 6)
    x, y, block = stream.draw(rng, stream.days + held_out, moved=False)
    training = np.flatnonzero(block < stream.days)
    fitted = stream.estimator.fit(x[training], y[training])
    unseen = [
        predict(stream.estimator.fit(x[rest], y[rest]), x[part])
        for part in np.array_split(training, FOLDS)
        for rest in [np.setdiff1d(training, part)]
    ]
    return fitted, (x, np.concatenate([*unseen, predict(fitted, x[len(training) :])]), y, block)


def predict(fitted: Any, x: Floats) -> Floats:  # noqa: ANN401 - as above
    """Return probabilities or numbers, shape (rows,)."""
    return np.asarray(fitted.predict_proba(x)[:, 1] if hasattr(fitted, "predict_proba") else fitted.predict(x))


def frame(x: Floats) -> pl.DataFrame:
    """Return features by name."""
    return pl.DataFrame({f"x{index}": x[:, index] for index in range(x.shape[1])})


def estimates(stream: Stream, rng: Generator, windows: int) -> Iterator[tuple[Estimate, float]]:
    """Yield what is expected of each window of one champion, by each metric, and what its labels tell."""
    fitted, (x, unseen, y, block) = champion(stream, rng)
    how = Measure("binary" if stream.classes else "regression", stream.threshold)
    if stream.classes:
        learnt: list[Any] = [fit_classifier_estimator(unseen, y, name, threshold=stream.threshold, blocks=block) for name in stream.metrics]
    else:
        learnt = [fit_loss_estimator(frame(x), unseen, y, name, 0, blocks=block) for name in stream.metrics]
    for number in range(windows):
        now, labels, _ = stream.draw(rng, stream.window, moved=number % 2 == 1)
        predicted = predict(fitted, now)
        for each in learnt:
            told = each.estimate(predicted) if stream.classes else each.estimate(frame(now), predicted, blocks=stream.window)
            if told is not None:
                yield told, evaluate(how, [told.metric], labels, predicted)[told.metric]


def measure(stream: Stream, champions: int, windows: int) -> list[dict[str, Any]]:
    """Return, by metric, how often intervals held."""
    found = [each for seed in range(champions) for each in estimates(stream, np.random.default_rng(seed), windows)]
    return [_row(stream, metric, [each for each in found if each[0].metric == metric]) for metric in stream.metrics]


def _row(stream: Stream, metric: str, found: Sequence[tuple[Estimate, float]]) -> dict[str, Any]:
    errors = np.array([told.value - realised for told, realised in found])
    held = np.mean([told.low <= realised <= told.high for told, realised in found])
    low, high = (np.array([getattr(told, end) - told.value for told, _ in found]) for end in ("low", "high"))
    narrow = np.mean((low / 2 <= -errors) & (-errors <= high / 2))
    numbers = {"held": held, "half_as_wide": narrow, "bias": errors.mean(), "spread": errors.std(), "width": (high - low).mean()}
    return {"stream": stream.name, "metric": metric, "windows": len(found)} | {name: float(value) for name, value in numbers.items()}


def replayed() -> None:
    """Print the stored estimates of every model in the home."""
    project = Project.find()
    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    for name, model in sorted(project.catalog.models.items()):
        table = f"{name}/expected_performance"
        if not lake.partitions(table):
            continue
        found = list(checked(lake, model, lake.read(table), apart=False))[::-1]
        trusted = [one for one in found if one.estimate["trusted"]]
        held = f"held in {sum(one.held for one in found)} of {len(found)} windows, {sum(one.held for one in trusted)} of {len(trusted)} trusted"
        print(f"{name}: {held}")
        for one in found:
            told = one.estimate
            words = f"{told['value']:.3f} from {told['low']:.3f} to {told['high']:.3f}, {'trusted' if told['trusted'] else 'not trusted'}"
            print(f"  {told[PARTITION]}  {told['metric']} {words}; realised {one.realised:.3f}, {'held' if one.held else 'MISSED'}")


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--champions", type=int, default=20)
    parser.add_argument("--windows", type=int, default=4, help="of each champion")
    parser.add_argument("--only", default="", help="streams whose name has this in it")
    parser.add_argument("--home", action="store_true", help="print what is stored in MLWORKS_HOME instead")
    parser.add_argument("--json", type=Path, default=ARTIFACTS / "estimates.json")
    options = parser.parse_args()
    if options.home:
        replayed()
        return 0
    found = []
    print(f"{'stream':35}{'metric':9}{'windows':>8}{'held':>7}{'half as wide':>14}{'bias':>9}{'spread':>9}{'width':>9}")
    for stream in STREAMS:
        if options.only in stream.name:
            for row in measure(stream, options.champions, options.windows):
                found.append(row)
                shares = f"{row['windows']:8}{row['held']:7.0%}{row['half_as_wide']:14.0%}"
                print(f"{row['stream']:35}{row['metric']:9}{shares}{row['bias']:9.4f}{row['spread']:9.4f}{row['width']:9.4f}", flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1))
    return 0 if all(row["held"] >= GOAL for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
