from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.retraining import ACTIONS, Decision, Evidence, record
from mlworks_orchestration.spec import DriftKind, Retraining

DOCS = (Path(__file__).parents[2] / "docs" / "continuous-training.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", [name for name in Retraining.model_fields if name not in {"kinds", "violations", "of"}])
def test_every_field_of_the_policy_is_in_the_docs_with_its_default(field: str) -> None:
    default = Retraining().model_dump(mode="json")[field]
    assert any(f"`{field}`" in line and f"{default}" in line for line in DOCS.splitlines())


def test_when_drift_lasts_is_in_the_docs_with_its_defaults() -> None:
    policy = Retraining()
    assert policy.kinds == list(DriftKind)
    assert f"| `kinds`, `violations`, `of` | all four, {policy.violations}, {policy.of} |" in DOCS


@pytest.mark.parametrize("kind", DriftKind)
def test_the_action_for_every_kind_is_in_the_docs(kind: DriftKind) -> None:
    assert f"| {kind} | {ACTIONS[kind]} |" in DOCS


def test_every_column_of_a_decision_is_in_the_docs(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    record(lake, Evidence("delays", 1), Decision("wait", "nothing lasts"), datetime(2013, 3, 1, tzinfo=UTC))
    columns = [name for name in lake.read("delays/decisions").columns if name != PARTITION]
    assert columns == [line.split("`")[1] for line in DOCS.split("## How a decision is read")[1].splitlines() if line.startswith("| `")]
