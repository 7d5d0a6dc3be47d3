"""Little work goes on one thread, much of it on what there are."""

import pytest
import sklearn.ensemble  # noqa: F401 - loads OpenMP and BLAS
from threadpoolctl import threadpool_info, threadpool_limits

from mlworks_orchestration.threads import LITTLE, threads_for


def in_use() -> set[int]:
    return {library["num_threads"] for library in threadpool_info()}


def test_little_work_takes_one_thread_and_gives_the_others_back() -> None:
    with threadpool_limits(2):
        with threads_for(LITTLE):
            assert in_use() == {1}
        assert in_use() == {2}
        with pytest.raises(ZeroDivisionError), threads_for(1):
            1 / 0  # noqa: B018 - a fit that fails
        assert in_use() == {2}


def test_much_work_takes_the_threads_that_there_are() -> None:
    with threadpool_limits(2), threads_for(LITTLE + 1):
        assert in_use() == {2}
