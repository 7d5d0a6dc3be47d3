from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import Declarations, read_declarations

Declare = Callable[..., dict[str, Any]]
TABLE, MODEL = "mlworks_orchestration.FeatureTable", "mlworks_orchestration.MLModel"
OUTCOMES = {"name": "flight_outcomes", "columns": {"flight_id": "string", "scheduled_departure": "timestamp", "arr_delay": "float"}}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write declarations into a folder's `defs.yaml`, each a document of its own."""

    def put(folder: str, *declared: tuple[str, Any]) -> Path:
        path = tmp_path / folder / "defs.yaml"
        path.parent.mkdir(exist_ok=True)
        documents = [{"type": kind, "attributes": attributes} for kind, attributes in declared]
        path.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
        return path

    return put


@pytest.fixture
def only(tmp_path: Path) -> Callable[[], str]:
    """The one complaint about what was written."""

    def complaint() -> str:
        (broken,) = read_declarations(tmp_path).broken
        return broken.error.replace(f"{tmp_path}/", "")

    return complaint


def test_files_are_read_into_a_catalog_with_their_paths(tmp_path: Path, write: Callable[..., Path], flights: Declare, model: Declare) -> None:
    flat = {"features": [{"table": "flights", "columns": ["carrier"]}]}
    tables = write("flights", (TABLE, flights()), (TABLE, flights(**OUTCOMES)))
    path = write("airline_delay", (MODEL, model(**flat)))
    found = read_declarations(tmp_path)
    assert found.broken == ()
    assert (set(found.catalog.tables), set(found.catalog.models)) == ({"flights", "flight_outcomes"}, {"airline_delay"})
    assert found.paths == {"flights": tables, "flight_outcomes": tables, "airline_delay": path}
    assert found.require_healthy() is found.catalog


def test_a_file_that_declares_nothing_else_is_told_from_one_that_dagster_has_to_read(
    tmp_path: Path, write: Callable[..., Path], flights: Declare, model: Declare
) -> None:
    alone = write("flights", (TABLE, flights()), (TABLE, flights(**OUTCOMES)))
    shared = write("airline_delay", (MODEL, model(features=[{"table": "flights", "columns": ["carrier"]}])))
    shared.write_text(f"{shared.read_text()}post_processing: {{}}\n", encoding="utf-8")
    other = write("other", ("dagster_sling.SlingReplicationCollectionComponent", {"anything": 1}))
    found = read_declarations(tmp_path)
    assert [spec.name for spec in found.alone_in(alone)] == ["flights", "flight_outcomes"]
    assert found.alone_in(shared) == found.alone_in(other) == []
    assert found.lines["flights"] < found.lines["flight_outcomes"]
    assert alone.read_text().splitlines()[found.lines["flight_outcomes"] - 1].startswith("type:")


def test_a_broken_file_is_not_built_from_what_was_readable_in_it(tmp_path: Path, write: Callable[..., Path], flights: Declare) -> None:
    path = write("flights", (TABLE, flights()), (TABLE, {"name": "half"}))
    assert read_declarations(tmp_path).alone_in(path) == []


def test_a_folder_without_declarations_is_an_empty_catalog(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    assert read_declarations(tmp_path) == read_declarations(tmp_path / "nowhere") == Declarations(read_declarations(tmp_path).catalog, (), {})


def test_documents_of_other_components_are_left_to_dagster(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write("other", ("dagster_sling.SlingReplicationCollectionComponent", {"anything": 1}))
    path.write_text(path.read_text() + "---\n--- just text\n", encoding="utf-8")
    assert read_declarations(tmp_path).broken == ()


def test_a_broken_declaration_names_its_line_and_hides_no_other(tmp_path: Path, write: Callable[..., Path], flights: Declare, model: Declare) -> None:
    write("flights", (TABLE, flights()))
    path = write("airline_delay", (MODEL, model(metrics={"primary": "mae", "alsoo": []})))
    found = read_declarations(tmp_path)
    line = 1 + path.read_text().splitlines().index("    alsoo: []")
    (broken,) = found.broken
    assert broken.error == f"{path}:{line}: metrics.alsoo: Metrics has no such field; did you mean 'also'? Allowed: also, primary, threshold."
    assert (broken.name, broken.path) == ("airline_delay", path)
    assert set(found.catalog.tables) == {"flights"}
    with pytest.raises(DeclarationError, match=r"metrics\.alsoo: Metrics has no such field"):
        found.require_healthy()


def test_the_line_of_a_list_item_is_found(write: Callable[..., Path], only: Callable[[], str], flights: Declare) -> None:
    path = write("flights", (TABLE, flights(expectations=[{"kind": "schema"}, {"kind": "not_null", "column": "distance", "mostly": 2}])))
    line = 1 + path.read_text().splitlines().index("    mostly: 2")
    item = 1 + path.read_text().splitlines().index("  - kind: not_null")
    text = only()
    assert text.split(": ", 1)[1] == "expectations[1].mostly: 2 is not allowed; input should be less than or equal to 1."
    assert text.split(": ", 1)[0] in {f"flights/defs.yaml:{line}", f"flights/defs.yaml:{item}"}


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t- x", "a: [*b]", "? [a]\n: b", "start: 2013-02-30"])
def test_what_is_no_yaml_is_one_line_that_names_the_file(tmp_path: Path, only: Callable[[], str], text: str) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "defs.yaml").write_text(text, encoding="utf-8")
    assert only().startswith("broken/defs.yaml is no readable YAML: ")
    assert "\n" not in only()


def test_what_is_no_text_is_named_likewise(tmp_path: Path, only: Callable[[], str]) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "defs.yaml").write_bytes(b"\xff\xfe\x00")
    assert only().startswith("broken/defs.yaml is no readable YAML: ")


def test_a_declaration_without_attributes_lacks_its_fields(write: Callable[..., Path], only: Callable[[], str]) -> None:
    write("empty", (TABLE, None))
    assert only().startswith("empty/defs.yaml:2: 7 problems. name: is missing; it says: Name of the table. ")


def test_a_name_declared_twice_is_an_error_that_names_both_files(write: Callable[..., Path], only: Callable[[], str], flights: Declare) -> None:
    write("a", (TABLE, flights()))
    write("b", (TABLE, flights()))
    assert "the name 'flights' is already taken by " in only()
    assert only().startswith("b/defs.yaml: ")
    assert "a/defs.yaml; choose another." in only()


def test_a_model_whose_table_is_broken_says_so(tmp_path: Path, write: Callable[..., Path], flights: Declare, model: Declare) -> None:
    write("flights", (TABLE, flights(owner="nobody")))
    write("airline_delay", (MODEL, model()))
    found = read_declarations(tmp_path)
    assert [broken.name for broken in found.broken] == ["flights", "airline_delay"]
    assert f"(The declaration in {tmp_path / 'flights' / 'defs.yaml'} is broken.)" in found.broken[1].error
    assert found.catalog.models == {}


def test_a_cycle_breaks_its_tables_and_no_other(tmp_path: Path, write: Callable[..., Path], flights: Declare) -> None:
    for name, of in {"a": "b", "b": "a"}.items():
        write(name, (TABLE, flights(name=name, source=..., inputs=[of], transform="x:y")))
    write("flights", (TABLE, flights()))
    found = read_declarations(tmp_path)
    assert [broken.name for broken in found.broken] == ["a", "b"]
    assert all("inputs form a cycle" in broken.error for broken in found.broken)
    assert set(found.catalog.tables) == {"flights"}


def test_a_misspelled_type_of_ours_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    folder = tmp_path / "delay"
    folder.mkdir()
    (folder / "defs.yaml").write_text("attributes: {}\ntype: mlworks_orchestration.MLModle\n")
    broken = read_declarations(tmp_path).broken
    assert [item.name for item in broken] == ["delay"]
    assert ":2: type: 'mlworks_orchestration.MLModle' is none of ours; did you mean 'mlworks_orchestration.MLModel'?" in broken[0].error


def test_types_of_others_are_left_to_dagster(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "defs.yaml").write_text("type: dagster.DefsFolderComponent\n")
    found = read_declarations(tmp_path)
    assert not found.broken
    assert not found.catalog.models
