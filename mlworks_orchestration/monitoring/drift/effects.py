"""One scale for the effects of all statistics: the shift of a normal distribution, in its standard deviations, that changes the statistic as much.

A least effect of 0.1 then asks the same of every statistic, whatever its own scale.
"""

import numpy as np
from scipy.special import ndtri

from mlworks_orchestration.monitoring.drift.bins import Floats

LARGEST = 8.0
"""Where effects end: two normals so far apart have less than one value in ten thousand in common."""


def from_overlap(distance: Floats) -> Floats:
    """Return the effect of a Kolmogorov-Smirnov or total-variation distance, which is 2 Phi(d/2) - 1 for normals d apart.

    Parameters:
        distance: 0 to 1, any shape.

    Examples:
        >>> from_overlap(np.array([0.0, 0.0797, 1.0])).round(2).tolist()
        [0.0, 0.2, 8.0]
    """
    return np.minimum(2 * ndtri((1 + np.clip(distance, 0, 1)) / 2), LARGEST)
