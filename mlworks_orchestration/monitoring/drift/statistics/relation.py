"""The change of a relation: whether the target goes with a feature as it did in the reference."""

from typing import cast

from mlworks_orchestration.monitoring.drift.profiles.relations import RelationProfile
from mlworks_orchestration.monitoring.drift.statistics.by_window import Found, by_window
from mlworks_orchestration.monitoring.drift.statistics.interaction import change_of
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register

LEAST_ROWS = 50
"""Fewest rows with feature and target on either side."""


def relation(pair: Pair) -> Measures:
    """Return how differently the target changed from one part of the feature to another, in the target's unit, or in log odds of its classes.

    It stays 0 where only the feature's distribution changed, or where the target changed by the same amount everywhere; see `interaction.change_of`.

    Parameters:
        pair: of profiles of a feature and the target.

    Examples:
        >>> import numpy as np, polars as pl
        >>> x, noise = np.random.default_rng(1).normal(size=(2, 2000))
        >>> wider, shifted, turned = ((3 * x, 6 * x), (x, 2 * x + 5), (x, -2 * x))
        >>> before = RelationProfile.of(pl.Series(x), pl.Series(2 * x + noise))
        >>> sides = [RelationProfile.of(pl.Series(x), pl.Series(y + noise)) for x, y in (wider, shifted, turned)]
        >>> (relation(Pair(before, sides)).effect > 0.2).tolist()
        [False, False, True]
    """
    reference = cast("RelationProfile", pair.reference)
    changes = (change_of(reference, cast("RelationProfile", window)) for window in pair.windows)
    return by_window(change if isinstance(change, str) else Found(*change) for change in changes)


RELATION = register(
    Statistic(
        name="relation",
        description="how differently the target changed from one part of the feature to another",
        types=frozenset({"relation"}),
        counts_missing=False,
        measure=relation,
        least_rows=LEAST_ROWS,
    )
)
