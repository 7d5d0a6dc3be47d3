import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
Peers = Callable[[str], ModuleType]


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peers]:
    """Import a module of the benchmarks' package, as a script beside it does."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield lambda name: importlib.import_module(f"peers.{name}")
    for name in [name for name in sys.modules if name == "peers" or name.startswith("peers.")]:
        del sys.modules[name]


def row(name: str, rows: int = 1_000_000, **measured: Any) -> dict[str, Any]:
    usual = {
        "version": "1",
        "seconds_import": 0.5,
        "seconds_read": 0.0,
        "seconds_compute": 1.0,
        "seconds_cpu": 500.0,
        "peak_mb": 100.0,
        "columns_drifted": 6,
    }
    return {"name": name, "rows": rows, **usual, **measured}


def verdicts(peers: Peers, *measurements: dict[str, Any]) -> dict[str, str]:
    return {goal.claim: goal.verdict for goal in peers("goals").goals(list(measurements))}


def test_a_goal_is_met_up_to_its_limit_and_missed_beyond_it(peers: Peers) -> None:
    claim = "seconds against polars reading both files, 1,000,000 rows"
    assert verdicts(peers, row("polars", seconds_compute=0.5), row("ours"))[claim] == "met"
    assert verdicts(peers, row("polars", seconds_compute=0.49), row("ours"))[claim] == "missed"


def test_a_peer_must_be_slower_by_the_factor_that_is_claimed(peers: Peers) -> None:
    claim = "times as fast as evidently, both from the files, 1,000,000 rows"
    assert verdicts(peers, row("evidently", seconds_compute=200.0), row("ours"))[claim] == "met"
    assert verdicts(peers, row("evidently", seconds_compute=199.0), row("ours"))[claim] == "missed"


def test_the_reading_of_a_peer_counts_as_ours_does(peers: Peers) -> None:
    claim = "times as fast as evidently, both from the files, 1,000,000 rows"
    assert verdicts(peers, row("evidently", seconds_read=2.0, seconds_compute=198.0), row("ours"))[claim] == "met"
    assert verdicts(peers, row("evidently", seconds_read=2.0, seconds_compute=197.0), row("ours"))[claim] == "missed"


def test_a_peer_that_waited_for_a_processor_is_credited_with_what_it_worked(peers: Peers) -> None:
    claim = "times as fast as evidently, both from the files, 1,000,000 rows"
    assert verdicts(peers, row("evidently", seconds_compute=900.0, seconds_cpu=150.0), row("ours"))[claim] == "missed"


def test_what_was_not_measured_is_neither_met_nor_missed(peers: Peers) -> None:
    assert set(verdicts(peers).values()) == {"not measured"}
    failed = {"name": "nannyml", "rows": 1_000_000, "failed": "nannyml failed"}
    assert verdicts(peers, row("ours"), failed)["times as fast as nannyml, both from the files, 1,000,000 rows"] == "not measured"


def test_memory_is_flat_if_ten_times_the_rows_need_hardly_more(peers: Peers) -> None:
    claim = "peak MB at 10M rows against 1M rows (flat)"
    assert verdicts(peers, row("ours"), row("ours", 10_000_000, peak_mb=120.0))[claim] == "met"
    assert verdicts(peers, row("ours"), row("ours", 10_000_000, peak_mb=130.0))[claim] == "missed"


def test_memory_that_two_processes_share_counts_once(peers: Peers) -> None:
    held = "import os, time; held = bytearray(os.urandom(1)) * (64 << 20); child = os.fork(); time.sleep(0.5)"
    assert 64 < peers("memory").peak_mb_of([sys.executable, "-c", held]) < 110
    with pytest.raises(subprocess.CalledProcessError):
        peers("memory").peak_mb_of([sys.executable, "-c", "raise SystemExit(1)"])


def test_the_table_shows_a_peer_as_a_multiple_of_ours_and_of_reading(peers: Peers) -> None:
    text = peers("report").table(
        [row("evidently", seconds_compute=250.0), row("ours", seconds_cpu=2.0), row("polars", seconds_compute=0.5, seconds_cpu=1.0)], 1_000_000
    )
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    assert [line[0].split(",")[0] for line in lines] == ["tool", "reading both files: polars", "**mlworks drift", "Evidently"]
    assert lines[3][4:] == ["250", "500", "100", "250", "500", "250", "500", "6"]


def test_the_table_says_why_a_tool_has_no_numbers(peers: Peers) -> None:
    text = peers("report").table([row("polars"), {"name": "tfdv", "rows": 1_000_000, "failed": "tfdv cannot be installed here: no wheel"}], 1_000_000)
    assert "TensorFlow Data Validation: tfdv cannot be installed here: no wheel" in text


def test_every_column_of_the_tables_has_the_drift_that_is_stated(peers: Peers, tmp_path: Path) -> None:
    peers("tables").write(tmp_path, 20_000)
    reference, current = (pl.read_parquet(tmp_path / f"{side}.parquet") for side in ("reference", "current"))
    assert (reference.shape, len(reference.columns), reference.schema) == ((20_000, 50), 50, current.schema)
    assert sum(dtype == pl.Float64 for dtype in reference.dtypes) == 40
    assert [reference[f"level_{levels}"].n_unique() for levels in (2, 3, 5, 10)] == [2, 3, 5, 10]
    assert current["normal_0"].mean() - reference["normal_0"].mean() == pytest.approx(0.2, abs=0.05)
    assert current["normal_7"].mean() - reference["normal_7"].mean() == pytest.approx(0, abs=0.05)
    assert current["normal_1"].null_count() / reference["normal_1"].null_count() == pytest.approx(3, rel=0.3)


def test_the_alarms_of_a_loop_over_columns_find_the_window_that_moved(peers: Peers, tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    for name, shift in (("reference", 0.0), ("000", 0.0), ("001", 2.0)):
        pl.DataFrame({"x": generator.normal(shift, 1, 1000), "c": ["a", "b"] * 500}).write_parquet(tmp_path / f"{name}.parquet")
    assert peers("environments").alarms("scipy_loop", tmp_path)["bonferroni"] == {"000": False, "001": True}
