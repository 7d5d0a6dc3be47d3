"""The feature tables of a new model, or one by itself, from a profile of the data: sources and declarations."""

from pathlib import Path
from typing import Any

from mlworks_orchestration.onboarding.columns import Kept
from mlworks_orchestration.onboarding.expectations import suggest
from mlworks_orchestration.onboarding.profile import Profile
from mlworks_orchestration.onboarding.render import data_path, listed, mapped, quoted, render
from mlworks_orchestration.spec import ColumnType, format_duration

_POLARS = {
    ColumnType.INTEGER: "pl.Int64()",
    ColumnType.FLOAT: "pl.Float64()",
    ColumnType.STRING: "pl.String()",
    ColumnType.TEXT: "pl.String()",
    ColumnType.BOOLEAN: "pl.Boolean()",
}


def source_text(profile: Profile, root: Path) -> str:
    """Return the module that reads the rows.

    Parameters:
        profile: of the data.
        root: the project's folder.
    """
    used = [*profile.keys, *profile.features, *([profile.label] if profile.label else [])]
    types = {column.given: _POLARS[column.type] for column in used}
    if profile.label and profile.label_expression:
        types[profile.label.given] = f"pl.{profile.table.rows[profile.label.given].dtype!r}()"
    time = profile.table.rows[profile.time_given].dtype
    types[profile.time_given] = "pl.String()" if profile.table.is_csv and not time.is_numeric() else f"pl.{time!r}"
    renamed = {column.given: column.name for column in used} | {profile.time_given: profile.time}
    alone = {profile.row_id: "pl.Int64()"} if profile.row_id else {}
    return render(
        "model/source.py.jinja",
        file=profile.table.path.name,
        path=data_path(profile.table.path, root),
        nulls=listed(profile.table.nulls) if profile.table.is_csv else "",
        types=types,
        csv=profile.table.is_csv,
        separator=profile.table.separator,
        row_id=next(iter(alone), ""),
        expression=profile.time_expression,
        renamed=mapped({given: name for given, name in renamed.items() if given != name}, 4) if any(g != n for g, n in renamed.items()) else "",
        label_expression=profile.label_expression,
        calendar=profile.calendar,
        time=profile.time,
        timezone=profile.request.timezone,
        label=profile.label.name if profile.label else "",
        outcome_columns=listed([*profile.entity, profile.time, profile.label.name], 4) if profile.label else "",
        texts=[column.name for column in profile.texts],
        series=profile.request.name,
        **_of_series(profile),
    )


def _of_series(profile: Profile) -> dict[str, str]:
    found = profile.forecasting
    if found is None:
        return dict.fromkeys(["alone", "season", "naive", "last", "keys", "key_and_time"], "")
    keys, both = ", ".join(map(quoted, profile.entity)), listed([*profile.entity, profile.time])
    return {"alone": found.alone, "season": found.season, "naive": found.naive, "last": found.last, "keys": keys, "key_and_time": both}


def _column(column: Kept, *, required: bool = False) -> dict[str, Any]:
    return {"type": column.type.value, **({"nullable": False} if required else {}), "description": column.description}


def _key_columns(profile: Profile) -> dict[str, dict[str, Any]]:
    keys: dict[str, dict[str, Any]] = {key.name: _column(key, required=True) for key in profile.keys}
    if profile.row_id:
        keys[profile.row_id] = {"type": "integer", "nullable": False, "description": "Number of the row in the file, from 0"}
    if profile.forecasting and profile.forecasting.alone:
        keys[profile.forecasting.alone] = {"type": "string", "nullable": False, "description": f"The one series, {profile.request.name}"}
    return keys | {profile.time: {"type": "timestamp", "nullable": False, "description": f"From the column {profile.time_given}"}}


def _season(profile: Profile) -> dict[str, dict[str, Any]]:
    found = profile.forecasting
    if found is None or not found.season or profile.label is None:
        return {}
    return {found.naive: {"type": profile.label.type.value, "description": f"{profile.label.name} {found.season} before, the naive forecast"}}


def _table(profile: Profile, name: str, **values: object) -> str:
    return render(
        "model/table.yaml.jinja",
        name=name,
        owner=profile.request.owner,
        entity=profile.entity,
        numbered=bool(profile.row_id),
        time=profile.time,
        partitions=partitions(profile),
        **values,
    )


def inputs_table(profile: Profile, name: str, description: str) -> str:
    """Return the declaration of a table of what is known when a prediction is made.

    Parameters:
        profile: of the data.
        name: of the table.
        description: of one of its rows.
    """
    days = {day: {"type": "integer", "nullable": False, "description": f"The {day} of {profile.time}"} for day in profile.calendar}
    features = {column.name: _column(column) for column in profile.features if column.name not in profile.entity}
    others = [column for column in profile.features if column.name not in profile.entity]
    return _table(
        profile,
        name,
        headline=f"The feature table {name}: what is known when a prediction is made.",
        description=description,
        source=f"assets.{name}.source:load",
        delay="",
        empty=profile.cut.empty,
        columns=_key_columns(profile) | features | days | _season(profile),
        expectations=suggest(others, [*profile.entity, profile.time], profile.cut.rows),
    )


def outcomes_table(profile: Profile, inputs: str, name: str) -> str:
    """Return the declaration of the table of the truth.

    Parameters:
        profile: of the data.
        inputs: the table whose source has it.
        name: of the table.
    """
    label = profile.label
    columns = _key_columns(profile) | ({label.name: _column(label)} if label else {})
    return _table(
        profile,
        name,
        headline=f"The feature table {name}: the truth, known later.",
        description=f"What became of a row of {inputs}.",
        source=f"assets.{inputs}.source:outcomes",
        delay=format_duration(profile.delay) if profile.delay else "",
        empty=profile.cut.empty,
        columns=columns,
        expectations=suggest([label] if label else [], [*profile.entity, profile.time], 0),
    )


def history_table(profile: Profile, inputs: str, name: str) -> str:
    """Return the declaration of the table of what was known of the series, which a join sees only from then on.

    Parameters:
        profile: of the data, of series.
        inputs: the table whose source has it.
        name: of the table.
    """
    label, found = profile.label, profile.forecasting
    newest = {found.last: _column(label)} if label and found else {}
    return _table(
        profile,
        name,
        headline=f"The feature table {name}: what the series were, known as late as the outcomes.",
        description=f"The values of the series of {inputs}, as a later forecast knows them.",
        source=f"assets.{inputs}.source:history",
        delay=format_duration(profile.delay) if profile.delay else "",
        empty=profile.cut.empty + (label.values.null_count() if label else 0),
        columns=_key_columns(profile) | newest,
        expectations=suggest([], [*profile.entity, profile.time], 0),
    )


def partitions(profile: Profile) -> dict[str, Any]:
    """Return how the tables are cut, as it is declared."""
    cut = profile.cut.partitions
    zone = {} if cut.timezone == "UTC" else {"timezone": cut.timezone}
    return {"every": cut.every, "start": cut.start, "end": cut.end, **zone}
