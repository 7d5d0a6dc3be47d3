"""The command line: help, errors, exit codes, and what each verb prints."""

import fcntl
import json
import os
import re
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import click
import polars as pl
import pytest
from click.testing import Result

from mlworks_orchestration.cli import main as door
from mlworks_orchestration.cli.ci import write_junit
from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.cli.doctor import Finding, _package, examine
from mlworks_orchestration.cli.main import VERBS, cli
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import CheckReport
from mlworks_orchestration.project import Project
from mlworks_orchestration.training.aliases import record
from tests.graph.world import MODEL, World

Call = Callable[..., Result]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_s_help_has_an_example_of_itself(call: Call, verb: str) -> None:
    result = call(verb, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Examples:\n\s+mlworks {verb}", result.output)


def test_the_help_lists_every_verb_and_examples(call: Call) -> None:
    result = call("-h")
    assert result.exit_code == 0
    assert all(f"{verb} " in result.output for verb in VERBS)
    assert "Examples:" in result.output


def test_a_misspelt_verb_is_told_the_nearest(call: Call) -> None:
    result = call("statsu")
    assert result.exit_code == 2
    assert "There is no verb 'statsu'; did you mean 'status'?" in result.output


def test_a_shell_can_complete_the_verbs() -> None:
    assert cli.list_commands(click.Context(cli)) == list(VERBS)


def test_the_version_is_told(call: Call) -> None:
    assert re.search(r"\d+\.\d+\.\d+", call("--version").output)


def test_an_error_is_one_paragraph_on_standard_error_and_exit_code_1(
    world: World, through_the_door: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.root
    assert through_the_door("replay", "ride_tiem") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("mlworks: ")
    assert "ride_time" in told.err
    assert "Traceback" not in told.err
    assert told.err.count("\n") == 1


def test_success_is_exit_code_0(world: World, through_the_door: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert world.root
    assert through_the_door("status") == 0
    assert MODEL in capsys.readouterr().out


def test_debug_shows_where_an_error_came_from(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.root
    monkeypatch.setattr("sys.argv", ["mlworks", "--debug", "replay", "nothing"])
    with pytest.raises(MLWorksError, match="nothing"):
        door()


def test_what_nobody_expected_is_a_paragraph_too(
    world: World, through_the_door: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.root / "file").touch()
    monkeypatch.setenv("MLWORKS_HOME", str(world.root / "file" / "home"))
    assert through_the_door("status") == 1
    said = capsys.readouterr().err
    assert said.startswith("mlworks: NotADirectoryError: ")
    assert (said.count("\n"), "Traceback" in said, "--debug" in said) == (1, False, True)
    monkeypatch.setattr("sys.argv", ["mlworks", "--debug", "status"])
    with pytest.raises(NotADirectoryError):
        door()


def test_the_installed_command_ends_with_exit_code_1_and_a_paragraph(world: World) -> None:
    failed = world.mlworks("replay", "nothing")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("mlworks: ")
    assert "Traceback" not in failed.stderr
    debugged = world.mlworks("--debug", "replay", "nothing")
    assert debugged.returncode == 1
    assert "Traceback" in debugged.stderr


# status


def test_status_tells_where_a_model_stands(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("status", "--json")
    assert result.exit_code == 0, result.output
    [told] = json.loads(result.stdout)
    assert told["model"] == MODEL
    assert told["champion"] == 3
    assert told["last_scored"] == "2013-02-04"
    assert told["champion_since"].startswith("2013-01-29")
    assert told["last_verdict_at"].startswith("2013-01-29")
    assert told["last_verdict"].startswith("Promoted: ")
    assert told["next_step"]
    assert told["error"] == ""


def test_status_is_a_table_for_people(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("status")
    assert result.exit_code == 0
    tests = ("failing tests         minimum_quality (a warning) of version 3", "inconclusive tests    none of version 3")
    for part in (MODEL, "v3 since 2013-01-29 05:00 UTC", "2013-02-04", "to wait: ", "(over)", *tests):
        assert part in result.stdout


def test_each_line_of_a_status_has_a_key_of_its_name_in_json(replayed: World, call: Call) -> None:
    assert replayed.root
    [told] = json.loads(call("status", "--json").stdout)
    lines = re.findall(r"^  (\w+(?: \w+)?)  ", call("status").stdout, re.MULTILINE)
    assert len(lines) > 9
    assert {line.replace(" ", "_") for line in lines} <= set(told)


def test_status_can_be_asked_of_one_model(replayed: World, call: Call) -> None:
    assert replayed.root
    [told] = json.loads(call("status", MODEL, "--json").stdout)
    assert told["model"] == MODEL
    wrong = call("status", "ride_tiem")
    assert wrong.exit_code == 1
    assert "did you mean 'ride_time'?" in str(wrong.exception)


@pytest.fixture
def copied(replayed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A copy of the replayed lake, to be changed, that the commands read."""
    shutil.copytree(replayed.home / "lake", tmp_path / "lake")
    monkeypatch.setenv("MLWORKS_HOME", str(tmp_path))
    return Lake(tmp_path / "lake")


def test_status_names_the_version_that_the_last_decision_was_about_where_another_serves(copied: Lake, call: Call) -> None:
    record(copied, MODEL, {"champion": 1}, held_from=datetime(2013, 2, 6, tzinfo=UTC), why="Rolled back from version 3: so", moved_by="anna")
    said = " ".join(call("status").stdout.split())
    assert "to wait, about version 3, which served then: " in said


def test_status_of_one_broken_model_is_its_error(world: World, call: Call) -> None:
    world.declare(MODEL, lambda attributes: attributes.update(colour="red"))
    [told] = json.loads(call("status", MODEL, "--json").stdout)
    assert (told["needs_person"], "colour" in told["error"]) == (True, True)


def test_status_names_the_models_that_need_a_person_before_all_others(world: World, call: Call) -> None:
    world.declare("demand", lambda attributes: attributes.update(colour="red"))
    assert call("status").stdout.startswith("A person is needed for 2 of 2 models: demand, ride_time.")


def test_status_of_several_models_is_a_row_a_model_and_says_where_there_is_more(world: World, call: Call) -> None:
    world.declare("demand", lambda attributes: attributes.update(colour="red"))
    lines = call("status").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith((" demand", f" {MODEL}"))] == ["demand", MODEL]
    assert "champion" not in " ".join(lines)
    assert lines[-1] == "All of one model: mlworks status MODEL"


def test_status_of_a_new_model_says_what_to_do_first(world: World, call: Call) -> None:
    assert world.root
    [told] = json.loads(call("status", "--json").stdout)
    assert (told["champion"], told["last_scored"], told["drifted_now"]) == (None, None, [])
    assert f"{MODEL}_train" in told["next_step"]
    assert "none" in call("status").stdout


def test_status_shows_a_broken_declaration_with_its_error(world: World, call: Call) -> None:
    world.declare("outcomes", lambda attributes: attributes.update(colour="red"))
    told = {item["model"]: item for item in json.loads(call("status", "--json").stdout)}
    assert set(told) == {"outcomes", MODEL}
    assert "colour" in told["outcomes"]["error"]
    assert "defs.yaml" in told["outcomes"]["error"]
    assert "dg check defs" in told["outcomes"]["next_step"]
    plain = call("status").stdout
    assert plain.startswith("A person is needed")
    assert "colour" in plain


def test_events_are_told_since_a_day_whole_if_asked_and_as_json(replayed: World, call: Call) -> None:
    assert replayed.root
    told = json.loads(call("events", MODEL, "--json").stdout)
    assert (told[-1]["what"], told[-1]["version"], told[-1]["at"][:10]) == ("serves", 3, "2013-01-29")
    since = call("events", MODEL, "--since", "2013-01-29").stdout
    assert since.startswith("2013-01-29 05:00 UTC")
    assert "…" in since
    assert "…" not in call("events", MODEL, "--long").stdout
    assert "retraining asked for (v1 serves, sensor)" in call("events", MODEL).stdout
    assert call("events", MODEL, "--since", "2014-01-01").stdout == f"Nothing happened to {MODEL} since 2014-01-01 00:00:00-05:00.\n"


def test_a_time_is_written_for_events_as_for_what_served(replayed: World, call: Call) -> None:
    assert replayed.root
    last = datetime.fromisoformat(json.loads(call("events", MODEL, "--json").stdout)[-1]["at"])
    for form in ("%Y-%m-%d %H:%M UTC", "%Y-%m-%dT%H:%M:%S+00:00"):
        assert "serves (v3, gate)" in call("events", MODEL, "--since", f"{last:{form}}").stdout
    after = call("events", MODEL, "--since", f"{last.astimezone(ZoneInfo('America/New_York')) + timedelta(minutes=1):%Y-%m-%dT%H:%M}").stdout
    assert after.startswith(f"Nothing happened to {MODEL} since 2013-01-29 00:01:00-05:00")
    wrong = call("events", MODEL, "--since", "yesterday")
    assert wrong.exit_code == 2
    assert "'yesterday' is no time; write it as 2013-06-01" in " ".join(wrong.output.split())


def test_a_model_of_which_nothing_is_known_yet_has_no_events_since_any_time(world: World, call: Call) -> None:
    assert world.root
    for since in ((), ("--since", "2014-01-01")):
        assert call("events", MODEL, *since).stdout == f"Nothing happened to {MODEL} yet: it was neither trained nor judged.\n"


def test_a_call_that_was_repeated_is_told_with_its_last_time(copied: Lake, call: Call) -> None:
    last = copied.read(f"{MODEL}/decisions").sort("decided_at").tail(1).with_columns(action=pl.lit("escalate"), reason=pl.lit("It does not help."))
    for day in (datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 3, 9, 12, tzinfo=UTC)):
        copied.append(f"{MODEL}/decisions", last.with_columns(decided_at=pl.lit(day, pl.Datetime("us", "UTC"))))
    assert "2013-03-01 00:00 UTC  person called 2 times, last 2013-03-09 12:00 UTC (v3 serves, sensor)" in call("events", MODEL).stdout


def test_status_without_any_model_says_where_to_read_on(world: World, call: Call) -> None:
    (world.root / "assets" / MODEL / "defs.yaml").unlink()
    result = call("status")
    assert result.exit_code == 0
    assert "No model is declared in assets/" in result.stdout
    assert json.loads(call("status", "--json").stdout) == []


# doctor


def test_doctor_finds_nothing_missing_in_a_healthy_project(world: World, call: Call) -> None:
    assert world.root
    result = call("doctor", "--json")
    assert result.exit_code == 0, result.output
    found = {item["what"]: item for item in json.loads(result.stdout)}
    assert found["Python"]["ok"]
    assert found["dagster"]["found"].startswith("1.13")
    assert found["project"]["found"].endswith("environment local")
    assert found["declarations"]["found"] == "3 feature tables, 1 models"
    assert found["disk"]["ok"]
    assert not found["chromium"]["required"]


def test_doctor_is_a_table_for_people(world: World, call: Call) -> None:
    assert world.root
    result = call("doctor")
    assert result.exit_code == 0
    assert "ok" in result.stdout
    assert "scikit-learn" in result.stdout


def test_doctor_names_a_broken_declaration_and_fails(world: World, call: Call) -> None:
    world.declare("outcomes", lambda attributes: attributes.update(colour="red"))
    result = call("doctor")
    assert result.exit_code == 1
    assert isinstance(result.exception, MLWorksError)
    assert "assets/outcomes" in str(result.exception)
    assert "missing" in result.stdout
    assert "dg check defs" in result.stdout


def test_doctor_outside_a_project_says_how_to_get_in(world: World, call: Call, tmp_path: Path) -> None:
    with world.active(MLWORKS_PROJECT=str(tmp_path)):
        result = call("doctor", "--json")
    assert result.exit_code == 1
    [project] = [item for item in json.loads(result.stdout) if item["what"] == "project"]
    assert not project["ok"]
    assert "MLWORKS_PROJECT" in project["remedy"]


def test_doctor_misses_programs_that_are_not_on_the_path_and_does_not_insist(world: World, call: Call, tmp_path: Path) -> None:
    with world.active(PATH=str(tmp_path), JAVA_HOME=""):
        result = call("doctor", "--json")
    found = {item["what"]: item for item in json.loads(result.stdout)}
    for program in ("git", "chromium", "Java"):
        assert (found[program]["ok"], found[program]["found"], found[program]["required"]) == (False, "not found", False)
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("line", "ok", "found"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True, "17.0.15"),
        ('openjdk version "21" 2023-09-19', True, "21"),
        ('java version "1.8.0_392"', False, "1.8.0_392"),
        ("Unable to locate a Java Runtime.", False, "{home}/bin/java"),
    ],
)
def test_doctor_knows_a_java_that_spark_can_use_and_does_not_insist(world: World, tmp_path: Path, *, line: str, ok: bool, found: str) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g' >&2\necho '{line}' >&2\n")
    program.chmod(0o755)
    with world.active(JAVA_HOME=str(tmp_path)):
        java = next(finding for finding in examine() if finding.what == "Java")
    assert (java.ok, java.found, java.required) == (ok, found.format(home=tmp_path), False)
    assert "17" in java.remedy


def test_doctor_takes_spark_for_an_extra(world: World) -> None:
    assert world.root
    spark = next(finding for finding in examine() if finding.what == "dagster-pyspark")
    assert not spark.required
    assert spark.ok or spark.remedy == "Run `make spark`."


def test_doctor_knows_a_port_in_use_from_a_free_one(world: World) -> None:
    assert world.root
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 5000))
        except OSError:
            assert not port(5000).ok
            return
        taken.listen()
        assert port(5000).found == "in use"
    assert not port(5000).required


def port(number: int) -> Finding:
    return next(finding for finding in examine() if finding.what == f"port {number}")


@pytest.mark.parametrize(("home", "ok", "found"), [("", False, "not set"), ("/nowhere", False, "/nowhere"), (".", True, ".")])
def test_doctor_knows_whether_dagster_would_find_its_settings(
    world: World, monkeypatch: pytest.MonkeyPatch, *, home: str, ok: bool, found: str
) -> None:
    monkeypatch.chdir(world.root)
    with world.active(DAGSTER_HOME=home):
        finding = next(finding for finding in examine() if finding.what == "DAGSTER_HOME")
    assert (finding.ok, finding.found, finding.required) == (ok, found, False)


def test_doctor_says_how_to_install_a_missing_package() -> None:
    assert _package("no-such-package") == Finding("no-such-package", ok=False, found="not installed", remedy="Run `make install`.")


# replay and demo


def test_replay_of_a_whole_history_ends_with_its_table_as_json(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("replay", MODEL, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    january, february = found["months"]
    compared = found["compared"][0]
    assert compared["gain"] > 0
    assert compared["gain_over_every_step"] == pytest.approx(compared["every_step"] - compared["champion"])
    sides = {row["side"]: row for row in found["policies"]}
    assert (sides["champion"]["retrainings"], sides["champion"]["promoted"], sides["first_model"]["retrainings"]) == (2, 1, 0)
    assert sides["every_step"]["retrainings"] > 2
    assert sides["every_step"]["untold"] == ""
    assert {"kind", "column", "reports", "first", "last"} == set(found["drifted"][0])
    assert (january["month"], february["month"]) == ("2013-01", "2013-02")
    assert january["rows"] == 17 * 40
    assert february["rows"] == 4 * 40
    assert (january["retrainings"], january["promoted"], january["rejected"]) == (2, "v3", "v2")
    assert february["champion"] < february["first_model"]
    assert january["concept_alarms"] > 0


def test_replay_of_a_whole_history_ends_with_a_table_for_people(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("replay", MODEL, "--until", "2013-03-01")
    assert result.exit_code == 0, result.output
    for part in (
        f"{MODEL} by month",
        "2013-01",
        "v3",
        "not promoted v2",
        "What retraining brought, over",
        "First,",
        "Every week",
        "Concept drift, with the number of reports: ",
    ):
        assert part in result.stdout


@pytest.mark.parametrize("arguments", [("replay", MODEL), ("retrain", MODEL, "--why", "now")], ids=lambda arguments: arguments[0])
def test_a_model_is_replayed_or_trained_by_hand_by_one_process_at_a_time(replayed: World, call: Call, arguments: tuple[str, ...]) -> None:
    with (replayed.home / f"replay-{MODEL}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = call(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, MLWorksError)
    assert "another process" in str(result.exception)


def test_the_demo_replays_every_model_and_says_where_to_look_next(replayed: World, call: Call) -> None:
    assert replayed.root
    for arguments in ([], ["--model", MODEL]):
        result = call("demo", *arguments)
        assert result.exit_code == 0, result.output
        assert f"{MODEL} by month" in result.stdout
        assert "make ui" in result.stdout


def test_the_demo_of_an_unknown_model_is_an_error(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("demo", "--model", "ride_tiem")
    assert isinstance(result.exception, MLWorksError)
    assert MODEL in str(result.exception)


def test_a_replay_leaves_its_dagster_home_to_who_has_set_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project.find(world.root)
    ensure_dagster_home(project)
    assert os.environ["MLWORKS_HOME"] == str(world.home)
    monkeypatch.delenv("MLWORKS_HOME")
    monkeypatch.delenv("DAGSTER_HOME")
    ensure_dagster_home(project)
    assert (world.root / ".mlworks").is_dir()
    assert os.environ["DAGSTER_HOME"] == str(project.root)


# ci


@pytest.fixture
def short(world: World) -> World:
    """A world of three days; `ci` reads it instead of the slice."""
    for folder in ("rides", "outcomes", "demand", MODEL):
        world.declare(folder, lambda attributes: attributes["partitions"].update(end="2013-01-04"))
    return world


def test_ci_ends_well_when_only_warnings_fail(short: World, call: Call) -> None:
    junit = short.root / "reports" / "checks.xml"
    result = call("ci", "--select", "rides", "--junit", str(junit))
    assert result.exit_code == 0, result.output
    suite = ET.parse(junit).getroot()  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    warned = suite.find("testcase[@name='quality']/system-out")
    assert warned is not None
    assert "row_count" in (warned.text or "")
    assert "WARN" in result.stdout


def test_ci_fails_when_a_check_of_severity_error_does(short: World, call: Call) -> None:
    short.faults(far=["2013-01-02"])
    junit = short.root / "checks.xml"
    result = call("ci", "--select", 'key:"features/rides"', "--junit", str(junit))
    assert result.exit_code == 1
    assert isinstance(result.exception, MLWorksError)
    assert "1 of 2 checks failed with severity ERROR: features/rides:quality" in str(result.exception)
    suite = ET.parse(junit).getroot()  # noqa: S314 - our own file
    assert suite.get("failures") == "1"
    failed = suite.find("testcase[@classname='features/rides']/failure")
    assert failed is not None
    assert "between(distance" in (failed.text or "")


def test_ci_tells_in_its_file_too_why_the_assets_could_not_be_built(short: World, call: Call) -> None:
    short.faults(negative=["2013-01-02"])
    junit = short.root / "reports" / "checks.xml"
    result = call("ci", "--select", "rides", "--junit", str(junit))
    assert isinstance(result.exception, MLWorksError)
    suite = ET.parse(junit).getroot()  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "1")
    assert "partition 2013-01-02: blocking expectation failed" in (suite.findtext("testcase/error") or "")


def test_ci_leaves_nothing_in_the_project_s_own_home(short: World, call: Call) -> None:
    call("ci", "--select", 'key:"features/rides"')
    assert list(short.home.iterdir()) == []


def test_ci_is_strict_about_broken_declarations(short: World, call: Call) -> None:
    short.declare("outcomes", lambda attributes: attributes.update(colour="red"))
    result = call("ci")
    assert result.exit_code == 1
    assert "colour" in str(result.exception)


def test_a_check_s_text_is_data_in_a_junit_file(tmp_path: Path) -> None:
    path = tmp_path / "checks.xml"
    said = "<b>&\u0001 5 of 6</b>"
    write_junit([CheckReport("a", "passes", 1, 0, "", "fine"), CheckReport("a", "fails", 6, 5, "ERROR", said)], path)
    suite = ET.parse(path).getroot()  # noqa: S314 - our own file
    text = suite.findtext("testcase[@name='fails']/failure") or ""
    assert "<b>&" in text
    assert suite.find("testcase[@name='passes']/failure") is None
