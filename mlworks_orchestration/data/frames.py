"""The border to users' functions: each gets and gives the dataframe that it likes; Arrow is the interchange."""

import inspect
from collections.abc import Callable
from typing import Any, get_origin

import polars as pl
import pyarrow as pa

from mlworks_orchestration.errors import DataError, DeclarationError, MLWorksError

_ALLOWED = "polars.DataFrame, pandas.DataFrame or pyarrow.Table"


def to_polars(frame: object, *, asked_of: str) -> pl.DataFrame:
    """Return a user's dataframe as polars.

    Of a pandas dataframe, named index levels become columns, and NaN means missing, as it does in pandas.

    Parameters:
        frame: a polars or pandas DataFrame or a pyarrow Table.
        asked_of: who gave it, for the error.

    Raises:
        DataError: if it is something else, or holds what Arrow cannot.

    Examples:
        >>> to_polars(pa.table({"a": [1, None]}), asked_of="flights")["a"].to_list()
        [1, None]
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    try:
        if isinstance(frame, pa.Table):
            return pl.DataFrame(frame)
        if _is("pandas", "DataFrame", type(frame)):
            return _from_pandas(frame)
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError) as error:
        message = f"{asked_of}: the {_name(type(frame))} that was given cannot be read: {error}. Give every column one type and a name of its own."
        raise DataError(message) from error
    message = f"{asked_of}: a dataframe is needed, but a {_name(type(frame))} was given; return a {_ALLOWED}."
    raise DataError(message)


def call_user(function: Callable[..., object], *arguments: object, asked_of: str) -> pl.DataFrame:
    """Call a user's function, each dataframe given as its parameter's annotation names it, and return its dataframe as polars.

    Parameters:
        function: takes `arguments` by position; a parameter annotated pandas.DataFrame or pyarrow.Table gets that, any other polars.
        arguments: dataframes, or anything else, which is passed on as it is.
        asked_of: whose function it is, for the error.

    Raises:
        DeclarationError: if the annotations cannot be read or name another dataframe, or the function does not take these arguments.
        DataError: if the function raises or returns no dataframe. Errors of this package go through as they are.

    Examples:
        >>> def doubled(rows: pa.Table) -> pa.Table:
        ...     return pa.table({"a": [2 * value for value in rows["a"].to_pylist()]})
        >>> call_user(doubled, pl.DataFrame({"a": [1, 2]}), asked_of="flights")["a"].to_list()
        [2, 4]
    """
    annotations = _annotations(function, len(arguments), asked_of)
    given = [
        _as_annotated(argument, annotation, asked_of) if isinstance(argument, pl.DataFrame) else argument
        for argument, annotation in zip(arguments, annotations, strict=True)
    ]
    try:
        result = function(*given)
    except MLWorksError:
        raise
    except Exception as error:
        message = f"{asked_of} raised {type(error).__name__}: {error}. Nothing was written; correct the function or its data and run again."
        raise DataError(message) from error
    return to_polars(result, asked_of=asked_of)


def _annotations(function: Callable[..., object], count: int, asked_of: str) -> list[Any]:
    try:
        signature = inspect.signature(function, eval_str=True)
    except (NameError, AttributeError, SyntaxError, ValueError) as error:
        message = f"{asked_of}: an annotation cannot be read: {error}. Import what it names when the module runs, not only for type checking."
        raise DeclarationError(message) from error
    try:
        bound = signature.bind(*range(count))
    except TypeError as error:
        message = f"{asked_of} is called with {count} argument{'s' * (count != 1)}, but its signature is {signature}: {error}."
        raise DeclarationError(message) from error
    names = {position: name for name, value in bound.arguments.items() for position in (value if isinstance(value, tuple) else (value,))}
    return [signature.parameters[names[position]].annotation for position in range(count)]


def _as_annotated(frame: pl.DataFrame, annotation: Any, asked_of: str) -> object:  # noqa: ANN401 - annotations have any type
    kind = get_origin(annotation) or annotation
    if kind in {inspect.Parameter.empty, Any, object} or _is("polars", "DataFrame", kind):
        return frame
    if _is("pandas", "DataFrame", kind):
        return _to_pandas(frame)
    if _is("pyarrow", "Table", kind):
        return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    message = f"{asked_of}: a parameter that gets a dataframe is annotated {_name(kind)}; annotate it {_ALLOWED}."
    raise DeclarationError(message)


def _is(package: str, name: str, kind: object) -> bool:
    """Return whether `kind` is, or derives from, a package's class, without importing the package."""
    return isinstance(kind, type) and any(base.__module__.split(".")[0] == package and base.__name__ == name for base in kind.__mro__)


def _name(kind: object) -> str:
    return f"{kind.__module__.split('.')[0]}.{kind.__name__}" if isinstance(kind, type) else str(kind)


def _to_pandas(frame: pl.DataFrame) -> object:
    pandas = frame.to_pandas()
    # numpy has no missing integers and booleans; as floats and objects they would lose digits and type.
    gaps = [name for name, column in frame.to_dict().items() if (column.dtype.is_integer() or column.dtype == pl.Boolean()) and column.null_count()]
    return pandas.assign(**frame.select(gaps).to_pandas(use_pyarrow_extension_array=True)) if gaps else pandas


def _from_pandas(frame: Any) -> pl.DataFrame:  # noqa: ANN401 - pandas is not imported here
    levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
    flat = frame.reset_index(level=levels) if levels else frame
    return pl.from_pandas(flat.rename(columns=str))
