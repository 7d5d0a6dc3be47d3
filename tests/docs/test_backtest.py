"""The backtests of this repository's models in the docs."""

from pathlib import Path

import pytest

from mlworks_orchestration.retraining.backtest import policies
from mlworks_orchestration.retraining.backtest.gate import LEFT_OUT
from mlworks_orchestration.spec import read_declarations

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs" / "continuous-training.md").read_text(encoding="utf-8").split("## What a policy would have done")[1].split("\n## ")[0]
TABLES = [block.split("```")[0] for block in SECTION.split("```text\n")[1:]]
MODELS = read_declarations(ROOT / "assets").catalog.models


@pytest.mark.parametrize("name", MODELS)
def test_every_declared_model_is_told_of(name: str) -> None:
    assert f"{name}: what each policy would have come to" in SECTION or f"`mlworks backtest {name}` prints it" in SECTION


@pytest.mark.parametrize("table", TABLES, ids=[table.split(":")[0] for table in TABLES])
def test_every_table_is_of_a_declared_model_and_has_a_line_for_each_policy(table: str) -> None:
    lines = [line.strip() for line in table.splitlines()]
    for policy in policies(MODELS[table.split(":", maxsplit=1)[0]]):
        assert any(line.startswith(f"{policy.name} ") for line in lines)


def test_the_model_tests_that_are_left_out_are_named() -> None:
    assert all(f"`{kind}`" in SECTION for kind in LEFT_OUT)
