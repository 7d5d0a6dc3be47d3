"""Rows that can be streamed, wherever they are, and what is asked of all of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlworks_orchestration.errors import DataError

BATCH_ROWS = 1 << 17
"""Rows that are decoded at a time: with fewer, asking for them is a tenth of the work."""


@dataclass(frozen=True)
class Source:
    """Rows that can be streamed.

    Parameters:
        name: for errors.
        schema: a pyarrow.Schema.
        rows: how many there are; of a CSV file, how many lines, which can be more: blank ones, and those within quotes.
        batches: give the batches of some columns, each a pyarrow.RecordBatch.
        divisible: whether reading half of the columns costs half as much, so that who reads can share them.
        stored: whether they are in files, which each process that reads opens anew.
        settle: open the same rows with types that all of them fit, where the first ones decided; None where types are certain.
    """

    name: str
    schema: Any
    rows: int
    batches: Callable[[Sequence[str]], Iterator[Any]]
    divisible: bool
    stored: bool
    settle: "Callable[[], Source] | None" = None

    def settled(self) -> "Source":
        """Return the same rows with types that all of them fit."""
        return self.settle() if self.settle else self


class UnsettledError(DataError):
    """Rows do not fit the types that those before them have; `Source.settled` finds types that all of them fit."""


def check_distinct(words: str, names: Sequence[str]) -> None:
    """Refuse columns of one name, of which nobody could say which is meant.

    Parameters:
        words: where the columns are.
        names: of all of them.

    Raises:
        DataError: naming those that are there more than once.
    """
    often = [name for name, times in Counter(names).items() if times > 1]
    if often:
        message = f"{words} has more than one column {', '.join(map(repr, often))}; give each column a name of its own."
        raise DataError(message)


def is_text(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """Return whether a type is that of plain texts.

    Parameters:
        kind: a pyarrow.DataType.
    """
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
