"""How progress is told where there is no terminal."""

from collections.abc import Iterator

import pytest

from mlworks_orchestration.cli import progress as module
from mlworks_orchestration.cli.progress import DONE, Told, progress


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A list with the time that is read."""
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_at_the_begin_every_half_minute_and_at_the_end(capfd: pytest.CaptureFixture[str], seconds: list[float]) -> None:
    with progress(["delay", "fraud"]) as shown:
        shown.show(Told("delay", None, None, "starting"))
        shown.show(Told("delay", 1, 40, "2013-01-01 scoring"))
        shown.show(Told("fraud", 2, 9, "2018-01-01 training"))
        seconds[0] += 31
        shown.show(Told("delay", 7, 40, "2013-02-01 scoring"))
        with shown.hidden():
            seconds[0] += 60
        shown.show(Told("delay", None, None, DONE))
    assert capfd.readouterr().err.splitlines() == [
        "0:00 delay: starting",
        "0:00 fraud: 2/9 2018-01-01 training",
        "0:31 delay: 7/40 2013-02-01 scoring",
        "1:31 delay: 7/40 done",
    ]


def test_a_line_stays_short(capfd: pytest.CaptureFixture[str]) -> None:
    with progress(["delay"]) as shown:
        shown.show(Told("delay", 1, 2, "x" * 500))
    assert capfd.readouterr().err == f"0:00 delay: 1/2 {'x' * 100}\n"
