"""Like with like: the part of a reference that a window of a seasonal column is compared with."""

from dataclasses import dataclass, replace

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.comparison.kept import Kept
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.normal import Normal
from mlworks_orchestration.monitoring.drift.past.resample import Past, phase_weights, phases_of, weights_at
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.numerals import readable


@dataclass(frozen=True, eq=False)
class Match:
    """The blocks that a window is compared with.

    Parameters:
        weights: how much each block counts, shape (blocks,); at most 1.
        words: how they were chosen.
    """

    weights: Floats
    words: str

    def cells(self, blocks: Blocks, key: ColumnKey, reference: Profile, current: Profile) -> Cells:
        """Count a column's window beside the matching blocks, in the blocks' cells.

        A category that the reference has, but not at this time of the season, counts as half a row: it is rare, not new. Where categories are pooled,
        their rows at this time of the season are not known.

        Parameters:
            blocks: of the reference.
            key: a column of them.
            reference: whose blocks they are.
            current: the window.
        """
        column, whole, profile = blocks.columns[key], reference.columns[key], current.columns[key]
        matching = self.weights @ column.counts
        matching = np.where((matching == 0) & column.counts.any(axis=0), 0.5, matching)
        counts = column.groups.counts(whole, [profile])
        cells = column.groups.side_by_side(matching, np.column_stack((counts, [float(profile.missing)])))
        pooled = any(isinstance(side, CategoricalProfile) and side.other for side in (whole, profile))
        return replace(cells, kept=Kept.nothing(np.append(cells.present_reference, cells.present))) if pooled else cells


def has_phases(normal: Normal) -> bool:
    """Say whether windows are compared with a part of the reference, that of their phase.

    Parameters:
        normal: what was learnt from the reference.
    """
    return phases_of(normal.season.period, normal.window) > 1


def match(blocks: Blocks, normal: Normal, reference: Profile, current: Profile, start: float | None) -> Match | None:
    """Return what a window is compared with; None where that is the whole reference.

    Where times are known, they tell the window's phase. If not, it is the phase whose blocks are nearest to the window in all columns together.

    Parameters:
        blocks: of the reference.
        normal: what was learnt from them.
        reference: whose blocks they are.
        current: the window.
        start: when it begins, in the unit of the blocks' starts; None where that is not known.
    """
    if not has_phases(normal):
        return None
    past = Past(blocks.number, normal.season.period, 1)
    phases = phases_of(past.period, normal.window)
    if start is not None and normal.season.step:
        position, words = normal.season.position(start), "by time"
    else:
        likeness = _distances(blocks, phase_weights(past, normal.window), reference, current)
        position, words = float(np.argmin(likeness)) * past.period / phases, "as the most similar"
    weights = weights_at(past, normal.window, position)
    phase = f"{position % past.period / past.period:.0%} of a season of {readable(past.period, 3)} blocks"
    return Match(weights / weights.max(), f"compared with what the reference was at {phase}, chosen {words}")


def _distances(blocks: Blocks, weights: Floats, reference: Profile, current: Profile) -> Floats:
    """Return the sum over columns of the Hellinger distances between a window and the blocks of each phase, shape (phases,)."""
    total = np.zeros(len(weights))
    for key, column in blocks.columns.items():
        profile = current.columns.get(key)
        if profile is None or profile.type != column.type or not profile.rows:
            continue
        window = np.append(column.groups.counts(reference.columns[key], [profile])[0], profile.missing)
        phases = weights @ column.counts
        shares = np.sqrt(phases / np.maximum(phases.sum(axis=1, keepdims=True), 1.0))
        total += np.sqrt(((shares - np.sqrt(window / window.sum())) ** 2).sum(axis=1))
    return total
