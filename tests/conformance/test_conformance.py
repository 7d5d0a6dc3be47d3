"""The rules of `mlworks check`, on every declared model."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from mlworks_orchestration.conformance import RULES
from mlworks_orchestration.project import Project

PROJECT = Project.find()
MODELS = list(PROJECT.catalog.models)


@cache
def verdicts(model: str) -> dict[str, tuple[bool | None, str]]:
    """Return what `mlworks check` says of a model, in a process of its own, by rule."""
    command = [str(Path(sys.executable).parent / "mlworks"), "check", model, "--json"]
    ran = subprocess.run(command, cwd=PROJECT.root, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    return {found["rule"]: (found["passed"], found["said"]) for found in json.loads(ran.stdout)}


def test_every_declaration_can_be_checked() -> None:
    assert PROJECT.declarations.broken == ()


if MODELS:

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("rule", RULES)
    def test_a_model_keeps_the_rule(model: str, rule: str) -> None:
        passed, said = verdicts(model)[rule]
        assert passed, said
