"""Which verdicts are still to be carried out, by whose word, and what is recorded when MLflow shows something that was not."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import aliases
from mlworks_orchestration.training.approvals import approvals, standing, table_of
from mlworks_orchestration.training.model_tests import held_back, untested
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.verdict import Verdict, find_verdict, verdicts
from mlworks_orchestration.training.versions import CHALLENGER, CHAMPION, PREVIOUS


@dataclass(frozen=True)
class Mandate:
    """By what a version may take over.

    Parameters:
        version: its number.
        since: when the last that was needed was said.
        why: the verdict, and what people said.
        by: the gate, or the people who approved.
    """

    version: int
    since: datetime
    why: str
    by: str


def mandate(lake: Lake, model: MLModel, verdict: Verdict) -> Mandate | None:
    """Return by what a judged version may take over, or None if it may not, by its model tests too, or if it did once.

    Parameters:
        lake: where approvals and moves are recorded.
        model: the model's declaration; it says how many must approve.
        verdict: about the version.
    """
    if not verdict.favourable or verdict.mode == "dry_run" or carried_out(lake, verdict):
        return None
    if untested(lake, model, verdict.challenger) or held_back(lake, model, verdict.challenger):
        return None
    if verdict.promoted:
        return Mandate(verdict.challenger, verdict.decided_at, verdict.reason, "gate")
    stand = standing(lake, model.name, verdict.challenger)
    if not stand.grants(model.gate.approvals):
        return None
    said = "; ".join(f"{word.by}: {word.why}" for word in stand.approvals)
    people = ", ".join(word.by for word in stand.approvals)
    return Mandate(verdict.challenger, max(word.recorded_at for word in stand.approvals), f"{verdict.reason} Approved by {said}", people)


def carried_out(lake: Lake, verdict: Verdict) -> bool:
    """Return whether the version has served since it was judged.

    Parameters:
        lake: where moves are recorded.
        verdict: about the version.
    """
    moved = aliases.moves(lake, verdict.model)
    served = (pl.col("alias") == CHAMPION) & (pl.col("version") == verdict.challenger) & (pl.col("held_from") >= verdict.decided_at)
    return not moved.filter(served).is_empty()


def carry_out(lake: Lake, model: MLModel, registry: Registry, verdict: Verdict) -> None:
    """Let a judged version take over, if it may and if nothing else has taken over since it was judged; complete what a crash left undone.

    Parameters:
        lake: where approvals and moves are recorded.
        model: the model's declaration.
        registry: where aliases are.
        verdict: about the version.
    """
    given = mandate(lake, model, verdict)
    serving = registry.champion(model.name)
    number = serving.version if serving else None
    if given is None or number not in {verdict.champion, given.version}:
        return
    # People's word is acted on later than it is given; a clock that went back must not hide that the verdict was carried out.
    moment = given.since if verdict.promoted or number == given.version else max(given.since, clock.now())
    registry.promote(model.name, given.version, why=given.why, moved_by=given.by, held_from=moment)


def approved(lake: Lake, model: MLModel) -> tuple[Mandate, int] | None:
    """Return the newest version that people have approved and that has not taken over yet, with the number of its last word; read from the lake.

    Parameters:
        lake: where verdicts, approvals and moves are.
        model: the model's declaration.
    """
    for number in judged_for_people(lake, model.name):
        verdict = find_verdict(lake, model.name, number)
        if verdict and (given := mandate(lake, model, verdict)):
            words = approvals(lake, model.name).filter(pl.col("version") == number)
            return given, int(words["number"][-1])
    return None


def judged_for_people(lake: Lake, model: str) -> list[int]:
    """Return the versions that were judged better than what serves now by a gate that asks people, the newest first; read from the lake.

    Parameters:
        lake: where verdicts and moves are.
        model: the model's name.
    """
    serving = aliases.recorded(lake, model).get(CHAMPION)
    found = verdicts(lake, model).filter("favourable", pl.col("mode") == "manual", pl.col("champion").eq_missing(serving))
    return found["challenger"].to_list()[::-1]


def approvals_version(lake: Lake, model: str) -> str | None:
    """Return the Delta version of the table of approvals; none before anybody said anything.

    Parameters:
        lake: where it is.
        model: the model's name.
    """
    table = table_of(model)
    return str(lake.version(table)) if lake.exists(table) else None


def complete(lake: Lake, model: MLModel, registry: Registry) -> None:
    """Record what was moved by hand, and carry out the newest verdict if its process was killed before it did.

    Parameters:
        lake: where verdicts and moves are.
        model: the model's declaration.
        registry: where aliases are.
    """
    notice(lake, model, registry)
    judged = verdicts(lake, model.name)
    verdict = find_verdict(lake, model.name, judged["challenger"][-1]) if len(judged) and judged["promoted"][-1] else None
    if verdict and not carried_out(lake, verdict):
        carry_out(lake, model, registry, verdict)


def notice(lake: Lake, model: MLModel, registry: Registry) -> None:
    """Record aliases that were moved by hand in MLflow, which is what counts; where only a promotion's record is missing, write that.

    Parameters:
        lake: where moves are recorded.
        model: the model's declaration.
        registry: where aliases are.
    """
    held, known = registry.aliases(model.name), aliases.recorded(lake, model.name)
    found = {alias: held.get(alias) for alias in (CHAMPION, CHALLENGER, PREVIOUS)}
    champion = found[CHAMPION]
    if champion != known.get(CHAMPION) and champion is not None:
        verdict = find_verdict(lake, model.name, champion)
        if verdict and verdict.champion == known.get(CHAMPION):
            carry_out(lake, model, registry, verdict)
            found = {alias: registry.aliases(model.name).get(alias) for alias in found}
    if found[PREVIOUS] == champion:
        del found[PREVIOUS]  # a promotion or a rollback is under way
    aliases.record(lake, model.name, found, held_from=clock.now(), why="found so in MLflow", moved_by="unknown")
