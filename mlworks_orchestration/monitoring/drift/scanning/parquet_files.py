"""Parquet files as one stream of batches, also where one has other columns or types than the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import getpid
from threading import local
from typing import Any

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.scanning.located import Files, Located
from mlworks_orchestration.monitoring.drift.scanning.source import BATCH_ROWS, Source, check_distinct, is_text

_BUFFER = 1 << 16
"""Bytes of a column that are read at a time; a file mapped into memory would count as memory used."""


def of_parquet(name: str, files: Files) -> Source:
    """Open Parquet files, whose columns are those that any of them has.

    Parameters:
        name: of all of them, for errors.
        files: which they are.

    Raises:
        DataError: if a name is that of two columns, or of columns whose types have nothing in common.
    """
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    metadata = [pq.read_metadata(file.path) for file in files.located]
    schemas = [known.schema.to_arrow_schema() for known in metadata]
    for file, there in zip(files.located, schemas, strict=True):
        check_distinct(f"The file {file.path!r}", there.names)
    schema = _united(files, schemas)
    read = pa.schema([field.with_type(_read_type(field.type)) for field in schema])
    opened = local()

    def reader(index: int) -> Any:  # noqa: ANN401 - pyarrow has no types
        key = index, getpid()
        if getattr(opened, "key", None) != key:  # of one file a thread reads column after column
            texts = [field.name for field in schemas[index] if is_text(field.type)]
            path, known = files.located[index].path, metadata[index]
            opened.reader = pq.ParquetFile(path, metadata=known, read_dictionary=texts, buffer_size=_BUFFER, pre_buffer=False)
            opened.key = key
        return opened.reader

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        for index, (file, there) in enumerate(zip(files.located, schemas, strict=True)):
            stored = [one for one in columns if one in there.names]
            raw = _decoded(reader(index), stored) if stored else _blank(metadata[index].num_rows)
            in_order = [one for one in there.names if one in stored] == list(columns)
            same = there is schema or (in_order and all(there.field(one).equals(schema.field(one)) for one in columns))
            yield from raw if same else map(_Fitting(file, read, columns).fitted, raw)

    return Source(name, schema, sum(known.num_rows for known in metadata), batches, divisible=True, stored=True)


def _decoded(reader: Any, columns: Sequence[str]) -> Iterator[Any]:  # noqa: ANN401
    yield from reader.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False)


def _blank(rows: int) -> Iterator[Any]:
    """Yield batches of a file of which no column is read."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    for start in range(0, rows, BATCH_ROWS):
        yield pa.RecordBatch.from_arrays([pa.nulls(min(BATCH_ROWS, rows - start))], names=[""])


def _united(files: Files, schemas: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return the schema of all files, the very one of the first where all are alike."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    whole = [_with_constants(file, there) for file, there in zip(files.located, schemas, strict=True)]
    if whole and whole[0] is schemas[0] and all(one.equals(whole[0]) for one in whole) and not files.declared.keys() - set(whole[0].names):
        return whole[0]
    kinds, seen = dict[str, Any](), dict[str, tuple[Any, str]]()
    for file, there in zip(files.located, whole, strict=True):
        for field in there:
            wider = _wider(kinds.get(field.name, field.type), field.type)
            if wider is None:
                known, other = seen[field.name]
                message = (
                    f"The column {field.name!r} is a {field.type} in {file.path!r}, but a {known} in {other!r}; write it with one type in all files."
                )
                raise DataError(message)
            if field.name not in kinds or not wider.equals(kinds[field.name]):
                kinds[field.name], seen[field.name] = wider, (field.type, file.path)
    missing = {name: kind for name, kind in files.declared.items() if name not in kinds}
    return pa.schema([pa.field(name, kind) for name, kind in (kinds | missing).items()])


def _with_constants(file: Located, there: Any) -> Any:  # noqa: ANN401
    """Return the schema of a file with the columns that its folders say; what the file itself says of them comes first."""
    for name, value in file.constants.items():
        if name not in there.names:
            there = there.append(_field(name, value.type))
    return there


def _field(name: str, kind: Any) -> Any:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    return pa.field(name, kind)


def _wider(one: Any, other: Any) -> Any:  # noqa: ANN401
    """Return the type that holds what two types hold; None where there is none."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    if one.equals(other):
        return one
    if _holds_text(one) and _holds_text(other):
        return pa.string()
    numbers = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) for kind in (one, other))
    if numbers and (any(map(pa.types.is_decimal, (one, other))) or _too_wide(one, other) or _too_wide(other, one)):
        return pa.float64()
    try:
        return pa.unify_schemas([pa.schema([("", one)]), pa.schema([("", other)])], promote_options="permissive").field(0).type
    except pa.ArrowException:
        return None


def _holds_text(kind: Any) -> bool:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    return is_text(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _too_wide(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Return whether no whole number holds what these two hold."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    return bool(pa.types.is_uint64(one) and pa.types.is_signed_integer(other))


def _read_type(kind: Any) -> Any:  # noqa: ANN401
    """Return the type that batches have: texts come as a dictionary."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    return pa.dictionary(pa.int32(), pa.string()) if is_text(kind) else kind


@dataclass(frozen=True, eq=False)
class _Fitting:
    """Gives the batches of a file the columns and types of all files.

    Parameters:
        file: which.
        schema: of the batches wanted, a pyarrow.Schema.
        columns: which of its columns are wanted.
    """

    file: Located
    schema: Any
    columns: Sequence[str]

    def fitted(self, batch: Any) -> Any:  # noqa: ANN401
        """Return the batch with the columns wanted."""
        import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

        fields = [self.schema.field(name) for name in self.columns]
        return pa.RecordBatch.from_arrays([self._column(batch, field.name, field.type) for field in fields], schema=pa.schema(fields))

    def _column(self, batch: Any, name: str, kind: Any) -> Any:  # noqa: ANN401
        import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

        if name in batch.schema.names:
            return _cast(batch.column(name), kind)
        value = self.file.constants.get(name)
        if value is None or not value.is_valid:
            return pa.nulls(batch.num_rows, kind)
        return _cast(pa.repeat(value, batch.num_rows), kind)


def _cast(array: Any, kind: Any) -> Any:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    if array.type.equals(kind):
        return array
    if pa.types.is_dictionary(kind):
        plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
        return plain.cast(kind.value_type).dictionary_encode()
    return array.cast(kind, safe=not pa.types.is_floating(kind))  # a large whole number may lose its last digits, as it does in profiles
