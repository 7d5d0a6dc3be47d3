"""The table of the benchmark, in Markdown, as the documentation shows it."""

from collections.abc import Iterator, Mapping

from peers.goals import Row, seconds
from peers.subjects import SUBJECTS

HEADER = ("tool", "version", "start-up s", "reading s", "compute s", "CPU s", "MB", "÷ ours", "÷ polars", "CPU ÷ ours", "CPU ÷ polars", "drifted")


def table(measurements: list[Row], rows: int) -> str:
    """Return the measurements at one number of rows.

    Ratios are of what `seconds` gives, a peer's reading included, as ours is part of its seconds; and of the processor's seconds, which say more on a
    busy machine, a peer's reading left out.
    """
    found = {row["name"]: row for row in measurements if row["rows"] == rows}
    against = [found[name] for name in ("ours", "polars") if "failed" not in found.get(name, {"failed": ""})]
    lines = [HEADER, *(_line(found[name], against) for name in SUBJECTS if name in found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADER))]
    rule = "|".join("-" * (width + 2) for width in widths)
    first, *rest = (_row(line, widths) for line in lines)
    return "\n".join([f"{rows:,} rows", "", first, f"|{rule}|", *rest])


def _row(line: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(zip(line, widths, strict=True)))  # noqa: PLR2004 - tool and version are text
    return f"| {' | '.join(cells)} |"


def _line(row: Row, against: list[Row]) -> tuple[str, ...]:
    title = SUBJECTS[row["name"]].title
    if "failed" in row:
        return (f"{title}: {row['failed']}", *[""] * (len(HEADER) - 1))
    return (title, *_cells(row, {other["name"]: other for other in against}))


def _cells(row: Row, against: Mapping[str, Row]) -> Iterator[str]:
    yield row["version"]
    yield f"{row['seconds_import']:.2f}"
    yield f"{row['seconds_read']:.2f}" if row["seconds_read"] else ""
    yield _number(row["seconds_compute"])
    yield _number(row["seconds_cpu"])
    yield f"{row['peak_mb']:,.0f}"
    for measure in (seconds, _cpu):
        for name in ("ours", "polars"):
            yield _number(measure(row) / measure(against[name])) if name in against else ""
    yield "" if row["columns_drifted"] is None else str(row["columns_drifted"])


def _cpu(row: Row) -> float:
    return float(row["seconds_cpu"])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are what a timing is good for
