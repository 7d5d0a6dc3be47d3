"""`mlworks backtest`, before anything was materialised or replayed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mlworks_orchestration.errors import DeclarationError, NotReadyError
from mlworks_orchestration.spec import DriftKind
from tests.graph.world import MODEL, World

Call = Callable[..., Result]


def test_it_shows_every_policy_without_a_replay_and_leaves_production_alone(world: World, call: Call, tmp_path: Path) -> None:
    chart = tmp_path / "charts" / "policies.svg"
    result = call("backtest", MODEL, "--policy", "cooldown=1d", "--until", "2013-01-23", "--chart", str(chart))
    assert result.exit_code == 0, result.exception
    for policy in ("never", "every step", "monthly", "declared", "cooldown=1d"):
        assert policy in result.stdout
    assert "mae by month" in result.stdout
    assert chart.read_text(encoding="utf-8").startswith("<svg")
    assert [path.name for path in world.home.iterdir()] == ["backtest"]
    told = json.loads(call("backtest", MODEL, "--policy", "cooldown=1d", "--until", "2013-01-23", "--json").stdout)
    assert (told["model"], told["metric"]) == (MODEL, "mae")
    assert [one["policy"] for one in told["policies"]] == ["never", "every step", "monthly", "declared", "cooldown=1d"]
    assert all(set(one["alarms"]) == {kind.value for kind in DriftKind} for one in told["policies"])
    every = told["policies"][1]
    assert every["retrainings"] == len(every["trainings"]) > 0
    assert f"{every['metrics']['mae']:.2f}" in result.stdout


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("columns", "tables"), [(80, 3), (160, 2)])
def test_a_policy_is_told_whole_however_narrow_the_terminal(call: Call, monkeypatch: pytest.MonkeyPatch, columns: int, tables: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = call("backtest", MODEL, "--until", "2013-01-23").stdout
    assert shown.count("every step") == tables, "the months are a table too"
    assert max(map(len, shown.splitlines())) <= columns


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["ride_tim"], DeclarationError, "did you mean 'ride_time'"),
        ([MODEL, "--policy", "cooldwn=1d"], DeclarationError, "did you mean 'cooldown'"),
        ([MODEL, "--until", "2013-01-02"], NotReadyError, "give a later --until"),
    ],
)
def test_what_cannot_be_backtested_is_an_error_that_says_what_to_do(call: Call, arguments: list[str], error: type[Exception], words: str) -> None:
    result = call("backtest", *arguments)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)
