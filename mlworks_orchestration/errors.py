"""The errors that users see: each says what was wrong, what is allowed and what to do."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MLWorksError(Exception):
    """Root of every error raised on purpose; its text is one paragraph written for the user."""


class DeclarationError(MLWorksError):
    """A declaration (`defs.yaml` or the Python it names) is wrong."""


class DataError(MLWorksError):
    """Data given by a source or found in the lake does not fit its declaration."""


class NotReadyError(MLWorksError):
    """Something is asked for before what it needs exists, for example a partition before its data."""


class LakeError(MLWorksError):
    """The lake could not be read or written; what was there before is untouched."""


class OnlineError(MLWorksError):
    """The online store could not be reached or changed; what was published before is untouched."""


class TrackingError(MLWorksError):
    """MLflow could not be reached, or does not hold what is asked of it."""


class TrainingError(MLWorksError):
    """A model could not be fitted or evaluated."""


def nearest(name: str, allowed: "Iterable[str]", listed_by: str = "") -> str:
    """Return a hint with the nearest valid name and what is allowed: all of few names; of many the nearest, and how many more.

    Parameters:
        name: what was given.
        allowed: the valid names.
        listed_by: the command or page that lists all of them, where there is one.

    Examples:
        >>> nearest("rsme", ["mae", "rmse"])
        "did you mean 'rmse'? Allowed: mae, rmse"
        >>> nearest("zzz", ["mae", "rmse"])
        'allowed: mae, rmse'
        >>> nearest("f9", [f"f{number}" for number in range(1, 31)], "`mlworks features`")
        "did you mean 'f9'? Allowed: f9, f29, f19, f8, f7 and 25 more (`mlworks features` lists all)"
    """
    names = sorted(set(allowed))
    close = get_close_matches(name, names, n=1)
    listed = ", ".join(names) or "nothing"
    if len(names) > _MOST_LISTED:
        more = f"{len(names) - _NEAREST:,} more{f' ({listed_by} lists all)' if listed_by else ''}"
        listed = f"{', '.join(get_close_matches(name, names, n=_NEAREST, cutoff=0))} and {more}"
    return f"did you mean {close[0]!r}? Allowed: {listed}" if close else f"allowed: {listed}"


_MOST_LISTED, _NEAREST = 10, 5
