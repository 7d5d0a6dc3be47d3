"""What is known of a model's alarms: how often they are false, and which shifts they find, and when."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from mlworks_orchestration.monitoring.error_rates.intervals import Interval, poisson_interval
from mlworks_orchestration.spec import DriftKind

Scope = Literal["one", "column", "all"]
"""One column of a kind, on average over all that it has; a column by its name; all of them at once."""


@dataclass(frozen=True)
class Counted:
    """False alarms that were counted in windows in which nothing was wrong.

    Parameters:
        episodes: runs of alarming windows.
        windows: looked at.
        alarming: those that alarmed.
        years: that so many windows take.
        dispersion: variance over mean of the episodes of a history, 1 or more: where some histories have many and most have none, less is known.
    """

    episodes: int
    windows: int
    alarming: int
    years: float
    dispersion: float = 1.0

    @property
    def a_year(self) -> float:
        """Episodes a year."""
        return self.episodes / self.years

    @property
    def interval(self) -> Interval:
        """Episodes a year, were they a Poisson process (Garwood 1936) but for their dispersion (McCullagh and Nelder 1989, section 6.2.3)."""
        return poisson_interval(self.episodes / self.dispersion, self.years / self.dispersion)


@dataclass(frozen=True)
class FalseAlarms:
    """How often a kind alarms when nothing is wrong.

    Parameters:
        kind: of drift.
        declared: false alarms a year.
        drawn: in pseudo-histories drawn from the past, others than those by which thresholds were set.
        held_out: in windows of one half of the past, by thresholds set on the other half; None where the past is too short.
    """

    kind: DriftKind
    declared: float
    drawn: Counted
    held_out: Counted | None


class Shift(NamedTuple):
    """What was planted.

    Parameters:
        kind: of drift.
        injection: what was done, such as `mean`.
        size: how much of it, in the injection's unit.
        scope: to which columns.
        column: the column's name; empty unless the scope is `column`.
    """

    kind: DriftKind
    injection: str
    size: float
    scope: Scope = "one"
    column: str = ""


@dataclass(frozen=True)
class Power:
    """How a kind of drift finds a shift that was planted in it.

    Parameters:
        kind: of drift.
        injection: what was done, such as `mean`.
        size: how much of it, in the injection's unit.
        scope: to which columns.
        column: the column's name; empty unless the scope is `column`.
        power: share of windows that hold nothing but shifted partitions that alarm.
        low: lower end of its 95 % confidence interval.
        high: upper end.
        median: partitions until the first alarm, the one in which the shift began included; None where half of all shifts are never found.
        slowest: the 90 % quantile of the same.
        never: share that is not found within two windows.
    """

    kind: DriftKind
    injection: str
    size: float
    scope: Scope
    column: str
    power: float
    low: float
    high: float
    median: int | None
    slowest: int | None
    never: float


@dataclass(frozen=True)
class ErrorRates:
    """All of it for one version, and what it was measured on.

    Parameters:
        model: its name.
        version: of the champion.
        drift: the declaration of drift, as JSON.
        false_alarms: one a kind.
        powers: one a kind, injection, size and scope.
        partitions: of the past.
        rows: in them.
        window: partitions in a window.
        histories: pseudo-histories a shift was planted in.
        seed: of all random numbers.
        snapshot: of the training data.
        seconds: that measuring took.
        measured_at: when.
    """

    model: str
    version: int
    drift: str
    false_alarms: tuple[FalseAlarms, ...]
    powers: tuple[Power, ...]
    partitions: int
    rows: int
    window: int
    histories: int
    seed: int
    snapshot: str
    seconds: float
    measured_at: datetime

    def of(self, kind: DriftKind, scope: Scope = "one") -> list[Power]:
        """Return the powers of a kind, in the order in which they were measured.

        Parameters:
            kind: of drift.
            scope: which columns were shifted.
        """
        return [one for one in self.powers if one.kind is kind and one.scope == scope]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "model": self.model,
            "version": self.version,
            "measured_at": self.measured_at.isoformat(),
            "measured_on": {name: getattr(self, name) for name in ("partitions", "rows", "window", "histories", "seed", "snapshot", "seconds")},
            "false_alarms": [_alarms(one) for one in self.false_alarms],
            "shifts": [asdict(one) for one in self.powers],
        }


def _alarms(one: FalseAlarms) -> Mapping[str, Any]:
    counted = {"drawn": one.drawn, "held_out": one.held_out}
    return {
        "kind": one.kind,
        "declared_a_year": one.declared,
        **{name: found and {"a_year": found.a_year, **found.interval._asdict(), **asdict(found)} for name, found in counted.items()},
    }
