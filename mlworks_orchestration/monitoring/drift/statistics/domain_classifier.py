"""The domain classifier: how well the rows of a window can be told from the reference's."""

from typing import cast

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.by_window import Found, by_window
from mlworks_orchestration.monitoring.drift.statistics.domain import tell_apart
from mlworks_orchestration.monitoring.drift.statistics.effects import from_superiority
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register
from mlworks_orchestration.monitoring.drift.statistics.separation import LEAST_ROWS, Separation


def domain_classifier(pair: Pair) -> Measures:
    """Return the area under the ROC curve of a cross-fitted classifier that tells the two samples of rows apart (Lopez-Paz and Oquab, ICLR 2017).

    It is exact on the profiles' samples, of 2,048 rows at most; see `domain.tell_apart` for what the classifier sees.

    Parameters:
        pair: of joint profiles.

    Examples:
        >>> import polars as pl
        >>> generator = np.random.default_rng(1)
        >>> x, noise = generator.normal(size=(2, 1000))
        >>> frames = [pl.DataFrame({"x": x, "y": x + 0.1 * noise}), pl.DataFrame({"x": x, "y": -x + 0.1 * noise})]
        >>> before, after = (JointProfile.of(frame, generator, most=1000) for frame in frames)
        >>> found = domain_classifier(Pair(before, [after]))
        >>> bool(found.value[0] > 0.9), bool(found.p_value[0] < 1e-20)
        (True, True)
    """
    reference = cast("JointProfile", pair.reference)
    return by_window(found_of(tell_apart(reference, cast("JointProfile", window))) for window in pair.windows)


def found_of(separated: Separation | str) -> Found | str:
    """Return an area as a statistic; its effect is the distance of two normals of unit spread that a threshold separates as well.

    Parameters:
        separated: the area, or why there is none.

    Examples:
        >>> round(found_of(Separation(0.556, 0.01, 0.0)).effect, 2), found_of(Separation(0.48, 0.01, 0.9)).effect
        (0.2, 0.0)
    """
    if isinstance(separated, str):
        return separated
    return Found(separated.auc, separated.p_value, float(from_superiority(np.maximum(separated.auc, 0.5))))


DOMAIN_CLASSIFIER = register(
    Statistic(
        name="domain_classifier",
        description="area under the ROC curve of a classifier that tells the window's rows from the reference's",
        types=frozenset({"joint"}),
        counts_missing=False,
        measure=domain_classifier,
        least_rows=LEAST_ROWS,
    )
)
