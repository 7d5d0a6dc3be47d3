"""What the first rows of a reference do not show of it is normal all the same, wherever it comes later."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.monitoring.drift import analyze

ROWS, WINDOW, STRETCH = 20_000, 1_000, 500


def foggy(seed: int, rows: int) -> pl.Series:
    """How far one sees: ten miles, but for a share of the rows that differs from stretch to stretch; none of the first ones."""
    generator = np.random.default_rng(seed)
    shares = np.repeat(generator.uniform(0, 0.6, rows // STRETCH), STRETCH)
    shares[: 2 * STRETCH] = 0
    return pl.Series("sight", np.where(generator.random(rows) < shares, generator.integers(1, 10, rows), 10).astype(float))


def windows(seed: int) -> list[pl.Series]:
    later = foggy(seed, 21 * WINDOW)[WINDOW:]
    return [later[start : start + WINDOW] for start in range(0, len(later), WINDOW)]


def drifted(before: pl.Series, after: pl.Series) -> bool | None:
    return analyze(before.to_frame(), after.to_frame()).drifted


def test_what_comes_and_goes_but_is_not_in_the_first_rows_is_normal() -> None:
    before = foggy(1, ROWS)
    assert sum(drifted(before, window) is True for window in windows(2)) <= 1


def test_more_of_it_than_there_ever_was_is_drift() -> None:
    before = foggy(1, ROWS)
    assert all(drifted(before, window - 3) for window in windows(2))


@pytest.mark.parametrize("kind", ["frame", "csv"])
def test_a_trend_that_the_reference_has_seen_is_normal(kind: str, tmp_path: Path) -> None:
    rows = pl.DataFrame({"number": np.arange(ROWS, dtype=np.float64), "wind": np.random.default_rng(3).normal(size=ROWS)})
    part = rows[5_000:7_000]
    rows.write_csv(tmp_path / "rows.csv")
    found = analyze(rows if kind == "frame" else tmp_path / "rows.csv", part)
    assert {column.name: column.drifted for column in found.judged} == {"number": False, "wind": False}
    assert {column.name: column.drifted for column in analyze(rows, part + 20_000).judged} == {"number": True, "wind": True}


def test_errors_that_come_and_go_but_are_not_in_the_first_rows_are_normal() -> None:
    generator = np.random.default_rng(4)

    def judged(errors: pl.Series) -> pl.DataFrame:
        return pl.DataFrame({"guess": generator.normal(size=len(errors))}).with_columns(label=pl.col("guess") + errors)

    before = judged(foggy(1, ROWS) - 10)
    found = [analyze(before, judged(window - 10), label="label", prediction="guess").to_dict() for window in windows(2)]
    assert sum(one["columns"]["residual"]["drifted"] for one in found) <= 1
