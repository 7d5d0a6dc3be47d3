"""Where raw rows come from: the function that a table declares, and the archives that it reads."""

from collections.abc import Iterator
from types import FunctionType

from mlworks_orchestration.data import Archive
from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import FeatureTable, load_object
from mlworks_orchestration.views.lineage.walk import Walk


def add_source(walk: Walk, table: FeatureTable) -> str:
    """Add the source that a table declares, and return its node's id.

    Parameters:
        walk: to add to.
        table: a feature table with a source.
    """
    path = str(table.source)
    try:
        found = [*_archives(load_object(path, field=f"Feature table {table.name}: source"), set())]
    except DeclarationError as error:
        return walk.drawing.add("source", path, path, function=path, owner=table.owner, missing=str(error))
    archives = [{"package": one.package, "version": one.version, "sha256": one.sha256} for one in dict.fromkeys(found)]
    return walk.drawing.add("source", path, path, function=path, owner=table.owner, archives=archives or None)


def _archives(function: object, seen: set[str]) -> Iterator[Archive]:
    """Yield the archives that a function names, itself or by the functions that it calls."""
    if not isinstance(function, FunctionType) or function.__qualname__ in seen:
        return
    seen.add(function.__qualname__)
    for name in function.__code__.co_names:
        named = function.__globals__.get(name)
        if isinstance(named, Archive):
            yield named
        else:
            yield from _archives(named, seen)
