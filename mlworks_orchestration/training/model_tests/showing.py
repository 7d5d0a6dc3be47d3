"""What tests found, where people who look at MLflow see it, and the alias that follows from having been tested."""

import math
from collections.abc import Sequence

from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.model_tests.results import Result, stored_results
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.tracking import reaching
from mlworks_orchestration.training.verdict import find_verdict
from mlworks_orchestration.training.versions import CHALLENGER, CHAMPION, ModelVersion

TAG = "model_tests"
"""Tag of a registered version: what its tests came to, in a few words."""


def show(lake: Lake, model: MLModel, registry: Registry, version: ModelVersion, tested: Sequence[Result]) -> None:
    """Log states and numbers to the version's run and tag the version, unless that is done; let it be the challenger until it is judged.

    Parameters:
        lake: where verdicts are, and moves of aliases are recorded.
        model: the model's declaration.
        registry: where the version is.
        version: that was tested.
        tested: its results.
    """
    said = summary(tested)
    if version.tags.get(TAG) != said and version.run_id:
        _log(lake, model, registry, version, tested)
        registry.tag(model.name, version.version, {TAG: said})
    held = registry.aliases(model.name)
    newest = version.version >= held.get(CHALLENGER, 0) and version.version > held.get(CHAMPION, 0)
    # Done again where it is the challenger already, for a crash may have kept that from being recorded.
    if newest and find_verdict(lake, model.name, version.version) is None:
        why = f"fitted on snapshot {version.tags['snapshot']}: {version.tags.get('trigger', '')}"
        registry.set_challenger(model.name, version.version, why=why)


def summary(tested: Sequence[Result]) -> str:
    """Return what tests came to, in a few words.

    Parameters:
        tested: their results.
    """
    by_state = {state: [result.test for result in tested if result.finding.state == state] for state in ("failed", "inconclusive")}
    said = [f"{state}: {', '.join(names)}" for state, names in by_state.items() if names]
    return "; ".join(said) or f"all {len(tested)} passed"


def _log(lake: Lake, model: MLModel, registry: Registry, version: ModelVersion, tested: Sequence[Result]) -> None:
    from mlflow.entities import Metric, RunTag  # noqa: PLC0415 - heavy

    moments = dict(stored_results(lake, model.name).select("test", "tested_at").iter_rows())
    numbers = [(result.test, result.finding.value) for result in tested if result.finding.value is not None and math.isfinite(result.finding.value)]
    metrics = [Metric(f"{TAG}.{name}", value, int(1000 * moments[name].timestamp()), 0) for name, value in numbers]
    with reaching(registry.tracking_uri):
        registry.client.log_batch(version.run_id, metrics=metrics, tags=[RunTag(f"{TAG}.{result.test}", result.finding.state) for result in tested])
