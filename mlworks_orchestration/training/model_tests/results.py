"""What tests found of each version: rows of the lake table `<model>/model_tests`, which only grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import LOADS_CLEANLY, AnyModelTest, MLModel
from mlworks_orchestration.training.model_tests.record import Finding

_SCHEMA = pl.Schema(
    {
        "version": pl.Int64(),
        "snapshot": pl.String(),
        "test": pl.String(),
        "kind": pl.String(),
        "severity": pl.String(),
        "part": pl.String(),
        "state": pl.String(),
        "metric": pl.String(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "limit": pl.Float64(),
        "rows": pl.Int64(),
        "words": pl.String(),
        "champion": pl.Int64(),
        "tested_at": pl.Datetime("us", "UTC"),
    }
)
_OF_FINDING = ("part", "state", "metric", "value", "low", "high", "limit", "rows", "words")


@dataclass(frozen=True)
class Result:
    """What a test found of a version.

    Parameters:
        test: the test's name.
        kind: what it tests.
        severity: `error` or `warn`, as it was declared then.
        finding: what it found.
    """

    test: str
    kind: str
    severity: str
    finding: Finding

    @property
    def holds(self) -> bool:
        """Whether it passed; what cannot be told has not."""
        return self.finding.state == "passed"


def required_tests(model: MLModel) -> list[AnyModelTest]:
    """Return the tests of a model: that it loads cleanly, then those that it declares.

    Parameters:
        model: its declaration.
    """
    return [AnyModelTest(kind=LOADS_CLEANLY), *model.model_tests]


def stored_results(lake: Lake, model: str) -> pl.DataFrame:
    """Return all that tests found of a model's versions, a row a test and one a part of it, in the order in which it was stored.

    Parameters:
        lake: where it is kept.
        model: the model's name.

    Returns:
        Rows of version, snapshot, test, kind, severity, part ("" for the whole), state, metric, value, low, high, limit, rows, words, champion (the
        version that served then) and tested_at.
    """
    table = table_of(model)
    if not lake.exists(table):
        return _SCHEMA.to_frame()
    # Two processes that tested the same version at the same time both stored what they found; the first counts.
    return lake.read(table).sort("version", "tested_at", maintain_order=True).unique(["version", "test", "part"], keep="first", maintain_order=True)


def results(lake: Lake, model: str, version: int) -> dict[str, Result]:
    """Return what tests found of a version, by the test's name.

    Parameters:
        lake: where it is kept.
        model: the model's name.
        version: its number.
    """
    found: dict[str, Result] = {}
    rows = stored_results(lake, model).filter(pl.col("version") == version).to_dicts()
    for row in (row for row in rows if not row["part"]):
        parts = [_finding(part) for part in rows if part["part"] and part["test"] == row["test"]]
        found[row["test"]] = Result(row["test"], row["kind"], row["severity"], _finding(row, parts))
    return found


def store_results(  # noqa: PLR0913 - what was tested, when, and beside which champion
    lake: Lake, model: str, version: int, found: Sequence[Result], *, snapshot: str, champion: int | None, tested_at: datetime
) -> None:
    """Keep what tests found, all of it in one commit.

    Parameters:
        lake: where.
        model: the model's name.
        version: its number.
        found: a result a test.
        snapshot: id of the version's training set.
        champion: the version that serves.
        tested_at: when.
    """
    rows = [
        (version, snapshot, result.test, result.kind, result.severity, *(getattr(finding, name) for name in _OF_FINDING), champion, tested_at)
        for result in found
        for finding in (result.finding, *result.finding.parts)
    ]
    lake.append(table_of(model), pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def table_of(model: str) -> str:
    """Return the lake table of a model's test results."""
    return f"{model}/model_tests"


def _finding(row: dict[str, object], parts: Sequence[Finding] = ()) -> Finding:
    return Finding(**{name: row[name] for name in _OF_FINDING}, parts=tuple(parts))  # type: ignore[arg-type]
