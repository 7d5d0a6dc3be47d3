"""Versions whose tests have passed, without the seconds that running them takes."""

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import LOADS_CLEANLY
from mlworks_orchestration.training import Finding, Result, store_results


def let_pass(lake: Lake, model: str, version: int, snapshot: str = "abc") -> None:
    """Write down that a version loads cleanly, as its tests would have."""
    passed = [Result(LOADS_CLEANLY, LOADS_CLEANLY, "error", Finding("passed", "It loads."))]
    store_results(lake, model, version, passed, snapshot=snapshot, champion=None, tested_at=clock.now())
