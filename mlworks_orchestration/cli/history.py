"""What became of a model, in the tables that a replay ends with."""

from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Business, DriftKind, MLModel, step_of_replay

if TYPE_CHECKING:
    from mlworks_orchestration.views import History

_Heading: TypeAlias = tuple[str, Literal["left", "right"], bool]


def history_to_dict(history: "History") -> dict[str, list[dict[str, Any]]]:
    """Return the history as plain values, for JSON."""
    return {name: frame.to_dicts() for name, frame in history._asdict().items()}


def show_history(model: MLModel, history: "History") -> None:
    """Print the history: by month, what retraining brought, and what drifted.

    Parameters:
        model: the model's declaration.
        history: as `views.model_history` returns it.
    """
    console = Console()
    step, wide = step_of_replay(model), console.width >= _WIDE
    console.print(_by_month(model, history, wide=wide))
    for line in (*_LEGEND, *([_WIDE_LEGEND] if wide else [])):
        console.print(Text(line.format(metric=model.metrics.primary, model=model.name, partitions=f"{model.partitions.every}s", step=step)))
    if model.business:
        console.print(Text(_business_legend(model.business)))
    console.print(_compared(model, history))
    for line in (*_COMPARED.format(step=step, model=model.name).splitlines(), *_untold(history, step), *_drifted(history)):
        console.print(Text(line))


def _by_month(model: MLModel, history: "History", *, wide: bool) -> Table:
    table = Table(title=f"{model.name} by month", box=SIMPLE_HEAD, padding=(0, 1))
    for heading, justify, no_wrap in (*_HEADINGS[:_METRICS_END], *(_wide_headings(model) if wide else []), *_HEADINGS[_METRICS_END:]):
        table.add_column(heading.format(metric=model.metrics.primary), justify=justify, no_wrap=no_wrap)
    for row in history.months.iter_rows(named=True):
        numbers = [_metric(model, row[name]) for name in (*_SIDES, *(["every_step"] if wide else []))]
        numbers += [readable(row[f"{name}_business"], 3) for name in _SIDES if wide and model.business]
        alarms = " ".join(f"{row[f'{kind}_alarms']:>2}" for kind in DriftKind)
        verdicts = "; ".join(f"{said} {row[word]}" for word, said in _OUTCOMES.items() if row[word])
        cells = [row["month"], f"{row['rows']:,}", *numbers, alarms, str(row["retrainings"]), verdicts]
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _compared(model: MLModel, history: "History") -> Table:
    """Show all metrics over the whole history, and how often each side was retrained; a gain is positive where the champions were better."""
    table = Table(title=f"What retraining brought, over {history.compared['rows'][0]:,} rows with labels", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    columns = ("champion", "first_model", "gain", "every_step", "gain_over_every_step")
    for heading in ("", "Champions", "First,\nnever\nretrained", "Gain", f"Retrained\nevery {step_of_replay(model)}", "Gain"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=bool(heading))
    for row in history.compared.iter_rows(named=True):
        name = f"{row['metric']} ({row['unit']})" if row["unit"] else row["metric"]
        shown = [_metric(model, row[column]) if row["metric"] in model.metrics.names else readable(row[column], 3) for column in columns]
        table.add_row(*(Text(cell) for cell in (name, *shown)))
    policies = {row["side"]: row for row in history.policies.iter_rows(named=True)}
    for count in ("retrainings", "promoted"):
        cells = [_count(policies[side][count]) if side in policies else "" for side in columns]
        table.add_row(*(Text(cell) for cell in (count, *cells)))
    return table


def _untold(history: "History", step: str) -> Iterator[str]:
    for reason in filter(None, history.policies["untold"]):
        yield f"What retraining every {step} would have come to cannot be told: {reason}"


def _count(value: int | None) -> str:
    return "\N{EN DASH}" if value is None else str(value)


def _drifted(history: "History") -> Iterator[str]:
    """Yield, for each kind of drift, the columns that drifted in most reports."""
    from mlworks_orchestration.monitoring import JOINT  # noqa: PLC0415 - only when a history is shown

    for kind in DriftKind:
        found = [row for row in history.drifted.iter_rows(named=True) if row["kind"] == kind.value]
        if found:
            names = [(_TOGETHER if row["column"] == JOINT else row["column"], row["reports"]) for row in found[:_MOST_COLUMNS]]
            listed = ", ".join(f"{name} ({reports})" for name, reports in names)
            more = f", and {len(found) - _MOST_COLUMNS} more" if len(found) > _MOST_COLUMNS else ""
            yield f"{kind.value.capitalize()} drift, with the number of reports: {listed}{more}."


def _metric(model: MLModel, value: float | None) -> str:
    # What rounds to nothing has no sign.
    return "\N{EN DASH}" if value is None else f"{value:z.{3 if model.classifies else 2}f}"


def _wide_headings(model: MLModel) -> list[_Heading]:
    business = [f"{side}\n{fill(model.business.name, _NARROW)}" for side in ("Champion", "First") if model.business]
    return [(heading, "right", True) for heading in (f"Every {step_of_replay(model)}\n{{metric}}", *business)]


def _business_legend(business: Business) -> str:
    name, better = business.name[:1].upper() + business.name[1:], "lower" if business.lower_is_better else "higher"
    unit = f" in {business.unit}" if business.unit else ""
    return f"{name}: {business.aggregate}{unit} of the rows whose label is known; {better} is better."


_SIDES = ("champion", "first_model")
_OUTCOMES = {"promoted": "promoted", "rejected": "not promoted", "waiting": "waiting", "dry_run": "dry run", "rolled_back": "rolled back"}
_WIDE, _NARROW, _MOST_COLUMNS = 110, 16, 6
_TOGETHER = "all features together"
_METRICS_END = 4
_HEADINGS: tuple[_Heading, ...] = (
    ("Month", "left", True),
    ("Rows", "right", True),
    ("Champion\n{metric}", "right", True),
    ("First\n{metric}", "right", True),
    ("Alarms\n F  L  P  C", "left", True),
    ("Re-\ntrained", "right", True),
    ("Verdicts", "left", False),
)
_COMPARED = """\
A gain is positive where the champions were better. Retrained every {step}: by the same gate, whatever drifted.
That and other policies side by side: mlworks backtest {model}"""
_WIDE_LEGEND = "Every {step}: {metric} of what would have served, had the model been retrained every {step}."
_LEGEND = (
    "Champion: {metric} of what served. First: {metric} of the first model, had it never been retrained.",
    "Alarms: {partitions} whose report found feature (F), label (L), prediction (P) or concept (C) drift.",
    "Rows: scored, since the first champion. A metric of \N{EN DASH} waits for labels.",
    "Verdicts: of the gate about retrainings, by version of the MLflow model {model}.",
)
