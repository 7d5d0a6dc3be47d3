"""Three reports of a small model at work, as `mlworks report MODEL --json` tells them: what changes here changes for every reader.

Nothing is wrong in the first; in the second the source of the distances has given kilometres for two days; in the third labels are not known yet.
`python -m tests.monitoring.test_golden_report` writes them anew; read the difference before committing it.
"""

import json
from collections.abc import Iterator, Mapping
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.monitoring.causes import explain_if_new
from mlworks_orchestration.monitoring.page import read_report
from tests.monitoring.watching import broken, judged, watched
from tests.scoring.world import empty_world

GOLDEN = Path(__file__).parent / "golden_report.json"
QUIET, KILOMETRES, OPEN = 12, 14, 17
DIGITS, TOLERANCE = 5, 1e-4
UNSTEADY = ("reported_at", "estimated_at", "inputs")
"""When a report and an estimate were made, and the versions of tables, which count how often those were written."""


def documents() -> dict[str, Any]:
    """Return the reports by partition, each number with so many digits."""
    with TemporaryDirectory() as folder:
        world = empty_world(Path(folder) / "lake")
        world.add_days(0, 9)
        world.add_labels(0, 9)
        world.train(10, 0.01)
        world.add_days(10, OPEN)
        world.add_labels(10, KILOMETRES)
        broken(world, KILOMETRES - 1, OPEN)
        judged(world, 0, OPEN)
        watched(world, 10, OPEN)
        with clock.replaying(world.at(30)):
            for day in (QUIET, KILOMETRES, OPEN):
                explain_if_new(world.lake, world.catalog, world.model, world.registry, world.key(day))
        found = [read_report(world.lake, world.model, world.key(day)).to_dict() for day in (QUIET, KILOMETRES, OPEN)]
    return {one["partition"]: steady(_factored(one)) for one in found}


def _factored(document: dict[str, Any]) -> dict[str, Any]:
    """Return a report that says once what is the same in each of its rows."""
    first, *rows = document["rows"]
    same = {name: value for name, value in first.items() if all(row[name] == value for row in rows)}
    return document | {"of each row": same, "rows": [{name: row[name] for name in row if name not in same} for row in (first, *rows)]}


def steady(value: Any) -> Any:
    """Return a document without what differs from run to run."""
    if isinstance(value, Mapping):
        return {name: steady(one) for name, one in value.items() if name not in UNSTEADY}
    if isinstance(value, list):
        return [steady(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield all that is in a document, with the way there."""
    if isinstance(value, Mapping | list):
        for name, one in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from leaves(one, (*path, name))
    else:
        yield path, value


def differences(told: Any, golden: Any) -> list[str]:
    """Return in what two documents differ: texts in any letter, numbers by more than machines do."""
    ours, theirs = dict(leaves(told)), dict(leaves(golden))
    paths = [path for path in {**theirs, **ours} if not alike(ours.get(path, "nothing"), theirs.get(path, "nothing"))]
    return [f"{' '.join(map(str, path))}: {theirs.get(path, 'nothing')!r} became {ours.get(path, 'nothing')!r}" for path in paths]


def alike(one: Any, other: Any) -> bool:
    """Say whether two values are the same; numbers may be rounded otherwise."""
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=TOLERANCE)
    return type(one) is type(other) and bool(one == other)


def written(value: Any, depth: int = 0) -> str:
    """Return a document as JSON in which each row is one line."""
    inner = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value)) if isinstance(value, list) else []
    if not any(isinstance(part, Mapping) for _, one in inner for part in (one, *(one if isinstance(one, list) else ()))):
        return json.dumps(value, ensure_ascii=False)
    opened, closed = "{}" if isinstance(value, Mapping) else "[]"
    lines = [f"{json.dumps(name, ensure_ascii=False)}: " * isinstance(value, Mapping) + written(one, depth + 1) for name, one in inner]
    return opened + ",".join(f"\n{' ' * (depth + 1)}{line}" for line in lines) + f"\n{' ' * depth}{closed}"


def test_the_reports_of_a_small_model_have_not_changed() -> None:
    found = differences(documents(), json.loads(GOLDEN.read_text(encoding="utf-8")))
    assert not found, "\n".join([f"{len(found)} values differ, the first of them:", *found[:20]])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"threshold": 0.31}, {"threshold": 0.32}),
        ({"drifted": False}, {"drifted": None}),
        ({"reason": "drift"}, {"reason": "drifts"}),
        ({}, {"a": 1}),
    ],
)
def test_a_threshold_a_verdict_and_a_sentence_that_change_are_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    [(path, told)] = leaves(after)
    assert differences({"rows": [after]}, {"rows": [before]}) == [f"rows 0 {path[0]}: {before.get(str(path[0]), 'nothing')!r} became {told!r}"]


def test_the_last_digits_of_a_number_may_differ() -> None:
    assert differences({"p_value": 1.2345e-9}, {"p_value": 1.2345000001e-9}) == []


if __name__ == "__main__":
    GOLDEN.write_text(written(documents()) + "\n", encoding="utf-8")
