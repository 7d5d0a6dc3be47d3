"""What every declaration shares: frozen, validated when made, unknown fields forbidden."""

import ast
import inspect
import re
from datetime import timedelta
from functools import cache
from importlib import import_module
from itertools import pairwise
from textwrap import dedent
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from mlworks_orchestration.errors import DeclarationError, nearest

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"([0-9]{1,18})([wdhms])")


class Spec(BaseModel):
    """A declared thing: immutable, and complete once it exists."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def field_docstrings(cls) -> dict[str, str]:
        """Return what stands below each field that is documented, inherited ones first.

        Pydantic's `use_attribute_docstrings` would parse the source of every class whenever it is imported; an error or a schema asks for few.

        Examples:
            >>> from mlworks_orchestration.spec import Business
            >>> Business.field_docstrings()["unit"]
            'Its unit, for example `USD`.'
        """
        found: dict[str, str] = {}
        for ancestor in reversed(cls.__mro__):
            if issubclass(ancestor, Spec):
                found |= _docstrings_below_fields(ancestor)
        return found

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """Describe the fields in the JSON schema, which `dg` and editors show."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in cls.field_docstrings().items():
            properties.get(name, {}).setdefault("description", text)
        return schema


@cache
def _docstrings_below_fields(owner: type[Spec]) -> dict[str, str]:
    try:
        source = inspect.getsource(owner)
    except OSError:  # of a class made where there is no file
        return {}
    [definition] = ast.parse(dedent(source)).body
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(getattr(definition, "body", []))
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def parse_duration(value: object) -> timedelta:
    """Turn `"7d"` into a timedelta; a timedelta stays what it is.

    Parameters:
        value: a whole number with a unit: w(eeks), d(ays), h(ours), m(inutes) or s(econds).

    Raises:
        ValueError: if it has another form; a bare number too, for nobody could tell its unit.

    Examples:
        >>> parse_duration("36h")
        datetime.timedelta(days=1, seconds=43200)
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        message = f"{value!r} is no duration; write a whole number and a unit (w, d, h, m or s), for example 7d"
        raise ValueError(message)
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError as error:
        message = f"{value!r} is longer than time itself; the longest is {timedelta.max.days}d"
        raise ValueError(message) from error


def format_duration(value: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads back as `value` (whole seconds).

    Examples:
        >>> format_duration(timedelta(days=14)), format_duration(timedelta(hours=36))
        ('2w', '36h')
    """
    seconds = int(value.total_seconds())
    sizes = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
    unit = next(unit for unit, size in sizes.items() if seconds % size == 0 and (seconds or unit == "s"))
    return f"{seconds // sizes[unit]}{unit}"


def load_object(path: str, *, field: str) -> Any:  # noqa: ANN401 - what a user's module holds has any type
    """Import what `package.module:name` names.

    Parameters:
        path: where a user's function lives, for example `assets.flights.source:load`.
        field: the declaration's field that holds the path, for the error.

    Raises:
        DeclarationError: if the module cannot be imported, has no such name, or if that cannot be called.

    Examples:
        >>> load_object("math:floor", field="source")(1.5)
        1
    """
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:  # a user's module may raise anything while it is imported
        message = (
            f"{field}: {path!r} cannot be imported: {type(error).__name__}: {error}. "
            "Write it as package.module:function, importable from the project's root."
        )
        raise DeclarationError(message) from error
    if not hasattr(module, name):
        public = [key for key in vars(module) if not key.startswith("_")]
        message = f"{field}: module {module_name!r} has no {name!r}; {nearest(name, public)}."
        raise DeclarationError(message)
    found = getattr(module, name)
    if not callable(found):
        message = f"{field}: {path!r} is a {type(found).__name__}, not a function."
        raise DeclarationError(message)
    return found


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        message = "must be longer than zero"
        raise ValueError(message)
    return value


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta(0):
        message = "must not be negative"
        raise ValueError(message)
    return value


def _whole_seconds(value: timedelta) -> timedelta:
    if value.microseconds:
        message = f"{value} must be a whole number of seconds"
        raise ValueError(message)
    return value


def _each_once(names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"names {', '.join(map(repr, twice))} more than once"
        raise ValueError(message)
    return names


_PARSE = BeforeValidator(parse_duration, json_schema_input_type=str)
_SERIALIZE = PlainSerializer(format_duration, when_used="json")
Duration = Annotated[timedelta, _PARSE, AfterValidator(_positive), AfterValidator(_whole_seconds), _SERIALIZE]
"""A time span longer than zero, written as `7d`, `36h` or `90m`."""

Delay = Annotated[timedelta, _PARSE, AfterValidator(_not_negative), AfterValidator(_whole_seconds), _SERIALIZE]
"""A time span that may be zero, written as `0s`, `1d`."""

Count = Annotated[int, Field(strict=True, ge=0)]
"""A whole number, zero or more."""

_NAME = r"^[a-z][a-z0-9_]{0,62}$"
_COLUMN = r"^[^_\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_IMPORT = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
_OWNER = r"^(team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+)$"

IMPORT_PATH = "package.module:function"
"""The form in which a function is named."""

PATTERNS = {
    _NAME: "lower-case letters, digits and underscores, at most 63, beginning with a letter",
    _COLUMN: "printable text that does not begin with an underscore (those columns are the framework's)",
    _IMPORT: IMPORT_PATH,
    _OWNER: "an e-mail address, or team: and a name",
}
"""What each pattern stands for, in words."""

Name = Annotated[str, StringConstraints(pattern=_NAME)]
"""A name of ours, also used as a folder and in URLs."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_COLUMN)]
"""A column as users name it."""

ImportPath = Annotated[str, StringConstraints(pattern=_IMPORT)]
"""Where a function lives."""

Owner = Annotated[str, StringConstraints(pattern=_OWNER)]
"""Who answers for something."""

Names = Annotated[list[Name], AfterValidator(_each_once)]
"""Names, each once."""

ColumnNames = Annotated[list[ColumnName], AfterValidator(_each_once)]
"""Columns, each once."""
