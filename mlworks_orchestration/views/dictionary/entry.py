"""One column of the feature dictionary."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mlworks_orchestration.spec import Use
from mlworks_orchestration.views.dictionary.statistics import Statistics


@dataclass(frozen=True)
class Freshness:
    """How far a feature table has come.

    Parameters:
        partition: key of its newest partition.
        event_time: the newest event time in it, aware.
        rows: of the whole table.
    """

    partition: str
    event_time: datetime
    rows: int


@dataclass(frozen=True)
class Entry:
    """A column of a feature table.

    Parameters:
        name: of the column.
        table: its feature table.
        type: its declared type.
        unit: its declared unit; empty without one.
        description: what it says.
        owner: who answers for the table.
        source: the function or the tables that it comes from.
        used_by: the models that use it, and as what.
        freshness: how far the table has come; none before its first partition.
        statistics: of its newest values; none before the first partition.
    """

    name: str
    table: str
    type: str
    unit: str
    description: str
    owner: str
    source: str
    used_by: tuple[Use, ...] = ()
    freshness: Freshness | None = None
    statistics: Statistics | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        plain = asdict(self)
        plain["used_by"] = [use._asdict() for use in self.used_by]
        if self.freshness is not None:
            plain["freshness"]["event_time"] = self.freshness.event_time.isoformat()
        return plain
