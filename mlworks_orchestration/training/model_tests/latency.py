"""Predicting takes no longer than a budget."""

import time
from collections.abc import Callable

import polars as pl

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Latency
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, together
from mlworks_orchestration.training.model_tests.subject import Subject
from mlworks_orchestration.training.predictor import Predictor

_REPEATS = 5
_SINGLE_ROWS = 20


def latency(subject: Subject, test: Latency) -> Finding:
    """Measure what predicting takes in this process; of several times the shortest counts, the one that other work disturbed least.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    rows, found = subject.rows, []
    seconds = _shortest(lambda: subject.predict(rows))
    if test.rows_a_second is not None:
        found.append(_judged("rows a second", rows.height / seconds, test.rows_a_second, least=True, rows=rows.height))
    if test.milliseconds_a_row is not None:
        found.append(_judged("milliseconds a row", 1000 * _single(subject.predictor, rows), test.milliseconds_a_row, least=False, rows=_SINGLE_ROWS))
    if test.times_champion is not None:
        found.append(_against_champion(subject, test.times_champion))
    return together(found, "budgets")


def _judged(what: str, value: float, limit: float, *, least: bool, rows: int) -> Finding:
    kept = value >= limit if least else value <= limit
    words = f"{readable(value)} {what}; {'at least' if least else 'at most'} {readable(limit, 6)} is asked for."
    return Finding("passed" if kept else "failed", words, value, limit=limit, rows=rows, metric=what, part=what)


def _against_champion(subject: Subject, limit: float) -> Finding:
    what, champion = "times the champion's time", subject.champion
    if champion is None or champion.version == subject.version.version:
        return Finding("passed", "There is no champion yet to be slower than.", metric=what, part=what)
    serving = subject.stores.registry.load(subject.model.name, champion.version)
    if not set(serving.columns) <= set(subject.rows.columns):
        words = f"The champion, version {champion.version}, needs features that are no longer declared."
        return Finding("inconclusive", words, metric=what, part=what)
    ours, theirs = (_shortest(lambda each=each: each.predict(subject.rows)) for each in (subject.predictor, serving))  # type: ignore[misc]
    return _judged(what, ours / theirs, limit, least=False, rows=subject.rows.height)


def _single(predictor: Predictor, rows: pl.DataFrame) -> float:
    return min(_shortest(lambda row=row: predictor.predict(row), repeats=1) for row in rows.head(_SINGLE_ROWS).iter_slices(1))  # type: ignore[misc]


def _shortest(work: Callable[[], object], repeats: int = _REPEATS) -> float:
    """Return the shortest time of several, in seconds."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


LATENCY = register(Kind("latency", "Predicting takes no longer than a budget.", latency))
