"""The page of a model's error rates: one HTML file that opens without a network, with no script in it."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.monitoring import page as drift_pages
from mlworks_orchestration.monitoring.error_rates.records import ErrorRates
from mlworks_orchestration.monitoring.error_rates.tables import PowerTable, power_tables
from mlworks_orchestration.monitoring.error_rates.words import kind_words, method, rate_words, remarks
from mlworks_orchestration.spec import DriftKind

if TYPE_CHECKING:
    from jinja2 import Template

COLOURS = {"one feature": "#0072b2", "all features": "#56b4e9", "label": "#009e73", "prediction": "#cc79a7", "residual": "#d55e00"}
"""Told apart with any common colour blindness (Okabe and Ito 2008); in print, by the shape of the points."""

_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
_FONT = "Helvetica, Arial, sans-serif"


def error_rates_page(rates: ErrorRates) -> str:
    """Return error rates as one self-contained HTML page.

    Parameters:
        rates: what was measured.
    """
    from markupsafe import Markup  # noqa: PLC0415 - with Jinja, only for a page

    tables = [(one, Markup(power_svg(one))) for one in power_tables(rates)]  # noqa: S704 - Vega escapes the texts in its SVG
    return _template().render(
        rates=rates,
        sentences=list(filter(None, (kind_words(rates, kind) for kind in DriftKind))),
        remarks=list(remarks(rates)),
        method=method(rates),
        tables=tables,
        colours={name: colour for name, colour in COLOURS.items() if any(line.name == name for table, _ in tables for line in table.lines)},
        rate_words=rate_words,
    )


def power_svg(table: PowerTable) -> str:
    """Draw power over size, a line a kind.

    Parameters:
        table: of one injection.
    """
    import altair as alt  # noqa: PLC0415 - half a second that only a page needs
    import vl_convert  # noqa: PLC0415 - as above

    rows = [
        {"size": one.size, "power": one.power, "low": one.low, "high": one.high, "shifted": line.name}
        for line in table.lines
        for one in line.powers
        if one is not None
    ]
    base = alt.Chart(alt.InlineData(values=rows))
    ticks = alt.Axis(values=list(table.sizes), format="~%" if max(table.sizes) < 1 else ".2~f", grid=False)
    size = alt.X("size:Q", title=table.axis, axis=ticks, scale=alt.Scale(zero=False, nice=False, padding=14))
    power = alt.Y("power:Q", title="windows that alarm", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%", tickCount=5))
    names = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    colour = alt.Color("shifted:N", scale=names, legend=None)
    shape = alt.Shape("shifted:N", scale=alt.Scale(domain=list(COLOURS), range=list(_SHAPES)), legend=None)
    layers: list[alt.Chart] = [
        base.mark_rule(opacity=0.5).encode(size, alt.Y("low:Q", title="windows that alarm"), alt.Y2("high:Q"), colour),
        base.mark_line(strokeWidth=2).encode(size, power, colour),
        base.mark_point(filled=True, opacity=1, size=45).encode(size, power, colour, shape),
    ]
    spec: dict[str, Any] = alt.layer(*layers).to_dict()
    frame = {"width": 470, "height": 210, "autosize": {"type": "fit", "contains": "padding"}, "background": "transparent"}
    config = {"font": _FONT, "view": {"stroke": None}, "axis": {"gridColor": "#e4e4e4", "titleFontWeight": "normal"}}
    svg: str = vl_convert.vegalite_to_svg(spec | frame | {"config": config}, allowed_base_urls=[])
    return svg


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only for a page

    folders = [Path(__file__).parent, Path(drift_pages.__file__).parent]
    environment = Environment(autoescape=True, loader=FileSystemLoader(folders), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("rates.html.jinja")
