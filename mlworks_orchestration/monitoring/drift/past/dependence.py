"""How long the blocks of a column depend on each other, and how little a short reference can tell of that."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn
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
        freedom: degrees of freedom of the variance of one direction that is estimated from them.
        directions: in so many independent directions blocks differ; their total variance is known by so many times as much.
    """

    stretch: int
    factor: float
    independent: float
    freedom: float
    directions: float

    def spread(self, generator: Generator, number: int) -> Floats:
        """Draw by how much deviations are to be stretched: what makes Student's t of a normal, shape (number,).

        Parameters:
            generator: of random numbers.
            number: how many to draw.
        """
        return self.factor * np.sqrt(self.independent * self.directions / generator.chisquare(self.freedom * self.directions, number))


def dependence(column: BlockColumn, period: float, window: int) -> Dependence:
    """Measure how blocks depend on those before.

    Autocorrelations are those of the cumulative shares (of the shares of categories), the season's phases removed, and count up to the first that is
    not clearly above 0. Resampling in stretches of l blocks keeps only 1 - k/l of the one at lag k (Künsch 1989), which the factor makes good. A
    variance from stretches has about 3n/2l degrees of freedom (as Bartlett's estimate: Priestley 1981, section 6.2.4), and one that is the sum of
    several directions' has them as often as squared sum over sum of squares of these says (Satterthwaite 1946; Box 1954).

    Parameters:
        column: counted by block.
        period: of the season in blocks; 1 without.
        window: its length in blocks.
    """
    number = len(column.counts)
    gram = _rest(column, period)
    lags = _autocorrelations(gram, period)
    lasting = 1 + 2 * sum(lags)
    wanted = 1 if lasting == 1 else 3 * (lasting - 1) + 1
    stretch = 1
    while stretch < wanted and 2 * stretch <= max(1, number // 4):
        stretch *= 2
    true = 1 + 2 * sum((1 - lag / window) * found for lag, found in enumerate(lags, 1) if lag < window)
    kept = 1 + 2 * sum((1 - lag / stretch) * (1 - lag / window) * found for lag, found in enumerate(lags, 1) if lag < min(window, stretch))
    independent = number / lasting
    freedom = min(independent * (1 - max(period, lasting) / number), 1.5 * number / stretch)
    return Dependence(stretch, float(np.sqrt(true / kept)), max(independent, LEAST_FREEDOM), max(freedom, LEAST_FREEDOM), _directions(gram))


def _directions(gram: Floats) -> float:
    total = float(np.trace(gram))
    return total**2 / float((gram**2).sum()) if total > 0 else 1.0


def _rest(column: BlockColumn, period: float) -> Floats:
    """Return the products of what blocks look like, their phase's mean removed, shape (blocks, blocks)."""
    shares = column.shapes
    number = len(shares)
    told = round(period)
    phases = np.floor(np.arange(number) % period * told / period).astype(np.int64)
    sums = np.zeros((told, shares.shape[1]))
    np.add.at(sums, phases, shares)
    rest = shares - (sums / np.maximum(np.bincount(phases, minlength=told), 1)[:, None])[phases]
    gram: Floats = rest @ rest.T
    return gram


def _autocorrelations(gram: Floats, period: float) -> list[float]:
    number = len(gram)
    total = float(np.trace(gram)) / number
    found: list[float] = []
    for lag in range(1, number // 4 + 1):
        # What was removed with the means of the phases makes the others look more different than they are.
        correlation = float(np.trace(gram, offset=lag)) / (number - lag) / total + period / number if total > 0 else 0.0
        if correlation < CLEARLY / np.sqrt(number):
            break
        found.append(correlation)
    return found
