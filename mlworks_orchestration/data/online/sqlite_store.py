"""The online store in one SQLite file: for one machine, without a server."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from mlworks_orchestration.data.online.address import not_published
from mlworks_orchestration.data.online.store import Row
from mlworks_orchestration.errors import OnlineError

_WAIT_SECONDS = 60
_AT_ONCE = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS published (feature_table TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (
  feature_table TEXT NOT NULL, entity TEXT NOT NULL, event INTEGER NOT NULL, known INTEGER NOT NULL, version INTEGER NOT NULL, "values" TEXT NOT NULL,
  PRIMARY KEY (feature_table, entity)
) WITHOUT ROWID;
"""
_PUT = """
INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (feature_table, entity) DO UPDATE
SET event = excluded.event, known = excluded.known, version = excluded.version, "values" = excluded."values"
WHERE (excluded.event, excluded.known, excluded.version) >= (event, known, version)
"""
_PUT_WHOLE = f"{_PUT.rstrip()} OR version <= excluded.version"
_SWEEP = "DELETE FROM latest WHERE feature_table = ? AND version < ?"
_MARK = "INSERT INTO published VALUES (?, ?) ON CONFLICT DO UPDATE SET version = max(version, excluded.version)"


class SqliteStore:
    """Published rows in a SQLite file; readers and a writer do not wait for each other.

    Parameters:
        path: of the file, made by the first publication.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    @property
    def shown(self) -> str:
        """Its address."""
        return f"sqlite:///{self.path}"

    def put(self, table: str, rows: Iterable[Row], version: int, *, whole: bool) -> None:
        """Publish rows in one transaction; see `OnlineStore`."""
        with self._reaching():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
                connection.execute("BEGIN IMMEDIATE")
                # Closed without a commit, by an error or a kill, nothing has happened.
                connection.executemany(_PUT_WHOLE if whole else _PUT, ((table, *row) for row in rows))
                if whole:
                    connection.execute(_SWEEP, (table, version))
                connection.execute(_MARK, (table, version))
                connection.execute("COMMIT")

    def get(self, table: str, entities: Sequence[str]) -> list[Row | None]:
        """Return the row of each entity, all of one moment; see `OnlineStore`."""
        if not self.path.exists():
            raise not_published(table, self.shown)
        found: dict[str, Row] = {}
        with self._reaching(), closing(self._connect()) as connection:
            connection.execute("BEGIN")
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'published'").fetchone()
            published = known and connection.execute("SELECT 1 FROM published WHERE feature_table = ?", (table,)).fetchone()
            for first in range(0, len(entities) if published else 0, _AT_ONCE):
                some = entities[first : first + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f'SELECT entity, event, known, version, "values" FROM latest WHERE feature_table = ? AND entity IN ({marks})'  # noqa: S608 - marks
                found |= {row[0]: Row(*row) for row in connection.execute(query, (table, *some))}
        if not published:
            raise not_published(table, self.shown)
        return [found.get(entity) for entity in entities]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            message = f"The online store {self.shown} could not be used: {error}. What was published is unchanged; check the file and its folder."
            raise OnlineError(message) from error
