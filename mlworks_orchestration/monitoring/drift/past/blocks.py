"""The reference cut into consecutive blocks, from which it is learnt how much its windows differ when nothing is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn, count, count_texts
from mlworks_orchestration.monitoring.drift.past.documents import check_format
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.statistics import registered
from mlworks_orchestration.monitoring.drift.statistics.record import OF_CELLS
from mlworks_orchestration.spec import DriftKind

FORMAT = "mlworks.blocks"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Blocks:
    """Consecutive blocks of the reference's rows, each column counted in few cells.

    Parameters:
        columns: those that are compared as counts in cells.
        starts: when each block begins, in seconds (or any measure that grows evenly), shape (blocks,); None where only their order is known.
        texts: what statistics of texts look at, by column and statistic.
    """

    columns: Mapping[ColumnKey, BlockColumn]
    starts: Floats | None
    texts: Mapping[tuple[ColumnKey, str], BlockColumn] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """How many blocks there are."""
        return max((len(column.counts) for column in (*self.columns.values(), *self.texts.values())), default=0)

    @property
    def kinds(self) -> set[DriftKind]:
        """The kinds of drift whose columns are counted."""
        return {key.kind for key in self.columns} | {key.kind for key, _ in self.texts}

    @property
    def types(self) -> set[str]:
        """The types of profiles that are counted."""
        return {column.type for column in self.columns.values()} | ({TextProfile.type} if self.texts else set())

    @classmethod
    def of(cls, reference: Profile, parts: Sequence[Profile], starts: Sequence[datetime] | Sequence[float] | None = None) -> "Blocks":
        """Count the parts of a reference in its own cells.

        Parameters:
            reference: decides the cells; its rows are about those of the parts.
            parts: consecutive, in order; a part may lack a column, and then has no rows of it.
            starts: when each part begins, ascending.

        Raises:
            DataError: if the starts are not one a part, or do not ascend.

        Examples:
            >>> import polars as pl
            >>> wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
            >>> parts = [Profile.of(pl.DataFrame({"wind": [float(day), None]}), wind) for day in range(3)]
            >>> Blocks.of(Profile.merged(parts), parts).columns[wind["wind"]].counts.tolist()
            [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]]
        """
        by_column = {key: [part.columns.get(key) for part in parts] for key in reference.columns}
        return replace(cls.of_columns(reference, by_column), starts=_seconds(starts, len(parts)))

    @classmethod
    def of_columns(cls, reference: Profile, parts: Mapping[ColumnKey, Sequence[ColumnProfile | None]]) -> "Blocks":
        """Count the parts of each column of a reference in its own cells; when they began is not known.

        Parameters:
            reference: as `of` takes it.
            parts: of each of its columns, consecutive, in order.
        """
        columns = {key: count(column, parts[key]) for key, column in reference.columns.items() if column.type in OF_CELLS}
        texts = {
            (key, statistic.name): count_texts(statistic.counted, column, parts[key])
            for key, column in reference.columns.items()
            for statistic in registered()
            if statistic.counted and column.type in statistic.types
        }
        return cls(columns, None, texts)

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it, as JSON can hold it."""
        columns = [{"kind": key.kind.value, "column": key.column, **column.to_document()} for key, column in self.columns.items()]
        texts = [
            {"kind": key.kind.value, "column": key.column, "statistic": name, **column.to_document()} for (key, name), column in self.texts.items()
        ]
        starts = None if self.starts is None else self.starts.tolist()
        return {"format": FORMAT, "version": VERSION, "starts": starts, "columns": columns, "texts": texts}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Blocks":
        """Read what `to_document` gave.

        Raises:
            DataError: if it is damaged, or of a version that this release does not know.
        """
        check_format(document, FORMAT, VERSION)
        try:
            columns = {_key(one): BlockColumn.from_document(one) for one in document["columns"]}
            texts = {(_key(one), one["statistic"]): BlockColumn.from_document(one) for one in document.get("texts", [])}
            starts = None if document["starts"] is None else np.array(document["starts"], dtype=np.float64)
            return cls(columns, starts, texts)
        except (KeyError, ValueError, TypeError) as error:
            message = f"The stored blocks of a reference are damaged ({type(error).__name__}: {error}); build the reference again."
            raise DataError(message) from error


def _seconds(starts: Sequence[datetime] | Sequence[float] | None, parts: int) -> Floats | None:
    if starts is None:
        return None
    seconds = np.array([start.timestamp() if isinstance(start, datetime) else float(start) for start in starts])
    if len(seconds) != parts or (np.diff(seconds) < 0).any():
        message = f"The {parts} blocks of a reference came with {len(seconds)} starts; give one a block, in ascending order, or none at all."
        raise DataError(message)
    return seconds


def _key(document: Mapping[str, Any]) -> ColumnKey:
    return ColumnKey(DriftKind(document["kind"]), document["column"])
