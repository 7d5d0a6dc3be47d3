"""What the declarations become, and what of them survives a broken folder."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from mlworks_orchestration.errors import DeclarationError, MLWorksError
from mlworks_orchestration.graph import FeatureTable, MLModel, code_location
from mlworks_orchestration.graph.components import FeatureTable as Component
from mlworks_orchestration.graph.partitions import cron, definition, looking_back, range_tags
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import LOADS_CLEANLY, Declarations, Partitions, read_declarations
from tests.graph.world import MODEL, World, new_world

OF_THE_MODEL = ("labels", "training_set", "candidate", "champion", "scores", "profile", "drift_report", "performance")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    with new_world(tmp_path_factory.mktemp("loaded") / "world").active() as world:
        yield world.definitions()


@pytest.fixture(scope="module")
def specs(loaded: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in loaded.resolve_all_asset_specs()}


@pytest.mark.parametrize("every", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("end", ["2013-11-20", None])
def test_dagster_cuts_time_as_the_declaration_does(every: str, timezone: str, end: str | None) -> None:
    ours = Partitions.model_validate({"every": every, "start": "2013-09-30", "end": end, "timezone": timezone})
    now = datetime(2013, 11, 12, 13, 30, tzinfo=UTC)
    theirs = definition(ours)
    keys = ours.keys(now)
    assert keys
    assert theirs.get_partition_keys(current_time=now) == keys
    for key in (keys[0], keys[-1]):
        window = theirs.time_window_for_partition_key(key)
        assert (window.start.astimezone(UTC), window.end.astimezone(UTC)) == ours.window(key)


def test_the_last_partition_of_a_history_is_the_one_that_the_declaration_ends_with() -> None:
    ours = Partitions.model_validate({"every": "day", "start": "2013-01-01", "end": "2013-01-04"})
    assert definition(ours).get_partition_keys(current_time=datetime(2020, 1, 1, tzinfo=UTC)) == ["2013-01-01", "2013-01-02", "2013-01-03"]


def test_a_schedule_ticks_when_a_partition_has_ended() -> None:
    assert [cron(Partitions.model_validate({"every": every, "start": "2013-01-01"})) for every in ("hour", "day", "week", "month")] == [
        "0 * * * *",
        "0 0 * * *",
        "0 0 * * 1",
        "0 0 1 * *",
    ]


def test_a_code_location_reads_each_declaration_of_ours_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read: list[Path] = []

    def counted(folder: Path) -> Declarations:
        read.append(folder)
        return read_declarations(folder)

    monkeypatch.setattr("mlworks_orchestration.project.read_declarations", counted)
    with new_world(tmp_path / "world").active() as world:
        project = Project.find()
        read.clear()
        assert {spec.group_name for spec in code_location(project).resolve_all_asset_specs()} >= {MODEL}
        assert read == []
        assert Project.find() is not project
        assert read == [world.root / "assets"]


def test_a_report_reads_the_partitions_of_its_window(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    report = graph.get(dg.AssetKey([MODEL, "drift_report"]))
    mapping = report.partition_mappings[dg.AssetKey([MODEL, "profile"])]
    assert isinstance(mapping, dg.TimeWindowPartitionMapping)
    assert (mapping.start_offset, mapping.end_offset) == (-3, 0)


def test_a_look_back_of_a_part_of_a_partition_takes_the_whole() -> None:
    days = Partitions.model_validate({"every": "day", "start": "2013-01-01"})
    assert [looking_back(days, timedelta(hours=hours)).start_offset for hours in (2, 24, 25)] == [-1, -1, -2]


def test_a_range_is_named_by_its_first_and_last_partition() -> None:
    tags = range_tags(["2013-01-02", "2013-01-01", "2013-01-03"])
    assert sorted(tags.values()) == ["2013-01-01", "2013-01-03"]


def test_every_declared_thing_is_an_asset(specs: dict[str, dg.AssetSpec]) -> None:
    tables = {"raw/rides", "features/rides", "raw/outcomes", "features/outcomes", "features/demand"}
    assert set(specs) == tables | {f"{MODEL}/{name}" for name in OF_THE_MODEL}


def test_every_asset_says_what_it_is_whose_and_of_what_kind(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.tags["persona"], name
        assert spec.tags["domain"], name
        assert spec.group_name == (MODEL if name.startswith(MODEL) else "feature_tables"), name


def test_a_model_s_assets_carry_its_owners_and_risk(specs: dict[str, dg.AssetSpec]) -> None:
    assert list(specs[f"{MODEL}/scores"].owners) == ["team:science", "team:ml"]
    assert list(specs[f"{MODEL}/labels"].owners) == ["team:science", "team:data-engineering"]
    assert list(specs[f"{MODEL}/drift_report"].owners) == ["team:science"]
    assert specs[f"{MODEL}/champion"].tags["risk"] == "high"
    assert specs[f"{MODEL}/scores"].tags["domain"] == "mobility"


def test_only_what_comes_in_time_is_partitioned(specs: dict[str, dg.AssetSpec]) -> None:
    whole = {name for name, spec in specs.items() if spec.partitions_def is None}
    assert whole == {f"{MODEL}/{name}" for name in ("training_set", "candidate", "champion")}


def test_a_feature_table_shows_its_columns_with_units(specs: dict[str, dg.AssetSpec]) -> None:
    schema = specs["features/rides"].metadata["dagster/column_schema"]
    columns = {column.name: column for column in schema.columns}
    assert columns["distance"].description == "Length of the route [miles]"
    assert columns["distance"].constraints.nullable
    assert not columns["ride_id"].constraints.nullable
    assert columns["starts_at"].type == "timestamp"


def test_the_graph_follows_the_data_and_never_from_drift_to_training(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()

    def above(name: str) -> set[str]:
        keys = dg.AssetSelection.assets(dg.AssetKey(name.split("/"))).upstream(include_self=False).resolve(graph)
        return {key.to_user_string() for key in keys}

    assert above("features/demand") == {"raw/rides", "features/rides"}
    assert f"{MODEL}/drift_report" not in above(f"{MODEL}/champion")
    assert above(f"{MODEL}/training_set") == {
        "raw/rides", "features/rides", "features/demand", "raw/outcomes", "features/outcomes", f"{MODEL}/labels",
    }  # fmt: skip
    assert f"{MODEL}/champion" in above(f"{MODEL}/scores")


def test_checks_stand_beside_their_assets_and_block_where_declared(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    found = {(key.asset_key.to_user_string(), key.name): graph.get(key).blocking for key in graph.asset_check_keys}
    assert found == {
        ("features/rides", "blocking_quality"): True,
        ("features/rides", "quality"): False,
        ("features/demand", "blocking_quality"): True,
        (f"{MODEL}/champion", "gate"): True,
        **{(f"{MODEL}/candidate", test): False for test in (LOADS_CLEANLY, "minimum_quality", "never_below")},
        **{(f"{MODEL}/drift_report", f"{kind}_drift"): False for kind in ("feature", "label", "prediction", "concept")},
    }


def test_a_model_has_jobs_a_schedule_and_sensors_that_are_off_at_first(loaded: dg.Definitions) -> None:
    assert sorted(job.name for job in loaded.jobs or ()) == [
        "retention",
        *(f"{MODEL}_{verb}" for verb in ("data", "labels", "score", "train")),
        "rollback",
    ]
    assert sorted(sensor.name for sensor in loaded.sensors or ()) == ["retraining_sensor", f"{MODEL}_label_sensor"]
    schedule = loaded.resolve_schedule_def(f"{MODEL}_schedule")
    assert (schedule.name, schedule.cron_schedule, schedule.execution_timezone) == (f"{MODEL}_schedule", "0 0 * * *", "America/New_York")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert {sensor.default_status for sensor in loaded.sensors or ()} == {dg.DefaultSensorStatus.STOPPED}


def test_each_job_builds_what_its_verb_says(loaded: dg.Definitions) -> None:
    def assets(verb: str) -> set[str]:
        keys = loaded.resolve_job_def(f"{MODEL}_{verb}").asset_layer.executable_asset_keys
        return {key.to_user_string() for key in keys}

    rides = {"raw/rides", "features/rides", "features/demand"}
    truth = {"raw/outcomes", "features/outcomes", f"{MODEL}/labels"}
    watched = {f"{MODEL}/profile", f"{MODEL}/drift_report"}
    assert assets("data") == rides | truth
    assert assets("score") == rides | {f"{MODEL}/scores"} | watched
    assert assets("labels") == truth | {f"{MODEL}/performance"} | watched
    assert assets("train") == {f"{MODEL}/{name}" for name in ("training_set", "candidate", "champion")}


def test_automation_starts_switched_on_where_the_environment_says_so(world: World) -> None:
    with world.active(MLWORKS_AUTOMATION="on"):
        definitions = world.definitions()
    started = {schedule.name: schedule.default_status for schedule in definitions.schedules or ()}
    assert started == {f"{MODEL}_schedule": dg.DefaultScheduleStatus.RUNNING, "retention_schedule": dg.DefaultScheduleStatus.STOPPED}
    assert {sensor.default_status for sensor in definitions.sensors or ()} == {dg.DefaultSensorStatus.RUNNING}


def test_a_model_without_an_end_or_links_keeps_its_own_schedule(world: World) -> None:
    world.declare(MODEL, lambda attributes: attributes.update(schedule="30 5 * * *"))
    schedule = world.definitions().resolve_schedule_def(f"{MODEL}_schedule")
    assert schedule.cron_schedule == "30 5 * * *"


def assets_of(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("type: mlworks_orchestration.MLModel\nattributes: {name: ride_time}\n", "description"),
        ("type: mlworks_orchestration.MLModle\nattributes: {}\n", "MLModle"),
        ("type: nothing.Known\nattributes: {}\n", "nothing"),
        ("attributes: [", "YAML"),
        ("type: mlworks_orchestration.MLModel\n", "metrics: is missing"),
    ],
    ids=["missing field", "misspelt type", "unknown package", "no YAML", "no attributes"],
)
def test_a_broken_folder_becomes_an_asset_that_says_why_and_hides_no_other(world: World, wrong: str, said: str) -> None:
    (world.root / "assets" / MODEL / "defs.yaml").write_text(wrong)
    definitions = world.definitions()
    dg.Definitions.validate_loadable(definitions)
    found = assets_of(definitions)
    assert set(found) == {MODEL, "raw/rides", "features/rides", "raw/outcomes", "features/outcomes", "features/demand"}
    assert found[MODEL].group_name == "broken"
    description = found[MODEL].description or ""
    assert description.startswith("**Not loaded.** ")
    assert said in description
    assert not definitions.sensors


def test_a_broken_folder_s_asset_cannot_run(world: World, blank: dg.DagsterInstance) -> None:
    world.declare("outcomes", lambda attributes: attributes.update(colour="red"))
    result = world.build(blank, ["outcomes"], [])
    assert not result.success
    [failed] = [event for event in result.all_events if event.is_step_failure]
    described = failed.step_failure_data.user_failure_data
    assert described
    assert "assets/outcomes could not be loaded" in (described.description or "")
    assert "colour" in (described.description or "")


def test_a_document_that_dagster_alone_cannot_load_takes_the_model_s_sensors_with_it_and_nothing_else(world: World) -> None:
    path = world.root / "assets" / MODEL / "defs.yaml"
    path.write_text(f"{path.read_text()}\n---\ntype: nothing.Known\nattributes: {{}}\n")
    assert not world.project.declarations.broken
    definitions = world.definitions()
    dg.Definitions.validate_loadable(definitions)
    assert assets_of(definitions)[MODEL].group_name == "broken"
    assert not definitions.sensors


def test_a_folder_is_built_alike_from_what_was_read_and_through_dagster_s_components(world: World) -> None:
    read = world.definitions()
    for path in sorted((world.root / "assets").glob("*/defs.yaml")):
        path.write_text(f"{path.read_text()}\npost_processing: {{}}\n")
    through_components = world.definitions()

    def described(definitions: dg.Definitions) -> dict[str, object]:
        return {
            spec.key.to_user_string(): (
                spec.description,
                spec.owners,
                spec.tags,
                spec.deps,
                spec.partitions_def,
                spec.metadata["dagster/code_references"],
            )
            for spec in definitions.resolve_all_asset_specs()
        }

    assert described(read) == described(through_components)
    assert [job.name for job in read.jobs or ()] == [job.name for job in through_components.jobs or ()]
    assert all("dagster/component_origin" in spec.metadata for spec in through_components.resolve_all_asset_specs())


def test_two_broken_folders_are_two_assets_and_a_model_is_broken_with_its_table(world: World) -> None:
    world.declare("outcomes", lambda attributes: attributes.pop("entity"))
    found = assets_of(world.definitions())
    assert {name for name, spec in found.items() if spec.group_name == "broken"} == {"outcomes", MODEL}
    assert "outcomes" in (found[MODEL].description or "")


def test_validation_is_strict_about_a_broken_folder(world: World) -> None:
    world.declare(MODEL, lambda attributes: attributes.update(colour="red"))
    with world.active(DAGSTER_IS_DEFS_VALIDATION_CLI="1"), pytest.raises(DeclarationError, match=r"assets/ride_time could not be loaded: .*colour"):
        world.definitions()


def test_the_code_location_is_found_from_the_environment(world: World) -> None:
    from mlworks_orchestration.definitions import defs  # noqa: PLC0415 - loads dagster's harness

    assert f"{MODEL}/champion" in assets_of(defs())
    assert world.project.root == world.root.resolve()


def test_components_are_the_declarations_themselves() -> None:
    assert FeatureTable.get_model_cls().__name__ == "FeatureTable"
    assert MLModel.get_model_cls().model_fields["task"].is_required()


def test_a_component_without_attributes_says_where_to_read(world: World) -> None:
    from dagster.components.core.component_tree import ComponentTree  # noqa: PLC0415 - of this test alone

    context = ComponentTree.for_project(world.root).load_context
    with pytest.raises(DeclarationError, match=r"FeatureTable needs attributes; see docs/declare\.md"):
        Component.load(None, context)


def test_a_location_without_any_folder_is_empty_and_loads(world: World, tmp_path: Path) -> None:
    (world.root / "assets").rename(tmp_path / "away")
    (world.root / "assets").mkdir()
    (world.root / "assets" / "__init__.py").touch()
    definitions = world.definitions()
    assert not assets_of(definitions)
    assert not world.project.catalog.models


def test_the_error_of_a_model_without_its_table_names_both(world: World) -> None:
    world.declare(MODEL, lambda attributes: attributes["label"].update(table="outcome"))
    [broken] = world.project.declarations.broken
    assert "outcomes" in broken.error
    with pytest.raises(MLWorksError, match="outcome"):
        world.project.declarations.require_healthy()
