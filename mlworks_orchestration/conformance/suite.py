"""All rules in their order, and what came of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mlworks_orchestration.conformance.declared import checks_present, documented, loads
from mlworks_orchestration.conformance.leakage import no_leakage
from mlworks_orchestration.conformance.lived import idempotent, report_readable, reproducible
from mlworks_orchestration.errors import MLWorksError, NotReadyError
from mlworks_orchestration.graph import Progress, Trial

Rule = Callable[[Trial], str]

_BEFORE: dict[str, Rule] = {"loads": loads, "documented": documented, "checks_present": checks_present}
_LIFE = "materialises"
_AFTER: dict[str, Rule] = {"no_leakage": no_leakage, "idempotent": idempotent, "report_readable": report_readable, "reproducible": reproducible}

RULES: dict[str, str] = {
    "loads": "the declaration is right, and every function that it names can be imported",
    "documented": "model, tables, features and label are described, and somebody answers for each",
    "checks_present": "the gate, drift and quality are asset checks",
    _LIFE: "its jobs build features, a champion, scores and a drift report",
    "no_leakage": "features of a row are the same without what came to be known later; none is the label",
    "idempotent": "building a partition again gives equal rows",
    "report_readable": "the drift report says in words what was found, also as a page",
    "reproducible": "the champion, fitted again from its snapshot, is equal",
}
"""The rules by name, in the order in which they are tried."""


@dataclass(frozen=True)
class Finding:
    """What came of a rule.

    Parameters:
        rule: its name.
        passed: whether it is kept; None if it could not be tried.
        said: what was found, and what to do if it is not kept.
    """

    rule: str
    passed: bool | None
    said: str


def examine(trial: Trial, report: Callable[[Progress], None]) -> Iterator[Finding]:
    """Try every rule on a model and yield what came of each, as soon as it is known.

    Parameters:
        trial: the model and a throw-away place.
        report: is told of every step of its life.
    """

    def life(trial: Trial) -> str:
        return _life(trial, report)

    lives = True
    for name, rule in {**_BEFORE, _LIFE: life, **_AFTER}.items():
        if not lives:
            yield Finding(name, None, "Not tried: the rules above must be kept first.")
            continue
        finding = _tried(name, rule, trial)
        lives = lives and (finding.passed is True or name not in {"loads", _LIFE})
        yield finding


def _tried(name: str, rule: Rule, trial: Trial) -> Finding:
    try:
        return Finding(name, passed=True, said=rule(trial))
    except MLWorksError as error:
        return Finding(name, passed=False, said=" ".join(str(error).split()))


def _life(trial: Trial, report: Callable[[Progress], None]) -> str:
    model = trial.model
    reports = trial.live(report)
    errors = [f"{item.asset}:{item.check} ({item.description})" for item in reports if item.is_error]
    champion, scored = trial.registry.champion(model.name), trial.lake.partitions(f"{model.name}/scores")
    if champion is None or not scored:
        message = f"Model {model.name} has no champion that scores: {'; '.join(errors) or 'see the gate'}."
        raise NotReadyError(message)
    if errors:
        message = f"{len(errors)} asset checks failed with severity ERROR: {'; '.join(errors)}."
        raise NotReadyError(message)
    return f"version {champion.version} scored {len(scored)} partitions, {scored[0]} to {scored[-1]}; {len(reports)} asset checks"
