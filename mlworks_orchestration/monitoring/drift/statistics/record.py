"""What a statistic of drift is: a record, so that a new one is one file and one line, or ten lines in a user's own code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.errors import DeclarationError, MLWorksError, nearest
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.statistics.effects import LARGEST
from mlworks_orchestration.spec import Drift, DriftKind

OF_CELLS = frozenset({"numeric", "datetime", "categorical"})
"""Profiles that are compared as counts in cells."""

OF_PROFILES = frozenset({"text", "joint", "relation"})
"""Profiles that a statistic gets as they are."""


class Pair(NamedTuple):
    """What a statistic of texts, of several columns or of a relation compares.

    Parameters:
        reference: the profile of the reference.
        windows: those of the windows, of the same type.
    """

    reference: ColumnProfile
    windows: Sequence[ColumnProfile]


class Measures(NamedTuple):
    """What a statistic found in each window.

    Parameters:
        value: in the statistic's own scale, shape (windows,).
        p_value: how probable such a value is if nothing changed and rows are independent, shape (windows,); None for a pure distance.
        effect: the shift of a normal, in its standard deviations, that changes the statistic as much, 0 to 8, shape (windows,); NaN where it
            cannot be told.
        bound: the exact value differs from `value` by at most this, shape (windows,); 0 where it is exact, NaN where `effect` is.
        reason: why an effect cannot be told, in words.
        doubt: of categories that a side pools, the exact effect exceeds `effect` by at most this, and the exact p-value is at most `p_value`, shape
            (windows,); None of a statistic that does not know how pooling affects it.
    """

    value: Floats
    p_value: Floats | None
    effect: Floats
    bound: Floats
    reason: str = ""
    doubt: Floats | None = None

    def only(self, told: NDArray[np.bool_]) -> "Measures":
        """Return the same with NaN wherever nothing can be told.

        Parameters:
            told: shape (windows,).
        """
        if told.all():
            return self
        p_value = None if self.p_value is None else np.where(told, self.p_value, np.nan)
        value, effect, bound = (np.where(told, field, np.nan) for field in (self.value, self.effect, self.bound))
        return self._replace(value=value, p_value=p_value, effect=effect, bound=bound)


class Counted(NamedTuple):
    """How a statistic of texts is told from counts in cells, so that its threshold can be calibrated as those of numbers and categories are.

    Parameters:
        profile: turns the profile of a part of the reference, the second argument, into one of numbers or categories; the first is of the reference.
        measure: of `Cells` of such profiles, with the effect that the statistic itself would have.
    """

    profile: Callable[[Any, Any], ColumnProfile]
    measure: Callable[[Any], Measures]


@dataclass(frozen=True)
class Statistic:
    """One way to compare windows of a column with its reference.

    Parameters:
        name: as it stands in reports.
        description: what it measures, in words.
        types: the profiles that it compares: `numeric`, `datetime` and `categorical`, or `text`, `joint` and `relation`.
        counts_missing: whether missing values are compared too; if not, only rows that have a value count.
        measure: the comparison: of `Cells` for the first three types, of a `Pair` for the others.
        decides: whether it may raise an alarm where nothing else is declared; the others are reported beside.
        least_rows: fewest compared rows on either side for which it says anything.
        decides_on: kinds of drift on whose columns it may raise an alarm though it may not on others.
        counted: of a statistic of texts, how its threshold is calibrated; None leaves it to `min_effect`.

    Raises:
        DeclarationError: if a type is unknown, or the types need different measures.
    """

    name: str
    description: str
    types: frozenset[str]
    counts_missing: bool
    measure: Callable[[Any], Measures]
    decides: bool = False
    least_rows: int = 1
    decides_on: frozenset[DriftKind] = frozenset()
    counted: Counted | None = None

    def __post_init__(self) -> None:
        """Refuse types that no profile has."""
        if self.types and (self.types <= OF_CELLS or self.types <= OF_PROFILES):
            return
        unknown = sorted(self.types - OF_CELLS - OF_PROFILES)
        hint = nearest(unknown[0], OF_CELLS | OF_PROFILES) if unknown else "name one or more of the first three, or of the last three"
        message = (
            f"The statistic {self.name!r} is declared for the types {sorted(self.types)}; allowed are numeric, datetime and categorical, whose "
            f"measure takes cells, or text, joint and relation, whose measure takes a pair of profiles; {hint}."
        )
        raise DeclarationError(message)

    def measured(self, sides: Any) -> Measures:  # noqa: ANN401 - cells or a pair, by its types
        """Return what it measures.

        Parameters:
            sides: what `measure` takes.

        Raises:
            DeclarationError: naming it, if it fails.
        """
        try:
            found = self.measure(sides)
            return found if self.measure.__module__.startswith(_OURS) else _checked(found, _windows(sides))
        except MLWorksError:
            raise
        except Exception as error:
            # what a user's own code raises can be anything
            where, what = self.measure.__module__, type(error).__name__
            message = f"The statistic {self.name!r} failed ({what}: {error}); repair its measure, which is in {where}, or do not register it."
            raise DeclarationError(message) from error

    def rows(self, profile: ColumnProfile) -> int:
        """Return how many of a profile's rows are compared."""
        return profile.rows if self.counts_missing else profile.present


_OURS = "mlworks_orchestration."
_RANGES = {"p_value": (0.0, 1.0), "effect": (0.0, LARGEST), "bound": (0.0, np.inf)}


def _windows(sides: Any) -> int:  # noqa: ANN401 - cells or a pair
    """Return how many windows are compared."""
    return len(sides.windows)


def _checked(found: Measures, windows: int) -> Measures:
    """Return what a user's own code measured.

    Raises:
        ValueError: if a field has another shape than one number a window, or numbers that cannot be.
    """
    for name in ("value", "p_value", "effect", "bound"):
        field = getattr(found, name)
        if field is None and name == "p_value":
            continue
        numbers = np.asarray(field, dtype=np.float64)
        if numbers.shape != (windows,):
            message = f"{name} has the shape {numbers.shape} instead of ({windows},), one number a window"
            raise ValueError(message)
        low, high = _RANGES.get(name, (-np.inf, np.inf))
        beyond = numbers[(numbers < low) | (numbers > high)]
        if len(beyond):
            message = f"{name} is {beyond[0]:g}, allowed are {low:g} to {high:g}, and NaN where it cannot be told"
            raise ValueError(message)
    return found


def deciding(statistic: Statistic, kind: DriftKind, column_type: str, drift: Drift) -> bool:
    """Say whether a statistic may raise an alarm on a column.

    Parameters:
        statistic: any.
        kind: of drift that the column is compared for.
        column_type: of the profile.
        drift: the declaration, which may name others than those that decide by default.
    """
    if column_type not in statistic.types:
        return False
    named = next((found for name, found in drift.statistics.items() if str(name) == column_type), None)
    return statistic.decides or kind in statistic.decides_on if named is None else statistic.name in named


_REGISTERED: dict[str, Statistic] = {}


def register(statistic: Statistic) -> Statistic:
    """Add a statistic to those that reports use, and return it.

    Parameters:
        statistic: of a name of its own; the module that registered one may register it anew.

    Raises:
        DeclarationError: if another module has a statistic of that name.
    """
    known = _REGISTERED.get(statistic.name)
    if known is not None and known.measure.__module__ != statistic.measure.__module__:
        message = (
            f"A statistic {statistic.name!r} is there already ({known.description}), registered by {known.measure.__module__}; "
            "allowed is a name that none has. Give yours another."
        )
        raise DeclarationError(message)
    _REGISTERED[statistic.name] = statistic
    return statistic


def registered() -> tuple[Statistic, ...]:
    """Return all registered statistics, in the order in which they were registered."""
    return tuple(_REGISTERED.values())
