"""Publication: all or nothing, never an older row over a later one, and nothing but what the lake has."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.data.online import OnlineStore, Row, open_store, publish
from mlworks_orchestration.errors import DeclarationError, NotReadyError
from tests.data.online.world import DAYS, NOW, asked_now, demand, demand_rows, filled, hour

ENTITIES = [f'["{zone}",{gate}]' for zone in "AB" for gate in (1, 2)]
drawn = st.lists(
    st.tuples(
        st.sampled_from("AB"), st.sampled_from([1, 2]), st.integers(0, 119), st.integers(0, 40), st.floats(), st.booleans(), st.sampled_from("xy")
    ),
    max_size=12,
)


def row(entity: str, event: int, version: int = 0, values: str = "{}", known: int = 0) -> Row:
    return Row(entity, event, known, version, values)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=drawn, then=drawn, order=st.permutations(DAYS))
def test_in_whatever_order_partitions_are_published_the_latest_row_stays(
    store: OnlineStore, tmp_path_factory: pytest.TempPathFactory, first: list[tuple[object, ...]], then: list[tuple[object, ...]], order: list[str]
) -> None:
    rows = demand_rows([*first, *then])
    declared, lake = demand(), Lake(tmp_path_factory.mktemp("lake"))
    lake.write("features/demand", rows, partitions=DAYS)
    store.put("demand", [], 10**6, whole=True)
    for day in order:
        publish(lake, declared, store, NOW, [day])
        publish(lake, declared, store, NOW, [day])
    by_partition = [found and found[:3] + found[4:] for found in store.get("demand", ENTITIES)]
    publish(lake, declared, store, NOW)
    assert [found and found[:3] + found[4:] for found in store.get("demand", ENTITIES)] == by_partition
    known = rows.filter(pl.max_horizontal("at", "heard") <= NOW).sort("at", "heard", maintain_order=True).unique(["zone", "gate"], keep="last")
    assert sum(found is not None for found in by_partition) == known.height
    for each in known.iter_rows(named=True):
        found = by_partition[ENTITIES.index(f'["{each["zone"]}",{each["gate"]}]')]
        assert found is not None
        assert found[1] == round(each["at"].timestamp() * 10**6)


def test_an_older_row_never_replaces_a_later_one_and_an_equal_one_only_from_a_newer_version(store: OnlineStore) -> None:
    store.put("t", [row("a", 5, 3, '{"x":1}', known=2)], 3, whole=False)
    for older in (row("a", 4, 9), row("a", 5, 9, known=1), row("a", 5, 2, known=2)):
        store.put("t", [older], older.version, whole=False)
        assert store.get("t", ["a"]) == [row("a", 5, 3, '{"x":1}', known=2)]
    for later in (row("a", 5, 4, '{"x":2}', known=2), row("a", 5, 1, "{}", known=3), row("a", 6, 0, '{"x":" 3 4 "}')):
        store.put("t", [later], later.version, whole=False)
        assert store.get("t", ["a"]) == [later]


def test_times_before_1970_and_far_ahead_keep_every_microsecond(store: OnlineStore) -> None:
    for event in (-(10**15), -1, 0, 7_226_582_399_999_998, 7_226_582_399_999_999):
        store.put("t", [row("a", event)], 0, whole=False)
        assert store.get("t", ["a"]) == [row("a", event)]
    store.put("t", [row("a", 7_226_582_399_999_998)], 0, whole=False)
    assert store.get("t", ["a"]) == [row("a", 7_226_582_399_999_999)]


def test_the_whole_table_replaces_and_removes_what_the_source_took_back(store: OnlineStore) -> None:
    many = [row(f"e{number}", number, 1) for number in range(3000)]
    store.put("t", many, 1, whole=True)
    store.put("other", many[:1], 1, whole=True)
    store.put("t", [row("young", 1, 3)], 3, whole=False)
    store.put("t", [row("e7", 1, 2, '{"x":1}')], 2, whole=True)
    assert store.get("t", ["e7", "e8", "e2999", "young"]) == [row("e7", 1, 2, '{"x":1}'), None, None, row("young", 1, 3)]
    assert store.get("other", ["e0"]) == many[:1]


def test_what_is_not_known_yet_is_not_published(store: OnlineStore, tmp_path: Path) -> None:
    rows = demand_rows([("A", 1, 10, 0, 1.0, True, "x"), ("A", 1, 11, 200, 2.0, True, "x")])
    made = filled(tmp_path / "lake", rows, asked_now([("A", 1)]))
    done = publish(made.lake, made.catalog.tables["demand"], store, NOW)
    assert (done.entities, done.newest) == (1, hour(10).isoformat())
    [found] = store.get("demand", ENTITIES[:1])
    assert found is not None
    assert '"demand":1.0' in found.values


def test_a_table_that_is_not_online_or_not_there_is_not_published(store: OnlineStore, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="demand is not published: its declaration lacks `online: true`"):
        publish(Lake(tmp_path), demand(online=False), store, NOW)
    with pytest.raises(NotReadyError, match="features/demand does not exist yet"):
        publish(Lake(tmp_path), demand(), store, NOW)
    with pytest.raises(NotReadyError, match=r"Nothing is published of feature table demand at .*; run `mlworks publish demand`"):
        store.get("demand", ["a"])


def test_an_empty_table_is_published_too(store: OnlineStore, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write("features/demand", demand_rows([]), partitions=DAYS)
    assert publish(lake, demand(), store, NOW).newest is None
    assert store.get("demand", ENTITIES) == [None] * 4


def test_an_error_on_the_way_leaves_the_old_rows(store: OnlineStore) -> None:
    def broken() -> Iterator[Row]:
        yield from (row(f"e{number}", 9, 2) for number in range(1200))
        message = "the lake is gone"
        raise RuntimeError(message)

    store.put("t", [row(f"e{number}", 1, 1) for number in range(1200)], 1, whole=True)
    for whole in (False, True):
        with pytest.raises(RuntimeError, match="the lake is gone"):
            store.put("t", broken(), 2, whole=whole)
    assert store.get("t", ["e0", "e1199"]) == [row("e0", 1, 1), row("e1199", 1, 1)]


@pytest.mark.parametrize("after", [0, 700, 1200])
def test_a_kill_on_the_way_leaves_the_old_rows_and_the_next_publication_is_whole(address: str, after: int) -> None:
    store = open_store(address)
    store.put("t", [row(f"e{number}", 1, 1) for number in range(1200)], 1, whole=True)
    script = f"""
        import os, signal
        from mlworks_orchestration.data.online import Row, open_store

        def rows():
            for number in range({after}):
                yield Row(f"e{{number}}", 9, 0, 2, "{{}}")
            os.kill(os.getpid(), signal.SIGKILL)

        open_store({address!r}).put("t", rows(), 2, whole=True)
    """
    killed = subprocess.run([sys.executable, "-c", dedent(script)], check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert store.get("t", [f"e{number}" for number in range(1200)]) == [row(f"e{number}", 1, 1) for number in range(1200)]
    store.put("t", [row(f"e{number}", 9, 2) for number in range(1200)], 2, whole=True)
    assert store.get("t", ["e0", "e1199"]) == [row("e0", 9, 2), row("e1199", 9, 2)]


def test_a_reader_sees_the_old_set_or_the_new_never_half_of_each(store: OnlineStore) -> None:
    entities = [f"e{number}" for number in range(1500)]
    store.put("t", [row(entity, 0, 0) for entity in entities], 0, whole=True)
    stop, seen = threading.Event(), set[frozenset[int]]()

    def read() -> None:
        while not stop.is_set():
            seen.add(frozenset(found.version if found else -1 for found in store.get("t", entities)))

    reader = threading.Thread(target=read)
    reader.start()
    for version in range(1, 25):
        store.put("t", [row(entity, version, version) for entity in entities], version, whole=version % 2 == 0)
    stop.set()
    reader.join()
    assert len(seen) > 1, "the reader never met a writer"
    assert all(len(versions) == 1 for versions in seen)


def test_publishing_again_changes_nothing(store: OnlineStore, tmp_path: Path) -> None:
    made = filled(tmp_path / "lake", demand_rows([("A", 1, 10, 0, float("nan"), None, None)]), asked_now([("A", 1)]))
    declared = made.catalog.tables["demand"]
    for partitions in (None, DAYS, [DAYS[0]], None):
        publish(made.lake, declared, store, NOW + timedelta(days=1), partitions)
        [found] = store.get("demand", ENTITIES[:1])
        assert found == Row(
            ENTITIES[0], *(round(hour(10).timestamp() * 10**6),) * 2, made.lake.version("features/demand"), found.values if found else ""
        )
    assert PARTITION not in (found.values if found else "")
