"""A registered version fitted again, from the rows, seed and hyperparameters that it was fitted with; nothing is registered or logged."""

import json
from ast import literal_eval
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import MLWorksError, TrackingError
from mlworks_orchestration.spec import METRICS, Catalog, MLModel, load_object
from mlworks_orchestration.training.estimator import build_estimator, fit_estimator
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Measure, Vector
from mlworks_orchestration.training.metrics import evaluate
from mlworks_orchestration.training.predictor import predictions
from mlworks_orchestration.training.provenance import git_state, source_hash
from mlworks_orchestration.training.reproduction import Cause, Record, Reproduction, differing, first_difference, identical, likely_causes
from mlworks_orchestration.training.scale import naive_scale
from mlworks_orchestration.training.snapshot import LABEL, Snapshot, load_snapshot
from mlworks_orchestration.training.tracking import reaching
from mlworks_orchestration.training.versions import ModelVersion, Versions
from mlworks_orchestration.training.wording import in_short

_DECLARED = "declared_"
_PARTS = ("train", "holdout")


def reproduce(lake: Lake, catalog: Catalog, model: MLModel, registry: Versions, version: int) -> Reproduction:
    """Fit a registered version again and compare its metrics and its predictions of the held-out rows with what was logged.

    Rows come from the version's snapshot by time travel, seed and hyperparameters from its run, the estimator's function from today's declaration.

    Parameters:
        lake: where the rows are read.
        catalog: all declarations.
        model: the model's declaration.
        registry: where the version is; only read.
        version: its number.

    Raises:
        TrackingError: if there is no such version, or if MLflow does not answer.
    """
    found = registry.version(model.name, version)
    try:
        snapshot, parameters, metrics = _logged_run(registry, found)
    except TrackingError as error:
        return Reproduction(
            model.name, version, found.tags.get("snapshot", ""), "What was logged cannot be read.", (Cause("unavailable", str(error)),)
        )
    then = model.model_copy(update=_fitted_with(model, parameters))
    if changed := _changed_columns(then, snapshot):
        return Reproduction(model.name, version, snapshot.id, "The training set has other columns.", (Cause("declaration", changed),))
    try:
        rows = load_snapshot(lake, catalog, then, snapshot)
    except MLWorksError as error:
        named = ", ".join(f"{table} at version {number}" for table, number in snapshot.tables.items())
        gone = f"The rows of snapshot {snapshot.id} ({named}) do not come back."
        return Reproduction(model.name, version, snapshot.id, gone, (Cause("data", str(error)),))
    try:
        logged = _logged(registry, then, found, rows, parameters, metrics)
        refitted = _refitted(then, rows, logged)
    except MLWorksError as error:
        cause = Cause("unavailable" if isinstance(error, TrackingError) else "code", str(error))
        return Reproduction(model.name, version, snapshot.id, "It cannot be loaded or fitted here.", (cause,))
    difference = first_difference(logged, refitted)
    return Reproduction(
        model.name,
        version,
        snapshot.id,
        difference,
        likely_causes(logged, refitted, _refitted(then, rows, logged)) if difference else (),
        notes=(*_declared_otherwise(model, then), *(() if difference else differing(logged, refitted))),
        metrics={name: (value, refitted.metrics[name]) for name, value in logged.metrics.items()},
        rows=logged.predictions.size,
        exact=identical(logged, refitted),
    )


_Rows = tuple[pl.DataFrame, pl.DataFrame]


def _logged_run(registry: Versions, version: ModelVersion) -> tuple[Snapshot, dict[str, str], dict[str, float]]:
    """Return the snapshot, the parameters and the metrics of a version's run."""
    client = registry.client
    from mlflow.artifacts import load_dict  # noqa: PLC0415 - heavy

    with reaching(registry.tracking_uri):
        run = client.get_run(version.run_id)
        if "snapshot" not in version.tags:
            message = f"Model {version.model} version {version.version} was not registered by a training of this project: it has no tag `snapshot`."
            raise TrackingError(message)
        snapshot = Snapshot.from_json(json.dumps(load_dict(f"{run.info.artifact_uri}/snapshot.json")))
    return snapshot, dict(run.data.params), dict(run.data.metrics)


def _fitted_with(model: MLModel, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return seed and hyperparameters of a run, which MLflow keeps as text, in the types that they were declared in."""
    declared = {name.removeprefix(_DECLARED): text for name, text in parameters.items() if name.startswith(_DECLARED)}
    seed = int(declared.pop("seed", model.seed))
    return {"seed": seed, "hyperparameters": {name: _typed(text, model.hyperparameters.get(name)) for name, text in declared.items()}}


def _typed(text: str, declared: object) -> int | float | str | bool:
    if isinstance(declared, str):
        return text
    try:
        value = literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, int | float | str) else text


def _changed_columns(model: MLModel, snapshot: Snapshot) -> str:
    """Say how the declared columns differ from a snapshot's; nothing if they do not."""
    declared = list(dict.fromkeys([*model.entity, model.event_time, *model.feature_columns, LABEL]))
    if declared == snapshot.columns:
        return ""
    return (
        f"The columns were {', '.join(snapshot.columns)}; declared are {', '.join(declared)} now. "
        "Check out the declaration of then, or train a version of the new one."
    )


def _logged(  # noqa: PLR0913, PLR0917 - the run's parts are read once and passed on
    registry: Versions, model: MLModel, version: ModelVersion, rows: _Rows, parameters: Mapping[str, str], metrics: Mapping[str, float]
) -> Record:
    predictor, build = registry.load(model.name, version.version), load_object(model.estimator, field=f"Model {model.name}: estimator")
    known = {f"{part}_{name}" for part in _PARTS for name in METRICS[model.task]}
    commit = version.tags.get("git_commit", "")
    return Record(
        metrics={name: metrics[name] for name in sorted(metrics.keys() & known)},
        predictions=predictor.predict(rows[1]),
        parameters=parameters,
        commit=commit,
        dirty=version.tags.get("git_dirty") == "true",
        source=version.tags.get("source_sha256") or (source_hash(build, commit) if commit else ""),
        libraries=_requirements(registry, version),
    )


def _refitted(model: MLModel, rows: _Rows, logged: Record) -> Record:
    train, holdout = rows
    build = load_object(model.estimator, field=f"Model {model.name}: estimator")
    estimator, columns, who = build_estimator(model, build), tuple(model.feature_columns), f"Model {model.name}"
    fit_estimator(model, estimator, design_matrix(train, columns, asked_by=who), train[LABEL].to_numpy())
    guesses = {"train": predictions(estimator, train, columns, who), "holdout": predictions(estimator, holdout, columns, who)}
    git = git_state(build)
    return Record(
        metrics=_metrics(model, rows, guesses, logged.metrics),
        predictions=guesses["holdout"],
        # Others are shown by their repr, which says more, and other things, than what they are.
        parameters={name: str(value) for name, value in estimator.get_params().items() if isinstance(value, int | float | str | None)},
        commit=git.commit,
        dirty=git.dirty,
        source=source_hash(build),
        libraries={name: _installed(name) for name in logged.libraries},
    )


def _metrics(model: MLModel, rows: _Rows, guesses: Mapping[str, Vector], wanted: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, frame in zip(_PARTS, rows, strict=True):
        names = [name.removeprefix(f"{part}_") for name in wanted if name.startswith(f"{part}_")]
        values = evaluate(Measure.of(model, naive_scale(model, rows[0])), names, frame[LABEL].to_numpy(), guesses[part])
        found |= {f"{part}_{name}": value for name, value in values.items()}
    return found


def _requirements(registry: Versions, version: ModelVersion) -> dict[str, str]:
    """Return the package versions that were logged with a version."""
    client = registry.client
    from mlflow.artifacts import load_text  # noqa: PLC0415 - heavy

    with reaching(registry.tracking_uri):
        source = client.get_model_version_download_uri(version.model, str(version.version))
        try:
            lines = load_text(f"{source}/requirements.txt").splitlines()
        except OSError as error:
            message = f"Model {version.model} version {version.version}: its requirements.txt at {source} could not be read: {in_short(error)}."
            raise TrackingError(message) from error
    return {name: number for name, _, number in (line.partition("==") for line in lines) if number}


def _installed(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return ""


def _declared_otherwise(model: MLModel, then: MLModel) -> tuple[str, ...]:
    """Say which seed or hyperparameters of today's declaration are not those of the version, which were taken."""
    now, fitted = ({"seed": each.seed, **each.hyperparameters} for each in (model, then))
    searched = model.tune.search if model.tune else {}
    apart = [name for name in dict.fromkeys([*fitted, *now]) if fitted.get(name) != now.get(name) and name not in searched]
    return tuple(f"{name} is declared as {now.get(name)} now; it was fitted again with its own, {fitted.get(name)}." for name in apart)
