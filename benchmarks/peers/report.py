"""The table of the benchmark, in Markdown, as the documentation shows it."""

from collections.abc import Iterator

from peers.goals import Row, seconds
from peers.subjects import SUBJECTS

HEADER = ("tool", "version", "start-up s", "reading s", "compute s", "CPU s", "MB", "÷ ours", "÷ polars", "drifted")


def table(measurements: list[Row], rows: int) -> str:
    """Return the measurements at one number of rows.

    A peer's reading is shown but counts in no ratio, ours is part of its seconds; ratios are of what `seconds` gives.
    """
    found = {row["name"]: row for row in measurements if row["rows"] == rows}
    taken = {name: seconds(row) for name, row in found.items() if "failed" not in row}
    lines = [HEADER, *(_line(found[name], taken.get("ours"), taken.get("polars")) for name in SUBJECTS if name in found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADER))]
    rule = "|".join("-" * (width + 2) for width in widths)
    first, *rest = (_row(line, widths) for line in lines)
    return "\n".join([f"{rows:,} rows", "", first, f"|{rule}|", *rest])


def _row(line: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(zip(line, widths, strict=True)))  # noqa: PLR2004 - tool and version are text
    return f"| {' | '.join(cells)} |"


def _line(row: Row, ours: float | None, polars: float | None) -> tuple[str, ...]:
    title = SUBJECTS[row["name"]].title
    if "failed" in row:
        return (f"{title}: {row['failed']}", *[""] * (len(HEADER) - 1))
    return (title, *_cells(row, ours, polars))


def _cells(row: Row, ours: float | None, polars: float | None) -> Iterator[str]:
    yield row["version"]
    yield f"{row['seconds_import']:.2f}"
    yield f"{row['seconds_read']:.2f}" if row["seconds_read"] else ""
    yield _number(row["seconds_compute"])
    yield _number(row["seconds_cpu"])
    yield f"{row['peak_mb']:,.0f}"
    yield _number(seconds(row) / ours) if ours else ""
    yield _number(seconds(row) / polars) if polars else ""
    yield "" if row["columns_drifted"] is None else str(row["columns_drifted"])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are what a timing is good for
