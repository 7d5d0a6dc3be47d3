"""Numbers of stored profiles, checked when they are read: damage shall not become a verdict."""

from collections.abc import Mapping
from math import isfinite
from typing import Any


def whole(document: Mapping[str, Any], name: str) -> int:
    """Return a number of rows.

    Parameters:
        document: what is stored.
        name: of the number in it.

    Raises:
        ValueError: if it is no whole number, or below 0; likewise KeyError.

    Examples:
        >>> whole({"missing": 3}, "missing")
        3
    """
    value = document[name]
    if type(value) is not int or value < 0:
        message = f"{name} is {value!r}, which is no number of rows"
        raise ValueError(message)
    return value


def number(document: Mapping[str, Any], name: str) -> float | None:
    """Return a finite number, or None where there is none.

    Parameters:
        document: what is stored.
        name: of the number in it.

    Raises:
        ValueError: if it is anything else; likewise KeyError.

    Examples:
        >>> number({"mean": 2.5}, "mean"), number({"mean": None}, "mean")
        (2.5, None)
    """
    value = document[name]
    if value is None:
        return None
    if type(value) in {int, float} and isfinite(value):
        return float(value)
    message = f"{name} is {value!r}, which is no finite number"
    raise ValueError(message)
