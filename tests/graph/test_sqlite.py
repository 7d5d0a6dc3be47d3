"""SQLite under a replay: fewer waits for the disk, inside the block alone."""

from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from mlworks_orchestration.graph.sqlite import fewer_syncs

NORMAL, FULL = 1, 2


def synchronous(path: Path) -> int:
    """Write to a database through a connection of its own, and return how it waits for the disk."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS rows (number INTEGER)"))
        connection.execute(text("INSERT INTO rows VALUES (1)"))
        setting: int = connection.execute(text("PRAGMA synchronous")).scalar_one()
    engine.dispose()
    return setting


def rows(path: Path) -> int:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        count: int = connection.execute(text("SELECT count(*) FROM rows")).scalar_one()
    engine.dispose()
    return count


def test_connections_wait_for_checkpoints_only_inside_the_block(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert synchronous(path) == FULL
    with fewer_syncs():
        assert synchronous(path) == NORMAL
    assert synchronous(path) == FULL
    assert rows(path) == 3


def test_more_databases_than_are_held_open_lose_nothing(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(20)]
    with fewer_syncs():
        for path in [*paths, *paths]:
            assert synchronous(path) == NORMAL
    assert {rows(path) for path in paths} == {2}


def test_a_database_in_memory_is_left_alone() -> None:
    with fewer_syncs():
        engine = create_engine("sqlite://")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        engine.dispose()
