"""Thresholds of an effect: each is an object, checked when it is made."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.monitoring.drift.statistics.effects import LARGEST
from mlworks_orchestration.spec import Drift

Source = Literal["calibrated", "constant", "mean_sigma", "raised", "floor"]
"""Where a threshold comes from; `floor` is the declared `min_effect` where nothing else is known, `raised` where what is known asks for less."""


@dataclass(frozen=True)
class Constant:
    """A threshold that is what it is.

    Parameters:
        value: the effect to reach, in standard deviations.

    Raises:
        DeclarationError: if no effect could reach it.

    Examples:
        >>> Constant(0.3).value
        0.3
    """

    value: float

    def __post_init__(self) -> None:
        """Refuse what no effect can reach."""
        if not 0 < self.value < LARGEST:
            message = f"A constant threshold of {self.value} can never be judged by; allowed are effects above 0 and below {LARGEST:g}, such as 0.2."
            raise DeclarationError(message)


@dataclass(frozen=True)
class MeanSigma:
    """A threshold so many standard deviations above the mean of the effects between windows of the reference.

    Parameters:
        k: how many.

    Raises:
        DeclarationError: if it is not above 0.
    """

    k: float

    def __post_init__(self) -> None:
        """Refuse what is no distance."""
        if not (self.k > 0 and isfinite(self.k)):
            message = f"A threshold of mean plus {self.k} standard deviations is none; allowed are numbers above 0, such as 3."
            raise DeclarationError(message)


@dataclass(frozen=True)
class Calibrated:
    """Thresholds that are exceeded as rarely as declared while nothing is wrong.

    Parameters:
        alarms: how many false alarms are allowed, all kinds of drift together; a run of alarming windows counts once.
        windows: in how many windows.
        sliding: whether windows follow each other a block apart, as those of a model do; if not, each stands alone.

    Raises:
        DeclarationError: unless fewer alarms than windows are allowed, and some.

    Examples:
        >>> Calibrated.yearly(2, windows_per_year=365).rate == 2 / 365
        True
        >>> Calibrated.each(0.01).rate
        0.01
    """

    alarms: float
    windows: float
    sliding: bool

    def __post_init__(self) -> None:
        """Refuse rates that are none."""
        if not 0 < self.alarms < self.windows:
            message = (
                f"{self.alarms:g} false alarms in {self.windows:g} windows cannot be calibrated; allowed are more than 0 and fewer than there are "
                "windows. Change false_alarms_per_year."
            )
            raise DeclarationError(message)

    @property
    def rate(self) -> float:
        """False alarms a window."""
        return self.alarms / self.windows

    @classmethod
    def yearly(cls, false_alarms: float, *, windows_per_year: float) -> "Calibrated":
        """Allow a model so many false alarms a year.

        Parameters:
            false_alarms: a year.
            windows_per_year: one a partition.
        """
        return cls(false_alarms, windows_per_year, sliding=True)

    @classmethod
    def each(cls, rate: float = 0.01) -> "Calibrated":
        """Allow a comparison that stands alone a probability of a false alarm.

        Parameters:
            rate: above 0 and below 1.
        """
        return cls(rate, 1.0, sliding=False)


def declared(drift: Drift, column: str, statistic: str) -> Constant | MeanSigma | None:
    """Return the threshold that is declared for a column, else for a statistic; None where it is to be calibrated.

    Parameters:
        drift: the declaration.
        column: its name.
        statistic: its name.

    Examples:
        >>> declared(Drift(thresholds={"wind": {"constant": 0.3}, "ks": {"mean_sigma": 3}}), "wind", "ks")
        Constant(value=0.3)
    """
    found = drift.thresholds.get(column) or drift.thresholds.get(statistic)
    if found is None:
        return None
    return MeanSigma(found.mean_sigma or 0.0) if found.constant is None else Constant(found.constant)
