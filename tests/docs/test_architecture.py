"""docs/architecture.md against the code: rooms, assets, checks and jobs."""

import re
import tomllib
from pathlib import Path

import dagster as dg
import pytest

from mlworks_orchestration.graph.build import model_definitions, table_definitions
from mlworks_orchestration.project import Environment, project_root
from mlworks_orchestration.spec import MLModel, read_declarations

# Partitioned checks are in preview; the graph silences that by itself, but pytest turns it on again.
pytestmark = [pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"), pytest.mark.filterwarnings("ignore::dagster.BetaWarning")]

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CATALOG = read_declarations(project_root() / "assets").require_healthy()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    table = TEXT.split(f"\n{heading}\n")[1].split("|---", 1)[1].split("\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Return all that comes of the declarations."""
    home = tmp_path_factory.mktemp("home")
    environment = Environment("local", f"{home}/lake", f"sqlite:///{home}/mlflow.db", f"{home}/artifacts")
    tables = [table_definitions(CATALOG, table, environment) for table in CATALOG.tables.values()]
    models = [model_definitions(CATALOG, model, environment) for model in CATALOG.models.values()]
    missing = {key: dg.ResourceDefinition.none_resource() for key in ("lake", "registry")}
    return dg.Definitions.merge(*tables, *models, dg.Definitions(resources=missing))


def general(name: str) -> str:
    """Return a name with `<table>` or `<model>` in the place of a declared one."""
    for kind, declared in (("table", CATALOG.tables), ("model", CATALOG.models)):
        for each in sorted(declared, key=len, reverse=True):
            name = re.sub(rf"(^|/){each}($|/|_)", rf"\1<{kind}>\2", name)
    return name


def test_every_room_is_told_and_in_the_order_in_which_they_may_import() -> None:
    told = [name.strip("/") for cells in rows("## The house") for name in names(cells[0])]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [layer.removeprefix("mlworks_orchestration.") for layer in contracts[0]["layers"]]
    assert told == [layer for layer in reversed(layers) if layer != "definitions"]


def test_every_asset_is_told_with_its_partitions_and_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    found: dict[str, tuple[str, set[str]]] = {}
    for key in graph.materializable_asset_keys:
        cut = "time" if graph.get(key).partitions_def else "none"
        checks = found.setdefault(general(key.to_user_string()), (cut, set()))[1]
        checks |= {check.name for check in graph.get_check_keys_for_assets({key})}
    found["<model>/candidate"][1].difference_update(test.title for model in CATALOG.models.values() for test in model.model_tests)
    told = {names(cells[0])[0]: (cells[1], set(names(cells[3]))) for cells in rows("## The graph of one model")}
    assert told == found


@pytest.mark.parametrize("model", CATALOG.models.values(), ids=list(CATALOG.models))
def test_every_job_is_told(definitions: dg.Definitions, model: MLModel) -> None:
    told = [name.replace("<model>", model.name) for name in re.findall(r"^\| `(<model>_\w+)` \|", TEXT, flags=re.MULTILINE)]
    found = {job.name for job in definitions.jobs or () if job.name.startswith(model.name)}
    assert set(told) == found
