"""The files of a new model, or of a new feature table, from a profile of its data."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from mlworks_orchestration.onboarding.columns import Kept
from mlworks_orchestration.onboarding.expectations import suggest
from mlworks_orchestration.onboarding.profile import Profile
from mlworks_orchestration.onboarding.render import data_path, listed, mapped, render
from mlworks_orchestration.onboarding.task import METRICS_OF
from mlworks_orchestration.spec import ColumnType, format_duration

_POLARS = {
    ColumnType.INTEGER: "pl.Int64()",
    ColumnType.FLOAT: "pl.Float64()",
    ColumnType.STRING: "pl.String()",
    ColumnType.BOOLEAN: "pl.Boolean()",
}


def table_names(name: str) -> tuple[str, str]:
    """Return the names of a model's two tables: what is known when it predicts, and what became of it."""
    return f"{name}_inputs", f"{name}_outcomes"


def model_files(profile: Profile, root: Path) -> dict[str, str]:
    """Return the files of a model by their path from the project's root, in the order in which they are moved there.

    Parameters:
        profile: of its data.
        root: the project's folder.
    """
    name = profile.request.name
    inputs, results = table_names(name)
    file = profile.table.path.name
    return {
        f"assets/{inputs}/__init__.py": f'"""What is known when {name} predicts."""\n',
        f"assets/{inputs}/source.py": _source(profile, root),
        f"assets/{inputs}/defs.yaml": _inputs(profile, inputs, f"A row of {file}, as it is known when {name} predicts."),
        f"assets/{results}/__init__.py": f'"""What became of the rows of {inputs}."""\n',
        f"assets/{results}/defs.yaml": _outcomes(profile, inputs, results),
        f"tests/assets/test_{name}.py": _test(profile),
        f"assets/{name}/__init__.py": f'"""The model {name}."""\n',
        f"assets/{name}/estimator.py": _estimator(profile),
        f"assets/{name}/defs.yaml": _model(profile),
    }


def table_files(profile: Profile, root: Path) -> dict[str, str]:
    """Return the files of a feature table by their path from the project's root.

    Parameters:
        profile: of its data.
        root: the project's folder.
    """
    name = profile.request.name
    description = profile.request.description or f"A row of {profile.table.path.name}."
    return {
        f"assets/{name}/__init__.py": f'"""The feature table {name}."""\n',
        f"assets/{name}/source.py": _source(profile, root),
        f"assets/{name}/defs.yaml": _inputs(profile, name, description),
    }


def _source(profile: Profile, root: Path) -> str:
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
    )


def _column(column: Kept, *, required: bool = False) -> dict[str, Any]:
    return {"type": column.type.value, **({"nullable": False} if required else {}), "description": column.description}


def _key_columns(profile: Profile) -> dict[str, dict[str, Any]]:
    keys: dict[str, dict[str, Any]] = {key.name: _column(key, required=True) for key in profile.keys}
    if profile.row_id:
        keys[profile.row_id] = {"type": "integer", "nullable": False, "description": "Number of the row in the file, from 0"}
    return keys | {profile.time: {"type": "timestamp", "nullable": False, "description": f"From the column {profile.time_given}"}}


def _table(profile: Profile, name: str, **values: object) -> str:
    return render(
        "model/table.yaml.jinja",
        name=name,
        owner=profile.request.owner,
        entity=profile.entity,
        numbered=bool(profile.row_id),
        time=profile.time,
        empty=profile.cut.empty,
        partitions=_partitions(profile),
        **values,
    )


def _inputs(profile: Profile, name: str, description: str) -> str:
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
        columns=_key_columns(profile) | features | days,
        expectations=suggest(others, [*profile.entity, profile.time], profile.cut.rows),
    )


def _outcomes(profile: Profile, inputs: str, name: str) -> str:
    label = profile.label
    columns = _key_columns(profile) | ({label.name: _column(label)} if label else {})
    return _table(
        profile,
        name,
        headline=f"The feature table {name}: the truth, known later.",
        description=f"What became of a row of {inputs}.",
        source=f"assets.{inputs}.source:outcomes",
        delay=format_duration(profile.delay) if profile.delay else "",
        columns=columns,
        expectations=suggest([label] if label else [], [*profile.entity, profile.time], 0),
    )


def _model(profile: Profile) -> str:
    request, cut = profile.request, profile.cut
    inputs, results = table_names(request.name)
    label = profile.label.name if profile.label else ""
    primary, also = METRICS_OF[profile.task]
    return render(
        "model/model.yaml.jinja",
        name=request.name,
        description=request.description or f"Predicts {label} of a row of {profile.table.path.name}.",
        task=profile.task,
        owners={"data_science": request.owner},
        entity=profile.entity,
        time=profile.time,
        partitions=_partitions(profile),
        features={"table": inputs, "columns": [*(column.name for column in profile.features), *profile.calendar]},
        label={"table": results, "column": label, "delay": format_duration(profile.delay)},
        assumed="" if request.delay is not None else "; assumed, correct it",
        hyperparameters={"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 15},
        metrics={"primary": primary, "also": also},
        slices=profile.slices,
        drift={"window": format_duration(cut.drift_window), "min_rows": cut.min_rows},
        window=_days(cut.window),
        holdout=_days(cut.holdout),
        cooldown=_days(cut.cooldown),
        min_new_rows=cut.min_new_rows,
    )


def _days(span: timedelta) -> str:
    return f"{span.days}d" if span == timedelta(days=span.days) else format_duration(span)


def _partitions(profile: Profile) -> dict[str, Any]:
    cut = profile.cut.partitions
    zone = {} if cut.timezone == "UTC" else {"timezone": cut.timezone}
    return {"every": cut.every, "start": cut.start, "end": cut.end, **zone}


def _estimator(profile: Profile) -> str:
    return render(f"model/estimator_{profile.task}.py.jinja", categories=listed(profile.categories))


def _test(profile: Profile) -> str:
    middle = profile.times.sort()[len(profile.times) // 2]
    return render(
        "model/test_model.py.jinja",
        name=profile.request.name,
        table=table_names(profile.request.name)[0],
        key=profile.cut.partitions.key_of(middle),
        method="predict_proba" if profile.task == "binary" else "predict",
    )
