"""Powers side by side: a table an injection, its sizes as columns."""

from typing import NamedTuple

from mlworks_orchestration.monitoring.error_rates.records import ErrorRates, Power, Scope
from mlworks_orchestration.monitoring.error_rates.words import TITLES, size_words
from mlworks_orchestration.spec import DriftKind

_PLACES: dict[tuple[DriftKind, Scope], str] = {
    (DriftKind.FEATURE, "one"): "one feature",
    (DriftKind.FEATURE, "all"): "all features",
    (DriftKind.LABEL, "one"): "label",
    (DriftKind.PREDICTION, "one"): "prediction",
    (DriftKind.CONCEPT, "one"): "residual",
}


class Line(NamedTuple):
    """A line of a table.

    Parameters:
        name: what was shifted.
        powers: one a size; None where it was not measured.
    """

    name: str
    powers: tuple[Power | None, ...]


class PowerTable(NamedTuple):
    """All powers of one injection.

    Parameters:
        injection: its name.
        title: what it is called.
        unit: what its sizes are.
        axis: the same in short.
        sizes: ascending.
        heads: the sizes with their unit.
        lines: the kinds of drift in order.
        columns: of single columns by themselves, where a kind has several.
    """

    injection: str
    title: str
    unit: str
    axis: str
    sizes: tuple[float, ...]
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    columns: tuple[Line, ...]


def power_tables(rates: ErrorRates) -> list[PowerTable]:
    """Return a table for each injection that was measured.

    Parameters:
        rates: what was measured.
    """
    return [_table(rates, name, *TITLES[name]) for name in TITLES if any(one.injection == name for one in rates.powers)]


def _table(rates: ErrorRates, injection: str, title: str, unit: str, axis: str) -> PowerTable:
    powers = [one for one in rates.powers if one.injection == injection]
    sizes = tuple(sorted({one.size for one in powers}))
    heads = tuple(size_words(injection, size) for size in sizes)
    lines = [_line(name, [one for one in powers if (one.kind, one.scope) == place], sizes) for place, name in _PLACES.items()]
    columns = [_line(name, [one for one in powers if one.column == name], sizes) for name in dict.fromkeys(one.column for one in powers) if name]
    return PowerTable(injection, title, unit, axis, sizes, heads, tuple(filter(None, lines)), tuple(filter(None, columns)))


def _line(name: str, powers: list[Power], sizes: tuple[float, ...]) -> Line | None:
    found = {one.size: one for one in powers}
    return Line(name, tuple(found.get(size) for size in sizes)) if found else None
