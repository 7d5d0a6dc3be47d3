import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration import clock, errors
from mlworks_orchestration.clock import now, replaying
from mlworks_orchestration.errors import MLWorksError, nearest

MOMENT = datetime(2013, 3, 1, 12, tzinfo=UTC)


def test_every_error_for_users_has_one_root() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) == 8
    assert all(issubclass(kind, MLWorksError) and kind.__doc__ for kind in kinds)


@given(st.text(), st.lists(st.text(), max_size=10))
def test_a_hint_lists_every_allowed_name_where_they_are_few(name: str, allowed: list[str]) -> None:
    hint = nearest(name, allowed)
    assert all(each in hint for each in allowed)


@given(st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=11, unique=True), st.data())
def test_a_hint_of_many_names_lists_the_five_nearest_and_says_how_many_more_there_are_and_where(allowed: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(allowed))
    hint = nearest(name, allowed, "`mlworks features`")
    named = hint.partition("Allowed: ")[2].partition(" and ")[0].split(", ")
    assert (named[0], len(named), set(named) <= set(allowed)) == (name, 5, True)
    assert hint.endswith(f" and {len(allowed) - 5} more (`mlworks features` lists all)")


def test_a_hint_does_not_say_where_names_are_listed_where_nothing_lists_them() -> None:
    assert nearest("x", [f"name{number}" for number in range(20)]).endswith(" and 15 more")


def test_a_hint_says_when_nothing_is_allowed() -> None:
    assert nearest("mae", []) == "allowed: nothing"


def test_the_clock_is_the_systems_unless_it_is_replayed() -> None:
    before = datetime.now(UTC)
    assert before <= now() <= datetime.now(UTC)
    with replaying(MOMENT):
        assert now() == MOMENT
    assert now() >= before


def test_replays_may_be_nested() -> None:
    with replaying(MOMENT):
        with replaying(MOMENT + timedelta(days=1)):
            assert now() == MOMENT + timedelta(days=1)
        assert now() == MOMENT


def test_a_replay_ends_even_when_it_fails() -> None:
    with pytest.raises(ZeroDivisionError), replaying(MOMENT):
        1 / 0  # noqa: B018 - any failure
    assert now() > MOMENT + timedelta(days=365)


def test_a_replayed_moment_is_given_in_utc() -> None:
    with replaying(MOMENT.astimezone(timezone(timedelta(hours=-5)))):
        assert now() == MOMENT
        assert now().tzinfo is UTC


def test_a_replayed_moment_without_a_time_zone_is_refused_with_the_remedy() -> None:
    with (
        pytest.raises(MLWorksError, match=r"2013-03-01T00:00:00 has no time zone; give one, for example 2013-03-01T00:00:00\+00:00"),
        replaying(
            datetime(2013, 3, 1)  # noqa: DTZ001 - that it is refused is the point
        ),
    ):
        pass


def test_a_replay_moves_the_clock_of_its_own_thread_alone() -> None:
    seen: list[datetime] = []
    with replaying(MOMENT):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen[0] > MOMENT + timedelta(days=365)


def test_the_clock_knows_whether_it_is_replayed() -> None:
    assert not clock.is_replayed()
    with clock.replaying(datetime(2013, 3, 1, tzinfo=UTC)):
        assert clock.is_replayed()
