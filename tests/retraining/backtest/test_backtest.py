"""Policies on a made past whose truth turns over in the middle: what each would have come to."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.backtest import Story, backtest, policies, write_chart
from mlworks_orchestration.spec import Catalog, MLModel
from tests.retraining.backtest.conftest import declaration

Run = Callable[..., dict[str, Story]]


@pytest.fixture
def run(lake: Lake, catalog: Catalog, tmp_path: Path) -> Run:
    """Backtest some policies, and say what was fitted."""

    def called(*names: str, model: MLModel | None = None, until: datetime | None = None, heard: list[str] | None = None) -> dict[str, Story]:
        declared = model or declaration()
        chosen = [policy for policy in policies(declared) if policy.name in names]

        def report(done: int, total: int, doing: str) -> None:
            assert done <= total
            if heard is not None:
                heard.append(doing)

        told = backtest(lake, catalog, declared, chosen, folder=tmp_path / "fits", until=until, report=report)
        return {one.policy: one for one in told}

    return called


def value(told: Story, month: str) -> float:
    [found] = [each.value for each in told.months if each.month == month]
    assert found is not None
    return found


def test_who_retrains_is_better_once_the_truth_has_turned_and_pays_in_minutes(run: Run) -> None:
    told = run("never", "every step", "declared")
    never, always, declared = told["never"], told["every step"], told["declared"]
    assert (never.retrainings, never.training_minutes) == (0, 0)
    assert never.alarms["concept"] > declared.alarms["concept"]
    assert never.calls > 0
    assert value(never, "2020-02") == pytest.approx(value(declared, "2020-02"))
    assert 2 * value(always, "2020-04") < value(declared, "2020-04") < value(never, "2020-04")
    assert (always.business or 0) < (declared.business or 0) < (never.business or 0)
    assert always.training_minutes > declared.training_minutes > 0
    assert declared.outcomes == {"promoted": declared.retrainings}


def test_the_turn_is_answered_no_earlier_than_its_labels_are_known(run: Run) -> None:
    [first, *_] = run("declared")["declared"].trainings
    assert first.at > datetime(2020, 3, 1, tzinfo=UTC)
    assert first.trigger == "drift"


def test_a_schedule_retrains_at_every_step_and_monthly_every_fourth(run: Run) -> None:
    told = run("every step", "monthly")
    moments = [each.at for each in told["every step"].trainings]
    assert len(moments) == len({*moments}) > 10
    assert {each.at for each in told["monthly"].trainings} <= {*moments}
    assert len(moments) // 4 <= told["monthly"].retrainings + 1 <= len(moments) // 4 + 2


def test_equal_training_sets_are_fitted_once_by_all_policies_and_never_again(run: Run) -> None:
    first: list[str] = []
    run("every step", "monthly", "declared", heard=first)
    fitted = [doing for doing in first if "fitting" in doing]
    assert len(fitted) == len({*fitted})
    again: list[str] = []
    told = run("every step", "monthly", "declared", heard=again)
    assert not [doing for doing in again if "fitting" in doing or "reference" in doing]
    assert told["declared"].training_minutes > 0


def test_a_fit_that_a_kill_left_half_stored_is_fitted_again(run: Run, tmp_path: Path) -> None:
    whole = run("declared")["declared"]
    for path in (tmp_path / "fits").glob("*.json"):
        path.unlink()
    heard: list[str] = []
    assert run("declared", heard=heard)["declared"].metrics == whole.metrics
    assert [doing for doing in heard if "fitting" in doing]


def test_what_comes_after_the_end_changes_nothing_before_it(run: Run) -> None:
    whole = run("declared")["declared"]
    part = run("declared", until=datetime(2020, 4, 8, tzinfo=UTC))["declared"]
    assert part.trainings == [each for each in whole.trainings if each.at <= datetime(2020, 4, 8, tzinfo=UTC)]
    assert part.months[0] == whole.months[0]


def test_nothing_is_written_into_the_lake(run: Run, lake: Lake) -> None:
    run("declared")
    assert lake.tables() == []


def test_the_chart_shows_every_policy_and_loads_nothing(run: Run, tmp_path: Path) -> None:
    told = list(run("never", "declared").values())
    write_chart(declaration(), told, tmp_path / "policies.html")
    page = (tmp_path / "policies.html").read_text(encoding="utf-8")
    assert all(name in page for name in ("never", "declared", "retrainings"))
    assert "<script" not in page
    assert "src=" not in page
