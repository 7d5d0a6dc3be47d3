"""The files of a new model, or of a new feature table, from a profile of its data."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from mlworks_orchestration.onboarding.profile import Profile
from mlworks_orchestration.onboarding.render import listed, render
from mlworks_orchestration.onboarding.tables import history_table, inputs_table, outcomes_table, partitions, source_text
from mlworks_orchestration.onboarding.task import METRICS_OF
from mlworks_orchestration.spec import CLASSIFICATION, format_duration

_TREES = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 15}
_HYPERPARAMETERS: dict[str, dict[str, float]] = {
    "regression": _TREES,
    "binary": _TREES,
    "text": {"words": 5000, "strength": 1.0},
    "forecast": {},
}


def table_names(name: str) -> tuple[str, str, str]:
    """Return the names of a model's tables: what is known when it predicts, what became of it, and, of a forecast, what was before."""
    return f"{name}_inputs", f"{name}_outcomes", f"{name}_history"


def model_files(profile: Profile, root: Path) -> dict[str, str]:
    """Return the files of a model by their path from the project's root, in the order in which they are moved there.

    Parameters:
        profile: of its data.
        root: the project's folder.
    """
    name = profile.request.name
    inputs, results, history = table_names(name)
    file = profile.table.path.name
    past = {
        f"assets/{history}/__init__.py": f'"""What was known of the series of {inputs}."""\n',
        f"assets/{history}/defs.yaml": history_table(profile, inputs, history),
    }
    return {
        f"assets/{inputs}/__init__.py": f'"""What is known when {name} predicts."""\n',
        f"assets/{inputs}/source.py": source_text(profile, root),
        f"assets/{inputs}/defs.yaml": inputs_table(profile, inputs, f"A row of {file}, as it is known when {name} predicts."),
        f"assets/{results}/__init__.py": f'"""What became of the rows of {inputs}."""\n',
        f"assets/{results}/defs.yaml": outcomes_table(profile, inputs, results),
        **(past if profile.forecasting else {}),
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
        f"assets/{name}/source.py": source_text(profile, root),
        f"assets/{name}/defs.yaml": inputs_table(profile, name, description),
    }


def _model(profile: Profile) -> str:
    request, cut = profile.request, profile.cut
    inputs, results, history = table_names(request.name)
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
        partitions=partitions(profile),
        features=_features(profile, inputs, history),
        label={"table": results, "column": label, "delay": format_duration(profile.delay)},
        assumed="" if request.delay is not None else "; assumed, correct it",
        hyperparameters=_HYPERPARAMETERS[profile.task],
        naive=profile.forecasting.naive if profile.forecasting else "",
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


def _features(profile: Profile, inputs: str, history: str) -> list[dict[str, Any]]:
    """Return the tables with the columns to take of each; what was known of a series is joined as late as it was known."""
    columns = [*(column.name for column in profile.features), *profile.calendar]
    found = profile.forecasting
    if found is None:
        return [{"table": inputs, "columns": columns}]
    return [{"table": inputs, "columns": [*columns, *([found.naive] if found.season else [])]}, {"table": history, "columns": [found.last]}]


def _estimator(profile: Profile) -> str:
    # A line takes the hour or the month for a category, where trees take it for a number.
    days = list(profile.calendar) if profile.task == "forecast" else []
    return render(
        f"model/estimator_{profile.task}.py.jinja",
        texts=listed([column.name for column in profile.texts]),
        categories=listed([*profile.categories, *days]),
        numbers=listed([*profile.numbers, *(day for day in profile.calendar if day not in days)]),
    )


def _test(profile: Profile) -> str:
    used = profile.times.sort()[profile.cut.older :]
    middle = used[len(used) // 2]
    return render(
        "model/test_model.py.jinja",
        name=profile.request.name,
        table=table_names(profile.request.name)[0],
        key=profile.cut.partitions.key_of(middle),
        method="predict_proba" if profile.task in CLASSIFICATION else "predict",
    )
