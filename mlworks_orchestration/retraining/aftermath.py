"""How a newly promoted champion does beside its predecessor, on the same rows of after the promotion: rows of the lake table `<model>/aftermath`.

The comparison is made at a few moments that are set beforehand, each after twice as many blocks as the one before, and each may err half as often as
the one before, so that all together err no more often than the gate's confidence says, however often somebody looks.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.retraining.facts import Aftermath, Promotion
from mlworks_orchestration.retraining.ledger import read_history
from mlworks_orchestration.retraining.promotions import promotion
from mlworks_orchestration.scoring import read_log
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Gain, Registry, gain_by_blocks, moves, scale_of

LOOKS = 4
"""How often a promotion is looked back at."""

_FIRST_LOOK = {"hour": 14, "day": 14, "week": 8, "month": 8}
_DAY = len("2013-01-31")
_OURS = {
    "champion": pl.Int64(),
    "previous": pl.Int64(),
    "until": pl.String(),
    "blocks": pl.Int64(),
    "rows": pl.Int64(),
    "metric": pl.String(),
    "champion_value": pl.Float64(),
    "previous_value": pl.Float64(),
    "gain": pl.Float64(),
    "gain_low": pl.Float64(),
    "gain_high": pl.Float64(),
    "margin": pl.Float64(),
    "reason": pl.String(),
    "confidence": pl.Float64(),
}
_SCHEMA = pl.Schema({**_OURS, "look": pl.Int64(), "compared_at": pl.Datetime("us", "UTC")})


class Look(NamedTuple):
    """A moment of comparison.

    Parameters:
        number: from 1.
        tail: probability that its interval leaves out on either side.
    """

    number: int
    tail: float


def due_look(model: MLModel, blocks: int) -> Look | None:
    """Return which look a number of blocks allows, or None before the first.

    Parameters:
        model: its partitions and its gate's confidence are used.
        blocks: how many were labelled since the promotion.

    Days are looked at after two weeks, four, eight and sixteen, weeks and months after 8, 16, 32 and 64.
    """
    first = _FIRST_LOOK[model.partitions.every]
    number = max((look for look in range(1, LOOKS + 1) if blocks >= first * 2 ** (look - 1)), default=0)
    return Look(number, (1 - model.gate.confidence) / 2 / 2**number) if number else None


def look_back(lake: Lake, model: MLModel, registry: Registry) -> Aftermath | None:
    """Compare champion and predecessor, if enough new labels are known since the last look, and append the result to `<model>/aftermath`.

    The champion's predictions are those that were served; the predecessor is given the very features that were served.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        registry: MLflow's models.

    Returns:
        What was appended; None if there was nothing to compare, or nothing new.

    Raises:
        TrackingError: if MLflow does not answer; a predecessor that it no longer has is a result, with the reason.
    """
    promoted = promotion(moves(lake, model.name), read_history(lake, model.name), clock.now())
    if promoted is None or promoted.previous is None:
        return None
    measured = lake.partitions(f"{model.name}/performance")
    keys = [key for key in measured if model.partitions.window(key).start >= promoted.at]
    blocks = len({block_of(model, key) for key in keys})
    look, stored = due_look(model, blocks), _stored(lake, model, promoted)
    if look is None or look.number in stored.filter(pl.col("gain").is_not_null())["look"]:
        return None
    found = _compare(lake, model, registry, promoted, keys, look)
    if found.reason and found.reason in stored["reason"]:
        return None
    row = {**asdict(found), "look": look.number, "compared_at": clock.now()}
    lake.append(_table(model), pl.DataFrame([row], schema=_SCHEMA), schema="merge")
    return found


def newest_aftermath(lake: Lake, model: MLModel, promoted: Promotion) -> Aftermath | None:
    """Return the last comparison of a promotion that is known now, or None.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        promoted: how the champion came to serve.
    """
    stored = _stored(lake, model, promoted)
    return Aftermath(**stored.select(list(_OURS)).row(-1, named=True)) if len(stored) else None


def _compare(  # noqa: PLR0913, PLR0917 - the two stores, the model, its promotion, rows and look are all different things
    lake: Lake, model: MLModel, registry: Registry, promoted: Promotion, keys: Sequence[str], look: Look
) -> Aftermath:
    previous = promoted.previous or 0
    blocks, rows, gain, reason = 0, 0, None, ""
    if previous not in {found.version for found in registry.versions(model.name)}:
        reason = f"it was deleted in MLflow, so `mlworks rollback {model.name}` needs another one, with --to."
    else:
        try:
            compared = _predicted(lake, model, registry, promoted, keys)
            blocks, rows = compared["block"].n_unique(), len(compared)
            gain = gain_by_blocks(model, compared, look.tail, scale=scale_of(model, registry, promoted.version))
        except (TrackingError, TrainingError) as error:
            reason = str(error)
    return aftermath_of(model, promoted, max(keys), (blocks, rows), gain, look.tail, reason)


def aftermath_of(  # noqa: PLR0913, PLR0917 - what a comparison is made of
    model: MLModel, promoted: Promotion, until: str, counts: tuple[int, int], gain: Gain | None, tail: float, reason: str
) -> Aftermath:
    """Return a comparison as evidence.

    Parameters:
        model: the model's declaration.
        promoted: how the champion came to serve.
        until: the newest partition that was compared.
        counts: blocks and rows.
        gain: what was found; none where there was nothing to compare.
        tail: probability that the gain's interval leaves out on either side.
        reason: why not; empty where there was.
    """
    return Aftermath(
        champion=promoted.version,
        previous=promoted.previous or 0,
        until=until,
        blocks=counts[0],
        rows=counts[1],
        metric=model.metrics.primary,
        champion_value=gain and gain.value,
        previous_value=gain and gain.other_value,
        gain=gain and gain.gain,
        gain_low=gain and gain.low,
        gain_high=gain and gain.high,
        margin=model.gate.min_gain,
        reason=reason,
        confidence=1 - 2 * tail if gain else None,
    )


def _predicted(lake: Lake, model: MLModel, registry: Registry, promoted: Promotion, keys: Sequence[str]) -> pl.DataFrame:
    """Return block, label, the champion's prediction and the predecessor's, of every row that the champion scored and whose label is known."""
    index = [*model.entity, model.event_time, PARTITION]
    scores = lake.read(f"{model.name}/scores", columns=[*index, "prediction", "model_version", "role"], partitions=keys)
    served = scores.filter(pl.col("role") == "champion", pl.col("model_version") == promoted.version).select(*index, "prediction")
    labels = lake.read(f"{model.name}/labels", columns=[*index, "label", "known_at"], partitions=keys)
    known = labels.filter(pl.col("known_at") <= clock.now(), pl.col("label").is_not_null()).drop("known_at")
    features = read_log(lake, model, keys)
    given = features.join(served, on=index, how="inner").join(known.rename({"label": "_label"}), on=index, how="inner")
    other = registry.load(model.name, promoted.previous or 0).predict(given)
    return given.select(
        pl.col(PARTITION).map_elements(lambda key: block_of(model, key), return_dtype=pl.String).alias("block"),
        pl.col("_label").cast(pl.Float64).alias("label"),
        "prediction",
        pl.Series("other", other),
    )


def block_of(model: MLModel, key: str) -> str:
    """Return the block of a partition: a day, or a longer partition.

    Parameters:
        model: its partitions are used.
        key: of the partition.
    """
    return key[:_DAY] if model.partitions.every == "hour" else key


def aftermaths(lake: Lake, model: MLModel) -> list[tuple[datetime, Aftermath]]:
    """Return all comparisons of champions with their predecessors and when they were made, in the order of time.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
    """
    stored = _all(lake, model)
    return list(zip(stored["compared_at"], (Aftermath(**row) for row in stored.select(list(_OURS)).iter_rows(named=True)), strict=True))


def _stored(lake: Lake, model: MLModel, promoted: Promotion) -> pl.DataFrame:
    of_it = pl.col("champion") == promoted.version, pl.col("previous").eq_missing(promoted.previous), pl.col("compared_at") <= clock.now()
    return _all(lake, model).filter(*of_it)


def _all(lake: Lake, model: MLModel) -> pl.DataFrame:
    """Return all comparisons in the order of time; rows of an earlier release do not have every column."""
    stored = lake.read(_table(model)) if lake.exists(_table(model)) else _SCHEMA.to_frame()
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in _SCHEMA.items() if name not in stored.columns]
    return stored.with_columns(lacking).sort("compared_at", maintain_order=True)


def _table(model: MLModel) -> str:
    return f"{model.name}/aftermath"
