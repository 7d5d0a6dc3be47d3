"""The dictionary of a deployment, generated from its declarations and its lake, and the search in it."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.spec import Catalog, FeatureTable, uses_of
from mlworks_orchestration.views.dictionary.entry import Entry, Freshness
from mlworks_orchestration.views.dictionary.statistics import Statistics, statistics_of

ENOUGH_ROWS = 100_000
"""So many of a table's newest rows are summed up, by whole partitions: enough for two digits of any share, read in a moment."""


def feature_dictionary(lake: Lake, catalog: Catalog, entries: Sequence[Entry] | None = None) -> list[Entry]:
    """Return every declared column with what the lake says of it, in the order of tables and columns.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        entries: those to look up in the lake, as `search` found them; all by default.
    """
    chosen = declared(catalog) if entries is None else entries
    found: list[Entry] = []
    for name in dict.fromkeys(entry.table for entry in chosen):
        found += _with_values(lake, catalog.tables[name], [entry for entry in chosen if entry.table == name])
    return found


def declared(catalog: Catalog) -> list[Entry]:
    """Return every declared column with what the declarations say of it.

    Parameters:
        catalog: all declarations.
    """
    return [entry for name in sorted(catalog.tables) for entry in _declared(catalog, catalog.tables[name])]


def search(catalog: Catalog, term: str) -> list[Entry]:
    """Return the declared columns whose name, description, unit, owner, table or model holds a term, in any case.

    Parameters:
        catalog: all declarations.
        term: what to look for; several words must all be found.

    Raises:
        DeclarationError: if nothing is found, with the nearest name.
    """
    words = term.casefold().split()
    entries = declared(catalog)
    found = [entry for entry in entries if all(word in _text(entry) for word in words)]
    if not found:
        names = {name for entry in entries for name in (entry.name, entry.table, *(use.model for use in entry.used_by))}
        message = f"No feature has {term!r} in its name, description, unit, owner, table or model; {nearest(term, names, '`mlworks features`')}."
        raise DeclarationError(message)
    return found


def _text(entry: Entry) -> str:
    models = (use.model for use in entry.used_by)
    return "\n".join([entry.name, entry.description, entry.unit, entry.owner, entry.table, *models]).casefold()


def _declared(catalog: Catalog, table: FeatureTable) -> list[Entry]:
    uses = uses_of(catalog, table)
    source = table.source or f"{', '.join(table.inputs)} by {table.transform}"
    return [
        Entry(name, table.name, str(column.type), column.unit, column.description, table.owner, source, tuple(uses[name]))
        for name, column in table.columns.items()
    ]


def _with_values(lake: Lake, table: FeatureTable, entries: Sequence[Entry]) -> list[Entry]:
    name = f"features/{table.name}"
    if not lake.exists(name):
        return list(entries)
    version = lake.version(name)
    rows = _rows_by_partition(lake, name, version)
    newest = _newest(rows)
    if not newest:
        return list(entries)
    stored = set(lake.delta(name, version).schema().to_arrow().names)
    columns = [entry.name for entry in entries if entry.name in stored]
    frame = lake.read(name, columns=list(dict.fromkeys([table.event_time, *columns])), partitions=newest, version=version)
    freshness = Freshness(newest[-1], frame.select(pl.col(table.event_time).max()).item(), sum(rows.values()))
    span = (newest[0], newest[-1])
    return [_filled(entry, freshness, statistics_of(frame[entry.name], span) if entry.name in columns else None) for entry in entries]


def _filled(entry: Entry, freshness: Freshness, statistics: Statistics | None) -> Entry:
    described = (entry.name, entry.table, entry.type, entry.unit, entry.description, entry.owner, entry.source, entry.used_by)
    return Entry(*described, freshness, statistics)


def _rows_by_partition(lake: Lake, name: str, version: int) -> dict[str, int]:
    """Return the number of rows of each partition, in order, from the Delta log alone."""
    files = pl.DataFrame(lake.delta(name, version).get_add_actions(flatten=True))
    if files.is_empty():
        return {}
    counted = files.group_by(f"partition.{PARTITION}").agg(pl.col("num_records").sum()).sort(f"partition.{PARTITION}")
    return dict(counted.iter_rows())


def _newest(rows: dict[str, int]) -> list[str]:
    """Return the newest partitions, in order, that together have enough rows; all if they have not."""
    newest: list[str] = []
    total = 0
    for key in reversed(rows):
        if total >= ENOUGH_ROWS:
            break
        newest.insert(0, key)
        total += rows[key]
    return newest
