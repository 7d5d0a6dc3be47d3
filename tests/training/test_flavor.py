"""A logged model is asked with ids: it looks its features up, in a process that knows of it no more than its address."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.data import feature_frame
from mlworks_orchestration.data.online import Plan, open_store, publish
from mlworks_orchestration.errors import DataError, NotReadyError, OnlineError
from mlworks_orchestration.spec import Catalog, FeatureTable
from mlworks_orchestration.training import fit_candidate, take_snapshot
from mlworks_orchestration.training.flavor import PLAN, LookupModel
from tests.training.estimators import Constant
from tests.training.trips import FIRST_DAY, Deployment, day

NAME = "trip_delay"
IDS = [7, 1600, 2399]
SECRET = "s3cret-word"  # noqa: S105 - of no server


@pytest.fixture
def online(fresh: Deployment) -> Deployment:
    """A deployment whose trips are published, with one fitted version."""
    trips = FeatureTable.model_validate(fresh.catalog.tables["trips"].model_dump() | {"online": True})
    made = Deployment(fresh.home, fresh.lake, fresh.registry, Catalog({**fresh.catalog.tables, "trips": trips}, fresh.catalog.models), fresh.model)
    publish(made.lake, trips, open_store(address(made)), day(70))
    fit_candidate(
        made.lake, made.catalog, made.model, take_snapshot(made.lake, made.catalog, made.model, day(40)), made.registry, tags={}, trigger="test"
    )
    return made


def address(made: Deployment) -> str:
    return f"sqlite:///{made.home / 'online.db'}"


def in_batch(made: Deployment) -> np.ndarray:
    """Return what the version predicts of the trips in the lake."""
    keys = made.lake.partitions("features/trips")
    rows = feature_frame(made.lake, made.catalog, made.model, keys).filter(pl.col("trip_id").is_in(IDS)).sort("trip_id")
    return made.registry.load(NAME, 1).predict(rows)


def test_ids_are_enough_in_a_clean_process(online: Deployment) -> None:
    program = f"""
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri({online.registry.tracking_uri!r})
model = mlflow.pyfunc.load_model("models:/{NAME}/1")
ids = pd.DataFrame({{"trip_id": {IDS}}})
given = ids.assign(carrier="A", distance=5.0)
print(json.dumps([model.predict(ids).tolist(), model.predict(given).tolist()]))
"""
    environment = {**os.environ, "MLWORKS_ONLINE": address(online)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False, cwd=online.home, env=environment)
    assert done.returncode == 0, done.stderr
    looked_up, partly_given = json.loads(done.stdout.splitlines()[-1])
    assert looked_up == in_batch(online).tolist()
    assert partly_given != looked_up
    seats = online.lake.read("features/trips").filter(pl.col("trip_id").is_in(IDS)).sort("trip_id").select("seats", "rainy")
    features = seats.with_columns(carrier=pl.lit("A"), distance=5.0)
    assert partly_given == online.registry.load(NAME, 1).predict(features).tolist()


@pytest.fixture
def model(online: Deployment) -> LookupModel:
    plan = Plan.of(online.catalog, online.model)
    return LookupModel(plan, online.registry.load(NAME, 1).estimator, address(online))


def test_an_unknown_id_is_predicted_from_missing_features_and_noted(model: LookupModel, caplog: pytest.LogCaptureFixture) -> None:
    import pandas as pd  # noqa: PLC0415 - heavy

    with caplog.at_level(logging.WARNING):
        assert np.isfinite(model.predict(pd.DataFrame({"trip_id": [99_999]}))).all()
    assert "trips: carrier, distance, seats, rainy of trip_id 99999 missing, for nothing is published of it." in caplog.text


def test_what_was_published_after_the_time_asked_for_is_not_given(model: LookupModel, caplog: pytest.LogCaptureFixture) -> None:
    import pandas as pd  # noqa: PLC0415 - heavy

    model.predict(pd.DataFrame({"trip_id": [2399], "starts_at": [FIRST_DAY.replace(tzinfo=None)]}))
    assert "was not known yet at the time asked for" in caplog.text


def test_a_request_that_brings_all_features_needs_no_store(online: Deployment) -> None:
    import pandas as pd  # noqa: PLC0415 - heavy

    plan, estimator = Plan.of(online.catalog, online.model), online.registry.load(NAME, 1).estimator
    alone = LookupModel(plan, estimator, "")
    rows = pd.DataFrame({"carrier": ["A"], "distance": [1.0], "seats": [2.0], "rainy": [0.0]})
    assert alone.predict(rows) == estimator.predict(rows)
    with pytest.raises(OnlineError, match="MLWORKS_ONLINE is not set"):
        alone.predict(pd.DataFrame({"trip_id": [1]}))
    with pytest.raises(NotReadyError, match="Nothing is published of feature table trips"):
        LookupModel(plan, estimator, f"sqlite:///{online.home / 'other.db'}").predict(pd.DataFrame({"trip_id": [1]}))


def test_a_table_that_is_not_online_asks_for_its_columns(fresh: Deployment) -> None:
    import pandas as pd  # noqa: PLC0415 - heavy

    offline = LookupModel(Plan.of(fresh.catalog, fresh.model), Constant(), address(fresh))
    with pytest.raises(DataError, match=r"the requests lack carrier, distance, seats, rainy of feature table trips, which is not published"):
        offline.predict(pd.DataFrame({"trip_id": [1]}))


def test_no_secret_goes_with_the_model(online: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWORKS_ONLINE", f"redis://:{SECRET}@127.0.0.1:1/0")
    online.fit(day(40))
    folder = Path(online.registry.client.get_model_version_download_uri(NAME, "2"))
    stored = [path for path in online.home.rglob("*") if path.is_file()]
    assert folder / PLAN in stored
    assert not [path for path in stored if SECRET.encode() in path.read_bytes()]
