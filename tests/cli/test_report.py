"""`mlworks report`: what it prints, what it writes, and how it answers to what is not there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

from mlworks_orchestration.cli.report import _parts
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import DeclarationError, NotReadyError
from mlworks_orchestration.monitoring.estimates import trust_words
from mlworks_orchestration.monitoring.page import read_report
from tests.graph.world import MODEL, World

Call = Callable[..., Result]


@pytest.fixture
def explained(replayed: World) -> str:
    """Return the partition of a report whose causes were found."""
    return replayed.lake.partitions(f"{MODEL}/causes")[0]


def test_it_shows_the_newest_report_with_a_verdict_on_each_kind(call: Call, replayed: World) -> None:
    result = call("report", MODEL)
    assert result.exit_code == 0, result.output
    newest = replayed.lake.partitions(f"{MODEL}/drift_report")[-1]
    assert result.output.startswith(f"{MODEL}, window that ends with {newest}, compared with version 3\n")
    for kind in ("feature", "label", "prediction", "concept"):
        assert f"\n{kind} " in result.output
    assert "What to do\n" in result.output


def test_it_shows_what_drifted_the_causes_and_what_to_do(call: Call, explained: str) -> None:
    result = call("report", MODEL, "--partition", explained)
    assert result.exit_code == 0, result.output
    assert "residual" in result.output
    assert "What changed" in result.output
    assert result.output.index("What changed") < result.output.index("What to do")
    assert "Concept drift in " in result.output


def test_causes_of_an_earlier_report_say_whose_numbers_they_are(call: Call, replayed: World) -> None:
    keys = replayed.lake.partitions(f"{MODEL}/drift_report")
    found = [json.loads(call("report", MODEL, "--partition", key, "--json").stdout)["causes"] for key in keys]
    sought = {key: causes["partition"] for key, causes in zip(keys, found, strict=True) if causes}
    assert any(key != then for key, then in sought.items())
    for key, then in sought.items():
        said = call("report", MODEL, "--partition", key).output
        assert (f"with the numbers of the report of {then}" in said) == ("Likely causes" in said and key != then)


def test_how_often_alarms_are_wrong_is_told_beside_them_once_it_was_measured(replayed: World) -> None:
    found = read_report(replayed.lake, replayed.model)
    measured = replace(found, error_rates=("feature: 0.5 false alarms a year declared, 0.4 measured",))
    said = [[f"{part}" for part in _parts(one, []) if "How often" in f"{part}"] for one in (found, measured)]
    assert said == [[], ["How often such alarms are wrong, and what they find\nfeature: 0.5 false alarms a year declared, 0.4 measured"]]
    assert measured.to_dict()["error_rates"] == list(measured.error_rates)


def test_what_is_expected_before_labels_are_known_is_told_once_not_to_be_trusted(replayed: World) -> None:
    doubtful = {"metric": "mae", "value": 12_345.6, "trusted": False, "reason": trust_words(["The window has 3 rows."])}
    found = replace(read_report(replayed.lake, replayed.model), expected=doubtful)
    (said,) = [f"{part}" for part in _parts(found, []) if "trusted" in f"{part}"]
    assert said.startswith("Before its labels are known, mae is expected to be 12,346. Not to be trusted: The window has 3 rows.")
    assert said.count("trusted") == 1


def test_the_json_has_all_rows_and_the_causes_of_the_report(call: Call, replayed: World, explained: str) -> None:
    document = json.loads(call("report", MODEL, "--partition", explained, "--json").stdout)
    rows = replayed.lake.read(f"{MODEL}/drift_report").filter(pl.col(PARTITION) == explained)
    assert len(document["rows"]) == rows.height
    assert set(document["rows"][0]) == set(rows.columns)
    assert document["causes"]["partition"] == document["partition"] == explained


def test_the_page_is_written_where_it_is_asked(call: Call, explained: str, tmp_path: Path) -> None:
    file = tmp_path / "new" / "drift.html"
    result = call("report", MODEL, "--partition", explained, "--html", str(file))
    assert result.exit_code == 0, result.output
    assert f"The page is {file}." in result.output
    assert f"Drift of {MODEL}, window " in file.read_text()


def test_a_model_that_is_not_declared_is_told_the_nearest(call: Call, replayed: World) -> None:
    assert replayed
    result = call("report", "ride_tiem")
    assert isinstance(result.exception, DeclarationError)
    assert "did you mean 'ride_time'?" in str(result.exception)


def test_a_partition_without_a_report_is_told_the_nearest(call: Call, replayed: World) -> None:
    newest = replayed.lake.partitions(f"{MODEL}/drift_report")[-1]
    result = call("report", MODEL, "--partition", "2014-01-01")
    assert isinstance(result.exception, NotReadyError)
    assert f"has no drift report of partition '2014-01-01'; nearest: {newest}." in str(result.exception)


def test_before_the_first_report_it_says_how_to_make_one(call: Call, world: World) -> None:
    assert world
    result = call("report", MODEL)
    assert isinstance(result.exception, NotReadyError)
    assert f"has no drift report yet; run the job {MODEL}_score, or `mlworks replay {MODEL}`" in str(result.exception)
