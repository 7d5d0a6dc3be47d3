"""Numbers as people read them; what programs read keeps the whole number."""

from math import floor, isfinite, log10

_SMALLEST, _LARGEST = 1e-6, 1e15


def readable(value: float | None, digits: int = 4) -> str:
    """Return a number with about so many significant digits, thousands parted by commas, and no exponent where it is of an ordinary size.

    The digits before the point are all shown, however many they are; where there is no number there is an en dash.

    Parameters:
        value: the number, or none.
        digits: how many significant digits are shown at least, where the number has them.

    Examples:
        >>> readable(99999.14), readable(1234.5, 6), readable(25.0), readable(-0.0000399)
        ('99,999', '1,234.5', '25', '-0.0000399')
        >>> readable(3e-9), readable(float("nan"))
        ('3e-09', 'nan')
    """
    if value is None:
        return "\N{EN DASH}"
    size = abs(value)
    if not isfinite(value) or not _SMALLEST <= size < _LARGEST:
        return f"{value:.{digits}g}"
    places = max(0, digits - 1 - floor(log10(size)))
    told = f"{value:,.{places}f}"
    return told.rstrip("0").rstrip(".") if places else told
