"""Charts of a drift page: Altair's, drawn once as SVG, so that the page needs no script and prints as it looks."""

from collections.abc import Sequence
from typing import Any

from mlworks_orchestration.monitoring.drift import Distribution
from mlworks_orchestration.monitoring.page.content import Series

REFERENCE = "#5b7fa6"
CURRENT = "#d55e00"
"""Blue and vermilion are told apart with any common colour blindness (Okabe and Ito 2008); in print, area and line are, or the order of bars."""

WIDTH = 350
HEIGHT = 170
_FONT = "Helvetica, Arial, sans-serif"
_LABEL_PIXELS = 130
_BAR_PIXELS = 20
_AXIS_PIXELS = 40
_LABEL_CHARACTERS = 40
_LIMIT: dict[str, Any] = {"color": "#444", "strokeDash": [5, 4]}


def distribution_svg(distribution: Distribution, *, is_time: bool = False) -> str:
    """Draw reference and current side by side: a histogram, or bars of categories.

    Parameters:
        distribution: with one bin or category at least.
        is_time: whether its edges are seconds since 1970.
    """
    if distribution.labels:
        return as_svg(_bars(distribution), max(HEIGHT, _AXIS_PIXELS + _BAR_PIXELS * len(distribution.labels)))
    return as_svg(_histogram(distribution, is_time=is_time))


def series_svg(series: Series) -> str:
    """Draw effects over time, windows that drifted as filled points, and the threshold as a dashed line, in steps where it differs by window.

    Parameters:
        series: with one point at least.
    """
    import altair as alt  # noqa: PLC0415 - half a second that only a page needs

    told = [point for point in series.points if point.effect is not None]
    rows = [{"moment": _milliseconds(point.moment.timestamp()), "effect": point.effect, "drifted": bool(point.drifted)} for point in told]
    time = alt.X("moment:T", scale=alt.Scale(type="utc"), title=None, axis=alt.Axis(grid=False, tickCount=6))
    effect = alt.Y("effect:Q", title="effect (\N{GREEK SMALL LETTER SIGMA})", scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=4))
    base = alt.Chart(alt.InlineData(values=rows))
    fill = alt.condition("datum.drifted", alt.value(CURRENT), alt.value("white"))
    layers: list[alt.Chart] = [
        base.mark_line(color=REFERENCE).encode(time, effect),
        base.mark_point(size=36, opacity=1, stroke=CURRENT, strokeWidth=1.2).encode(time, effect, fill=fill),
    ]
    limits = [{"moment": _milliseconds(point.moment.timestamp()), "effect": point.threshold} for point in told if point.threshold is not None]
    if series.threshold is not None:
        limit = alt.Chart(alt.InlineData(values=[{"effect": series.threshold}]))
        layers.append(limit.mark_rule(**_LIMIT).encode(effect))
    elif limits:
        layers.append(alt.Chart(alt.InlineData(values=limits)).mark_line(interpolate="step", strokeWidth=1, **_LIMIT).encode(time, effect))
    return as_svg(alt.layer(*layers).to_dict())


def _histogram(distribution: Distribution, *, is_time: bool) -> dict[str, Any]:
    import altair as alt  # noqa: PLC0415 - half a second that only a page needs

    edges = [_milliseconds(edge) for edge in distribution.edges] if is_time else list(distribution.edges)
    domain = alt.Scale(type="utc" if is_time else "log" if distribution.logarithmic else "linear", domain=[edges[0], edges[-1]], nice=False)
    value = alt.X("value:T" if is_time else "value:Q", scale=domain, title=None, axis=alt.Axis(grid=False, tickCount=5, labelOverlap=True))
    share = alt.Y("share:Q", title="share of rows", axis=alt.Axis(format="~%", tickCount=4))
    sides = (_steps(edges, side) for side in (distribution.reference, distribution.current))
    before, after = (alt.Chart(alt.InlineData(values=steps)).encode(value, share) for steps in sides)
    area = before.mark_area(interpolate="step-after", color=REFERENCE, opacity=0.55)
    spec: dict[str, Any] = alt.layer(area, after.mark_line(interpolate="step-after", color=CURRENT, strokeWidth=2)).to_dict()
    return spec


def _bars(distribution: Distribution) -> dict[str, Any]:
    import altair as alt  # noqa: PLC0415 - half a second that only a page needs

    names = _names(distribution.labels)
    sides = {"reference": distribution.reference, "current": distribution.current}
    rows = [{"name": name, "side": side, "share": share} for side, shares in sides.items() for name, share in zip(names, shares, strict=True)]
    order = alt.Scale(domain=list(sides))
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="share of rows", axis=alt.Axis(format="~%", tickCount=4)),
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL_PIXELS, ticks=False, domain=False)),
            yOffset=alt.YOffset("side:N", scale=order),
            color=alt.Color("side:N", scale=alt.Scale(domain=list(sides), range=[REFERENCE, CURRENT]), legend=None),
        )
    )
    spec: dict[str, Any] = chart.to_dict()
    return spec


def _names(labels: Sequence[str]) -> list[str]:
    """Return labels that can be drawn: printable, short, and no two the same."""
    names: list[str] = []
    for label in labels:
        name = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in label[:_LABEL_CHARACTERS]) or "(empty)"
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def _steps(edges: Sequence[float], shares: Sequence[float]) -> list[dict[str, float]]:
    """Return the corners of a histogram: the last bin's height is repeated at its end."""
    return [{"value": edge, "share": share} for edge, share in zip(edges, [*shares, shares[-1]], strict=True)]


def as_svg(spec: dict[str, Any], height: int = HEIGHT, width: int = WIDTH) -> str:
    """Draw a chart in the style of the pages; nothing is loaded from outside.

    Parameters:
        spec: of Vega-Lite.
        height: in pixels.
        width: in pixels.
    """
    import vl_convert  # noqa: PLC0415 - with Altair, only for a page

    size = {"width": width, "height": height, "autosize": {"type": "fit", "contains": "padding"}, "background": "transparent"}
    config = {"font": _FONT, "view": {"stroke": None}, "axis": {"gridColor": "#e4e4e4", "titleFontWeight": "normal"}}
    svg: str = vl_convert.vegalite_to_svg(spec | size | {"config": config}, allowed_base_urls=[])
    return svg


def _milliseconds(seconds: float) -> float:
    return seconds * 1000.0
