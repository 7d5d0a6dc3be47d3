import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.training import Registry
from tests.training.trips import Deployment


@pytest.fixture
def closed_port() -> int:
    """A port of the loopback at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_server_that_refuses_is_named_soon_with_the_remedy(tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    registry = Registry(f"http://user:secret@127.0.0.1:{closed_port}", Lake(tmp_path))
    started = time.monotonic()
    with pytest.raises(TrackingError, match=rf"MLflow at http://user:\*\*\*@127.0.0.1:{closed_port} did not answer.*MLFLOW_TRACKING_URI") as caught:
        registry.champion("trip_delay")
    assert time.monotonic() - started < 15
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database, but long enough to be looked at as one " * 100)
    with pytest.raises(TrackingError, match=r"mlflow.db did not answer.*not a database.*Check that the database"):
        Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", Lake(tmp_path)).latest("trip_delay")


def test_a_database_that_cannot_be_opened_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()
    started = time.monotonic()
    with pytest.raises(TrackingError, match=r"mlflow.db did not answer.*unable to open database file"):
        Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", Lake(tmp_path)).latest("trip_delay")
    assert time.monotonic() - started < 15, "MLflow itself would have gone on trying for almost two minutes"


def test_what_goes_wrong_later_is_an_error_too(fresh: Deployment) -> None:
    assert fresh.registry.champion("trip_delay") is None
    (fresh.home / "mlflow.db").write_bytes(b"")
    with pytest.raises(TrackingError, match="no such table"):
        fresh.registry.champion("trip_delay")


def test_telemetry_is_off_even_if_mlflow_was_imported_first(filled: Path) -> None:
    program = f"""
import mlflow.telemetry as telemetry
assert telemetry.get_telemetry_client() is not None, "nothing to switch off"
from mlworks_orchestration.data import Lake
from mlworks_orchestration.training import Registry
assert Registry("sqlite:///{filled / "mlflow.db"}", Lake("{filled / "lake"}")).champion("trip_delay") is None
assert telemetry.get_telemetry_client() is None
"""
    names = ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={name: value for name, value in os.environ.items() if name not in names},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_room_loads_without_mlflow_scikit_learn_and_pandas() -> None:
    program = "import sys, mlworks_orchestration.training; print([n for n in ('mlflow', 'sklearn', 'pandas', 'dagster') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
