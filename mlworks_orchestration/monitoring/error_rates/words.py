"""Error rates in words."""

from collections.abc import Iterator

from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring.error_rates.records import Counted, ErrorRates, FalseAlarms, Power
from mlworks_orchestration.monitoring.error_rates.store import read_error_rates
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import DriftKind, MLModel

TITLES = {
    "mean": ("Mean moved", "by so many standard deviations of the column, to the side where its values reach further", "standard deviations"),
    "scale": ("Spread scaled", "distances from the mean times so much", "times the distance from the mean"),
    "missing": ("Values missing", "in so many more of the rows", "of the rows"),
    "swap": ("Categories swapped", "the two most frequent ones exchanged in so many of the rows", "of the rows"),
    "recode": ("Category recoded", "the most frequent one becomes the second in so many of the rows", "of the rows"),
    "flip": ("Labels flipped", "so many of them replaced by another row's, classes by the other of the two most frequent ones", "of the labels"),
}
"""What each injection is called, what its sizes are, and the same in short."""

HARDLY = 0.05
"""A shift found in fewer windows than this is hardly ever found."""

_TYPICAL = (("mean", 0.5), ("recode", 0.5), ("missing", 0.1))
_SHORT = {"mean": "a shift of {} in", "recode": "a category recoded in {} of the rows of", "missing": "{} more missing values in"}


def error_rates_words(lake: Lake, model: MLModel, version: int, kind: DriftKind) -> str:
    """Return a sentence on how often alarms of a kind are false, and how well it finds a typical shift; empty if that was never measured.

    Parameters:
        lake: the Delta tables.
        model: whose version.
        version: the registered version.
        kind: of drift.
    """
    rates = read_error_rates(lake, model, version)
    return "" if rates is None else kind_words(rates, kind)


def kind_words(rates: ErrorRates, kind: DriftKind) -> str:
    """Return the sentence of a kind; empty if it has no columns.

    Parameters:
        rates: what was measured.
        kind: of drift.
    """
    alarms = next((one for one in rates.false_alarms if one.kind is kind), None)
    if alarms is None:
        return ""
    found = [one for name, size in _TYPICAL for one in rates.of(kind) if (one.injection, one.size) == (name, size)]
    return "; ".join([f"{kind.value}: {_alarm_words(alarms)}", *(_power_words(rates, one) for one in found[:1])])


def size_words(injection: str, size: float) -> str:
    """Return the size of a shift with its unit.

    Parameters:
        injection: its name.
        size: in the injection's unit.

    Examples:
        >>> size_words("mean", 0.5), size_words("scale", 2.0), size_words("missing", 0.05)
        ('0.5 sigma', 'x 2', '5%')
    """
    return {"mean": f"{size:g} sigma", "scale": f"x {size:g}"}.get(injection, f"{size:.0%}")


def rate_words(found: Counted) -> str:
    r"""Return a rate with its interval.

    Examples:
        >>> rate_words(Counted(episodes=10, windows=730, alarming=12, years=2.0)).replace("\N{EN DASH}", " to ")
        '5 (2.4 to 9.2)'
    """
    middle, low, high = (f"{one:.2f}" if 0 < one < 1 else readable(one, 2) for one in (found.a_year, *found.interval))
    return f"{middle} ({low}\N{EN DASH}{high})"


def partitions_words(power: Power) -> str:
    """Return the median number of partitions until a shift is found.

    Parameters:
        power: what was measured.
    """
    if power.median is None:
        return "and more often than not it is not found within two windows"
    return f"after {power.median} partition{'s' if power.median > 1 else ''} at the median"


def remarks(rates: ErrorRates) -> Iterator[str]:
    """Yield what is unflattering, or must be known to read the numbers.

    Parameters:
        rates: what was measured.
    """
    for one in rates.false_alarms:
        if one.drawn.interval.low > one.declared:
            yield f"{one.kind.value.capitalize()} drift alarms more often than declared: {rate_words(one.drawn)} instead of {one.declared:g} a year."
        if one.held_out is None:
            yield f"{one.kind.value.capitalize()} drift: the past is too short to set thresholds on one half of it and try them on the other."
        elif one.held_out.interval.low > one.declared:
            share = one.held_out.alarming / one.held_out.windows
            yield (
                f"{one.kind.value.capitalize()} drift: with half the past as reference, {share:.0%} of the "
                f"windows of the other half alarm, in {one.held_out.episodes} run{'s' if one.held_out.episodes > 1 else ''}. By season, trend or "
                "failures upstream the halves differ more than either does within itself: expect alarms when what the reference has not seen begins, "
                "and retrain on a longer window."
            )
    for kind in DriftKind:
        blind = [one.column or "its one column" for one in _largest(rates, kind) if one.power < HARDLY]
        if blind:
            largest = size_words("mean", max(one.size for one in rates.powers if one.injection == "mean"))
            yield (
                f"{kind.value.capitalize()} drift: a shift of {largest} in {', '.join(blind)} is hardly ever found, because windows of the past "
                "differ by as much."
            )
    if any(one.injection == "swap" and one.power < HARDLY for one in rates.powers):
        yield "Two categories that are about as frequent can be exchanged without any statistic of one column seeing it: their shares stay the same."
    if any(one.injection == "flip" and one.power < HARDLY for one in rates.powers):
        yield (
            "Flipped labels are hardly seen in the residuals where the model explains little of the label: its errors are then about as large with "
            "another row's label."
        )


def method(rates: ErrorRates) -> tuple[str, ...]:
    """Return how it was measured.

    Parameters:
        rates: what was measured.
    """
    past = (
        f"Measured on the rows of snapshot {rates.snapshot}, on which version {rates.version} was trained and tried: {rates.partitions} partitions, "
        f"{rates.rows:,} rows, windows of {rates.window} partitions; seed {rates.seed}."
    )
    drawn = (
        "False alarms, drawn anew: windows slide over histories drawn from the past in contiguous stretches, like those by which thresholds were "
        "set, but others, and ten times as many. A run of alarming windows counts once. The interval (95%) is a Poisson rate's, widened by how "
        "unevenly histories alarm. Thresholds aim at a rate whose upper limit (95%) is the declared one, so about four fifths of it is what is to be "
        "expected. It says whether they do what they are meant to; it cannot say what the past does not hold."
    )
    held_out = (
        "False alarms, held out: the past is cut into two halves. Each in turn is the reference on which thresholds are set, and all windows of the "
        "other are compared with it, exactly as in a report. A half knows less of the season than the whole does, so this is a harsh test, and few "
        "windows make its interval wide."
    )
    planted = (
        f"Power: the partitions of the past follow each other in {rates.histories} histories of contiguous stretches. From one partition on all rows "
        "are changed; numbers stay among those that the column has. Each window is compared with the whole past: corrected p-value, least effect, "
        "calibrated threshold, k of n. Power is the share of histories whose last window, shifted throughout, alarms, with its 95% interval "
        "(Clopper and Pearson); one feature is the mean over all features, each shifted by itself. Time to detect counts partitions from the first "
        "shifted one to the first alarm. Windows come from the very past that they are compared with; those of the future will differ a little more."
    )
    left_out = (
        "Shifts are judged by the columns of their own kind alone: what a shifted feature does to predictions and errors is left out, and so are "
        "statistics of several columns at once, even where they are declared to decide."
    )
    return past, drawn, held_out, planted, left_out


def _largest(rates: ErrorRates, kind: DriftKind) -> list[Power]:
    sizes = [one.size for one in rates.powers if one.injection == "mean"]
    moved = [one for one in rates.powers if one.kind is kind and one.injection == "mean" and one.size == max(sizes)]
    return [one for one in moved if one.scope == "column"] or [one for one in moved if one.scope == "one"]


def _alarm_words(alarms: FalseAlarms) -> str:
    told = f"{alarms.declared:g} false alarms a year declared, {rate_words(alarms.drawn)} measured"
    if alarms.held_out is None or alarms.held_out.interval.low <= alarms.declared:
        return told
    return f"{told}, {rate_words(alarms.held_out)} with half the past as reference"


def _power_words(rates: ErrorRates, one: Power) -> str:
    where = "one feature" if one.kind is DriftKind.FEATURE else f"the {'residual' if one.kind is DriftKind.CONCEPT else one.kind.value}"
    alike = [each for each in rates.of(one.kind, "column") if (each.injection, each.size) == (one.injection, one.size)]
    blind = [each.column for each in alike if each.power < HARDLY]
    but = f" (hardly ever in {', '.join(blind)})" if blind else ""
    shift = _SHORT[one.injection].format(size_words(one.injection, one.size))
    return f"{shift} {where} is found in {one.power:.0%} of windows, {partitions_words(one)}{but}"
