"""What the parts of the graph are called; nothing else spells an asset key or a job's name."""

import dagster as dg

RUN_NOW = "mlworks/now"
RUN_MODEL = "mlworks/model"
RUN_TRIGGER = "mlworks/trigger"
RUN_VERSION = "mlworks/version"
RUN_FROM = "mlworks/from"
RUN_PROCESS = "mlworks/process"
RUN_KEY = "dagster/run_key"
REPLAYED = "mlworks/replay"
"""Run tag that names the model whose replay executes the run, in its own process."""

ROLLBACK = "rollback"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def raw(table: str) -> dg.AssetKey:
    """Return the key of what a table's source gave."""
    return dg.AssetKey(["raw", table])


def features(table: str) -> dg.AssetKey:
    """Return the key of a validated feature table."""
    return dg.AssetKey(["features", table])


def online(table: str) -> dg.AssetKey:
    """Return the key of what is published of a feature table."""
    return dg.AssetKey(["online", table])


def of_model(model: str, asset: str) -> dg.AssetKey:
    """Return the key of one of a model's assets."""
    return dg.AssetKey([model, asset])


def job(model: str, verb: str) -> str:
    """Return the name of a model's job: `data`, `score`, `labels` or `train`."""
    return f"{model}_{verb}"


def tracking_resource(model: str) -> str:
    """Return the key of the resource that opens a model's MLflow run."""
    return f"mlflow_{model}"
