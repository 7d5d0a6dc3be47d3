"""Many small writes to SQLite, without waiting for the disk at each of them.

Dagster opens and closes a connection for every event. By default SQLite then waits for the disk at each commit, and again at each close, when
the last connection moves the write-ahead log into the database.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

_MOST_HELD = 16


@contextmanager
def fewer_syncs() -> Iterator[None]:
    """Let SQLite databases that this process opens inside the block wait for the disk at checkpoints only.

    `synchronous=NORMAL` with a write-ahead log survives a killed process whole; a power cut may lose the last commits, never the database.
    One further connection a database is held open, so that closing the others is no checkpoint.
    """
    held: OrderedDict[str, sqlite3.Connection] = OrderedDict()

    def relax(connection: Any, _: object) -> None:  # noqa: ANN401 - whatever driver SQLAlchemy has connected with
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous=NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path and path not in held:
            held[path] = sqlite3.connect(path, check_same_thread=False)
            held[path].execute("PRAGMA schema_version").fetchone()
            if len(held) > _MOST_HELD:
                held.popitem(last=False)[1].close()

    event.listen(Engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(Engine, "connect", relax)
        for connection in held.values():
            connection.close()
