"""What a node is, in a line."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.views.lineage.graph import MISSING, Node

REVERSED = {
    "read": "read by",
    "trained on": "training set of",
    "scored by": "scored",
    "compared with": "reference of",
    "column of": "has",
    "uses": "used by",
}
"""How a relation reads from what something was made of to what was made of it."""

Facts = Mapping[str, Any]


def in_words(node: Node) -> str:
    """Return what is most worth knowing of a node beside its name; nothing where the name says it all.

    Parameters:
        node: of a lineage.

    Examples:
        >>> in_words(Node("code:m@1", "code", "commit 7c140831e8d8", {"commit": "7c140831e8d8", "dirty": True, "estimator": "a.b:build"}))
        'a.b:build; files differed from the commit'
        >>> in_words(Node("run:m@1", "run", "MLflow run", {"missing": "MLflow does not answer."}))
        'missing: MLflow does not answer.'
    """
    said = [_WORDS[node.kind](node.facts)] if node.kind in _WORDS else []
    if MISSING in node.facts:
        said.append(f"missing: {node.facts[MISSING]}")
    return "; ".join(word for word in said if word)


def _metric(facts: Facts) -> str:
    others = "".join(
        f"; {readable(other['value'])} on {other['rows']:,} rows of version {other['model_version']}" for other in facts.get("other_versions", [])
    )
    return f"on {facts['rows']:,} rows scored by version {facts['model_version']}{others}"


def _score(facts: Facts) -> str:
    features = facts.get("features") or {}
    given = f" from {', '.join(f'{name} {value}' for name, value in features.items())}" if features else ""
    return f"by version {facts['model_version']} as {facts['role']}, {_moment(facts['scored_at'])}{given}"


def _version(facts: Facts) -> str:
    held = ", ".join(facts.get("aliases", []))
    since = f"registered {_moment(facts['registered_at'])}" if "registered_at" in facts else ""
    return "; ".join(part for part in (held, since) if part)


def _run(facts: Facts) -> str:
    metrics = facts.get("metrics", {})
    shown = {name: value for name, value in metrics.items() if name.startswith("holdout_")}
    numbers = ", ".join(f"{name} {readable(value)}" for name, value in shown.items())
    dagster = f"Dagster run {facts['dagster_run']}" if "dagster_run" in facts else ""
    return "; ".join(part for part in (facts.get("status", ""), numbers, dagster) if part)


def _hyperparameters(facts: Facts) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.get("declared", {}).items())


def _code(facts: Facts) -> str:
    return f"{facts['estimator']}{'; files differed from the commit' if facts.get('dirty') else ''}"


def _snapshot(facts: Facts) -> str:
    if "rows" not in facts:
        return ""
    start, end = facts["window"]
    return f"{facts['rows']:,} rows of {start:%Y-%m-%d} to {end:%Y-%m-%d} and {facts['holdout_rows']:,} held out; {facts['filter']}"


def _source(facts: Facts) -> str:
    archives = ", ".join(f"{one['package']} {one['version']} (sha256 {one['sha256'][:12]}…)" for one in facts.get("archives", []))
    return f"of {facts['owner']}{f'; {archives}' if archives else ''}"


def _check(facts: Facts) -> str:
    if "results" not in facts:
        return ""
    counted = (facts["failed"], "failed"), (facts.get("inconclusive", 0), "could not be told")
    told = [(count, said) for count, said in counted if count]
    if not told:
        return f"all {facts['results']:,} results passed"
    (count, said), *others = told
    head = f"{count:,} of {facts['results']:,} results {said}{''.join(f', {more:,} {word}' for more, word in others)}"
    names = "; ".join(f"{one['expectation']} {_where(one)} ({one['severity']}; last: {one['observed']})" for one in facts["failures"])
    return f"{head}: {names}"


def _where(failure: Facts) -> str:
    """Return in how many partitions an expectation failed, or how a model test stands."""
    return f"in {failure['partitions']}" if "partitions" in failure else str(failure["state"])


def _verdict(facts: Facts) -> str:
    return str(facts["reason"])


def _approval(facts: Facts) -> str:
    if "held_from" in facts:
        by_hand = f"; {facts['why']}" if str(facts["why"]).startswith(("Rolled back", "Moved")) else ""
        return f"champion from {_moment(facts['held_from'])}{by_hand}"
    return f"{_moment(facts['recorded_at'])}: {facts['why']}"


def _decision(facts: Facts) -> str:
    return str(facts.get("reason", ""))


def _partition(facts: Facts) -> str:
    return f"written by Dagster run {facts['dagster_run']}" if "dagster_run" in facts else ""


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


_WORDS: dict[str, Callable[[Facts], str]] = {
    "metric": _metric,
    "score": _score,
    "alarm": _decision,
    "model_version": _version,
    "run": _run,
    "hyperparameters": _hyperparameters,
    "code": _code,
    "snapshot": _snapshot,
    "source": _source,
    "check": _check,
    "verdict": _verdict,
    "approval": _approval,
    "decision": _decision,
    "partition": _partition,
    "table": _partition,
}
