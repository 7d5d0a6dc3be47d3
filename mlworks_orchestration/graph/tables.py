"""The assets of a feature table: `raw/<name>`, what the source gave, and `features/<name>`, typed and validated."""

import dagster as dg

from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.partitions import definition
from mlworks_orchestration.graph.steps import CheckDeclaration, asset, later
from mlworks_orchestration.spec import Catalog, FeatureTable, uses_of

BLOCKING, QUALITY = "blocking_quality", "quality"


def table_assets(catalog: Catalog, table: FeatureTable, online: str) -> list[dg.AssetsDefinition]:
    """Return the assets of a feature table; a derived one has no raw asset, and only an online one is published.

    Parameters:
        catalog: all declarations.
        table: its declaration.
        online: address of the online store.
    """
    raw = [] if table.inputs else [_raw_asset(table)]
    published = [_online_asset(table, online)] if table.online else []
    return [*raw, _features_asset(catalog, table), *published]


def _common(table: FeatureTable, kind: str) -> dict[str, object]:
    return {
        "group_name": "feature_tables",
        "partitions_def": definition(table.partitions),
        "owners": [table.owner],
        "kinds": {"deltalake", kind},
        "tags": {"domain": table.domain, "persona": "data_engineering"},
    }


def _raw_asset(table: FeatureTable) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        names.raw(table.name),
        description=f"What the source of {table.name} gave, as it came, one Delta commit a run. Source: `{table.source}`.",
        **_common(table, "python"),  # type: ignore[arg-type]
    )
    return asset(spec, later("tables", "materialize_raw", table))


def _features_asset(catalog: Catalog, table: FeatureTable) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        names.features(table.name),
        description=table.description,
        deps=[names.features(name) for name in table.inputs] or [names.raw(table.name)],
        metadata={
            "dagster/column_schema": _column_schema(catalog, table),
            "entity": ", ".join(table.entity),
            "event_time": table.event_time,
            "used_by": ", ".join(dict.fromkeys(use.model for uses in uses_of(catalog, table).values() for use in uses)) or "no model",
        },
        **_common(table, "polars"),  # type: ignore[arg-type]
    )
    return asset(spec, later("tables", "materialize_features", catalog, table), checks=declared_checks(table))


def _online_asset(table: FeatureTable, address: str) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        names.online(table.name),
        description=f"The latest row of each {', '.join(table.entity)}, in the online store. An older row never replaces a later one.",
        deps=[names.features(table.name)],
        **_common(table, "sqlite" if address.startswith("sqlite") else "redis"),  # type: ignore[arg-type]
    )
    return asset(spec, later("tables", "materialize_online", table, address))


def declared_checks(table: FeatureTable) -> list[CheckDeclaration]:
    """Return the checks of a feature table: one of what blocks, one of the rest, as far as there are any.

    Parameters:
        table: its declaration.
    """
    blocking = [expected for expected in table.expectations if expected.blocking]
    checks = []
    if blocking:
        checks.append(CheckDeclaration(BLOCKING, "Great Expectations that must hold before the partition is written.", blocking=True))
    if len(blocking) < len(table.expectations):
        checks.append(CheckDeclaration(QUALITY, "Great Expectations on the partition; a failure is reported and does not block."))
    return checks


def _column_schema(catalog: Catalog, table: FeatureTable) -> dg.TableSchema:
    """Return what is declared of the columns; unit and users are tags, which the catalogue shows and finds."""
    uses = uses_of(catalog, table)
    columns = []
    for name, column in table.columns.items():
        tags = {"unit": column.unit, "used_by": ", ".join(map(str, uses[name]))}
        columns.append(
            dg.TableColumn(
                name,
                type=str(column.type),
                description=f"{column.description} [{column.unit}]" if column.unit else column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
                tags={tag: value for tag, value in tags.items() if value},
            )
        )
    return dg.TableSchema(columns)
