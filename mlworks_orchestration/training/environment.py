"""What other libraries read from the environment, and only when they are first imported."""

import os

DEFAULTS = {
    # Nothing leaves the machine.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # An MLflow server that does not answer is given up within seconds; MLflow itself would go on for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Threads that wait by spinning made a fit of 1.4 s take 14 to 60 s on two cores as soon as anything else ran.
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""The value by the variable's name; what the user has set wins."""


def prepare_environment() -> None:
    """Set what the user has not, so that MLflow stays quiet and scikit-learn shares the machine."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
