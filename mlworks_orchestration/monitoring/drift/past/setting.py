"""Pseudo-histories of a reference: how they are drawn for a rule, and what was drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from numpy.random import Generator

from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.dependence import Dependence, dependence
from mlworks_orchestration.monitoring.drift.past.resample import Draws, Past, draw, phases_of
from mlworks_orchestration.monitoring.drift.past.season import Season
from mlworks_orchestration.monitoring.drift.past.thresholds import Calibrated
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey
from mlworks_orchestration.threads import one_blas_thread

ALONE = 600
"""Replicates of a comparison that stands alone."""

SLIDING = 4_000
"""Windows that are drawn at once for a model; memory and levels both take many short histories rather than few long ones."""

ROUNDS = 6
"""How often they are drawn; the rate at which a level is exceeded that all of them set is off by a fifth (one standard deviation), where 0.5 a year
are allowed of daily windows."""

LONGEST = 20
"""Windows of one pseudo-history, at most."""


@dataclass(frozen=True, eq=False)
class Setting:
    """How pseudo-histories are drawn, and what was drawn.

    Parameters:
        rule: for which they are drawn.
        window: its length in blocks, as it is drawn.
        length: of a window in blocks, as it is.
        rows: of a window, where it is shorter than a block; None where blocks make it up.
        phases: with how many different parts of the reference windows are compared.
        sequences: pseudo-histories.
        steps: windows of each.
        season: of the reference.
        rests: how long the blocks of each column depend on each other; of texts, by statistic, of other columns under no name.
        draws: which blocks, by how many are kept together.
    """

    rule: Calibrated
    window: int
    length: float
    rows: float | None
    phases: int
    sequences: int
    steps: int
    season: Season
    rests: Mapping[tuple[ColumnKey, str], Dependence]
    draws: Mapping[int, Draws]


@one_blas_thread()
def setting(generator: Generator, blocks: Blocks, season: Season, rule: Calibrated, window: tuple[float, float | None]) -> Setting:
    """Draw the pseudo-histories for a rule.

    Parameters:
        generator: of random numbers.
        blocks: of the reference.
        season: of the reference.
        rule: how windows follow each other.
        window: its length in blocks, and its rows where it is shorter than a block.
    """
    number, (length, rows) = blocks.number, window
    whole = max(1, int(length + 1e-9))
    steps = max(1, min(LONGEST, round(rule.windows))) if rule.sliding else 1
    sequences = ceil(SLIDING / steps) if rule.sliding else ALONE
    rests = {key: dependence(column, season.period, whole) for key, column in counted(blocks).items()}
    needed = sorted({rest.stretch for rest in rests.values()})
    draws = {stretch: draw(generator, Past(number, season.period, stretch), window=whole, sequences=sequences, steps=steps) for stretch in needed}
    phases = phases_of(season.period, whole)
    return Setting(rule, whole, length, rows if length < 1 else None, phases, sequences, steps, season, rests, draws)


def rounds_of(rule: Calibrated) -> int:
    """Return how often pseudo-histories are drawn for a rule.

    Parameters:
        rule: how windows follow each other.
    """
    return ROUNDS if rule.sliding else 1


def counted(blocks: Blocks) -> dict[tuple[ColumnKey, str], BlockColumn]:
    """Return all that is counted block by block: of texts by statistic, other columns under no name.

    Parameters:
        blocks: of a reference.
    """
    return {(key, ""): column for key, column in blocks.columns.items()} | dict(blocks.texts)
