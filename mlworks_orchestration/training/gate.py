"""The gate: a challenger becomes champion when it is better, with confidence, on rows that neither was trained on."""

from dataclasses import asdict, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Catalog, Gate, MLModel, TimeWindow
from mlworks_orchestration.training.blocks import FEW_BLOCKS
from mlworks_orchestration.training.judge import Comparison, judge, judge_by_days
from mlworks_orchestration.training.model_tests import held_back, require_tested
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.scale import scale_of
from mlworks_orchestration.training.snapshot import FEWEST_HOLDOUT_ROWS, LABEL, Snapshot, find_snapshot, load_snapshot
from mlworks_orchestration.training.takeover import carried_out, carry_out, mandate, notice
from mlworks_orchestration.training.verdict import Verdict, find_verdict, store_verdict
from mlworks_orchestration.training.versions import ModelVersion


def run_gate(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, candidate_version: int) -> Verdict:
    """Judge a candidate once; let it take over if it passed its tests, is better and, where `gate.mode` asks for that, people have approved.

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
        TrainingError: if the candidate was not tested, if either model cannot predict the held-out rows, or if the candidate already serves
            without a verdict.
    """
    notice(lake, model, registry)
    verdict = find_verdict(lake, model.name, candidate_version)
    if verdict is None:
        require_tested(lake, model, candidate_version)
        verdict = _decide(lake, catalog, model, registry, candidate_version)
        store_verdict(lake, verdict)
    registry.tag(model.name, candidate_version, {"gate": _result(lake, model, verdict), "gate_reason": verdict.reason})
    carry_out(lake, model, registry, verdict)
    return verdict


def _result(lake: Lake, model: MLModel, verdict: Verdict) -> str:
    """Return the verdict in a word, for the version's tag."""
    if verdict.promoted or not verdict.favourable:
        return "promoted" if verdict.promoted else "refused"
    if verdict.mode == "dry_run":
        return "dry_run"
    return "promoted" if mandate(lake, model, verdict) or carried_out(lake, verdict) else "waiting"


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
    bout = Bout(candidate.version, champion.version if champion else None, holdout, rows.height, snapshot.holdout_rows - rows.height)
    return deliver(model, bout, compared, held_back(lake, model, number))


class Bout(NamedTuple):
    """Who is judged, and on what.

    Parameters:
        challenger: its version.
        champion: the version that serves; none before the first.
        holdout: event times of the rows on which they are compared.
        rows: how many those are.
        dropped: how many held-out rows were left out, because the champion was trained on them.
    """

    challenger: int
    champion: int | None
    holdout: TimeWindow
    rows: int
    dropped: int


def deliver(model: MLModel, bout: Bout, compared: Comparison | None, obstacle: str) -> Verdict:
    """Return the verdict that follows from a comparison, as of now; nothing is stored.

    Parameters:
        model: the model's declaration.
        bout: who is judged, and on what.
        compared: what the comparison found; none where there were too few rows for one.
        obstacle: why model tests keep the challenger from serving; empty if they do not.
    """
    numbers = _numbers(compared) if compared else {**dict.fromkeys(field.name for field in fields(Comparison)), "rows": bout.rows, "blocks": 0}
    favourable = compared is not None and compared.gain_low > model.gate.min_gain and not obstacle
    reason = _in_words(model, bout.challenger, bout.champion, compared, bout.rows, promising=favourable)
    if bout.champion is not None and bout.dropped:
        reason += f" {bout.dropped:,} held-out rows were left out because version {bout.champion} was trained on them."
    if obstacle:
        reason += f" {obstacle}"
    if favourable:
        reason += _what_follows(model, bout.challenger)
    return Verdict(
        model=model.name,
        challenger=bout.challenger,
        champion=bout.champion,
        promoted=favourable and model.gate.mode == "automatic",
        metric=model.metrics.primary,
        holdout=bout.holdout,
        reason=reason,
        decided_at=clock.now(),
        favourable=favourable,
        mode=model.gate.mode,
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
    return compare(model, rows, challenging, holding, candidate.version, first=champion is None, scale=scale_of(model, registry, candidate.version))


def compare(  # noqa: PLR0913 - rows, two predictions, and who is compared how
    model: MLModel, rows: pl.DataFrame, challenging: npt.ArrayLike, holding: npt.ArrayLike, version: int, *, first: bool, scale: float
) -> Comparison:
    """Compare a challenger with what serves, by days where `gate.blocks` says so; a first version with the best constant, by rows.

    Parameters:
        model: the model's declaration.
        rows: held out from both, with the event time and the label.
        challenging: the challenger's predictions, of shape (rows,).
        holding: the champion's, or the constant, of the same shape.
        version: the challenger's; resamples depend on it.
        first: whether there is no champion.
        scale: of MASE, in the label's unit.
    """
    generator = np.random.default_rng([model.seed, version])
    if first or model.gate.blocks == "row":
        return judge(model, rows[LABEL].to_numpy(), challenging, holding, generator, scale=scale)
    return judge_by_days(model, rows, challenging, holding, generator, scale=scale)


def _numbers(compared: Comparison) -> dict[str, Any]:
    """Return the comparison's fields, None for what is not defined."""
    return {name: value if np.isfinite(value) else None for name, value in asdict(compared).items()}


def _in_words(  # noqa: PLR0913 - who was compared with whom, on what, and what came of it
    model: MLModel, challenger: int, champion: int | None, compared: Comparison | None, rows: int, *, promising: bool
) -> str:
    if compared is None:
        return f"Not promoted: {rows} held-out rows are too few to compare on; {FEWEST_HOLDOUT_ROWS} are needed."
    metric, gate = model.metrics.primary, model.gate
    if not np.isfinite(compared.gain_low):
        without = f", or without one of their {compared.blocks} days" if compared.blocks else ""
        undefined = f"{metric} is not defined on the {rows:,} held-out rows{without}{_one_class(model)}"
        return f"Not promoted: {undefined}, so version {challenger} cannot be judged."
    other = "the best constant" if champion is None else f"version {champion}"
    better = compared.gain_low > gate.min_gain
    head = ("Promoted" if gate.mode == "automatic" else "Favourable") if promising else "Not promoted"
    return (
        f"{head}: on {rows:,} held-out rows version {challenger} has {metric} {readable(compared.challenger_value)}, "
        f"{other} {readable(compared.champion_value)}. The gain is {readable(compared.gain)}, with {gate.confidence:.0%} confidence between "
        f"{readable(compared.gain_low)} and {readable(compared.gain_high)}{_over(compared.blocks)}; its lower end is {'' if better else 'not '}above "
        f"{readable(gate.min_gain, 6)}.{_one_day(gate, champion, compared.blocks)}"
    )


def _over(blocks: int) -> str:
    few = ", which are few, so that it is wide" if blocks < FEW_BLOCKS else ""
    return f" over {blocks} days{few}" if blocks else ""


def _one_day(gate: Gate, champion: int | None, blocks: int) -> str:
    if gate.blocks == "row" or champion is None or blocks:
        return ""
    return " All these rows are of one day, so they count as independent, and the interval may be too narrow; make retraining.holdout longer."


def _one_class(model: MLModel) -> str:
    return ", as where they are all of one class (make retraining.holdout longer)" if model.classifies else ""


def _what_follows(model: MLModel, version: int) -> str:
    if model.gate.mode == "dry_run":
        return " Not promoted, for gate.mode is dry_run: it would have been."
    if model.gate.mode == "automatic":
        return ""
    needed = "one approval" if model.gate.approvals == 1 else f"the approvals of {model.gate.approvals} people"
    return f" It waits for {needed}: `mlworks approve {model.name} {version} --by NAME --why TEXT`."
