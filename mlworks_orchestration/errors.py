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


def nearest(name: str, allowed: "Iterable[str]") -> str:
    """Return a hint that lists what is allowed and the nearest valid name.

    Parameters:
        name: what was given.
        allowed: the valid names.

    Examples:
        >>> nearest("rsme", ["mae", "rmse"])
        "did you mean 'rmse'? Allowed: mae, rmse"
        >>> nearest("zzz", ["mae", "rmse"])
        'allowed: mae, rmse'
    """
    names = sorted(allowed)
    close = get_close_matches(name, names, n=1)
    listed = ", ".join(names) or "nothing"
    return f"did you mean {close[0]!r}? Allowed: {listed}" if close else f"allowed: {listed}"
