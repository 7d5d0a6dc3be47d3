"""What a statistic of drift is: a record, so that a new one is one file and one line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from mlworks_orchestration.monitoring.drift.columns import ColumnProfile


class Result(NamedTuple):
    """What a statistic found.

    Parameters:
        value: in the statistic's own scale.
        p_value: how probable such a value is if nothing changed, 0 to 1.
        effect: how much changed, from 0 (nothing) to 1 (no value in common), whatever the number of rows.
    """

    value: float
    p_value: float
    effect: float


class Inconclusive(NamedTuple):
    """Why a statistic cannot tell.

    Parameters:
        reason: in words.
    """

    reason: str


@dataclass(frozen=True)
class Statistic:
    """One way to compare a column's current window with its reference.

    Parameters:
        name: as it stands in reports.
        description: what it measures, in words.
        types: the profiles that it compares, `numeric` and `categorical`.
        counts_missing: whether missing values are compared too; if not, only rows that have a value count.
        measure: the comparison of reference and current, both of the same type and with enough rows.
    """

    name: str
    description: str
    types: frozenset[str]
    counts_missing: bool
    measure: Callable[[ColumnProfile, ColumnProfile], Result | Inconclusive]

    def rows(self, profile: ColumnProfile) -> int:
        """Return how many of a profile's rows are compared."""
        return profile.rows if self.counts_missing else profile.present
