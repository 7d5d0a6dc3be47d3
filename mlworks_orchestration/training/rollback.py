"""The way back to a version that served before."""

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import aliases
from mlworks_orchestration.training.approvals import check_signed, standing
from mlworks_orchestration.training.model_tests import held_back, require_tested
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.takeover import notice
from mlworks_orchestration.training.verdict import find_verdict
from mlworks_orchestration.training.versions import CHAMPION, PREVIOUS


def roll_back(lake: Lake, model: MLModel, registry: Registry, to: int | None = None, *, by: str, why: str) -> tuple[int | None, int]:  # noqa: PLR0913
    """Let an earlier version serve again, from the next scored row on, and record it in `<model>/aliases`.

    Done again after a crash, it completes what is missing; give `to` then, for what "previous" means may have been noticed as moved meanwhile.

    Parameters:
        lake: where moves are recorded.
        model: the model's declaration.
        registry: where versions and aliases are.
        to: the version's number; by default that which holds the alias `previous`.
        by: who.
        why: the reason in words.

    Returns:
        The version that served, none if there was none, and the one that serves now.

    Raises:
        TrackingError: if MLflow does not answer, or if the version is not in MLflow or is there no longer.
        TrainingError: if there is no previous version, if the version serves already, if it never served and its model tests or the
            lack of approvals do not allow it, or if nobody is named or no reason is given.
    """
    check_signed(by, why)
    held, known = registry.aliases(model.name), aliases.recorded(lake, model.name)
    target = to if to is not None else _previous(model, held, known)
    _check_present(lake, model, registry, target)
    serving, last = held.get(CHAMPION), known.get(CHAMPION)
    if target == serving == last:
        message = f"Model {model.name}: version {target} serves already; give another with --to."
        raise TrainingError(message)
    if target != serving:
        _check_may_serve(lake, model, target)
        notice(lake, model, registry)
        last = serving
    registry.promote(model.name, target, why=f"{_moved(last, target)}: {why.strip()}", moved_by=by.strip(), held_from=clock.now())
    return last, target


def roll_back_from(lake: Lake, model: MLModel, registry: Registry, judged: int, to: int, *, by: str, why: str) -> bool:  # noqa: PLR0913
    """Let an earlier version serve again if the version that was judged serves still; what people or the gate did meanwhile stands.

    Parameters:
        lake: where moves are recorded.
        model: the model's declaration.
        registry: where versions and aliases are.
        judged: the version that is to give way.
        to: the version that is to serve again.
        by: who or what decided.
        why: the reason in words.

    Returns:
        Whether `to` serves because of this; so too when a crash had left only the record to be written.

    Raises:
        TrackingError: if MLflow does not answer, or has the version no longer.
    """
    serving, known = registry.aliases(model.name).get(CHAMPION), aliases.recorded(lake, model.name).get(CHAMPION)
    if serving != judged and (serving, known) != (to, judged):
        notice(lake, model, registry)
        return False
    roll_back(lake, model, registry, to, by=by, why=why)
    return True


def _previous(model: MLModel, held: dict[str, int], known: dict[str, int | None]) -> int:
    """Return the version before. While MLflow and the record differ, a rollback was killed on its way: the record has what it went back to."""
    champion, previous = held.get(CHAMPION), held.get(PREVIOUS)
    under_way = champion != known.get(CHAMPION) or previous in {None, champion}
    target = known.get(PREVIOUS) if under_way and known.get(PREVIOUS) is not None else previous
    if target is None:
        message = f"Model {model.name} has no previous version to go back to; name one that is in MLflow with --to VERSION."
        raise TrainingError(message)
    return target


def _check_may_serve(lake: Lake, model: MLModel, number: int) -> None:
    """Refuse a version that never served and was not tested, lacks approvals, or is held back by its tests: a rollback is no way round them."""
    if not aliases.moves(lake, model.name).filter(pl.col("alias") == CHAMPION, pl.col("version") == number).is_empty():
        return
    require_tested(lake, model, number)
    needed, stand = model.gate.approvals, standing(lake, model.name, number)
    if model.gate.mode == "manual" and not stand.grants(needed):
        given = "it was rejected" if stand.rejections else f"it has {len(stand.approvals)} of {needed} approvals"
        verdict = find_verdict(lake, model.name, number)
        judged = f"The gate judged it. {verdict.reason} " if verdict and not verdict.favourable else ""
        approve = "" if judged else f"If it waits for approval, `mlworks approve {model.name} {number} --by NAME --why TEXT`; else "
        message = (
            f"Model {model.name}: version {number} never served, so there is nothing to go back to, and {given}. {judged}{approve}"
            f"`mlworks retrain {model.name} --why TEXT` trains a version that can be approved."
        )
        raise TrainingError(message)
    if obstacle := held_back(lake, model, number):
        message = f"Model {model.name}: version {number} never served, so there is nothing to go back to, and it may not serve now. {obstacle}"
        raise TrainingError(message)


def _check_present(lake: Lake, model: MLModel, registry: Registry, number: int) -> None:
    if number in {found.version for found in registry.versions(model.name)}:
        return
    served = aliases.moves(lake, model.name).filter(pl.col("version") == number)
    if served.is_empty():
        registry.version(model.name, number)
    message = (
        f"Model {model.name} version {number} was deleted in MLflow, so it cannot serve again; choose another with --to VERSION, or train again."
    )
    raise TrackingError(message)


def _moved(last: int | None, target: int) -> str:
    """Say how a version came to serve: a move to a newer one, as back from a rollback, is none."""
    if last is None:
        return "Rolled back from no version"
    return f"{'Rolled back' if target < last else 'Moved'} from version {last}"
