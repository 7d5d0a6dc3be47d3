"""The figures, drawn by Altair from their numbers."""

from typing import Any, TypeAlias

Numbers: TypeAlias = dict[str, Any]
Spec: TypeAlias = dict[str, Any]

BLUE, VERMILION, GREY = "#0072b2", "#d55e00", "#777777"
"""Blue and vermilion are told apart with any common colour blindness (Okabe & Ito 2008)."""

SIZE = 300
_FONT = "Helvetica, Arial, sans-serif"
_DASHED: dict[str, Any] = {"color": GREY, "strokeDash": [5, 4]}


def png(name: str, numbers: Numbers, unit: str = "") -> bytes:
    """Draw a figure.

    Parameters:
        name: of the figure.
        numbers: as `figures_of` gives them.
        unit: of the label, in words, for the axes; empty where it is not known.
    """
    import vl_convert  # noqa: PLC0415 - half a second that only a training needs

    chart = _CHARTS[name](numbers, unit)
    frame = {"width": SIZE, "height": SIZE, "background": "white", "padding": 10} | chart
    config = {"font": _FONT, "view": {"stroke": None}, "axis": {"gridColor": "#e4e4e4", "titleFontWeight": "normal"}}
    drawn: bytes = vl_convert.vegalite_to_png(frame | {"config": config}, allowed_base_urls=[])
    return drawn


def _data(numbers: Numbers, *names: str) -> list[dict[str, Any]]:
    """Return lists of equal length as rows."""
    return [dict(zip(names, values, strict=True)) for values in zip(*(numbers[name] for name in names), strict=True)]


def _residuals(numbers: Numbers, unit: str) -> Spec:
    import altair as alt  # noqa: PLC0415 - as above

    points = alt.Chart(alt.InlineData(values=_data(numbers, "predicted", "residual"))).mark_circle(color=BLUE, size=16, opacity=0.35)
    zero = alt.Chart(alt.InlineData(values=[{"residual": 0}])).mark_rule(**_DASHED)
    x = alt.X("predicted:Q", title=f"prediction{unit}", scale=alt.Scale(zero=False))
    y = alt.Y("residual:Q", title=f"label less prediction{unit}")
    return _titled("Residuals", zero.encode(y=y) + points.encode(x, y))


def _quantiles(numbers: Numbers, unit: str) -> Spec:
    import altair as alt  # noqa: PLC0415 - as above

    base = alt.Chart(alt.InlineData(values=_data(numbers, "percent", "absolute_error")))
    x = alt.X("absolute_error:Q", title=f"absolute error{unit}", scale=alt.Scale(domainMin=0))
    y = alt.Y("percent:Q", title="% of rows with at most this error", scale=alt.Scale(domain=[0, 100]))
    return _titled("Quantiles of the absolute error", base.mark_line(color=BLUE, point={"color": BLUE}).encode(x, y))


def _roc(numbers: Numbers, unit: str) -> Spec:
    del unit
    return _unit_square("ROC curve", numbers, ("false_positive_rate", "false positive rate"), ("true_positive_rate", "true positive rate"), (0, 1))


def _precision_recall(numbers: Numbers, unit: str) -> Spec:
    del unit
    rate = numbers["base_rate"]
    return _unit_square("Precision and recall", numbers, ("recall", "recall"), ("precision", "precision"), (rate, rate), step=True)


def _unit_square(  # noqa: PLR0913 - a curve, its axes and what chance gives
    title: str, numbers: Numbers, x: tuple[str, str], y: tuple[str, str], chance: tuple[float, float], *, step: bool = False
) -> Spec:
    """Draw a curve between 0 and 1 on both axes, and the dashed line that says nothing."""
    import altair as alt  # noqa: PLC0415 - as above

    square = alt.Scale(domain=[0, 1])
    across, up = alt.X(f"{x[0]}:Q", title=x[1], scale=square), alt.Y(f"{y[0]}:Q", title=y[1], scale=square)
    # Rows are in the order of the threshold, in which neither axis need ascend.
    order = [row | {"order": number} for number, row in enumerate(_data(numbers, x[0], y[0]))]
    curve = alt.Chart(alt.InlineData(values=order)).mark_line(color=BLUE, interpolate="step-before" if step else "linear")
    nothing = alt.Chart(alt.InlineData(values=[{x[0]: end, y[0]: value} for end, value in zip((0, 1), chance, strict=True)])).mark_line(**_DASHED)
    return _titled(title, nothing.encode(across, up) + curve.encode(across, up, order="order:Q"))


def _confusion(numbers: Numbers, unit: str) -> Spec:
    import altair as alt  # noqa: PLC0415 - as above

    del unit
    total = sum(numbers["rows"]) or 1
    cells = [row | {"share": row["rows"] / total, "text": f"{row['rows']:,}"} for row in _data(numbers, "label", "predicted", "rows")]
    base = alt.Chart(alt.InlineData(values=cells)).encode(
        alt.X("predicted:O", title=f"predicted, from {numbers['threshold']:g} on 1", axis=alt.Axis(labelAngle=0)), alt.Y("label:O", title="label")
    )
    tiles = base.mark_rect().encode(color=alt.Color("share:Q", scale=alt.Scale(range=["#eef4f9", BLUE], domain=[0, 1]), legend=None))
    words = base.mark_text(fontSize=16).encode(text="text:N", color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value("black")))
    return _titled("Confusion matrix", tiles + words)


def _reliability(numbers: Numbers, unit: str) -> Spec:
    import altair as alt  # noqa: PLC0415 - as above

    del unit
    square = alt.Scale(domain=[0, 1])
    x = alt.X("mean_probability:Q", title="mean probability of a tenth of the rows", scale=square)
    y = alt.Y("share_positive:Q", title="share of them that is positive", scale=square)
    base = alt.Chart(alt.InlineData(values=_data(numbers, "mean_probability", "share_positive")))
    ideal = alt.Chart(alt.InlineData(values=[{"mean_probability": end, "share_positive": end} for end in (0, 1)])).mark_line(**_DASHED)
    return _titled("Reliability", ideal.encode(x, y) + base.mark_line(color=BLUE, point={"color": BLUE, "size": 50}).encode(x, y))


def _forecast(numbers: Numbers, unit: str) -> Spec:
    import altair as alt  # noqa: PLC0415 - as above

    colours = {"actual": "black", "forecast": BLUE, "naive": GREY}
    shown = [name for name in colours if name in numbers]
    rows = [{"moment": row["moment"], "what": name, "value": row[name]} for row in _data(numbers, "moment", *shown) for name in shown]
    dashes = alt.StrokeDash("what:N", scale=alt.Scale(domain=shown, range=[[1, 0], [1, 0], [4, 3]][: len(shown)]), legend=None)
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line()
        .encode(
            alt.X("moment:T", scale=alt.Scale(type="utc"), title=None, axis=alt.Axis(grid=False, tickCount=6)),
            alt.Y("value:Q", title=f"mean{unit}", scale=alt.Scale(zero=False)),
            alt.Color("what:N", scale=alt.Scale(domain=shown, range=[colours[name] for name in shown]), legend=alt.Legend(title=None, orient="top")),
            dashes,
        )
    )
    return _titled("Forecast against actual", chart) | {"width": 2 * SIZE}


def _titled(title: str, chart: Any) -> Spec:  # noqa: ANN401 - one of Altair's many classes of charts
    spec: Spec = chart.to_dict()
    return spec | {"title": {"text": title, "anchor": "start", "fontWeight": "normal"}}


_CHARTS = {
    "residuals": _residuals,
    "error_quantiles": _quantiles,
    "roc": _roc,
    "precision_recall": _precision_recall,
    "confusion_matrix": _confusion,
    "reliability": _reliability,
    "forecast": _forecast,
}
