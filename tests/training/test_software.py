import time

import numpy as np
import pytest

from mlworks_orchestration.training import measure


def test_time_and_rows_a_second_are_of_the_block() -> None:
    with measure() as cost:
        time.sleep(0.2)
        cost.rows = 100
    assert 0.2 <= cost.duration_seconds < 2
    assert cost.rows_per_second == pytest.approx(100 / cost.duration_seconds)


def test_memory_that_was_freed_before_the_end_of_the_block_is_seen() -> None:
    with measure() as before:
        pass
    with measure() as cost:
        taken = np.ones(50_000_000)  # 400 MB, beside which it does not matter what else the process takes and gives back meanwhile
        time.sleep(0.05)
        del taken
    with measure() as after:
        pass
    assert cost.peak_memory_mb > before.peak_memory_mb + 300
    assert after.peak_memory_mb < cost.peak_memory_mb - 300, "the peak is of the block, not of the process's life"


def test_a_block_that_fails_is_measured_and_fails() -> None:
    with pytest.raises(ValueError, match="broken"), measure(5) as cost:
        raise ValueError("broken")  # noqa: EM101 - the test's own
    assert cost.duration_seconds > 0
    assert cost.peak_memory_mb > 0
