"""Both sides of a stand-alone comparison, read by one process or by two."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice

from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.scanning.plan import Plan, Scanned
from mlworks_orchestration.monitoring.drift.scanning.scan import carried_out
from mlworks_orchestration.monitoring.drift.standalone.memory import keep_freed
from mlworks_orchestration.monitoring.drift.standalone.sides import PlannedSide
from mlworks_orchestration.monitoring.drift.standalone.together import can_fork, together

LEAST_TO_FORK = 100_000
"""Rows on either side; with less, copying the process gains nothing."""


def read_sides(reference: PlannedSide, current: PlannedSide, ending: ExitStack, *, fork: bool) -> Iterator[Scanned]:
    """Yield the reference, then the current rows in parts of some columns.

    Two processes read where that gains time, though not what is exact, which would be too much to send.

    Parameters:
        reference: to read first.
        current: to read then.
        ending: when it ends, the other process does too; to wait for that takes some milliseconds, in which other work can be done.
        fork: whether this process may be copied.

    Raises:
        DataError: if a file is damaged, or a column is of a type that cannot be profiled.
    """
    plans = reference.plan, current.plan
    if not (fork and all(map(_is_large, plans)) and can_fork()):
        whole = carried_out(reference.plan)
        yield whole
        yield carried_out(current.plan, whole.types)
        return
    keep_freed()
    tasks = [(plan, names) for plan in plans for names in plan.together]
    results = ending.enter_context(together(lambda task: task[0].read(task[1]), tasks))
    whole = reference.plan.joined(list(islice(results, len(reference.plan.together))))
    yield whole
    for part in results:
        yield _as_in(whole.types, part, current.plan)


def _is_large(plan: Plan) -> bool:
    return plan.source.stored and plan.source.divisible and plan.source.rows >= LEAST_TO_FORK and not plan.exact


def _as_in(types: Mapping[str, str], found: Scanned, plan: Plan) -> Scanned:
    """Return what was read of a column, which is read again if its texts were taken for free text on one side only."""
    told = any({kind, types.get(name)} == {TextProfile.type, CategoricalProfile.type} for name, kind in found.types.items())
    return plan.read(list(found.types), types=types) if told else found
