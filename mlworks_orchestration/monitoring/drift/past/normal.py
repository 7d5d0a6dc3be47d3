"""What is normal: how far windows of the reference lie from it when nothing is wrong, and the effects that only declaredly rare windows exceed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.documents import check_format
from mlworks_orchestration.monitoring.drift.past.extremes import level_for, persistent, surely
from mlworks_orchestration.monitoring.drift.past.nulls import effects
from mlworks_orchestration.monitoring.drift.past.season import NO_SEASON, Season, find_season
from mlworks_orchestration.monitoring.drift.past.setting import Setting, rounds_of, setting
from mlworks_orchestration.monitoring.drift.past.thresholds import Calibrated, declared
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey
from mlworks_orchestration.monitoring.drift.statistics import Statistic, registered
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Drift, DriftKind

FORMAT = "mlworks.normal"
VERSION = 1

LEAST_BLOCKS = 5
"""With fewer blocks nothing can be said of how windows vary."""

TYPICAL_SPREAD = 0.005
"""The least distance, in effect, between the median and the 99th percentile of a null distribution: below it all windows are alike."""


@dataclass(frozen=True)
class Null:
    """The effects of one statistic on one column, between windows of the reference and the reference.

    Parameters:
        level: the effect that is exceeded as rarely as declared.
        mean: of the effects.
        std: their standard deviation.
        median: of the effects.
        high: their 99th percentile.
        rows: of a window, its median.
    """

    level: float
    mean: float
    std: float
    median: float
    high: float
    rows: float


@dataclass(frozen=True)
class Normal:
    """What windows of a reference are like when nothing is wrong.

    Parameters:
        nulls: by column and statistic.
        season: what was found; its period is 1 where there is none.
        window: length of a window, in blocks.
        blocks: of the reference; 0 where there were too few to calibrate anything.
        rate: false alarms a window to which the levels were set, of each kind of drift.
        how: all of that in words.
    """

    nulls: Mapping[tuple[ColumnKey, str], Null] = field(default_factory=dict)
    season: Season = NO_SEASON
    window: float = 1.0
    blocks: int = 0
    rate: float = 0.0
    how: str = "thresholds are not calibrated: the reference has no blocks"

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it, as JSON can hold it."""
        nulls = [{"kind": key.kind.value, "column": key.column, "statistic": name, **asdict(null)} for (key, name), null in self.nulls.items()]
        rest = {"window": self.window, "blocks": self.blocks, "rate": self.rate, "how": self.how}
        return {"format": FORMAT, "version": VERSION, "season": self.season.to_document(), **rest, "nulls": nulls}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Normal":
        """Read what `to_document` gave.

        Raises:
            DataError: if it is damaged, or of a version that this release does not know.
        """
        check_format(document, FORMAT, VERSION)
        try:
            nulls = {
                (ColumnKey(DriftKind(one.pop("kind")), one.pop("column")), one.pop("statistic")): Null(**one) for one in map(dict, document["nulls"])
            }
            rest = {name: document[name] for name in ("window", "blocks", "rate", "how")}
            return cls(nulls, Season(**document["season"]), **rest)
        except (KeyError, ValueError, TypeError) as error:
            message = f"The stored thresholds of a reference are damaged ({type(error).__name__}: {error}); build the reference again."
            raise DataError(message) from error


def calibrate_normal(  # noqa: PLR0913 - what is calibrated, how windows are cut, and how often they may alarm
    blocks: Blocks,
    rule: Calibrated,
    drift: Drift,
    *,
    window_blocks: float,
    window_rows: float | None = None,
    statistics: Sequence[Statistic] | None = None,
    generator: Generator,
) -> Normal:
    """Set the levels of all deciding statistics so that false alarms are as rare as declared.

    Pseudo-histories are drawn from the blocks in contiguous stretches, so that weekday, season and autocorrelation count as normal, windows slide
    over them as in production, and each is compared with a reference drawn likewise. One number z, common to all columns of a kind, puts each level
    at median + z (99th percentile - median) of its null; it is the smallest at which episodes of alarming windows, of any column, are as rare as
    declared, those of `min_effect` and of k-of-n included. Each kind of drift gets the same share of the false alarms. A model lives long with its
    levels, so they aim at a rate whose upper limit is the declared one (`surely`); a comparison that stands alone alarms as rarely as declared on
    average over references.

    That a reference is short counts too: deviations are spread as Student's t has it, by the number of independent blocks.

    Parameters:
        blocks: of the reference.
        rule: how often windows may alarm.
        drift: least effect, k of n, which statistics decide; columns with thresholds of their own raise no alarms here.
        window_blocks: length of a window in blocks; less than a block counts as one, with the noise of fewer rows.
        window_rows: rows of a window where it is shorter than a block.
        statistics: those to use; all that are registered by default.
        generator: of random numbers.

    Examples:
        >>> calibrate_normal(Blocks({}, None), Calibrated.each(0.01), Drift(), window_blocks=1, generator=np.random.default_rng(0)).how
        'thresholds are not calibrated: the reference has 0 blocks, and how its windows vary is learnt from 5 or more'
    """
    if blocks.number < LEAST_BLOCKS:
        how = f"the reference has {blocks.number} blocks, and how its windows vary is learnt from {LEAST_BLOCKS} or more"
        return Normal(how=f"thresholds are not calibrated: {how}")
    season = find_season(blocks)
    chosen = registered() if statistics is None else statistics
    drawn: dict[tuple[ColumnKey, str], list[tuple[Floats, float]]] = {}
    for _ in range(rounds_of(rule)):
        made = setting(generator, blocks, season, rule, (window_blocks, window_rows))
        for one, null in effects(generator, blocks, made, chosen, drift).items():
            drawn.setdefault(one, []).append(null)
    rate = rule.rate / max(1, len(blocks.kinds))
    nulls: dict[tuple[ColumnKey, str], Null] = {}
    for kind in DriftKind:
        nulls |= _levels({one: rounds for one, rounds in drawn.items() if one[0].kind is kind}, rate, made, drift)
    return Normal(nulls, season, made.length, blocks.number, rate, _how(blocks, season, made, rate))


def _levels(
    drawn: Mapping[tuple[ColumnKey, str], Sequence[tuple[Floats, float]]], rate: float, made: Setting, drift: Drift
) -> dict[tuple[ColumnKey, str], Null]:
    if not drawn:
        return {}
    nulls = np.array([np.concatenate([effect for effect, _ in rounds]) for rounds in drawn.values()])
    rows = [sum(rows for _, rows in rounds) / len(rounds) for rounds in drawn.values()]
    medians, highs = np.quantile(nulls, [0.5, 0.99], axis=1)
    spreads = np.maximum(highs - medians, TYPICAL_SPREAD)
    scores = np.full(nulls.shape[1], -np.inf)
    for (key, name), null, median, spread in zip(drawn, nulls, medians, spreads, strict=True):
        if declared(drift, key.column, name) is None:
            np.maximum(scores, np.where(null >= drift.min_effect, (null - median) / spread, -np.inf), out=scores)
    lasting = persistent(scores.reshape(-1, made.steps), drift.violations, drift.of)
    z = level_for(lasting, surely(lasting, rate) if made.rule.sliding else rate)
    levels = np.maximum(medians + z * spreads, 0.0) if np.isfinite(z) else np.zeros(len(nulls))
    table = np.array([levels, nulls.mean(axis=1), nulls.std(axis=1), medians, highs, rows])
    return {one: Null(*row) for one, row in zip(drawn, table.T.tolist(), strict=True)}


def _how(blocks: Blocks, season: Season, made: Setting, rate: float) -> str:
    each = f"a false alarm in {rate:.2%} of comparisons"
    windows = made.rule.windows
    often = f"at most {readable(rate * windows, 3)} false alarms in {windows:.0f} windows, for each kind of drift" if made.rule.sliding else each
    number = rounds_of(made.rule) * made.sequences * made.steps
    drawn = f"{number} windows of {made.window} blocks, drawn from {blocks.number} blocks in stretches of up to {max(made.draws)}"
    repeats = f"; blocks repeat after {readable(season.period, 3)}" if season.period > 1 else ""
    matched = ", and a window is compared with those of its phase" if made.phases > 1 else ""
    return f"{often}, by {drawn}{repeats}{matched}"
