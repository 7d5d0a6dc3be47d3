"""The gate: a challenger becomes champion when it is better, with confidence, on rows that neither was trained on."""

from dataclasses import asdict, fields

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.spec import Catalog, MLModel, TimeWindow
from mlworks_orchestration.training import aliases
from mlworks_orchestration.training.judge import Comparison, judge
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.snapshot import FEWEST_HOLDOUT_ROWS, LABEL, Snapshot, find_snapshot, load_snapshot
from mlworks_orchestration.training.verdict import Verdict, find_verdict, store_verdict
from mlworks_orchestration.training.versions import CHAMPION, ModelVersion


def run_gate(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, candidate_version: int) -> Verdict:
    """Judge a candidate once, and let it take over if it is better.

    Both are compared on the candidate's held-out rows, of which those that the champion was trained on are left out; those that were held out
    when the champion was judged stay, for no fit has seen them. Without a champion it must be better than the best constant.

    The verdict is stored first, then aliases move, then their moves are recorded. Run again for the same candidate, the stored verdict stands
    and what a crash left undone is done, without double rows; a verdict that was carried out once is not carried out again, so that it
    does not undo a later rollback.

    Parameters:
        lake: where rows are read, and verdict and moves are stored.
        catalog: all declarations.
        model: the model's declaration.
        registry: where versions and aliases are.
        candidate_version: the version to judge.

    Raises:
        TrackingError: if MLflow does not answer, does not have the version, or has it from somewhere else.
        TrainingError: if either model cannot predict the held-out rows, or the candidate already serves without a verdict.
    """
    verdict = find_verdict(lake, model.name, candidate_version)
    if verdict is None:
        verdict = _decide(lake, catalog, model, registry, candidate_version)
        store_verdict(lake, verdict)
    registry.tag(model.name, candidate_version, {"gate": "promoted" if verdict.promoted else "refused", "gate_reason": verdict.reason})
    champion = registry.champion(model.name)
    serving = champion.version if champion else None
    if verdict.promoted and serving in {verdict.champion, candidate_version} and not _carried_out(lake, verdict):
        registry.promote(model.name, candidate_version, why=verdict.reason, held_from=verdict.decided_at)
    return verdict


def _carried_out(lake: Lake, verdict: Verdict) -> bool:
    moved = aliases.moves(lake, verdict.model)
    served = (pl.col("alias") == CHAMPION) & (pl.col("version") == verdict.challenger) & (pl.col("held_from") >= verdict.decided_at)
    return not moved.filter(served).is_empty()


def _decide(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, number: int) -> Verdict:
    candidate, champion = registry.version(model.name, number), registry.champion(model.name)
    if champion and champion.version == candidate.version:
        message = (
            f"Model {model.name}: version {candidate.version} serves already without a verdict, so there is nothing to judge it against; "
            f"materialise {model.name}/candidate first."
        )
        raise TrainingError(message)
    snapshot = _snapshot_of(lake, model, candidate)
    _, rows = load_snapshot(lake, catalog, model, snapshot)
    start = max(snapshot.holdout.start, _snapshot_of(lake, model, champion).window.end) if champion else snapshot.holdout.start
    rows = rows.filter(pl.col(model.event_time) >= start)
    holdout = TimeWindow(min(start, snapshot.holdout.end), snapshot.holdout.end)
    compared = _compare(model, registry, candidate, champion, rows) if rows.height >= FEWEST_HOLDOUT_ROWS else None
    numbers = asdict(compared) if compared else {**dict.fromkeys(field.name for field in fields(Comparison)), "rows": rows.height}
    promoted = compared is not None and compared.gain_low > model.gate.min_gain
    reason = _in_words(model, candidate.version, champion.version if champion else None, compared, rows.height)
    dropped = snapshot.holdout_rows - rows.height
    if champion and dropped:
        reason += f" {dropped:,} held-out rows were left out because version {champion.version} was trained on them."
    return Verdict(
        model=model.name,
        challenger=candidate.version,
        champion=champion.version if champion else None,
        promoted=promoted,
        metric=model.metrics.primary,
        holdout=holdout,
        reason=reason,
        decided_at=clock.now(),
        **numbers,
    )


def _snapshot_of(lake: Lake, model: MLModel, version: ModelVersion) -> Snapshot:
    return find_snapshot(lake, model, _tag(version, "snapshot"))


def _tag(version: ModelVersion, name: str) -> str:
    if name not in version.tags:
        message = (
            f"Model {version.model} version {version.version} has no tag {name!r}, so it did not come from here and the gate cannot judge it; "
            f"materialise {version.model}/candidate instead of registering a version by hand."
        )
        raise TrackingError(message)
    return version.tags[name]


def _compare(model: MLModel, registry: Registry, candidate: ModelVersion, champion: ModelVersion | None, rows: pl.DataFrame) -> Comparison:
    challenging = registry.load(model.name, candidate.version).predict(rows)
    if champion is None:
        holding = np.full(rows.height, float(_tag(candidate, "baseline")))
    else:
        serving = registry.load(model.name, champion.version)
        gone = [name for name in serving.columns if name not in rows.columns]
        if gone:
            message = (
                f"Model {model.name}: the champion, version {champion.version}, was trained with the feature {gone[0]!r}, which is no longer "
                f"declared, so it cannot be compared with version {candidate.version} on the same rows. Declare the feature until the champion "
                "has been replaced, or let the new version serve without comparison by Registry.promote."
            )
            raise TrainingError(message)
        holding = serving.predict(rows)
    generator = np.random.default_rng([model.seed, candidate.version])
    return judge(model, rows[LABEL].to_numpy(), challenging, holding, generator)


def _in_words(model: MLModel, challenger: int, champion: int | None, compared: Comparison | None, rows: int) -> str:
    if compared is None:
        return f"Not promoted: {rows} held-out rows are too few to compare on; {FEWEST_HOLDOUT_ROWS} are needed."
    metric, gate = model.metrics.primary, model.gate
    other = "the best constant" if champion is None else f"version {champion}"
    better = compared.gain_low > gate.min_gain
    return (
        f"{'Promoted' if better else 'Not promoted'}: on {rows:,} held-out rows version {challenger} has {metric} {compared.challenger_value:.4g}, "
        f"{other} {compared.champion_value:.4g}. The gain is {compared.gain:.4g}, with {gate.confidence:.0%} confidence between "
        f"{compared.gain_low:.4g} and {compared.gain_high:.4g}; its lower end is {'' if better else 'not '}above {gate.min_gain:g}."
    )
