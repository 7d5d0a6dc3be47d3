"""What the assets of a model at work do."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import dagster as dg
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, build_labels
from mlworks_orchestration.graph.compute.reading import read_ready
from mlworks_orchestration.graph.steps import Check, Metadata, Outcome, Step, shown
from mlworks_orchestration.monitoring import drift_report, last_costs, performance, profile, record_operation
from mlworks_orchestration.monitoring.causes import explain_if_new
from mlworks_orchestration.monitoring.page import StoredReport, causes_note, page_path, ranked_causes, read_report, refresh_page
from mlworks_orchestration.retraining import look_back
from mlworks_orchestration.scoring import score
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import complete

_NOTHING = Outcome({"rows": 0})


def _clear_empty(catalog: Catalog, model: MLModel, step: Step, table: str) -> Sequence[str]:
    """Take away what one of the model's tables holds of partitions in which there is nothing to predict any more, and return those in which there is.

    Only where the declaration lets partitions be empty is there anything to look for.
    """
    spine = catalog.spine(model)
    if not spine.may_be_empty:
        return step.partitions
    name, held = f"{model.name}/{table}", set(step.lake.partitions(f"features/{spine.name}"))
    left = sorted((set(step.partitions) - held) & set(step.lake.partitions(name)))
    if left:
        step.lake.write(name, step.lake.read(name, partitions=[]), partitions=left)
    return [key for key in step.partitions if key in held]


def materialize_labels(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    """Keep the ground truth of the partitions."""
    outcomes = read_ready(step.lake, f"features/{model.label.table}", catalog.tables[model.label.table], step.partitions)
    labels = build_labels(model, catalog, outcomes)
    version = step.lake.write(f"{model.name}/labels", labels, partitions=step.partitions, metadata={"dagster_run": step.run_id})
    found = labels.group_by(PARTITION).agg(pl.len(), pl.col("label").mean().alias("mean"))
    by_partition = {key: {"dagster/partition_row_count": rows, "mean_label": mean} for key, rows, mean in found.iter_rows()}
    return Outcome({"delta_version": version}, by_partition)


def materialize_scores(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    """Let the champion predict the partitions, whoever made it champion."""
    complete(step.lake, model, step.registry)
    partitions = _clear_empty(catalog, model, step, "scores")
    if not partitions:
        return _NOTHING
    scores, measured = score(step.lake, catalog, model, step.registry, partitions)
    record_operation(step.lake, model, "scores", measured, partitions)
    found = scores.group_by(PARTITION).agg(pl.len(), pl.col("prediction").mean().alias("mean"))
    by_partition = {key: {"dagster/partition_row_count": rows, "mean_prediction": mean} for key, rows, mean in found.iter_rows()}
    return Outcome(
        {
            "model_version": int(scores["model_version"][0]),
            "seconds": measured.duration_seconds,
            "peak_memory_mb": measured.peak_memory_mb,
            "rows_per_second": measured.rows_per_second,
        },
        by_partition,
    )


def materialize_profile(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    """Sketch features, predictions and known labels."""
    partitions = _clear_empty(catalog, model, step, "profile")
    if not partitions:
        return _NOTHING
    rows = profile(step.lake, catalog, model, partitions)
    counts = rows.group_by(PARTITION).agg(pl.col("rows").max()).iter_rows()
    return Outcome(by_partition={key: {"dagster/partition_row_count": count} for key, count in counts})


def materialize_report(catalog: Catalog, model: MLModel, pages: str, step: Step) -> Outcome:
    """Compare the windows that end with the partitions with the reference, seek causes of what is new, and write the page that people read."""
    partitions = _clear_empty(catalog, model, step, "drift_report")
    if not partitions:
        return _NOTHING
    newest = max(partitions)
    rows = drift_report(step.lake, catalog, model, step.registry, partitions)
    explain_if_new(step.lake, catalog, model, step.registry, newest)
    report = read_report(step.lake, model, newest)
    kinds = rows.filter(pl.col("column") == "")
    by_partition: dict[str, Metadata] = {}
    checks = []
    for row in kinds.iter_rows(named=True):
        if row["effect"] is not None:
            by_partition.setdefault(row[PARTITION], {})[f"{row['kind']}_effect"] = row["effect"]
        if row["drifted"] is not None:
            checks.append(_drift_check(row | _told(report, row), rows))
    by_partition.setdefault(newest, {}).update(_causes(report))
    whole: Metadata = {"reference_version": int(rows["reference_version"][0])}
    if pages and newest == step.lake.partitions(f"{model.name}/drift_report")[-1]:
        whole["page"] = dg.MetadataValue.path(str(_page(model, pages, step)))
    return Outcome(whole, by_partition, checks)


def _told(report: StoredReport, row: Metadata) -> Metadata:
    """Return the reason of an alarm with its causes, where they are known: they are sought of the newest partition."""
    kind = DriftKind(row["kind"])
    return {"reason": f"{report.kinds[kind]['reason']}. {report.actions[kind]}"} if row[PARTITION] == report.partition and row["drifted"] else {}


def _causes(report: StoredReport) -> Metadata:
    if not report.actions:
        return {}
    causes = "\n".join(f"{one.name}: {one.evidence}" for one in ranked_causes(report.causes)) if report.causes else ""
    told = {"causes": "\n".join(filter(None, [causes, causes_note(report)])), "what_to_do": "\n".join(report.actions.values())}
    return {name: dg.MetadataValue.text(text) for name, text in told.items() if text}


def _page(model: MLModel, pages: str, step: Step) -> Path:
    """Write the page and return its path; in a replay just the first, for the charts take longer than the report, and a replay ends with the page."""
    path = page_path(model, pages)
    if not clock.is_replayed() or not path.exists():
        refresh_page(step.lake, model, step.registry, pages)
    return path


def _drift_check(row: dict[str, object], rows: pl.DataFrame) -> Check:
    """Make a check of the row that sums up one kind; a kind that could not be judged has none."""
    of_kind = (pl.col(PARTITION) == row[PARTITION]) & (pl.col("kind") == row["kind"]) & (pl.col("column") != "")
    found = rows.filter(of_kind & pl.col("drifted") & pl.col("decides")).sort("effect", descending=True)
    metadata: Metadata = {"drifted_columns": found["column"].n_unique()}
    if isinstance(row["effect"], float):
        metadata["effect"] = row["effect"]
    if found.height:
        columns = found.select("column", "statistic", "value", "p_adjusted", "effect", "threshold", "threshold_source").to_dicts()
        metadata["drifted"] = dg.MetadataValue.table([dg.TableRecord(shown(record)) for record in columns])
    reason = str(row["reason"])
    return Check(
        f"{row['kind']}_drift",
        passed=not row["drifted"],
        description=reason[:1].upper() + reason[1:],
        partition=str(row[PARTITION]),
        severity=str(row["severity"]),
        metadata=metadata,
    )


def materialize_performance(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    """Measure the predictions whose labels are known, beside what they cost, and compare a new champion with the version before when enough are."""
    partitions = _clear_empty(catalog, model, step, "performance")
    if not partitions:
        return _NOTHING
    rows = performance(step.lake, catalog, model, step.registry, partitions)
    compared = look_back(step.lake, model, step.registry)
    by_partition: dict[str, Metadata] = {}
    for row in rows.filter(pl.col("slice_column") == "").iter_rows(named=True):
        by_partition.setdefault(row[PARTITION], {"rows": row["rows"]})[row["metric"]] = row["value"]
    aftermath = {f"aftermath_{name}": value for name, value in asdict(compared).items() if value is not None} if compared else {}
    return Outcome({**last_costs(step.lake, model), **aftermath}, by_partition)
