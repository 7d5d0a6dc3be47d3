"""`mlworks drift`."""

import json
import sys
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.monitoring.drift import Analysis, ColumnAnalysis, analyze, run_statistics
from mlworks_orchestration.monitoring.page import analysis_content, drift_page, next_steps

DRIFTED = 3
"""The exit code of `--fail-on-drift`."""

UNTOLD = 4
"""The exit code of `--fail-on-inconclusive`."""

_MARKS = {True: ("drifted", "bold red"), False: ("no drift", "green"), None: ("inconclusive", "yellow")}


class _Between(click.FloatRange):
    """A number between two others, neither of which it may be; what is no number is not between them."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high, min_open=True, max_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click has it
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        return self.fail(f"{value} is not in the range {self.min}<x<{self.max}.", param, ctx) if isnan(number) else number


@click.command()
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("current", type=click.Path(path_type=Path))
@click.option("--by", metavar="TIME", help="Column that orders the rows; without it they are in the order of the file. It is not compared itself.")
@click.option("--label", metavar="Y", help="Column of the label.")
@click.option("--prediction", metavar="P", help="Column of the prediction; with --label, residuals and relations are compared too.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page that opens without a network.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object with `columns` and `dataset`.")
@click.option("--exact", is_flag=True, help="Tell all values apart instead of counting them in bins; slower, and as much memory as the data.")
@click.option(
    "--false-alarm-rate",
    type=_Between(0, 1),
    default=0.01,
    show_default=True,
    help="How often drift may be found where nothing changed.",
)
@click.option(
    "--min-effect",
    type=_Between(0, 8),
    default=0.1,
    show_default=True,
    help="Smallest effect that matters, in standard deviations of a normal that shifts.",
)
@click.option("--min-rows", type=click.IntRange(min=2), default=100, show_default=True, help="Fewest rows on either side; with less, inconclusive.")
@click.option(
    "--statistics",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Python file that registers statistics of your own.",
)
@click.option("--fail-on-drift", is_flag=True, help=f"End with exit code {DRIFTED} if any column drifted; what is only shown does not count.")
@click.option("--fail-on-inconclusive", is_flag=True, help=f"End with exit code {UNTOLD} if none drifted, but of some it cannot be told.")
def drift(  # noqa: PLR0913 - one a parameter of the command line
    *,
    reference: Path,
    current: Path,
    by: str | None,
    label: str | None,
    prediction: str | None,
    html: Path | None,
    as_json: bool,
    exact: bool,
    false_alarm_rate: float,
    min_effect: float,
    min_rows: int,
    statistics: Path | None,
    fail_on_drift: bool,
    fail_on_inconclusive: bool,
) -> None:
    """Compare the rows of CURRENT with those of REFERENCE: Parquet or CSV files, folders of Parquet files, or Delta tables.

    Exit code 0 whatever is found, unless --fail-on-drift or --fail-on-inconclusive is given.

    \b
    Examples:
      mlworks drift january.parquet february.parquet
      mlworks drift train.csv served.csv --by served_at --html drift.html
      mlworks drift train.parquet served.parquet --label y --prediction p --json
      mlworks drift train.parquet served.parquet --statistics cramer_von_mises.py
      mlworks drift train.parquet served.parquet --fail-on-drift --min-effect 0.2
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    if statistics:
        run_statistics(statistics)
    found = analyze(
        reference,
        current,
        by=by,
        label=label,
        prediction=prediction,
        exact=exact,
        false_alarm_rate=false_alarm_rate,
        min_effect=min_effect,
        min_rows=min_rows,
        fork=True,
    )
    if html:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(drift_page(analysis_content(found)), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        _show(found, html)
    if fail_on_drift and found.drifted:
        sys.exit(DRIFTED)
    if fail_on_inconclusive and found.drifted is None:
        sys.exit(UNTOLD)


def _show(found: Analysis, html: Path | None) -> None:
    console = Console()
    console.print(Text(found.verdict, _MARKS[found.drifted][1]))
    for title, columns, most in _groups(found):
        table = Table("Column", "Kind", "Verdict", "Effect", title, box=None, padding=(0, 2, 0, 0), header_style="dim")
        for column in columns[:most]:
            table.add_row(*_cells(column))
        console.print("", table)
        if len(columns) > most:
            console.print(Text(f"and {len(columns) - most:,} more; --json and --html show all.", "dim"))
    console.print("", *(Text(step) for step in next_steps(found)), sep="\n")
    console.print("", Text(f"{found.rows_reference:,} rows of {found.reference}, {found.rows_current:,} rows of {found.current}.", "dim"), sep="\n")
    console.print(Text(f"Effects are in standard deviations, of what is judged before the threshold. Thresholds: {found.method}.", "dim"))
    if html:
        console.print(Text(f"The page is {html}."))


def _groups(found: Analysis) -> Iterator[tuple[str, list[ColumnAnalysis], int]]:
    """Yield what is shown together: the heading of the last column, the columns, and how many of them at most."""
    groups = (
        ("What changed", [column for column in found.columns if column.drifted], 40),
        ("Why it could not be told", list(found.inconclusive), 20),
        ("", [column for column in found.columns if column.drifted is False], 5),
        ("", [column for column in found.columns if column.shown_only], 5),
    )
    yield from ((title, columns, most) for title, columns, most in groups if columns)


def _cells(column: ColumnAnalysis) -> tuple[Text, ...]:
    if column.shown_only:
        first = column.statistics[0]
        effect, words = ("", first.reason) if first.effect is None else (f"{first.effect:.2f}", f"by {first.statistic}")
        words = f"{words}, {column.words}" if column.together and column.words else words
        return Text(column.title), Text(column.kind.value), Text("shown", "dim"), Text(effect), Text(words)
    leading = column.leading
    effects = f"{leading.effect:.2f} / {leading.threshold:.2f}" if leading and leading.effect is not None else ""
    by = f" (by {leading.statistic})" if leading else ""
    words = f"{column.words}{by}" if column.drifted else column.reason if column.drifted is None else ""
    return Text(column.name), Text(column.kind.value), Text(*_MARKS[column.drifted]), Text(effects), Text(words)
