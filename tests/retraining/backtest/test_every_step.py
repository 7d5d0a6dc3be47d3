"""What retraining at every step would have predicted, on a made past."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mlworks_orchestration.data import Lake, build_features, load_raw
from mlworks_orchestration.retraining.backtest import EveryStep, backtest, every_step, policies
from mlworks_orchestration.spec import MLModel
from tests.retraining.backtest.made import declaration, made_catalog

UNTIL = datetime(2020, 4, 1, tzinfo=UTC)
DEMANDING = {"model_tests": [{"kind": "minimum_quality", "at_most": 1.5}, {"kind": "better_than_baseline"}]}


def found_of(lake: Lake, model: MLModel, folder: Path) -> tuple[EveryStep, list[str]]:
    said: list[str] = []
    return every_step(lake, made_catalog(), model, folder=folder, until=UNTIL, report=lambda *told: said.append(told[2])), said


@pytest.mark.parametrize("changed", [{}, DEMANDING, {"gate": {"rollback_on": ["concept"]}}], ids=["plain", "tested", "rolled back on alarms"])
def test_it_predicts_what_would_have_served_in_a_backtest_of_that_policy(tmp_path: Path, changed: dict[str, object]) -> None:
    model, lake, catalog = declaration(**changed), Lake(tmp_path / "lake"), made_catalog()
    found, _ = found_of(lake, model, tmp_path / "kept")
    chosen = [policy for policy in policies(model) if policy.name == "every step"]
    [told] = backtest(lake, catalog, model, chosen, folder=tmp_path / "fits", until=UNTIL, report=lambda *_: None)
    table = catalog.tables["effects"]
    keys = table.partitions.keys(UNTIL)
    truth = build_features(table, load_raw(table, table.partitions.span(keys), keys))
    rows = found.predictions.join(truth, on=["id", "at"])
    assert rows.height == told.rows
    assert np.abs(rows["y"] - rows["prediction"]).mean() == pytest.approx(told.metrics["mae"])
    served = told.outcomes.get("promoted", 0) + told.outcomes.get("rolled back", 0)
    assert (found.retrainings, found.promoted) == (told.retrainings, served)
    assert 0 < served < told.retrainings


def test_another_declaration_is_lived_through_anew(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    found, _ = found_of(lake, declaration(), tmp_path / "kept")
    again, said = found_of(lake, declaration(), tmp_path / "kept")
    assert again.predictions.equals(found.predictions)
    assert not any("fitting" in doing for doing in said)
    changed = declaration(retraining={**declaration().retraining.model_dump(), "window": timedelta(days=28)})
    other, said = found_of(lake, changed, tmp_path / "kept")
    assert any("fitting" in doing for doing in said)
    assert not other.predictions.equals(found.predictions)


def test_a_lake_without_the_labels_that_are_not_known_yet_is_read_all_the_same(tmp_path: Path) -> None:
    lake, catalog = Lake(tmp_path / "lake"), made_catalog()
    fresh, _ = found_of(lake, declaration(), tmp_path / "from_sources")
    for name, until in (("causes", UNTIL), ("effects", UNTIL - timedelta(days=1))):
        keys = catalog.tables[name].partitions.keys(until)
        rows = build_features(catalog.tables[name], load_raw(catalog.tables[name], catalog.tables[name].partitions.span(keys), keys))
        lake.write(f"features/{name}", rows, partitions=keys)
    found, said = found_of(lake, declaration(), tmp_path / "from_lake")
    assert not any("from its source" in doing for doing in said)
    assert found.predictions.equals(fresh.predictions)
