"""Times as people write and read them on the command line."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click


def read_moment(text: str, zone: ZoneInfo, field: str) -> datetime:
    """Return the time that a person wrote in ISO 8601, or as a table shows it, with UTC after it.

    Parameters:
        text: as it was given.
        zone: of a time without an offset.
        field: the argument or option, for the error.

    Raises:
        click.BadParameter: if it is no time, with the forms that there are.

    Examples:
        >>> print(read_moment("2013-06-01 18:30 UTC", ZoneInfo("America/New_York"), "TIME"))
        2013-06-01 14:30:00-04:00
    """
    try:
        found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError as error:
        message = f"{text!r} is no time; write it as 2013-06-01, 2013-06-01T14:30 (in {zone.key}) or 2013-06-01T14:30:00+02:00."
        raise click.BadParameter(message, param_hint=field) from error
    return found.astimezone(zone) if found.tzinfo else found.replace(tzinfo=zone)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time as it is shown in a zone.

    Parameters:
        moment: aware.
        zone: of the model's partitions.
    """
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")
