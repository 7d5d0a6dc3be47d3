"""`mlworks drift`: what it prints, what it writes, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result

Call = Callable[..., Result]


def rides(shift: float, seed: int) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    return pl.DataFrame({"distance": generator.normal(shift, 1.0, 2_000), "<b>borough": generator.choice(["Bronx", "Queens"], 2_000)})


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the rides of two months, of which the second is shifted, and of one that is not."""
    rides(0.0, 1).write_parquet(tmp_path / "january.parquet")
    rides(0.5, 2).write_parquet(tmp_path / "february.parquet")
    rides(0.0, 3).write_csv(tmp_path / "march.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_table_names_what_drifted_first_and_says_what_to_do(call: Call, files: Path) -> None:
    assert files
    result = call("drift", "january.parquet", "february.parquet")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "1 of 2 columns drifted: distance."
    assert result.output.index("distance ") < result.output.index("<b>borough")
    assert "mean " in result.output
    assert "Feature drift (distance): investigate how the features are generated" in result.output
    assert "2,000 rows of january.parquet, 2,000 rows of february.parquet" in result.output


def test_the_json_can_be_read_back(call: Call, files: Path) -> None:
    assert files
    result = call("drift", "january.parquet", "march.csv", "--json")
    document = json.loads(result.stdout)
    assert document["dataset"]["drifted"] is False
    assert document["columns"]["distance"]["kind"] == "feature"


def test_the_page_is_written_where_it_is_asked(call: Call, files: Path) -> None:
    result = call("drift", "january.parquet", "february.parquet", "--html", "pages/drift.html")
    assert result.exit_code == 0, result.output
    assert "The page is pages/drift.html." in result.output
    page = (files / "pages/drift.html").read_text()
    assert "Drift of february.parquet against january.parquet" in page
    assert "&lt;b&gt;borough" in page
    assert "<b>" not in page


@pytest.mark.parametrize(("current", "code"), [("february.parquet", 3), ("march.csv", 0)])
def test_drift_fails_a_build_only_where_that_is_asked(through_the_door: Callable[..., int], files: Path, current: str, code: int) -> None:
    assert files
    assert through_the_door("drift", "january.parquet", current, "--fail-on-drift", "--json") == code


def test_a_missing_file_is_an_error_in_one_paragraph(through_the_door: Callable[..., int], files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert files
    assert through_the_door("drift", "januari.parquet", "march.csv") == 1
    told = capsys.readouterr().err
    assert "There is no file 'januari.parquet'; did you mean 'january.parquet'?" in told
    assert told.count("\n") == 1


def test_what_cannot_be_told_is_listed_with_its_reason(call: Call, files: Path) -> None:
    rides(0.0, 4).rename({"distance": "miles"}).write_parquet(files / "april.parquet")
    result = call("drift", "january.parquet", "april.parquet")
    assert "Of 2 it could not be told." in result.output
    assert "the current rows have no such column" in result.output
    assert "Inconclusive columns: see why in the table" in result.output


def test_a_wrong_option_is_refused(call: Call, files: Path) -> None:
    assert files
    result = call("drift", "january.parquet", "march.csv", "--false-alarm-rate", "1.5")
    assert result.exit_code == 2
    assert "--false-alarm-rate" in result.output


def test_many_columns_are_not_all_printed(call: Call, tmp_path: Path) -> None:
    generator = np.random.default_rng(6)
    for name in ("a", "b"):
        pl.DataFrame({f"x{index}": generator.normal(size=300) for index in range(30)}).write_parquet(tmp_path / f"{name}.parquet")
    result = call("drift", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"))
    assert "and 25 more; --json and --html show all." in result.output


def test_the_verb_loads_neither_dagster_nor_charts_unasked(files: Path) -> None:
    script = (
        "import sys\nfrom mlworks_orchestration.cli.main import cli\n"
        "cli(['drift', 'january.parquet', 'february.parquet'], standalone_mode=False)\n"
        "print(sorted({'dagster', 'mlflow', 'sklearn', 'pandas', 'altair', 'vl_convert', 'jinja2', 'scipy.stats', 'deltalake'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=files, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_column_of_times_that_goes_on_is_told_to_be_given_as_by(tmp_path: Path, call: Call) -> None:
    times = pl.datetime_range(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 20, tzinfo=UTC), "1h", eager=True)
    frame = pl.DataFrame({"at": times, "wind": np.random.default_rng(6).normal(size=len(times))})
    before, after = (str(tmp_path / name) for name in ("before.parquet", "after.parquet"))
    frame[:300].write_parquet(before)
    frame[300:].write_parquet(after)
    assert "at is time going on: as --by at it orders the rows and is not compared." in " ".join(call("drift", before, after).output.split())
    assert "time going on" not in call("drift", before, after, "--by", "at").output


@pytest.mark.parametrize("option", ["--min-effect", "--false-alarm-rate"])
def test_what_is_no_number_is_a_wrong_use(call: Call, files: Path, option: str) -> None:
    assert files
    result = call("drift", "january.parquet", "february.parquet", option, "nan")
    assert result.exit_code == 2
    assert f"Invalid value for '{option}': nan is not in the range 0<x<" in result.output


def test_what_cannot_be_told_can_be_made_to_fail(call: Call, files: Path) -> None:
    rides(0.0, 4).head(0).write_csv(files / "empty.csv")
    assert call("drift", "january.parquet", "empty.csv", "--fail-on-drift").exit_code == 0
    assert call("drift", "january.parquet", "empty.csv", "--fail-on-drift", "--fail-on-inconclusive").exit_code == 4
    assert call("drift", "january.parquet", "february.parquet", "--fail-on-inconclusive").exit_code == 0


OWN = """
import numpy as np
from mlworks_orchestration.monitoring.drift import Measures, Statistic, register


def always(cells):
    return Measures(np.ones(len(cells.windows)), np.zeros(len(cells.windows)), np.ones(len(cells.windows)), np.zeros(len(cells.windows)))


register(Statistic("always", "always", frozenset({"numeric"}), counts_missing=True, measure=always, decides=True))
"""


def test_a_statistic_of_ones_own_decides_beside_the_others(files: Path) -> None:
    (files / "own.py").write_text(OWN)
    script = "from mlworks_orchestration.cli import main; main()"  # in a process of its own, so that no other test knows the statistic
    command = [sys.executable, "-c", script, "drift", "january.parquet", "march.csv", "--statistics", "own.py", "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=files).stdout)["columns"]["distance"]
    assert found["statistics"]["always"]["decides"] is True
    assert found["statistic"] == "always"
