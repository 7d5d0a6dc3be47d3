"""Policies on a made past whose truth turns over in the middle: what each would have come to."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.backtest import Story, backtest, policies, write_chart
from tests.retraining.backtest.made import declaration, made_catalog


class Bench:
    """A lake in which nothing is yet, and a folder for fitted models."""

    def __init__(self, root: Path) -> None:
        self.lake, self.folder = Lake(root / "lake"), root / "fits"
        self.heard: list[str] = []

    def run(self, *names: str, until: datetime | None = None) -> dict[str, Story]:
        """Backtest some policies, and hear what is done."""
        model = declaration()
        self.heard.clear()
        chosen = [policy for policy in policies(model) if policy.name in names]
        told = backtest(self.lake, made_catalog(), model, chosen, folder=self.folder, until=until, report=self._hear)
        return {one.policy: one for one in told}

    def _hear(self, done: int, total: int, doing: str) -> None:
        assert done <= total
        self.heard.append(doing)

    def heard_of(self, word: str) -> list[str]:
        return [doing for doing in self.heard if word in doing]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Where all policies were tried once."""
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def told(bench: Bench) -> dict[str, Story]:
    """What all policies came to."""
    stories = bench.run("never", "every step", "monthly", "declared")
    fitted = bench.heard_of("fitting")
    assert len(fitted) == len({*fitted}), "equal training sets are fitted once, whichever policies ask for them"
    return stories


def value(told: Story, month: str) -> float:
    [found] = [each.value for each in told.months if each.month == month]
    assert found is not None
    return found


def test_who_retrains_is_better_once_the_truth_has_turned_and_pays_in_minutes(told: dict[str, Story]) -> None:
    never, always, declared = told["never"], told["every step"], told["declared"]
    assert (never.retrainings, never.training_minutes) == (0, 0)
    assert never.alarms["concept"] > declared.alarms["concept"]
    assert never.calls > 0
    assert value(never, "2020-02") == pytest.approx(value(declared, "2020-02"))
    assert 2 * value(always, "2020-04") < value(declared, "2020-04") < value(never, "2020-04")
    assert (always.business or 0) < (declared.business or 0) < (never.business or 0)
    assert sum(month.business or 0 for month in always.months) == pytest.approx(always.business), "a sum is that of its months"
    assert always.training_minutes > declared.training_minutes > 0
    assert declared.outcomes == {"promoted": declared.retrainings}


def test_the_turn_is_answered_no_earlier_than_its_labels_are_known(told: dict[str, Story]) -> None:
    [first, *_] = told["declared"].trainings
    assert first.at > datetime(2020, 3, 1, tzinfo=UTC)
    assert first.trigger == "drift"


def test_a_schedule_retrains_at_every_step_and_monthly_every_fourth(told: dict[str, Story]) -> None:
    moments = [each.at for each in told["every step"].trainings]
    assert len({*moments}) == len(moments) == 15
    assert [each.at for each in told["monthly"].trainings] == moments[3::4]


def test_nothing_is_fitted_again_and_a_fit_that_a_kill_left_half_stored_is(bench: Bench, told: dict[str, Story]) -> None:
    again = bench.run("declared")["declared"]
    assert again == told["declared"]
    assert not bench.heard_of("fitting")
    assert not bench.heard_of("reference")
    for path in bench.folder.glob("*.json"):
        path.unlink()
    assert bench.run("declared")["declared"].metrics == again.metrics
    assert bench.heard_of("fitting")


def test_what_comes_after_the_end_changes_nothing_before_it(bench: Bench, told: dict[str, Story]) -> None:
    end = datetime(2020, 4, 8, tzinfo=UTC)
    part, whole = bench.run("every step", until=end)["every step"], told["every step"]
    assert [(each.at, each.reason) for each in part.trainings] == [(each.at, each.reason) for each in whole.trainings if each.at <= end]
    assert part.months[:3] == whole.months[:3]


def test_nothing_is_written_into_the_lake(bench: Bench, told: dict[str, Story]) -> None:
    assert told
    assert bench.lake.tables() == []


def test_the_chart_shows_every_policy_and_loads_nothing(told: dict[str, Story], tmp_path: Path) -> None:
    write_chart(declaration(), list(told.values()), tmp_path / "policies.html")
    page = (tmp_path / "policies.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*told, "retrainings"))
    assert "<script" not in page
    assert "src=" not in page
