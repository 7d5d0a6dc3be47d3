"""`mlworks check`: the verdict on a model, and that rules that are broken are found."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest
from click.testing import Result

from mlworks_orchestration import graph
from mlworks_orchestration.conformance import RULES
from mlworks_orchestration.conformance.declared import checks_present, documented, loads
from mlworks_orchestration.conformance.leakage import no_leakage
from mlworks_orchestration.conformance.lived import report_readable
from mlworks_orchestration.errors import DataError, DeclarationError
from mlworks_orchestration.spec import Catalog, FeatureTable
from tests.graph.world import MODEL, World

Call = Callable[..., Result]


@pytest.fixture
def trial(replayed: World) -> graph.Trial:
    """A model that has lived already."""
    project = replayed.project
    return graph.Trial(project, project.model(MODEL), replayed.definitions(), dg.DagsterInstance.get(), replayed.lake, replayed.registry)


def with_table(trial: graph.Trial, name: str, **changes: object) -> graph.Trial:
    """Return the trial with a table declared otherwise."""
    tables: dict[str, FeatureTable] = {**trial.project.catalog.tables}
    tables[name] = tables[name].model_copy(update=changes)
    declarations = replace(trial.project.declarations, catalog=Catalog(tables, trial.project.catalog.models))
    return replace(trial, project=replace(trial.project, declarations=declarations))


def test_a_model_that_breaks_a_rule_is_told_which_and_ends_with_exit_code_1(world: World, call: Call) -> None:
    before = sorted(world.home.iterdir())
    result = call("check", MODEL, "--json")
    found = {item["rule"]: (item["passed"], item["said"]) for item in json.loads(result.stdout)}
    assert list(found) == list(RULES)
    assert [rule for rule, (passed, _) in found.items() if not passed] == ["documented", "checks_present"]
    assert "column zone of rides" in found["documented"][1]
    assert result.exit_code == 1
    assert f"Model {MODEL} breaks 2 of 8 rules: documented, checks_present." in str(result.exception)
    assert sorted(world.home.iterdir()) == before


def test_rules_that_need_others_are_not_tried_without_them(world: World, call: Call) -> None:
    (world.root / "assets" / MODEL / "estimator.py").write_text("build = 3\n")
    result = call("check", MODEL)
    assert result.exit_code == 1
    assert "is a int, not a function" in result.stdout.replace("\n", " ")
    assert "Not tried: the rules above must be kept first." in result.stdout


def test_an_unknown_model_is_told_the_nearest(world: World, call: Call) -> None:
    assert world.root
    assert "did you mean 'ride_time'" in str(call("check", "ride_tiem").exception)


def test_a_healthy_model_keeps_what_can_be_looked_up(trial: graph.Trial) -> None:
    assert "3 feature tables" in loads(trial)
    assert "drift" in report_readable(trial)
    assert "have the same features" in no_leakage(trial)


def test_a_table_that_claims_to_be_known_too_early_leaks(trial: graph.Trial) -> None:
    with pytest.raises(DataError, match=r"change when what came to be known after .* is taken away: column demand"):
        no_leakage(with_table(trial, "demand", known_after=timedelta(0)))


def test_a_feature_that_is_not_described_is_named(trial: graph.Trial) -> None:
    with pytest.raises(DeclarationError, match="column minutes of outcomes"):
        documented(trial)


def test_a_table_without_expectations_has_no_check(trial: graph.Trial) -> None:
    with pytest.raises(DeclarationError, match=r"features/outcomes \(give it expectations\)"):
        checks_present(trial)
