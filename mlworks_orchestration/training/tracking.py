"""The connection to MLflow: quiet, quick to give up, without telemetry, and with errors that say where it is and what to do."""

import fcntl
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.training.wording import in_short

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

# What MLflow says of a model or version, and of an alias, that is not there; and of a name that is.
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
PRESENT = ("RESOURCE_ALREADY_EXISTS",)
_CHATTY = ("alembic", "mlflow.store.db.utils")


@lru_cache(maxsize=8)
def connect(tracking_uri: str, registry_uri: str | None = None) -> "MlflowClient":
    """Return a client of MLflow whose stores answer; one a process and address.

    Parameters:
        tracking_uri: where runs are, for example `sqlite:////srv/mlflow.db` or `http://127.0.0.1:5000`.
        registry_uri: where registered models are; with the runs by default.

    Raises:
        TrackingError: naming the address and the remedy, if MLflow does not answer.
    """
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    with importing():
        from mlflow.telemetry import set_telemetry_client  # noqa: PLC0415 - heavy
        from mlflow.tracking import MlflowClient  # noqa: PLC0415

        # Someone may have imported MLflow before telemetry was switched off.
        set_telemetry_client()
        with reaching(tracking_uri), _one_at_a_time(tracking_uri):
            for uri in dict.fromkeys([tracking_uri, registry_uri or tracking_uri]):
                _check_database(uri)
            client = MlflowClient(tracking_uri, registry_uri=registry_uri)
            client.search_registered_models(max_results=1)
            client.search_experiments(max_results=1)
    return client


@contextmanager
def importing() -> Iterator[None]:
    """Let MLflow be imported and opened inside the block without the warnings that it gives of its own code, which users cannot act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Turn whatever keeps MLflow from answering inside the block into an error for the user.

    Parameters:
        uri: MLflow's address.

    Raises:
        TrackingError: naming the address, without any password, and the remedy.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        shown = without_password(uri)
        reason = in_short(error).replace(uri, shown)
        remedy = (
            "Check that the server runs and is reached from here (`make ui` starts a local one), or set MLFLOW_TRACKING_URI to another address."
            if uri.startswith("http")
            else "Check that the database is there, is readable and writable, and is one that this version of MLflow has made."
        )
        message = f"MLflow at {shown} did not answer as it should: {reason}. {remedy}"
        raise TrackingError(message) from error


@contextmanager
def tolerating(*codes: str) -> Iterator[None]:
    """Leave the block quietly when MLflow answers with one of these codes.

    Parameters:
        codes: of MLflow's errors, see `ABSENT` and `PRESENT`.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    try:
        yield
    except MlflowException as error:
        if error.error_code not in codes:
            raise


def without_password(uri: str) -> str:
    """Return an address as it may be shown.

    Examples:
        >>> without_password("postgresql://mlflow:secret@db:5432/mlflow")
        'postgresql://mlflow:***@db:5432/mlflow'
    """
    password = urlsplit(uri).password
    return uri.replace(f":{password}@", ":***@") if password else uri


@contextmanager
def _one_at_a_time(uri: str) -> Iterator[None]:
    """Let one process at a time open a database in a file: two that open a new one at the same moment would both make its tables."""
    if not uri.startswith("sqlite:///"):
        yield
        return
    path = Path(uri.removeprefix("sqlite:///"))
    with path.with_name(f"{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_database(uri: str) -> None:
    """Fail at once where MLflow itself would go on trying for almost two minutes."""
    from sqlalchemy import create_engine, inspect  # noqa: PLC0415 - heavy

    if uri.startswith("http") or (uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists()):
        return
    engine = create_engine(uri)
    try:
        inspect(engine).get_table_names()
    finally:
        engine.dispose()
