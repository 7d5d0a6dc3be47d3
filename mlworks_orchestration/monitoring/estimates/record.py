"""What an estimate of performance says."""

from collections.abc import Sequence
from dataclasses import dataclass

BLIND = (
    "It holds as long as labels depend on features as they did: a change of that (concept drift) is invisible to it, and shows only in the realised "
    "metric, once labels are known."
)
"""What no estimate without labels can see."""

LEAST_LABELLED = 200
"""Fewest labelled rows from which an estimate is trusted."""

LEAST_ROWS = 50
"""Fewest rows of a window whose estimate is trusted."""


@dataclass(frozen=True)
class Estimate:
    """A metric of a window, estimated without its labels.

    Parameters:
        metric: its name.
        value: in the metric's unit.
        standard_error: of the difference to the realised metric, in the same unit.
        low: the realised metric lies above it in 97.5 of 100 windows.
        high: the realised metric lies below it in 97.5 of 100 windows.
        doubts: what speaks against it, in sentences.
    """

    metric: str
    value: float
    standard_error: float
    low: float
    high: float
    doubts: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether nothing is known of the window and the labelled rows that speaks against it."""
        return not self.doubts

    @property
    def reason(self) -> str:
        """What speaks against it, and what it cannot see.

        Examples:
            >>> Estimate("mae", 10.0, 1.0, 8.0, 12.0, ("The window has 3 rows.",)).reason[:55]
            'Not to be trusted: The window has 3 rows. It holds as l'
        """
        return trust_words(self.doubts)


def trust_words(doubts: Sequence[str], beside: str = "") -> str:
    """Say whether an estimate can be trusted.

    Parameters:
        doubts: what speaks against it, in sentences; none if nothing does.
        beside: a sentence that belongs there whether or not it is trusted.
    """
    return " ".join(filter(None, ["Not to be trusted:" if doubts else "", *doubts, beside, BLIND]))


def too_few(labelled: int, rows: int) -> list[str]:
    """Return the doubts that numbers of rows give.

    Parameters:
        labelled: rows with labels that the estimate was learnt from.
        rows: of the window.
    """
    doubts = []
    if labelled < LEAST_LABELLED:
        doubts.append(f"It was learnt from {labelled} labelled rows, fewer than {LEAST_LABELLED}.")
    if rows < LEAST_ROWS:
        doubts.append(f"The window has {rows} rows, fewer than {LEAST_ROWS}.")
    return doubts
