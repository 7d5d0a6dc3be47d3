"""Looking back at a promotion, with a lake as the other rooms fill it and models that are straight lines."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.clock import replaying
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.retraining import Aftermath, aftermaths, consider, look_back, promotion, read_history
from mlworks_orchestration.training import moves

DAY = timedelta(days=1)
START = datetime(2013, 3, 1, tzinfo=UTC)
PROMOTED = START + 10 * DAY
A_DAY = 30
Make = Callable[..., Any]


@dataclass(frozen=True)
class Line:
    """A version that predicts a multiple of the distance."""

    slope: float

    def predict(self, rows: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        return self.slope * rows["distance"].to_numpy()


@dataclass
class Lines:
    """A registry of straight lines; a version without a slope was deleted."""

    slopes: dict[int, float]
    silent: bool = False

    def versions(self, model: str) -> list[Any]:
        if self.silent:
            message = f"MLflow does not answer about {model}."
            raise TrackingError(message)
        return [type("Version", (), {"version": number}) for number in self.slopes]

    def load(self, model: str, version: int) -> Line:
        del model
        return Line(self.slopes[version])


TWO_IS_WORSE = Lines({1: 2.0, 2: 2.6})
TWO_IS_BETTER = Lines({1: 2.6, 2: 2.0})


def promoted(make: Make, registry: Lines, days: int, **options: Any) -> Any:
    """A model whose version 2 took over from version 1 on the tenth day, and that has been scored and labelled for so many days since."""
    made = make(**options)
    made.champion(2, PROMOTED)
    made.alias("previous", 1, PROMOTED)
    made.verdict(PROMOTED, champion=1, promoted=True, until=PROMOTED - DAY, challenger=2)
    serve(made, registry, days)
    return made


def serve(made: Any, registry: Lines, days: int, version: int = 2) -> None:
    """Score, log and label the days from the ninth on; the ninth is from before the promotion."""
    random = np.random.default_rng(7)
    events = [PROMOTED + day * DAY + row * (DAY / A_DAY) for day in range(-1, days) for row in range(A_DAY)]
    distance = random.uniform(1, 9, len(events))
    times = pl.Series("event", events, dtype=pl.Datetime("us", "UTC"))
    weather = np.repeat(random.normal(0, 0.5, days + 1), A_DAY)
    common = pl.DataFrame({"id": range(len(events)), "event": times, PARTITION: times.dt.strftime("%Y-%m-%d")})
    keys = common[PARTITION].unique().to_list()
    scores = common.with_columns(prediction=registry.slopes[version] * distance, model_version=pl.lit(version, pl.Int64), role=pl.lit("champion"))
    labels = common.with_columns(label=2 * distance + weather, known_at=times + DAY)
    log = common.with_columns(distance=distance, _role=pl.lit("champion"))
    for table, frame in (("scores", scores), ("labels", labels), ("inference_log", log), ("performance", common)):
        made.lake.write(f"delays/{table}", frame, partitions=keys)


def look(made: Any, registry: Lines, day: float = 60) -> Aftermath | None:
    with replaying(PROMOTED + day * DAY):
        return look_back(made.lake, made.model, registry)  # type: ignore[arg-type]


def test_a_promotion_that_made_things_worse_is_found_on_the_same_rows_of_after_it(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    found = look(made, TWO_IS_WORSE)
    assert found is not None
    assert (found.champion, found.previous, found.until, found.blocks, found.rows) == (2, 1, "2013-03-24", 14, 14 * A_DAY)
    assert found.champion_value is not None
    assert found.previous_value is not None
    assert found.gain == pytest.approx(found.champion_value - found.previous_value)
    assert found.previous_is_better
    assert found.words.startswith("Version 2 is worse than version 1: on ")
    assert found.words.endswith(" with 97.5% confidence.")


def test_a_promotion_that_helped_stays(deployment: Make) -> None:
    found = look(promoted(deployment, TWO_IS_BETTER, 14), TWO_IS_BETTER)
    assert found is not None
    assert found.gain is not None
    assert found.gain < 0
    assert not found.previous_is_better
    assert found.words.startswith("Version 2 is better than version 1: on ")


@pytest.mark.parametrize(
    ("low", "high", "margin", "said"),
    [
        (-1.0, 2.0, 0.0, "Whether version 2 is better or worse than version 1 cannot be told yet: on "),
        (1.0, 2.0, 1.5, "Version 2 is worse than version 1, perhaps by no more than 1.5: on "),
    ],
)
def test_what_the_interval_leaves_open_is_said(low: float, high: float, margin: float, said: str) -> None:
    found = Aftermath(2, 1, "2013-03-24", 14, 700, "mae", 2.5, 2.0, 0.5, low, high, margin, confidence=0.975)
    assert found.words.startswith(said)


def test_a_comparison_of_before_the_confidence_was_stored_is_read_and_followed(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    assert look(made, TWO_IS_WORSE, day=16)
    stored = made.lake.read("delays/aftermath").drop("confidence")
    shutil.rmtree(Path(made.lake.root) / "delays" / "aftermath")
    made.lake.append("delays/aftermath", stored)
    serve(made, TWO_IS_WORSE, 29)
    assert look(made, TWO_IS_WORSE, day=31)
    assert [found.confidence for _, found in aftermaths(made.lake, made.model)] == [None, 0.9875]


def test_a_margin_is_asked_for_on_top(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    object.__setattr__(made.model.gate, "min_gain", 50.0)
    found = look(made, TWO_IS_WORSE)
    assert found is not None
    assert (found.margin, found.previous_is_better) == (50.0, False)


def test_it_is_looked_at_after_two_weeks_of_labels_and_then_not_before_four(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 13)
    looked = []
    for days in (13, 14, 15, 27, 28, 29):
        serve(made, TWO_IS_WORSE, days)
        looked.append(look(made, TWO_IS_WORSE, days + 2) is not None)
        assert look(made, TWO_IS_WORSE, days + 2) is None, "never twice on the same"
    assert looked == [False, True, False, False, True, False]
    assert made.lake.read("delays/aftermath").select("look", "blocks").sort("look").rows() == [(1, 14), (2, 28)]


def test_labels_that_are_not_known_yet_do_not_count(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    found = look(made, TWO_IS_WORSE, day=14)
    assert found is not None
    assert found.rows == 13 * A_DAY + 1


def test_rows_that_another_version_scored_are_left_out(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 15)
    scores = made.lake.read("delays/scores", partitions=["2013-03-20"])
    made.lake.write("delays/scores", scores.with_columns(model_version=pl.lit(1, pl.Int64)), partitions=["2013-03-20"])
    found = look(made, TWO_IS_WORSE)
    assert found is not None
    assert (found.blocks, found.rows) == (14, 14 * A_DAY)


def test_a_predecessor_that_was_deleted_is_told_once_and_moves_nothing(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    gone = Lines({2: 2.6})
    found = look(made, gone)
    assert found is not None
    assert (found.gain, found.previous_is_better) == (None, False)
    assert found.reason == "it was deleted in MLflow, so `mlworks rollback delays` needs another one, with --to."
    assert look(made, gone) is None
    assert look(made, TWO_IS_WORSE) is not None, "it was brought back"


def test_an_mlflow_that_does_not_answer_is_an_error_and_nothing_is_kept(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    with pytest.raises(TrackingError, match="does not answer"):
        look(made, Lines(TWO_IS_WORSE.slopes, silent=True))
    assert not made.lake.exists("delays/aftermath")


def test_only_what_the_gate_promoted_is_looked_back_at(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    made.champion(1, PROMOTED + DAY)
    assert look(made, TWO_IS_WORSE) is None, "rolled back"
    made.champion(2, PROMOTED + 2 * DAY)
    assert look(made, TWO_IS_WORSE) is None, "put in place by a person after it was rolled back"
    by_hand = deployment()
    by_hand.champion(2, PROMOTED, moved_by="unknown")
    by_hand.alias("previous", 1, PROMOTED)
    serve(by_hand, TWO_IS_WORSE, 14)
    assert look(by_hand, TWO_IS_WORSE) is None


def test_a_version_that_was_rolled_back_is_not_gone_back_to(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    made.champion(1, PROMOTED + DAY)
    made.alias("previous", 2, PROMOTED + DAY)
    made.champion(3, PROMOTED + 2 * DAY)
    made.verdict(PROMOTED + 2 * DAY, champion=1, promoted=True, until=PROMOTED, challenger=3)
    now = PROMOTED + 3 * DAY
    assert promotion(moves(made.lake, "delays"), read_history(made.lake, "delays"), now) == (3, PROMOTED + 2 * DAY, None)
    made.alias("previous", 1, PROMOTED + 2 * DAY)
    assert promotion(moves(made.lake, "delays"), read_history(made.lake, "delays"), now) == (3, PROMOTED + 2 * DAY, 1)


def test_what_was_found_is_decided_upon_once(deployment: Make) -> None:
    made = promoted(deployment, TWO_IS_WORSE, 14)
    look(made, TWO_IS_WORSE, 15)
    with replaying(PROMOTED + 15 * DAY):
        decision, mark = consider(made.lake, made.model, made.runs, None)
        assert decision is not None
        assert (decision.action, decision.run_key) == ("rollback", "delays:rollback:2:1")
        crashed, _ = consider(made.lake, made.model, made.runs, None)
        assert crashed is not None
        assert crashed.run_key == decision.run_key
        made.runs.keys.add("delays:rollback:2:1")
        failed, _ = consider(made.lake, made.model, made.runs, None)
        assert failed is not None
        assert (failed.action, failed.run_key) == ("rollback", "delays:rollback:2:1:retry-1")
    made.champion(1, PROMOTED + 16 * DAY)
    made.alias("previous", 2, PROMOTED + 16 * DAY)
    with replaying(PROMOTED + 17 * DAY):
        after, _ = consider(made.lake, made.model, made.runs, None)
    assert after is not None
    assert after.action == "wait"
    assert [row["action"] for row in made.decisions()] == ["rollback", "rollback", "wait"]
    assert [(row["champion"], row["to"]) for row in made.decisions() if row["action"] == "rollback"] == [(2, 1), (2, 1)]
    assert mark == {"aftermath": made.lake.version("delays/aftermath"), "due": (PROMOTED + 15 * DAY + timedelta(minutes=10)).isoformat()}
