"""The length of texts: the Kolmogorov-Smirnov statistic of their numbers of tokens."""

from typing import cast

from mlworks_orchestration.monitoring.drift.comparison.cells import numeric_cells
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.statistics.ks import kolmogorov_smirnov
from mlworks_orchestration.monitoring.drift.statistics.record import Counted, Measures, Pair, Statistic, register


def text_length(pair: Pair) -> Measures:
    """Return the largest distance between the cumulative distributions of the documents' numbers of tokens.

    Parameters:
        pair: of profiles of texts.

    Examples:
        >>> import numpy as np, polars as pl
        >>> generator = np.random.default_rng(1)
        >>> before, after = (TextProfile.of(pl.Series([text] * 100), generator) for text in ("late", "late again"))
        >>> text_length(Pair(before, [after])).value.tolist()
        [1.0]
    """
    windows = [cast("TextProfile", window).lengths for window in pair.windows]
    return kolmogorov_smirnov(numeric_cells(cast("TextProfile", pair.reference).lengths, windows))


TEXT_LENGTH = register(
    Statistic(
        name="text_length",
        description="Kolmogorov-Smirnov distance of the texts' lengths in tokens",
        types=frozenset({"text"}),
        counts_missing=False,
        measure=text_length,
        decides=True,
        counted=Counted(lambda _, part: part.lengths, kolmogorov_smirnov),
    )
)
