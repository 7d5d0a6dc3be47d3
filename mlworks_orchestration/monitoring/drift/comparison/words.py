"""What changed in a column, in words."""

from datetime import UTC, datetime

from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.profiles.vocabulary import Outside, outside
from mlworks_orchestration.numerals import readable

_OF_MISSING = frozenset({"missing_share", "missing_text"})


def change(reference: ColumnProfile, current: ColumnProfile, leading: str = "") -> str:
    """Return how a column's mean, its most changed category or its texts' length and strangeness, and its missing share, went from one to the other.

    Parameters:
        reference: with rows.
        current: of the same type, with rows.
        leading: the statistic that tells most; what it looks at comes first.

    Returns:
        empty where a profile has none of them.

    Examples:
        >>> change(CategoricalProfile(0, {"EWR": 60, "JFK": 40}), CategoricalProfile(25, {"EWR": 70, "LGA": 5}))
        'JFK 40.0% → 0.0%, missing 0.0% → 25.0%'
    """
    parts = []
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        parts += _mean(reference, current)
    if isinstance(reference, CategoricalProfile) and isinstance(current, CategoricalProfile):
        parts += _category(reference, current)
    if isinstance(reference, TextProfile) and isinstance(current, TextProfile):
        parts += _texts(reference, current)
    if reference.missing or current.missing:
        missing = f"missing {reference.missing / reference.rows:.1%} → {current.missing / current.rows:.1%}"
        parts.insert(0 if leading in _OF_MISSING else len(parts), missing)
    return ", ".join(parts)


def _mean(reference: NumericProfile, current: NumericProfile) -> list[str]:
    before, after = reference.moments, current.moments
    if before.mean is None or after.mean is None:
        return []
    if isinstance(reference, DatetimeProfile):
        return [f"mean {moment(before.mean)} → {moment(after.mean)}"]
    spread = f", standard deviation {readable(before.std)} → {readable(after.std)}" if before.std is not None and after.std is not None else ""
    return [f"mean {readable(before.mean)} → {readable(after.mean)}{spread}"]


def moment(seconds: float) -> str:
    """Return a moment as a date and a time; a number of seconds where the calendar ends before it.

    Parameters:
        seconds: since 1970, in UTC.

    Examples:
        >>> moment(86_400.0), moment(1e12)
        ('1970-01-02 00:00', '1,000,000,000,000 s')
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")
    except (ValueError, OverflowError):  # infinities, and years above 9999
        return f"{readable(seconds)} s"


def _texts(reference: TextProfile, current: TextProfile) -> list[str]:
    before, after = reference.lengths.moments.mean, current.lengths.moments.mean
    words = [] if before is None or after is None else [f"mean length {readable(before)} → {readable(after)} tokens"]
    found = outside(reference, current)
    return [*words, f"outside the vocabulary {found.before:.1%} → {found.after:.1%} of tokens"] if isinstance(found, Outside) else words


def _category(reference: CategoricalProfile, current: CategoricalProfile) -> list[str]:
    rows, sides = (reference.rows, current.rows), (reference, current)
    names = reference.counts.keys() | current.counts.keys()
    for side in sides:
        names = names & side.counts.keys() if side.other else names  # a count that one side does not know cannot be compared
    shares = {name: (reference.counts.get(name, 0) / rows[0], current.counts.get(name, 0) / rows[1]) for name in sorted(names)}
    if not shares:
        return []
    name = max(shares, key=lambda name: abs(shares[name][1] - shares[name][0]))
    before, after = (f"{share:.1%}" for share in shares[name])
    return [f"{name} {before} → {after}"] if before != after else []
