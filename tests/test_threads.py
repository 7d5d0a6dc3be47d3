"""Little work goes on one thread, much of it on what there are."""

from threading import Barrier, Thread

import pytest
import sklearn.ensemble  # noqa: F401 - loads OpenMP and BLAS
from threadpoolctl import threadpool_info, threadpool_limits

from mlworks_orchestration.threads import LITTLE, one_blas_thread, threads_for


def in_use(api: str | None = None) -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if api in (None, library["user_api"])}


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


def test_no_limit_of_blas_is_left_behind_whichever_thread_of_python_ends_first() -> None:
    begun, ended = Barrier(2, timeout=60), Barrier(2, timeout=60)

    def other() -> None:
        with one_blas_thread():
            begun.wait()
            ended.wait()

    before, beside = in_use("blas"), Thread(target=other)
    with one_blas_thread():
        beside.start()
        begun.wait()
        with one_blas_thread():
            assert in_use("blas") == {1}
        assert in_use("blas") == {1}
    ended.wait()
    beside.join()
    assert in_use("blas") == before
