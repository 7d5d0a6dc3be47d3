"""Other people's errors inside ours."""

from textwrap import shorten

_LONGEST = 400


def in_short(error: BaseException) -> str:
    r"""Return an error's kind and text as part of a paragraph, without a full stop.

    Examples:
        >>> in_short(ValueError("Input X contains NaN.\nImpute it."))
        'ValueError: Input X contains NaN. Impute it'
    """
    return shorten(f"{type(error).__name__}: {error}", _LONGEST, placeholder=" …").rstrip(".:")
