"""What every declaration shares: frozen, validated when made, unknown fields forbidden."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints

from mlworks_orchestration.errors import DeclarationError, nearest

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"^(\d+)([wdhms])$")


class Spec(BaseModel):
    """A declared thing: immutable, and complete once it exists."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def parse_duration(value: object) -> object:
    """Turn `"7d"` into a timedelta; anything but a string is left for pydantic to judge.

    Parameters:
        value: a whole number with a unit: w(eeks), d(ays), h(ours), m(inutes) or s(econds).

    Raises:
        ValueError: if a string has another form.

    Examples:
        >>> parse_duration("36h")
        datetime.timedelta(days=1, seconds=43200)
    """
    if not isinstance(value, str):
        return value
    match = _DURATION.match(value.strip())
    if match is None:
        message = f"{value!r} is no duration; write a whole number and a unit (w, d, h, m or s), for example 7d"
        raise ValueError(message)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


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
        DeclarationError: if the module cannot be imported or has no such name.

    Examples:
        >>> load_object("math:floor", field="source")(1.5)
        1
    """
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        message = f"{field}: {path!r} cannot be imported: {error}. Write it as package.module:function, importable from the project's root."
        raise DeclarationError(message) from error
    if not hasattr(module, name):
        public = [key for key in vars(module) if not key.startswith("_")]
        message = f"{field}: module {module_name!r} has no {name!r}; {nearest(name, public)}."
        raise DeclarationError(message)
    return getattr(module, name)


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


_SERIALIZE = PlainSerializer(format_duration, when_used="json")
Duration = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_positive), _SERIALIZE]
"""A time span longer than zero, written as `7d`, `36h` or `90m`."""

Delay = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_not_negative), _SERIALIZE]
"""A time span that may be zero, written as `0s`, `1d`."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name of ours: lower-case letters, digits and underscores, at most 63, beginning with a letter."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^_\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
"""A column as users name it: any printable text that does not begin with an underscore (those are ours)."""

ImportPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")]
"""Where a function lives: `package.module:function`."""

Owner = Annotated[str, StringConstraints(pattern=r"^(team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+)$")]
"""An e-mail address, or `team:` and a name."""
