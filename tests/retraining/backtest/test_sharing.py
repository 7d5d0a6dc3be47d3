"""What a backtest's policies share is what each would have come to alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring import DataProfiles
from mlworks_orchestration.monitoring.profiles import column_rows
from mlworks_orchestration.retraining import Outcome
from mlworks_orchestration.retraining.backtest import Story, backtest, policies
from mlworks_orchestration.retraining.backtest.fits import Fits
from mlworks_orchestration.retraining.backtest.reports import Reports
from mlworks_orchestration.retraining.backtest.run import Steps, read_rows
from mlworks_orchestration.spec import MLModel
from tests.retraining.backtest.made import DAYS, START, declaration, made_catalog

TESTS = [{"kind": "minimum_quality", "at_most": 1.5}, {"kind": "better_than_baseline"}]
END = datetime.combine(START, datetime.min.time(), UTC) + timedelta(days=DAYS)


def stories(model: MLModel, root: Path, *names: str) -> dict[str, Story]:
    chosen = [policy for policy in policies(model) if policy.name in names]
    told = backtest(Lake(root / "lake"), made_catalog(), model, chosen, folder=root / "fits", until=None, report=lambda *_: None)
    return {one.policy: replace(one, training_minutes=0) for one in told}


def test_a_policy_comes_to_the_same_alone_as_beside_others(tmp_path: Path) -> None:
    model = declaration(model_tests=TESTS)
    together = stories(model, tmp_path / "all", "every step", "monthly", "declared")
    assert together["declared"].retrainings > 0
    for name in ("monthly", "declared"):
        assert stories(model, tmp_path / name, name)[name] == together[name]


def test_a_better_version_is_tested_and_held_back_and_one_that_is_not_better_is_not_tested(tmp_path: Path) -> None:
    told = stories(declaration(model_tests=TESTS[:1]), tmp_path, "every step")["every step"]
    held_back = [each for each in told.trainings if "Held back" in each.reason]
    assert held_back
    assert {each.outcome for each in held_back} == {Outcome.REJECTED}
    assert all("its lower end is above" in each.reason for each in held_back)


@pytest.fixture
def reports(tmp_path: Path) -> Reports:
    model = declaration()
    rows = read_rows(Lake(tmp_path / "lake"), made_catalog(), model, END, Steps(1, lambda *_: None))
    return Reports(Fits(rows, None, lambda _: None))


def serialised(made: DataProfiles) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(key, list(column_rows(profile))) for part in made for key, profile in sorted(part.items())]


def test_training_rows_that_share_partitions_are_profiled_as_if_alone_those_cut_at_the_edge_too(reports: Reports) -> None:
    model, catalog = declaration(), made_catalog()
    month = reports.rows.frame.filter(pl.col("label").is_not_null()).drop("known_at")
    days = month["_partition"].unique().sort().to_list()
    whole = month.filter(pl.col("_partition").is_in(days[:10]))
    overlapping = month.filter(pl.col("_partition").is_in(days[5:15]))
    cut = pl.concat([overlapping.filter(pl.col("_partition") == days[5]).head(17), overlapping.filter(pl.col("_partition") > days[5])])
    for training in (cut, whole, cut, overlapping):
        assert serialised(reports.training_profiles(model, training)) == serialised(DataProfiles.of(catalog, model, training))
