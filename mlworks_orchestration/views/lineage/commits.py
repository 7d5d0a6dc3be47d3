"""Which commit of a lake table wrote a partition, and which version of another table it found."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mlworks_orchestration.data import Lake

# As `data` writes it into a commit: the keys in single quotes, which are doubled inside.
_KEY = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Commit:
    """One commit of a lake table.

    Parameters:
        version: the Delta version that it made.
        at: when, in milliseconds since 1970, by the writer's clock.
        partitions: keys of those that it replaced; none of a commit that replaced no partitions.
        dagster_run: the run that wrote it; empty where it is not recorded.
    """

    version: int
    at: int
    partitions: frozenset[str]
    dagster_run: str

    @property
    def moment(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.fromtimestamp(self.at / 1000, UTC)


@dataclass
class Commits:
    """The commits of the tables of a lake, each table's read once.

    Parameters:
        lake: the Delta tables.
    """

    lake: Lake
    _read: dict[str, list[Commit]] = field(default_factory=dict)
    _writers: dict[str, dict[str, list[Commit]]] = field(default_factory=dict)

    def of(self, table: str) -> list[Commit]:
        """Return the commits of a table, oldest first; none if it does not exist."""
        if table not in self._read:
            found = self.lake.history(table) if self.lake.exists(table) else []
            self._read[table] = [
                Commit(
                    version=int(entry["version"]),
                    at=int(entry["timestamp"]),
                    partitions=frozenset(key.replace("''", "'") for key in _KEY.findall(_predicate(entry))),
                    dagster_run=str(entry.get("dagster_run", "")),
                )
                for entry in reversed(found)
            ]
        return self._read[table]

    def commit(self, table: str, version: int) -> Commit | None:
        """Return the commit that made a version, or None if the log does not have it."""
        return next((commit for commit in self.of(table) if commit.version == version), None)

    def wrote(self, table: str, partition: str, version: int) -> Commit | None:
        """Return the commit that wrote what a version holds of a partition, or None."""
        if table not in self._writers:
            writers = self._writers.setdefault(table, {})
            for commit in self.of(table):
                for key in commit.partitions:
                    writers.setdefault(key, []).append(commit)
        of_partition = self._writers[table].get(partition, [])
        return next((commit for commit in reversed(of_partition) if commit.version <= version), None)

    def newest(self, table: str, at: int) -> int | None:
        """Return the version of a table that was the newest at a moment, or None before its first.

        Parameters:
            table: its name.
            at: milliseconds since 1970.
        """
        return next((commit.version for commit in reversed(self.of(table)) if commit.at <= at), None)

    def found(self, table: str, version: int, partitions: Iterable[str], upstream: str) -> list[int]:
        """Return the versions of another table that the writers of some partitions found, as few as hold the very rows that they read.

        Parameters:
            table: that was written.
            version: at which it is looked at.
            partitions: keys of those in question.
            upstream: the table that was read.
        """
        read: dict[str, int] = {}
        for key in partitions:
            writer = self.wrote(table, key, version)
            at_hand = self.newest(upstream, writer.at) if writer else None
            if at_hand is not None:
                read[key] = at_hand
        newest = max(read.values(), default=0)
        changed = {then for key, then in read.items() if self.wrote(upstream, key, then) != self.wrote(upstream, key, newest)}
        return sorted(changed | {newest}) if read else []


def _predicate(entry: Mapping[str, Any]) -> str:
    return str(entry.get("operationParameters", {}).get("predicate", ""))
