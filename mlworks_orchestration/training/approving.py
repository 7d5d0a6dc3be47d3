"""A person's word about a version, taken only while the version waits for it; and the stand-in for people where nobody is there."""

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.approvals import Action, Standing, say, standing
from mlworks_orchestration.training.model_tests import held_back, untested
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.takeover import carried_out, judged_for_people, notice
from mlworks_orchestration.training.verdict import find_verdict


def give_word(  # noqa: PLR0913 - a word has that many parts
    lake: Lake, model: MLModel, registry: Registry, version: int, word: Action, *, by: str, why: str
) -> Standing:
    """Record that a person approves or rejects a version that waits for approval, and return how it stands then.

    Nothing is promoted here: the approval sensor asks for that. The same word of the same person twice is recorded once.

    Parameters:
        lake: where verdicts and approvals are.
        model: the model's declaration.
        registry: where versions and aliases are.
        version: its number.
        word: `approve` or `reject`.
        by: who.
        why: the reason in words.

    Raises:
        TrackingError: if MLflow does not answer or has no such version.
        TrainingError: if the version does not wait for approval, saying why and what to do; or if nobody is named or no reason is given.
    """
    registry.version(model.name, version)
    notice(lake, model, registry)
    reason = _why_not_waiting(lake, model, registry, version)
    if reason:
        message = f"Model {model.name} version {version} does not wait for approval: {reason}"
        raise TrainingError(message)
    say(lake, model.name, version, word, by=by, why=why)
    return standing(lake, model.name, version)


def stand_in(lake: Lake, model: MLModel, registry: Registry, *, why: str) -> int | None:
    """Approve the newest version that waits for people, as many times as its gate asks for, and return its number; none if none waits.

    Each word is recorded as that of a stand-in, so that nobody takes it for a person's. A version that a person has rejected stays rejected.

    Parameters:
        lake: where verdicts and approvals are.
        model: the model's declaration.
        registry: where versions and aliases are.
        why: the reason in words, that nobody is there to ask among them.

    Raises:
        TrackingError: if MLflow does not answer.
    """
    notice(lake, model, registry)
    newest = next(iter(judged_for_people(lake, model.name)), None)
    if newest is None or _why_not_waiting(lake, model, registry, newest) or standing(lake, model.name, newest).rejections:
        return None
    for number in range(1, model.gate.approvals + 1):
        say(lake, model.name, newest, "approve", by=f"stand-in {number} of {model.gate.approvals}", why=why)
    return newest


def _why_not_waiting(lake: Lake, model: MLModel, registry: Registry, version: int) -> str:  # noqa: PLR0911 - a reason a line
    """Return why a version takes no words, and what to do; nothing if it does."""
    champion = registry.champion(model.name)
    serving = champion.version if champion else None
    rollback = f"`mlworks rollback {model.name}"
    if serving == version:
        return f"it serves already; {rollback} --why TEXT` goes back to the version before."
    verdict = find_verdict(lake, model.name, version)
    if verdict is None:
        return f"it was not judged yet; materialise {model.name}/champion first."
    if not verdict.favourable:
        return f"its verdict was unfavourable. {verdict.reason}"
    if missing := untested(lake, model, version):
        return f"it was not tested for {', '.join(missing)}; materialise {model.name}/champion for it first, or train again."
    if obstacle := held_back(lake, model, version):
        return f"its model tests do not allow it. {obstacle}"
    if verdict.mode != "manual":
        return f"it was judged with gate.mode {verdict.mode}, which asks nobody; set gate.mode to manual, and train again."
    if model.gate.mode != "manual":
        return f"gate.mode is now {model.gate.mode}; set it to manual again, or train again."
    if carried_out(lake, verdict):
        return f"it has served already and was replaced; {rollback} --to {version} --why TEXT` lets it serve again."
    if serving != verdict.champion:
        compared, now = (f"version {number}" if number is not None else "no version" for number in (verdict.champion, serving))
        return f"it was judged while {compared} served, and {now} serves now; train again, to have it compared with that."
    return ""
