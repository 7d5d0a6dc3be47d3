"""Where the Parquet files of a path are, and what their folders and a Delta table's log say of their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mlworks_orchestration.errors import DataError

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_LARGEST = 1 << 63


@dataclass(frozen=True, eq=False)
class Located:
    """One Parquet file.

    Parameters:
        path: where it is.
        constants: columns that have one value in all of its rows, each a pyarrow.Scalar: those by which the table is partitioned.
    """

    path: str
    constants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Files:
    """Parquet files that are one table.

    Parameters:
        located: the files.
        declared: types of columns by name, each a pyarrow.DataType, which the table has even if no file has them.
    """

    located: Sequence[Located]
    declared: Mapping[str, Any] = field(default_factory=dict)


def files_of(path: Path) -> Files:
    """Return the Parquet files of a path.

    Parameters:
        path: a file, a folder of files, where folders named `name=value` in it are columns, or a Delta table.

    Raises:
        DataError: if a folder has nothing of the kind in it.
    """
    if (path / "_delta_log").is_dir():
        return _of_delta(path)
    if not path.is_dir():
        return Files([Located(str(path))])
    files = sorted(path.rglob("*.parquet"))
    if not files:
        hint = "Only Parquet files are read as one table; write its CSV files as Parquet, or into one file." if any(path.rglob("*.csv")) else ""
        message = f"The folder {str(path)!r} has neither Parquet files nor a Delta table in it. {hint}".rstrip()
        raise DataError(message)
    constants = _constants([_in_folders(file.relative_to(path)) for file in files])
    return Files([Located(str(file), values) for file, values in zip(files, constants, strict=True)])


def _of_delta(path: Path) -> Files:
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    from mlworks_orchestration.data import LocatedTable  # noqa: PLC0415 - heavy

    table = LocatedTable(str(path))
    schema, partitioned = pa.schema(table.schema().to_arrow()), table.metadata().partition_columns
    declared = dict(zip(schema.names, schema.types, strict=True))
    uris = table.file_uris()
    if not partitioned:
        return Files([Located(uri) for uri in sorted(uris)], declared)
    actions = pa.table(table.get_add_actions(flatten=True))
    paths = [unquote(one) for one in actions["path"].to_pylist()]
    if len(paths) != len(uris) or not all(uri.endswith(one) for uri, one in zip(uris, paths, strict=True)):
        message = f"The log of the Delta table {str(path)!r} does not say of which partition a file is; write the table again."
        raise DataError(message)
    values = {name: actions[f"partition.{name}"].cast(declared[name]) for name in partitioned}
    located = [Located(uri, {name: column[index] for name, column in values.items()}) for index, uri in enumerate(uris)]
    return Files(sorted(located, key=lambda one: one.path), declared)


def _in_folders(file: Path) -> dict[str, str | None]:
    """Return what the folders of a file say, which are named as Hive names them."""
    told = [part.partition("=") for part in file.parent.parts]
    return {unquote(name): None if value == _NO_VALUE else unquote(value) for name, equals, value in told if name and equals}


def _constants(told: Sequence[Mapping[str, str | None]]) -> list[dict[str, Any]]:
    """Return what folders say, file by file: numbers where all values of a name are, else texts."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    names = list(dict.fromkeys(name for one in told for name in one))
    read = {name: _read([one.get(name) for one in told]) for name in names}
    kinds = {name: {int: pa.int64(), float: pa.float64(), str: pa.string()}[kind] for name, (kind, _) in read.items()}
    return [{name: pa.scalar(read[name][1][index], kinds[name]) for name in names} for index in range(len(told))]


def _read(texts: Sequence[str | None]) -> tuple[type, list[Any]]:
    """Return the type that all texts are of, and their values."""
    for kind in (int, float):
        try:
            values = [None if text is None else kind(text) for text in texts]
        except ValueError:
            continue
        if all(value is None or (isfinite(value) and abs(value) < _LARGEST) for value in values) and any(text is not None for text in texts):
            return kind, values
    return str, list(texts)
