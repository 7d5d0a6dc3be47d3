"""The out-of-vocabulary share: how much of the texts lies outside the words that the reference uses often."""

from typing import cast

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.profiles.vocabulary import outside, strange
from mlworks_orchestration.monitoring.drift.statistics.by_window import Found, by_window
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shares
from mlworks_orchestration.monitoring.drift.statistics.record import Counted, Measures, Pair, Statistic, register

_WITHIN, _OUTSIDE = "within", "outside"

LEAST_ROWS = 30
"""Fewest documents on either side from which the spread between documents is taken."""


def out_of_vocabulary(pair: Pair) -> Measures:
    """Return the share of the window's tokens that are not in the reference's vocabulary, compared with the share of the reference's own.

    See `vocabulary.outside` for both. It is exact up to the hashing of tokens, which hides at most one in eight that are out of the vocabulary. The
    effect is that of a change of a share.

    Parameters:
        pair: of profiles of texts.

    Examples:
        >>> import polars as pl
        >>> generator = np.random.default_rng(1)
        >>> before, after = (TextProfile.of(pl.Series([text] * 100), generator) for text in ("late again", "late encore"))
        >>> out_of_vocabulary(Pair(before, [before, after])).value.tolist()
        [0.0, 0.5]
    """
    reference = cast("TextProfile", pair.reference)
    return by_window(_measure(reference, cast("TextProfile", window)) for window in pair.windows)


def _measure(reference: TextProfile, window: TextProfile) -> Found | str:
    found = outside(reference, window)
    if isinstance(found, str):
        return found
    return Found(found.after, found.p_value, float(from_shares(np.array(found.before), np.array(found.after))))


def _counted(reference: TextProfile, part: TextProfile) -> CategoricalProfile:
    """Return how many of a part's tokens lie within and outside the vocabulary of the rest of the reference."""
    out = int(strange(reference, part))
    return CategoricalProfile(0, {_WITHIN: int(part.counts.sum()) - out, _OUTSIDE: out})


def _measure_counted(cells: Cells) -> Measures:
    place = (cells.names or ()).index(_OUTSIDE)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = cells.reference[place] / np.float64(cells.present_reference), cells.windows[:, place] / cells.present
    return Measures(after, None, from_shares(np.full_like(after, before), after), np.zeros_like(after))


OUT_OF_VOCABULARY = register(
    Statistic(
        name="out_of_vocabulary",
        description="share of the tokens that are not among those that the reference uses often",
        types=frozenset({"text"}),
        counts_missing=False,
        measure=out_of_vocabulary,
        decides=True,
        least_rows=LEAST_ROWS,
        counted=Counted(_counted, _measure_counted),
    )
)
