"""When causes are sought, and which of those that were recorded still stand: seeking them reads the window's rows, so what merely goes on is not."""

import json
from typing import Any, NamedTuple

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.causes.explain import explain
from mlworks_orchestration.monitoring.causes.found import Causes
from mlworks_orchestration.monitoring.causes.history import no_report, read_reports
from mlworks_orchestration.monitoring.causes.onset import first_report
from mlworks_orchestration.monitoring.causes.store import causes_table, record_causes
from mlworks_orchestration.monitoring.drift import ColumnKey
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Registry


def explain_if_new(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, partition: str) -> Causes | None:
    """Seek and record the causes of a report if it alarms of something that was not explained before.

    That is a kind of drift whose present run of alarms, against one reference, has no recorded causes, or one in which another column leads now
    than those that had drifted then.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose report.
        registry: MLflow's models.
        partition: key of the report.

    Returns:
        What was found and recorded; None if nothing alarms, or all of it was explained before.

    Raises:
        NotReadyError: if the partition has no report, or naming a table or partition that has gone from the lake.
    """
    leading = _alarming(lake, model, partition)
    recorded = _recorded(lake, model, partition) if leading else []
    explained = {(kind, column) for one in recorded for kind, columns in one.columns.items() for column in columns}
    if explained >= set(leading.items()):
        return None
    found = explain(lake, catalog, model, registry, partition)
    record_causes(lake, model, [found])
    return found


def standing_causes(lake: Lake, model: MLModel, partition: str) -> dict[str, Any] | None:
    """Return the causes that were recorded last in the runs of alarms that a report is part of, as `Causes.to_dict` gave them; None without any.

    Parameters:
        lake: the Delta tables.
        model: whose report.
        partition: key of the report.

    Raises:
        NotReadyError: if the partition has no report.
    """
    recorded = _recorded(lake, model, partition) if _alarming(lake, model, partition) else []
    return recorded[-1].document if recorded else None


class _Recorded(NamedTuple):
    """Causes as they were recorded, and the columns that had drifted then, of each kind that has alarmed from then on until now."""

    document: dict[str, Any]
    columns: dict[str, list[str]]


def _alarming(lake: Lake, model: MLModel, partition: str) -> dict[str, str]:
    """Return the kinds of drift that a report alarms of, each with the column whose effect is the most beyond its threshold."""
    columns = ["kind", "column", "decides", "drifted", "effect", "threshold"]
    report = lake.read(f"{model.name}/drift_report", columns=columns, partitions=[partition])
    if report.is_empty():
        raise no_report(model, partition)
    found = report.filter("drifted", "decides")
    alarms = found.filter(pl.col("column") == "")["kind"]
    rows = found.filter(pl.col("column") != "", pl.col("kind").is_in(alarms.implode())).sort(pl.col("effect") / pl.col("threshold"))
    return dict(rows.select("kind", "column").iter_rows())


def _recorded(lake: Lake, model: MLModel, partition: str) -> list[_Recorded]:
    """Return the causes that were recorded in the present runs of alarms, against the same reference, in time order."""
    table = causes_table(model)
    keys = [key for key in lake.partitions(table) if key <= partition]
    if not keys:
        return []
    reports = read_reports(lake, model, partition)
    sums = reports.filter(pl.col("column") == "")
    now = sums.filter((pl.col(PARTITION) == partition) & pl.col("drifted"))["kind"].to_list()
    first = {kind: first_report(sums, ColumnKey(DriftKind(kind), "")) for kind in now}
    stored = lake.read(table, columns=[PARTITION, "reference_version", "causes"], partitions=keys).sort(PARTITION)
    same = stored.filter(pl.col("reference_version") == reports["reference_version"][0])
    found = []
    for key, text in same.select(PARTITION, "causes").iter_rows():
        document = json.loads(text)
        columns = {one["kind"]: one["columns"] for one in document["kinds"] if one["kind"] in first and first[one["kind"]] <= key}
        found += [_Recorded(document, columns)] if columns else []
    return found
