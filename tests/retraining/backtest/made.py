"""A small made past: numbers whose meaning turns over in the middle, so that a model fitted before is wrong after."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel, TimeWindow

START, TURN, DAYS, ROWS = date(2020, 1, 1), 60, 120, 40


def declaration(**changed: object) -> MLModel:
    """Return the made model, with fields changed."""
    declared = {
        "name": "made",
        "description": "A made number.",
        "task": "regression",
        "owners": {"data_science": "team:science"},
        "entity": ["id"],
        "event_time": "at",
        "partitions": {"every": "day", "start": START, "end": START + timedelta(days=DAYS)},
        "features": [{"table": "causes", "columns": ["x"]}],
        "label": {"table": "effects", "column": "y", "delay": "1d"},
        "estimator": "tests.retraining.backtest.made:build",
        "metrics": {"primary": "mae"},
        "retraining": {"window": "21d", "holdout": "5d", "kinds": ["concept"], "cooldown": "7d", "min_new_rows": 100},
        "business": {"name": "cost", "unit": "USD", "expression": "abs(label - prediction)"},
    }
    return MLModel.model_validate(declared | changed)


def build(seed: int) -> object:
    """Return a straight line."""
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - heavy

    del seed
    return LinearRegression()


def causes(window: TimeWindow) -> pl.DataFrame:
    """Return what is known before."""
    return _rows(window).select("id", "at", "x")


def effects(window: TimeWindow) -> pl.DataFrame:
    """Return what came of it: from the turn on, the other way round."""
    return _rows(window).select("id", "at", "y")


def _rows(window: TimeWindow) -> pl.DataFrame:
    frames = []
    for day in range((window.end - window.start).days):
        start = window.start + timedelta(days=day)
        number = (start.date() - START).days
        dice = np.random.default_rng(number)
        x = dice.normal(size=ROWS)
        y = (3 if number < TURN else -3) * x + dice.normal(size=ROWS)
        frames.append(
            pl.DataFrame({"id": [number * ROWS + index for index in range(ROWS)], "at": [start + timedelta(hours=1)] * ROWS, "x": x, "y": y})
        )
    return pl.concat(frames).with_columns(pl.col("at").dt.cast_time_unit("us").dt.convert_time_zone("UTC"))


def made_catalog() -> Catalog:
    """Return the made model and its two tables."""
    tables = [
        FeatureTable.model_validate(
            {
                "name": name,
                "description": "Made.",
                "owner": "team:science",
                "entity": ["id"],
                "event_time": "at",
                "partitions": {"every": "day", "start": START, "end": START + timedelta(days=DAYS)},
                "source": f"tests.retraining.backtest.made:{name}",
                "columns": {
                    "id": {"type": "integer", "description": "Number."},
                    "at": {"type": "timestamp", "description": "When."},
                    value: {"type": "float", "description": "Value."},
                },
            }
        )
        for name, value in (("causes", "x"), ("effects", "y"))
    ]
    return Catalog.of(tables, [declaration()])
