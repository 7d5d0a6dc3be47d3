"""The events of runs in Dagster's own SQLite files, without making anew for each event what stays the same."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine

_MOST_OPEN = 16
"""Files held open; each has one connection."""

_BATCH = "1000"


class EventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log with an engine a file, kept open, and one transaction a file for events that come together.

    Dagster's own makes an engine for each event, which compiles the same statements again and opens and closes the file, and commits an event
    of an asset up to four times. The files, their tables and their rows are the same: either class reads what the other wrote.

    Parameters:
        base_dir: the folder of the files.
        inst_data: where dagster.yaml configures it.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._open: dict[str, Connection] = {}
        self._existing: set[str] = set()
        self._turn = threading.RLock()
        super().__init__(base_dir, inst_data)
        # Dagster hands over together only the events of a batch, and only when this is set.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", _BATCH)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Return the log that dagster.yaml configures, in the folder `events` of its base, for to wipe a log removes all databases beside it."""
        return cls(str(Path(config_value["base_dir"]) / "events"), inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, in one transaction a file."""
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in the order given, all of them or none, in one transaction a file."""
        with ExitStack() as transactions:
            for shard in (*dict.fromkeys(event.run_id for event in events), INDEX_SHARD_NAME):
                transactions.enter_context(self._connect(shard))
            for event in events:
                super().store_event(event)

    def has_table(self, table_name: str) -> bool:
        """Return whether the index has a table; once there, it stays."""
        return self._once(table_name, lambda: super(EventLog, self).has_table(table_name))

    def wipe(self) -> None:
        """Remove all events."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files."""
        self._close()
        super().dispose()

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        return self._once(f"asset_keys.{column_name}", lambda: super(EventLog, self)._has_asset_key_col_on_connection(conn, column_name))

    def _once(self, name: str, exists: Callable[[], bool]) -> bool:
        if name not in self._existing and exists():
            self._existing.add(name)
        return name in self._existing

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """Yield a connection inside a transaction; the open one, if this thread has begun it already."""
        with self._turn:
            if shard in self._open:
                yield self._open[shard]
                return
            with self._engine(shard).begin() as connection:
                self._open[shard] = connection
                try:
                    yield connection
                finally:
                    del self._open[shard]

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            # Threads use it in turn, under the lock.
            arguments = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
            engine = create_engine(self.conn_string_for_shard(shard), poolclass=QueuePool, pool_size=1, connect_args=arguments)
            if shard not in self._initialized_dbs:
                if shard == INDEX_SHARD_NAME or not self._made(Path(self.path_for_shard(shard))):
                    self._initdb(engine)
                self._initialized_dbs.add(shard)
            self._engines[shard] = engine
            if len(self._engines) > _MOST_OPEN:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def _made(self, path: Path) -> bool:
        """Make the file of a run as a whole, unless it is there already."""
        if path.exists():
            return False
        whole = path.with_name(f".{path.stem}-{os.getpid()}")
        whole.write_bytes(self._empty)
        try:
            os.link(whole, path)
        except FileExistsError:  # another process has made it meanwhile
            return False
        finally:
            whole.unlink()
        return True

    @cached_property
    def _empty(self) -> bytes:
        """The file of a run without events, as Dagster makes it; to make one takes longer than to write a run's events."""
        with TemporaryDirectory() as folder:
            engine = create_engine(create_db_conn_string(folder, "empty"), poolclass=NullPool)
            self._initdb(engine)
            engine.dispose()
            return (Path(folder) / "empty.db").read_bytes()

    def _close(self) -> None:
        with self._turn:
            while self._engines:
                self._engines.popitem()[1].dispose()
