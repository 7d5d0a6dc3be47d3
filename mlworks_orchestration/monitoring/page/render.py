"""The drift page: one HTML file that opens without a network, with no script in it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, TypeVar

from mlworks_orchestration.monitoring.page.charts import CURRENT, REFERENCE, distribution_svg, series_svg
from mlworks_orchestration.monitoring.page.content import ColumnEntry, PageContent
from mlworks_orchestration.numerals import readable

if TYPE_CHECKING:
    from jinja2 import Template

_Item = TypeVar("_Item")

OPEN_ROWS = 25
"""Rows of the table of columns that are shown at once; the rest opens on demand."""

OPEN_SHOWN = 5
"""Rows at once of what is only shown."""

OPEN_CHARTS = 6
"""Columns whose distributions are shown at once."""

MOST_CHARTS = 30
"""Columns whose distributions are drawn at all."""

MOST_SERIES = 12
"""Series over time that are drawn at all."""

_LONGEST_NAME = 60
_SMALLEST_P = 1e-4
_VERDICTS = {True: "drifted", False: "no drift", None: "inconclusive"}


def drift_page(content: PageContent) -> str:
    """Return a drift report as one self-contained HTML page.

    All texts are data and are escaped; a content security policy in the page forbids scripts and anything from outside besides.

    Parameters:
        content: what the page says.

    Examples:
        >>> page = drift_page(PageContent(title="Drift of <b>rides</b>", state="quiet", verdict="Nothing changed."))
        >>> "&lt;b&gt;rides" in page, "<script" in page
        (True, False)
    """
    from markupsafe import Markup  # noqa: PLC0415 - with Jinja, only for a page

    charts = [
        (entry, Markup(distribution_svg(entry.distribution, is_time=entry.is_time)))  # noqa: S704 - Vega escapes the texts in its SVG
        for entry in _drawable(content.columns)[:MOST_CHARTS]
        if entry.distribution
    ]
    series = [(one, Markup(series_svg(one))) for one in content.series[:MOST_SERIES] if one.points]  # noqa: S704 - as above
    return _template().render(
        content=content,
        rows=_rows(content.columns),
        charts=_folded(charts, OPEN_CHARTS),
        drawable=len(_drawable(content.columns)),
        series=series,
        reference_colour=REFERENCE,
        current_colour=CURRENT,
        largest=max((number or 0.0 for entry in content.columns if not entry.shown_only for number in (entry.effect, entry.threshold)), default=0.0),
    )


def write_page(content: PageContent, path: Path) -> None:
    """Write a page in one move: who opens it sees the old one or the new one, never a part.

    Parameters:
        content: what the page says.
        path: of the file; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".writing-", suffix=".html", delete=False) as file:
        file.write(drift_page(content))
    Path(file.name).replace(path)


def _drawable(columns: Sequence[ColumnEntry]) -> list[ColumnEntry]:
    return [entry for entry in columns if entry.distribution and entry.distribution.reference]


def _rows(entries: Sequence[ColumnEntry]) -> tuple[Sequence[ColumnEntry], Sequence[ColumnEntry]]:
    """Return the table's rows that are shown at once, what is only shown among them however many columns there are, and the others."""
    judged = _folded([entry for entry in entries if not entry.shown_only], OPEN_ROWS)
    shown = _folded([entry for entry in entries if entry.shown_only], OPEN_SHOWN)
    return [*judged[0], *shown[0]], [*judged[1], *shown[1]]


def _folded(items: Sequence[_Item], count: int) -> tuple[Sequence[_Item], Sequence[_Item]]:
    """Part what is shown at once from what opens on demand; a rest of a few is not worth a fold."""
    if len(items) <= count + 2:
        return items, ()
    return items[:count], items[count:]


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only for a page

    environment = Environment(
        autoescape=True, loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(number=number, numeric=numeric, p_value=p_value, share=share, short=short)
    environment.globals["verdicts"] = _VERDICTS
    return environment.get_template("page.html.jinja")


def numeric(rows: Sequence[Sequence[object]], column: int) -> bool:
    """Say whether a column of a table holds numbers and no texts.

    Parameters:
        rows: of the table.
        column: its position.

    Examples:
        >>> numeric([("EWR", 1.0), ("JFK", None)], 0), numeric([("EWR", 1.0), ("JFK", None)], 1), numeric([("EWR", None)], 1)
        (False, True, False)
    """
    cells = [row[column] for row in rows if row[column] is not None]
    return bool(cells) and not any(isinstance(cell, str) for cell in cells)


def number(value: float | None) -> str:
    r"""Return a number for people, an en dash where there is none.

    Examples:
        >>> number(0.12345), number(None) == "\N{EN DASH}", number(0.0), number(123456.0)
        ('0.123', True, '0', '123,456')
    """
    return readable(value, 3)


def p_value(value: float | None) -> str:
    """Return a p-value for people.

    Examples:
        >>> p_value(0.0312), p_value(1e-30)
        ('0.031', '< 0.0001')
    """
    if value is None:
        return "\N{EN DASH}"
    return f"< {_SMALLEST_P:.4f}" if value < _SMALLEST_P else f"{value:.2g}"


def share(value: float) -> str:
    """Return a share in per cent.

    Examples:
        >>> share(0.25), share(0.0001)
        ('25.0%', '< 0.1%')
    """
    return "< 0.1%" if 0 < value < 0.0005 else f"{value:.1%}"  # noqa: PLR2004 - what rounds to nothing


def short(name: str) -> str:
    """Return a name that fits a line; the page shows the whole on demand.

    Examples:
        >>> short("x" * 100)[-3:], len(short("x" * 100))
        ('xx…', 60)
    """
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
