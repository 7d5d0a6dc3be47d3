"""Cron expressions, judged before Dagster sees them so that the error names the field."""

import re
from typing import Annotated

from pydantic import AfterValidator

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_PART = re.compile(r"(?:\*|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>[1-9][0-9]?))?")


def check_cron(expression: str) -> str:
    """Return `expression` if it is a cron expression of five fields.

    Parameters:
        expression: minute, hour, day of month, month, day of week; each `*`, a number, a range `1-5`, a list `1,15` or a step `*/10`.

    Raises:
        ValueError: naming the field that is wrong and what is allowed.

    Examples:
        >>> check_cron("30 6 * * mon-fri")
        '30 6 * * mon-fri'
    """
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        message = f"{expression!r} has {len(parts)} fields; a cron expression has 5 (minute hour day month weekday), for example 30 6 * * 1-5"
        raise ValueError(message)
    for part, (name, low, high, names) in zip(parts, _FIELDS, strict=True):
        if not all(_fits(item, low, high, names) for item in part.split(",")):
            message = f"{part!r} is no {name} of a cron expression; write *, {low} to {high}, a range, a list or a step, for example */2"
            raise ValueError(message)
    return expression


def _fits(item: str, low: int, high: int, names: list[str]) -> bool:
    match = _PART.fullmatch(item.lower())
    if match is None or (match["step"] and match["low"] and not match["high"]):
        return False
    given = [end for end in (match["low"], match["high"]) if end is not None]
    ends = [names.index(end) + low if end in names else int(end) if end.isdecimal() and end.isascii() else -1 for end in given]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


Cron = Annotated[str, AfterValidator(check_cron)]
"""A cron expression of five fields."""
