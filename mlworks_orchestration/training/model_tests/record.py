"""What a kind of model test is, and what a test finds: a record, so that a new kind is one file and one line, or ten lines of a user's own."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.training.model_tests.subject import Subject

State = Literal["passed", "failed", "inconclusive"]
"""Whether a test holds; `inconclusive` where it cannot be told, which is no pass."""


@dataclass(frozen=True)
class Finding:
    """What a test found of a version.

    Parameters:
        state: whether it holds.
        words: what was found, in a sentence or two.
        value: the number that was judged, in the unit of `metric`; None where there is none.
        low: lower end of its interval.
        high: its upper end.
        limit: what it was judged against.
        rows: how many rows it was measured on.
        metric: what the number is.
        part: the slice, feature or the like that it is about; empty for the whole.
        parts: what was found of each part.

    Examples:
        >>> Finding("passed", "No prediction is negative.").state
        'passed'
    """

    state: State
    words: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    rows: int | None = None
    metric: str = ""
    part: str = ""
    parts: Sequence["Finding"] = ()

    def __post_init__(self) -> None:
        """Refuse a state that there is not, for nothing must pass by a slip of the pen."""
        if self.state not in {"passed", "failed", "inconclusive"}:
            message = f"A test found {self.state!r}; {nearest(str(self.state), ('passed', 'failed', 'inconclusive'))}."
            raise DeclarationError(message)


@dataclass(frozen=True)
class Kind:
    """A kind of model test.

    Parameters:
        name: as it is declared.
        description: what it asserts, in words.
        run: from the version and the test's declaration to what it found.
    """

    name: str
    description: str
    run: Callable[[Subject, Any], Finding]


_REGISTERED: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind to those that can be declared, and return it.

    Parameters:
        kind: of a name of its own.
    """
    _REGISTERED[kind.name] = kind
    return kind


def registered() -> dict[str, Kind]:
    """Return all registered kinds by name."""
    return dict(_REGISTERED)


def too_few(rows: int, needed: int, part: str = "") -> Finding:
    """Return what is found where there are too few rows to tell.

    Parameters:
        rows: how many there are.
        needed: how many are asked for.
        part: what they are of; empty for all held-out rows.
    """
    words = f"{rows:,} held-out rows are too few to tell; {needed:,} are asked for."
    return Finding("inconclusive", words, rows=rows, limit=float(needed), part=part)


def together(parts: Sequence[Finding], what: str) -> Finding:
    """Return what parts come to: failed if one fails, passed if one passes and none fails, inconclusive if none can be told.

    Parameters:
        parts: at least one.
        what: what they are, in the plural.
    """
    by_state = {state: [part for part in parts if part.state == state] for state in ("failed", "passed", "inconclusive")}
    state: State = "failed" if by_state["failed"] else "passed" if by_state["passed"] else "inconclusive"
    said = [f"{len(by_state['passed'])} of {len(parts)} {what} hold."]
    said += [f"{part.part}: {part.words}" for part in by_state["failed"][:_SHOWN]]
    if len(by_state["failed"]) > _SHOWN:
        said.append(f"{len(by_state['failed']) - _SHOWN} more fail.")
    if untold := by_state["inconclusive"]:
        names = ", ".join(part.part for part in untold[:_SHOWN])
        said.append(f"{len(untold)} cannot be told ({names}{', …' if len(untold) > _SHOWN else ''}).")
    judged = [part for part in parts if part.value is not None and part.limit is not None and part.state != "inconclusive"]
    worst = max(judged or parts, key=_shortfall)
    return Finding(state, " ".join(said), worst.value, worst.low, worst.high, worst.limit, worst.rows, worst.metric, parts=tuple(parts))


_SHOWN = 5


def _shortfall(part: Finding) -> float:
    """Return how far a part is from its limit, whichever way that points, as a share of it: the parts of a test share their limit."""
    if part.value is None or part.limit is None:
        return -math.inf
    beyond = abs(part.value - part.limit)
    return beyond if part.state == "failed" else -beyond
