"""The test of the share of rows without a text."""

from typing import cast

from mlworks_orchestration.monitoring.drift.comparison.cells import categorical_cells
from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.statistics.missing_share import missing_share
from mlworks_orchestration.monitoring.drift.statistics.record import Counted, Measures, Pair, Statistic, register


def missing_text(pair: Pair) -> Measures:
    """Return what `missing_share` says of rows without a text.

    Parameters:
        pair: of profiles of texts.

    Examples:
        >>> import numpy as np, polars as pl
        >>> generator = np.random.default_rng(1)
        >>> before, after = (TextProfile.of(pl.Series(["late"] * 90 + [last] * 10), generator) for last in ("late", None))
        >>> missing_text(Pair(before, [after])).value.tolist()
        [0.1]
    """
    reference, *windows = (_there(cast("TextProfile", profile)) for profile in (pair.reference, *pair.windows))
    return missing_share(categorical_cells(reference, windows))


def _there(profile: TextProfile) -> CategoricalProfile:
    """Return a profile with one category, that a text is there."""
    return CategoricalProfile(profile.missing, {"text": profile.present} if profile.present else {})


MISSING_TEXT = register(
    Statistic(
        name="missing_text",
        description="change of the share of rows without a text, tested as two proportions",
        types=frozenset({"text"}),
        counts_missing=True,
        measure=missing_text,
        decides=True,
        counted=Counted(lambda _, part: _there(part), missing_share),
    )
)
