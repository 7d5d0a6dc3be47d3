"""Reading a data file whole, strictly: what is wrong with it is said before anything is made of it."""

import csv
import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.onboarding.request import near

NULLS = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "?")
"""The texts that mean a missing value in a CSV file."""

_CSV, _PARQUET = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
_SEPARATORS = ",;\t|"
_MOSTLY_NUMBERS = 0.5
_ODD_VALUES = 5


@dataclass(frozen=True)
class Table:
    """A file as it was read.

    Parameters:
        path: of the file.
        rows: all of it.
        separator: between the cells of a CSV file; empty for Parquet.
        nulls: the texts that were taken for a missing value.
    """

    path: Path
    rows: pl.DataFrame
    separator: str
    nulls: tuple[str, ...]

    @property
    def is_csv(self) -> bool:
        """Whether it is a text file."""
        return bool(self.separator)

    def where(self, row: int) -> str:
        """Return in words where a row stands, counted from 0."""
        return f"line {row + 2}" if self.is_csv else f"row {row + 1}"


def read_table(path: Path, nulls: Sequence[str] = ()) -> Table:
    """Read a CSV or Parquet file.

    Parameters:
        path: of the file; CSV may be compressed with gzip.
        nulls: texts that mean a missing value, beside the usual ones.

    Raises:
        DataError: if there is no such file, or it is none that can be read, is empty, or has columns of one name.
    """
    if not path.is_file():
        beside = [item.name for item in path.parent.iterdir() if item.is_file()] if path.parent.is_dir() else []
        message = f"There is no file {path}; {near(path.name, sorted(beside)).replace('Columns', 'Beside').replace('columns', 'beside')}."
        raise DataError(message)
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    if kind not in _CSV + _PARQUET:
        message = f"{path} is neither CSV ({', '.join(_CSV)}, also with .gz) nor Parquet ({', '.join(_PARQUET)}); write it as one of these."
        raise DataError(message)
    table = _read_csv(path, (*NULLS, *nulls)) if kind in _CSV else _read_parquet(path)
    if table.rows.is_empty():
        message = f"{path} has no rows{': only a header' if table.rows.width else ''}. Give a file with a header and rows."
        raise DataError(message)
    return table


def _read_parquet(path: Path) -> Table:
    try:
        return Table(path, pl.read_parquet(path), "", ())
    except (pl.exceptions.PolarsError, OSError) as error:
        message = f"{path} is no Parquet file that can be read: {' '.join(str(error).split())[:300]}. Write it again."
        raise DataError(message) from error


def _read_csv(path: Path, nulls: tuple[str, ...]) -> Table:
    content = _content(path)
    separator, header = _header(path, content)
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        message = f"{path} has several columns called {', '.join(map(repr, twice))}. Give each column a name of its own in the first line."
        raise DataError(message)
    try:
        rows = pl.read_csv(BytesIO(content), separator=separator, null_values=list(nulls), infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        reason = " ".join(str(error).split())[:300]
        message = (
            f"{path} cannot be read as CSV with {separator!r} between cells and a header: {reason}. Correct these lines, or write it as Parquet."
        )
        raise DataError(message) from error
    return Table(path, rows, separator, nulls)


def _content(path: Path) -> bytes:
    """Return the bytes of a text file, which must be UTF-8."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        message = f"{path} cannot be read: {error}. Write it again."
        raise DataError(message) from error
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = (
            f"{path} is not UTF-8: line {line} has the byte 0x{content[error.start]:02x}. "
            f"Convert it, for example with: iconv -f latin1 -t utf-8 {path.name} > utf8-{path.name}"
        )
        raise DataError(message) from error
    if not content.strip():
        message = f"{path} is empty. Give a file with a header and rows."
        raise DataError(message)
    return content


def _header(path: Path, content: bytes) -> tuple[str, list[str]]:
    """Return what separates cells, by which of the usual characters the first line has most of, and the names of the columns."""
    first = content.decode("utf-8-sig").lstrip("\r\n").splitlines()[0]
    counts = {mark: len(next(csv.reader([first], delimiter=mark))) for mark in _SEPARATORS}
    separator = max(counts, key=lambda mark: counts[mark])
    if counts[separator] == 1:
        message = f"{path} has one column only, {first[:80]!r}; a time and a label are needed. Cells are separated by comma, semicolon, tab or |."
        raise DataError(message)
    return separator, next(csv.reader([first], delimiter=separator))


def extremes(column: pl.Series) -> tuple[Any, Any]:
    """Return the smallest and the largest value of a column; NaN is none."""
    values = column.fill_nan(None) if column.dtype.is_float() else column
    low, high = values.to_frame("value").select(low=pl.min("value"), high=pl.max("value")).row(0)
    return low, high


def check_not_mixed(table: Table, name: str, *, always: bool = False) -> None:
    """Check that a text column is no column of numbers with a few words in it.

    Parameters:
        table: that has the column.
        name: of the column.
        always: whether many different words are an error too; otherwise they are taken for codes.

    Raises:
        DataError: naming the first such value, where it stands, and what to do.
    """
    column = table.rows[name]
    if column.dtype != pl.String():
        return
    odd = column.is_not_null() & column.str.strip_chars().cast(pl.Float64(), strict=False).is_null()
    present, wrong = column.count(), int(odd.sum())
    if not 0 < wrong < present * _MOSTLY_NUMBERS or (column.filter(odd).n_unique() > _ODD_VALUES and not always):
        return
    values = column.filter(odd).unique(maintain_order=True).to_list()[:_ODD_VALUES]
    row = int(odd.arg_true()[0])
    message = (
        f"Column {name!r} of {table.path} mixes numbers and text: {wrong} of {present} values are no numbers, the first {values[0]!r} "
        f"in {table.where(row)}. If they mean that the value is missing, pass {' '.join(f'--null {value!r}' for value in values)}; "
        f"otherwise correct them, or leave the column out with --drop {name!r}."
    )
    raise DataError(message)
