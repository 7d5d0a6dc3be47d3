"""What a fit was made of and what came of it, compared with the same fit done again: equal, or the first difference and its likely causes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.training.measure import Vector

CauseKind = Literal["code", "data", "declaration", "libraries", "non-determinism", "unavailable", "unknown"]

# Sums of floats in another order, as by another number of threads, differ by less.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Record:
    """A fit: what it was made of and what came of it.

    Parameters:
        metrics: `train_…` and `holdout_…`, each in its own unit.
        predictions: of the held-out rows, in the label's unit, of shape (rows,).
        parameters: the estimator's own, as text.
        commit: git commit of the code; empty outside git.
        dirty: whether the code differed from the commit.
        source: hash of the estimator's file; empty where it is not known.
        libraries: the version of each package that takes part.
    """

    metrics: Mapping[str, float]
    predictions: Vector
    parameters: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    dirty: bool = False
    source: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cause:
    """Why a fit done again may differ.

    Parameters:
        kind: of the cause.
        evidence: what speaks for it, in words.
    """

    kind: CauseKind
    evidence: str


@dataclass(frozen=True)
class Reproduction:
    """What came of fitting a registered version again.

    Parameters:
        model: the model's name.
        version: its registered version.
        snapshot: id of its training set; empty where it is not known.
        difference: the first difference in words; empty if there is none.
        causes: the likely causes of it, the likeliest first; none if there is no difference.
        notes: what differs without an effect, in words.
        metrics: by name, what was logged and what the fit done again gave.
        rows: number of held-out rows whose predictions were compared.
        exact: whether all is equal to the last bit, and not within 1e-9 only.
    """

    model: str
    version: int
    snapshot: str
    difference: str = ""
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    metrics: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rows: int = 0
    exact: bool = False

    @property
    def equal(self) -> bool:
        """Whether the version came out as it was logged."""
        return not self.difference

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        who = f"{self.model} version {self.version}"
        if self.equal:
            how = "to the last bit" if self.exact else f"within {TOLERANCE:g}"
            return f"{who} is equal {how}: {len(self.metrics)} metrics and {self.rows:,} held-out predictions."
        return f"{who} is not reproduced: {self.difference} Likely cause: {self.causes[0].kind}. {self.causes[0].evidence}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "model": self.model,
            "version": self.version,
            "snapshot": self.snapshot,
            "equal": self.equal,
            "exact": self.exact,
            "verdict": self.verdict,
            "difference": self.difference,
            "causes": [{"kind": cause.kind, "evidence": cause.evidence} for cause in self.causes],
            "notes": list(self.notes),
            "rows": self.rows,
            "metrics": {name: {"logged": logged, "refitted": found} for name, (logged, found) in self.metrics.items()},
        }


def first_difference(logged: Record, refitted: Record) -> str:
    """Say the first difference between what was logged and what a fit done again gave; nothing if they are equal within 1e-9.

    Parameters:
        logged: the registered version.
        refitted: the fit done again.

    Examples:
        >>> logged = Record({"holdout_mae": 2.0}, np.array([1.0, 4.0]))
        >>> first_difference(logged, logged)
        ''
        >>> first_difference(logged, Record({"holdout_mae": 2.5}, np.array([1.0, 4.0])))
        'holdout_mae was 2.0 and is 2.5 now.'
    """
    for name, value in logged.metrics.items():
        found = refitted.metrics[name]
        if not _close(value, found):
            return f"{name} was {value} and is {found} now."
    apart = ~_close(logged.predictions, refitted.predictions)
    if apart.any():
        row = int(np.argmax(apart))
        largest = float(np.max(np.abs(logged.predictions - refitted.predictions)))
        return (
            f"{int(apart.sum()):,} of {apart.size:,} held-out predictions differ, by {readable(largest)} at most; "
            f"the first, row {row}, was {logged.predictions[row]} and is {refitted.predictions[row]} now."
        )
    return ""


def identical(logged: Record, refitted: Record) -> bool:
    """Return whether metrics and predictions are the same to the last bit."""
    same_metrics = all(np.array_equal(value, refitted.metrics[name], equal_nan=True) for name, value in logged.metrics.items())
    return same_metrics and np.array_equal(logged.predictions, refitted.predictions)


def likely_causes(logged: Record, refitted: Record, again: Record) -> tuple[Cause, ...]:
    """Say why a fit done again, on the very same rows, differs from what was logged; the likeliest first.

    Parameters:
        logged: the registered version.
        refitted: the fit done again.
        again: the fit done a second time.

    Examples:
        >>> then, now = (Record({"holdout_mae": mae}, np.zeros(1), libraries={"numpy": version}) for mae, version in ((2.0, "2.0"), (2.5, "2.1")))
        >>> likely_causes(then, now, now)[0]
        Cause(kind='libraries', evidence='numpy was 2.0 and is 2.1 now. Install the versions of its requirements.txt and try again.')
    """
    return tuple(_causes(logged, refitted, again)) or (
        Cause(
            "unknown",
            "Rows, code, hyperparameters and library versions are those that were logged, and two fits here agree; what is left is the machine "
            "(processor, number of threads, a library that is not logged) or a change of the stored model.",
        ),
    )


def differing(logged: Record, refitted: Record) -> tuple[str, ...]:
    """Say in words what differs in what two fits were made of, whether or not it had an effect."""
    return tuple(cause.evidence for cause in _circumstances(logged, refitted))


def _causes(logged: Record, refitted: Record, again: Record) -> Iterator[Cause]:
    if again_differs := first_difference(refitted, again):
        evidence = f"Two fits here, one after the other, differ from each other: {again_differs} Let the estimator use the seed that it is given."
        yield Cause("non-determinism", evidence)
    yield from _circumstances(logged, refitted)
    if logged.dirty:
        yield Cause("code", "It was fitted from files that differed from their git commit, so the code of then cannot be told for sure.")


def _circumstances(logged: Record, refitted: Record) -> Iterator[Cause]:
    changed = bool(logged.source and refitted.source and logged.source != refitted.source)
    if changed:
        yield Cause("code", f"The estimator's source file has changed since it was fitted{_at(logged)}.")
    for name in sorted(logged.parameters.keys() & refitted.parameters.keys()):
        if logged.parameters[name] != refitted.parameters[name]:
            evidence = f"The estimator is now made with {name}={refitted.parameters[name]}; it was {logged.parameters[name]}{_at(logged)}."
            yield Cause("code", evidence)
            break
    if libraries := _libraries(logged.libraries, refitted.libraries):
        yield Cause("libraries", f"{libraries}. Install the versions of its requirements.txt and try again.")
    if logged.commit and logged.commit != refitted.commit:
        own = "" if changed or not logged.source else "; the estimator's own file is the same, but what it imports may not be"
        yield Cause("code", f"The git commit was {logged.commit[:10]} and is {refitted.commit[:10] or 'unknown'} now{own}.")


def _at(logged: Record) -> str:
    return f", at git commit {logged.commit[:10]}" if logged.commit else ""


def _libraries(logged: Mapping[str, str], installed: Mapping[str, str]) -> str:
    moved = [(name, then, installed.get(name)) for name, then in sorted(logged.items()) if installed.get(name) != then]
    return ", ".join(f"{name} was {then} and is {now or 'not installed'} now" for name, then, now in moved)


def _close(left: Any, right: Any) -> Any:  # noqa: ANN401 - numbers or vectors, and what comparing them gives
    return np.isclose(left, right, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
