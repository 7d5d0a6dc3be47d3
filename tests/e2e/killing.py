"""A process that is killed when a given function is entered or left: nothing in it is replaced, it is only watched."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from types import FrameType
from typing import Any

_HEAVY = [
    "dagster",
    "mlflow.sklearn",
    "sklearn.linear_model",
    "polars",
    "deltalake",
    "mlworks_orchestration.graph.compute.training",
    "tests.e2e.pending",
]


@dataclass(frozen=True)
class Point:
    """Where a process is killed.

    Parameters:
        function: its qualified name.
        when: `call` for when it is entered, `return` for when it is left.
        given: what arguments of it must be.
    """

    function: str
    when: str
    given: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        words = {"call": "before", "return": "after"}
        return " ".join([words[self.when], self.function, *map(str, self.given.values())])

    def watch(self) -> None:
        """Kill this process there, as the kernel or a person would: nothing is cleaned up."""
        name, when, given = self.function, self.when, self.given

        def look(frame: FrameType, event: str, _: Any) -> None:
            if event == when and frame.f_code.co_qualname == name and all(frame.f_locals.get(key) == value for key, value in given.items()):
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(look)


def lives(act: Callable[..., None], *arguments: object, killed: Point | None = None) -> bool:
    """Do something in a process of its own, whose imports are those of a process before it; return whether it lived to the end."""
    process = _warm().Process(target=_live, args=(killed, act, arguments))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}, f"{act.__name__} failed"
    return process.exitcode == 0


def at_once(act: Callable[..., None], *arguments: object) -> None:
    """Let two processes do something; each is given a barrier as well, to wait for the other."""
    context = _warm()
    both = context.Barrier(2)
    processes = [context.Process(target=act, args=(*arguments, both)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]


def _warm() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_HEAVY)
    return context


def _live(killed: Point | None, act: Callable[..., None], arguments: tuple[object, ...]) -> None:
    if killed is not None:
        killed.watch()
    act(*arguments)
