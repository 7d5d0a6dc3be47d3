"""Replaying models: one in this process, or several at a time in processes of their own."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TYPE_CHECKING

from mlworks_orchestration.cli.alone import alone
from mlworks_orchestration.cli.progress import DONE, Shown, Told, progress
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.data import Lake
    from mlworks_orchestration.retraining.backtest import EveryStep
    from mlworks_orchestration.views import History

_GIGABYTES_A_REPLAY = 2
_SECONDS_BETWEEN_LOOKS = 0.2


def replays_at_a_time() -> int:
    """Return how many replays this machine takes: one a core, as long as there are two gigabytes of memory for each."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**9
    return max(1, min(os.cpu_count() or 1, gigabytes // _GIGABYTES_A_REPLAY))


def replay_model(project: Project, model: MLModel, until: datetime | None = None, *, approve: bool = False) -> "History":
    """Replay a model in this process, showing progress on standard error, and return what became of it.

    Parameters:
        project: the deployment.
        model: the model's declaration.
        until: where to stop; by default at the end of the history.
        approve: whether a stand-in approves what waits for people.
    """
    with progress([model.name]) as bars:
        return _replayed(project, model, until, bars.show, approve=approve)


def replay_models(project: Project, models: Sequence[MLModel], at_a_time: int) -> "Iterator[tuple[MLModel, History | MLWorksError]]":
    """Replay models and yield what became of each as soon as it has ended; one that fails does not hold up the others.

    Parameters:
        project: the deployment.
        models: the declarations.
        at_a_time: how many at the same time, in the order given, each in a process of its own; with one, all in this process.
    """
    if min(at_a_time, len(models)) > 1:
        yield from _side_by_side(project, models, min(at_a_time, len(models)))
        return
    for model in models:
        try:
            became: History | MLWorksError = replay_model(project, model)
        except MLWorksError as error:
            became = error
        yield model, became


def _side_by_side(project: Project, models: Sequence[MLModel], at_a_time: int) -> "Iterator[tuple[MLModel, History | MLWorksError]]":
    import dagster as dg  # noqa: PLC0415 - seconds that other verbs need not pay

    with dg.DagsterInstance.get():
        pass  # makes its databases before several processes want them
    # Fresh processes: threads of the libraries do not survive a fork.
    context = get_context("spawn")
    told: SimpleQueue[Told] = context.SimpleQueue()
    with (
        progress([model.name for model in models]) as bars,
        ProcessPoolExecutor(at_a_time, mp_context=context, initializer=_listen, initargs=(told,)) as pool,
    ):
        futures = {pool.submit(_in_process, project.root, model.name): model for model in models}
        try:
            for future in _ended(futures, told, bars):
                with bars.hidden():
                    yield futures[future], _outcome(future)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ended(futures: "Iterable[Future[History]]", told: "SimpleQueue[Told]", bars: Shown) -> "Iterator[Future[History]]":
    """Yield each as it ends, and show meanwhile what is told."""
    running = set(futures)
    while running:
        ended, running = wait(running, timeout=_SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
        while not told.empty():
            bars.show(told.get())
        yield from ended


def _outcome(future: "Future[History]") -> "History | MLWorksError":
    try:
        return future.result()
    except BrokenProcessPool as error:
        remedy = "Run again, it goes on from there; with `--jobs 1` it needs least."
        message = f"A process that replayed was ended from outside, for want of memory perhaps. {remedy}"
        failure = MLWorksError(message)
        failure.__cause__ = error
        return failure
    except MLWorksError as error:
        return error


def _replayed(project: Project, model: MLModel, until: datetime | None, show: Callable[[Told], None], *, approve: bool = False) -> "History":
    import dagster as dg  # noqa: PLC0415 - seconds that other verbs need not pay

    from mlworks_orchestration import graph, views  # noqa: PLC0415
    from mlworks_orchestration.data import listening  # noqa: PLC0415
    from mlworks_orchestration.monitoring.page import refresh_page  # noqa: PLC0415

    def say(doing: str) -> None:
        show(Told(model.name, None, None, doing))

    def report(at: graph.Progress) -> None:
        show(Told(model.name, at.done, at.total, f"{at.moment:%Y-%m-%d} {at.doing}"))

    say("starting")
    definitions = graph.code_location(project)
    lake = graph.open_lake(project.environment)
    with alone(model), dg.DagsterInstance.get() as instance:
        with listening(say):
            replay = graph.Replay(model, definitions, instance, lake, until, graph.stand_in(project, model) if approve else None)
            replay.run(report)
        registry = graph.open_registry(project.environment)
        if project.environment.pages and lake.partitions(f"{model.name}/drift_report"):
            say("drawing the drift page")
            refresh_page(lake, model, registry, project.environment.pages)
        beside = _every_step(lake, project, model, replay.reached(), show)
        say("comparing with the first model")
        history = views.model_history(lake, project.catalog, model, registry, beside)
        say(DONE)
        return history


def _every_step(lake: "Lake", project: Project, model: MLModel, until: datetime, show: Callable[[Told], None]) -> "EveryStep":
    """Return what retraining at every step would have come to in the time that was replayed."""
    from mlworks_orchestration.retraining.backtest import every_step  # noqa: PLC0415

    folder = Path(os.environ["MLWORKS_HOME"]) / "backtest" / model.name

    def report(done: int, total: int, doing: str) -> None:
        show(Told(model.name, done, total, f"for comparison, {doing}"))

    return every_step(lake, project.catalog, model, folder=folder, until=until, report=report)


_queue: "SimpleQueue[Told] | None" = None


def _listen(queue: "SimpleQueue[Told]") -> None:
    """In a process of the pool: keep where progress is told."""
    global _queue  # noqa: PLW0603 - what a pool gives its processes once, they can keep nowhere else
    _queue = queue


def _in_process(root: Path, name: str) -> "History":
    project = Project.find(root)
    if _queue is None:
        message = "A process of the pool must be told where to report."
        raise RuntimeError(message)
    return _replayed(project, project.model(name), None, _queue.put)
