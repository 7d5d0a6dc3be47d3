"""How long the blocks of a column depend on each other, and how little a short reference can tell of that."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn
from mlworks_orchestration.monitoring.drift.past.products import product
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

CLEARLY = 1.4
"""How many standard errors of white noise, 1 over the root of the blocks, an autocorrelation must have to count."""

LEAST_FREEDOM = 2.0
"""Fewest degrees of freedom that are assumed, however few blocks there are."""


@dataclass(frozen=True)
class Dependence:
    """What autocorrelation does to windows of a column.

    Parameters:
        stretch: blocks to keep together when they are resampled, a power of two.
        factor: by what the standard deviation of resampled windows is too small, because stretches are torn apart.
        independent: so many independent blocks would tell as much as these do.
        freedom: degrees of freedom of the variance that is estimated from them.
    """

    stretch: int
    factor: float
    independent: float
    freedom: float

    def spread(self, generator: Generator, number: int) -> Floats:
        """Draw by how much deviations are to be stretched: what makes Student's t of a normal, shape (number,).

        Parameters:
            generator: of random numbers.
            number: how many to draw.
        """
        return self.factor * np.sqrt(self.independent / generator.chisquare(self.freedom, number))


def dependence(column: BlockColumn, period: float, window: int) -> Dependence:
    """Measure how blocks depend on those before.

    Autocorrelations are those of the cumulative shares (of the shares of categories), the season's phases removed, and count up to the first that is
    not clearly above 0. Resampling in stretches of l blocks keeps only 1 - k/l of the one at lag k (Künsch 1989), which the factor makes good. A
    variance from stretches has about 3n/2l degrees of freedom (as Bartlett's estimate: Priestley 1981, section 6.2.4).

    Parameters:
        column: counted by block.
        period: of the season in blocks; 1 without.
        window: its length in blocks.
    """
    number = len(column.counts)
    lags = _autocorrelations(column, period)
    lasting = 1 + 2 * sum(lags)
    wanted = 1 if lasting == 1 else 3 * (lasting - 1) + 1
    stretch = 1
    while stretch < wanted and 2 * stretch <= max(1, number // 4):
        stretch *= 2
    true = 1 + 2 * sum((1 - lag / window) * found for lag, found in enumerate(lags, 1) if lag < window)
    kept = 1 + 2 * sum((1 - lag / stretch) * (1 - lag / window) * found for lag, found in enumerate(lags, 1) if lag < min(window, stretch))
    independent = number / lasting
    freedom = min(independent * (1 - max(period, lasting) / number), 1.5 * number / stretch)
    return Dependence(stretch, float(np.sqrt(true / kept)), max(independent, LEAST_FREEDOM), max(freedom, LEAST_FREEDOM))


def _autocorrelations(column: BlockColumn, period: float) -> list[float]:
    shares = column.shapes
    number = len(shares)
    told = round(period)
    phases = np.floor(np.arange(number) % period * told / period).astype(np.int64)
    sums = np.zeros((told, shares.shape[1]))
    np.add.at(sums, phases, shares)
    rest = shares - (sums / np.maximum(np.bincount(phases, minlength=told), 1)[:, None])[phases]
    gram = product(rest, rest.T)
    total = float(np.trace(gram)) / number
    found: list[float] = []
    for lag in range(1, number // 4 + 1):
        # What was removed with the means of the phases makes the others look more different than they are.
        correlation = float(np.trace(gram, offset=lag)) / (number - lag) / total + period / number if total > 0 else 0.0
        if correlation < CLEARLY / np.sqrt(number):
            break
        found.append(correlation)
    return found
