"""The chart of a backtest: error against number of retrainings, one point a policy, in a page that opens offline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from mlworks_orchestration.monitoring.page import REFERENCE, as_svg
from mlworks_orchestration.retraining.backtest.story import Story
from mlworks_orchestration.spec import MLModel

WIDTH, HEIGHT = 720, 380
_ROOM, _LONGEST = 0.05, 340


def chart_svg(model: MLModel, stories: Sequence[Story]) -> str:
    """Draw the primary metric of each policy against its number of retrainings.

    Parameters:
        model: the model's declaration.
        stories: what the policies came to; those without a value of the metric are not drawn.
    """
    import altair as alt  # noqa: PLC0415 - half a second that only a chart needs

    metric = model.metrics.primary
    told = [(one, value) for one in stories if (value := one.metrics[metric]) is not None]
    rows = _points([(one.policy, one.retrainings, value) for one, value in told])
    better = "lower" if model.primary_metric.lower_is_better else "higher"
    most = max((row["retrainings"] for row in rows), default=0)
    across = alt.X(
        "retrainings:Q", title="retrainings", axis=alt.Axis(tickMinStep=1, grid=False), scale=alt.Scale(domain=[0, max(1, most) * (1 + _ROOM)])
    )
    up = alt.Y("value:Q", title=f"{metric} ({better} is better)", scale=alt.Scale(zero=False, nice=True, padding=24))
    base = alt.Chart(alt.InlineData(values=rows)).encode(across, up)
    points = base.mark_point(filled=True, size=90, opacity=1, color=REFERENCE)
    # A name is written towards the middle, where there is room for it.
    sides: tuple[tuple[Literal["left", "right"], int, str], ...] = (("left", 9, "datum.retrainings <= {}"), ("right", -9, "datum.retrainings > {}"))
    names = [
        base.transform_filter(which.format(most / 2)).mark_text(align=align, dx=apart, dy=-1, fontSize=12, limit=_LONGEST).encode(text="policies:N")
        for align, apart, which in sides
    ]
    spec: dict[str, Any] = alt.layer(points, *names).to_dict()
    return as_svg(spec, HEIGHT, WIDTH)


def write_chart(model: MLModel, stories: Sequence[Story], path: Path) -> None:
    """Write the chart: as an SVG where the file is called so, else in an HTML page with no script and nothing from outside.

    Parameters:
        model: the model's declaration.
        stories: what the policies came to.
        path: of the file; its folder is made.
    """
    from markupsafe import escape  # noqa: PLC0415 - only for a page

    drawn = chart_svg(model, stories)
    if path.suffix != ".svg":
        title = escape(f"{model.name}: what each policy would have come to")
        drawn = _PAGE.format(title=title, chart=drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(drawn, encoding="utf-8")


def _points(told: Sequence[tuple[str, int, float]]) -> list[dict[str, Any]]:
    """Return a point for each pair of numbers, with the names of all policies that came to it: drawn over each other, none could be read."""
    names: dict[tuple[int, float], list[str]] = {}
    for name, retrainings, value in told:
        names.setdefault((retrainings, value), []).append(name)
    return [{"retrainings": count, "value": value, "policies": " = ".join(found)} for (count, value), found in names.items()]


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>body {{ font-family: Helvetica, Arial, sans-serif; margin: 2rem; color: #222; }}</style></head>
<body><h1>{title}</h1>{chart}</body></html>
"""
