"""Small products and decompositions wake no other thread, which on a busy machine would take a thousand times longer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mlworks_orchestration.monitoring.drift import Blocks, Calibrated, ColumnKey, Profile, analyze, calibrate_normal, compare
from mlworks_orchestration.monitoring.drift.past import nulls
from mlworks_orchestration.monitoring.drift.statistics import KS
from mlworks_orchestration.monitoring.drift.statistics.domain import tell_apart
from mlworks_orchestration.spec import Drift, DriftKind

Given = ParamSpec("Given")
Told = TypeVar("Told")
WIND = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}


@pytest.fixture
def threads() -> Iterator[set[int]]:
    """Give BLAS two threads, and return how many it may take whenever a statistic is measured."""
    with threadpool_limits(2, user_api="blas"):
        yield set()
        assert of_blas() == {2}


def of_blas() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def seeing(threads: set[int], work: Callable[Given, Told]) -> Callable[Given, Told]:
    def measured(*given: Given.args, **named: Given.kwargs) -> Told:
        threads.update(of_blas())
        return work(*given, **named)

    return measured


def parts() -> list[Profile]:
    rng = np.random.default_rng(0)
    return [Profile.of(pl.DataFrame({"wind": rng.normal(size=200)}), WIND) for _ in range(12)]


def test_a_comparison_takes_one(threads: set[int]) -> None:
    compare(*parts()[:2], Drift(), [replace(KS, measure=seeing(threads, KS.measure))])
    assert threads == {1}


@pytest.mark.parametrize(("little", "taken"), [(nulls.LITTLE, 1), (0, 2)])
def test_calibration_takes_one_unless_much_is_drawn(monkeypatch: pytest.MonkeyPatch, threads: set[int], little: int, taken: int) -> None:
    monkeypatch.setattr(nulls, "LITTLE", little)
    blocks = Blocks.of(Profile.merged(parts()), parts())
    seen = [replace(KS, measure=seeing(threads, KS.measure))]
    calibrate_normal(blocks, Calibrated.each(0.01), Drift(), window_blocks=1, statistics=seen, generator=np.random.default_rng(0))
    assert threads == {taken}


def test_two_files_take_one_also_for_all_features_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, threads: set[int]) -> None:
    rng = np.random.default_rng(1)
    paths = [tmp_path / "reference.parquet", tmp_path / "current.parquet"]
    for path in paths:
        pl.DataFrame({"x": rng.normal(size=3000), "y": rng.normal(size=3000)}).write_parquet(path)
    monkeypatch.setattr("mlworks_orchestration.monitoring.drift.statistics.domain_classifier.tell_apart", seeing(threads, tell_apart))
    analyze(*paths)
    assert threads == {1}
