"""Who answers in a replay where the gate asks people."""

from collections.abc import Callable

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.graph.resources import open_lake, open_registry
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import MLModel


def stand_in(project: Project, model: MLModel) -> Callable[[], int | None]:
    """Return what approves the version of a model that waits for people, where nobody is there to do so.

    Parameters:
        project: the deployment.
        model: the model's declaration.
    """

    def approve() -> int | None:
        from mlworks_orchestration.training import stand_in  # noqa: PLC0415 - costs what the code location need not pay to load

        return stand_in(open_lake(project.environment), model, open_registry(project.environment), why="replayed with nobody there to ask")

    return approve


def check_serving(lake: Lake, model: MLModel) -> None:
    """Refuse to go on where the first version waits for people, for nothing can be scored before it serves.

    Parameters:
        lake: where verdicts, approvals and moves are.
        model: the model's declaration.

    Raises:
        NotReadyError: saying what lets it go on.
    """
    from mlworks_orchestration.training import in_force, judged_for_people, moves, standing  # noqa: PLC0415 - costs what loading need not pay

    waiting = judged_for_people(lake, model.name)
    if not waiting or not in_force(moves(lake, model.name), "champion").is_empty():
        return
    name, version, needed = model.name, waiting[0], model.gate.approvals
    against = ", ".join(word.by for word in standing(lake, name, version).rejections)
    held = f"is held back by {against}" if against else f"waits for {needed} approval{'' if needed == 1 else 's'}"
    way = "" if against else " Or replay with --approve, which has a stand-in approve what waits."
    message = (
        f"Version {version} of {name} {held}, and nothing can be scored before a first version serves. "
        f"`mlworks approve {name} {version} --by NAME --why TEXT`, then replay again: it goes on from here.{way}"
    )
    raise NotReadyError(message)
