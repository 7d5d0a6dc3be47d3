"""Look-up: what a batch would give, and what is missing is said to be missing and why."""

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mlworks_orchestration.data import feature_frame
from mlworks_orchestration.data.online import OnlineStore, Plan, look_up, online_frame, open_store, publish
from mlworks_orchestration.data.online.plan import part_of
from mlworks_orchestration.errors import DataError, MLWorksError, NotReadyError, OnlineError
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import Catalog, FeatureTable
from tests.data.online.conftest import PASSWORD
from tests.data.online.world import DAYS, NOW, asked_now, demand, demand_rows, filled, hour, model, rides, table

FEATURES = ["length", "zone", "demand", "busy", "kind"]
drawn = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.sampled_from([1, 2]),
        st.integers(0, 119),
        st.integers(-10, 40),
        st.none() | st.floats(),
        st.none() | st.booleans(),
        st.none() | st.sampled_from(["x", "ü\n\"'", ""]),
    ),
    max_size=14,
)
asked = st.lists(st.tuples(st.sampled_from(["A", "B", "C", None]), st.sampled_from([1, 2, None])), min_size=1, max_size=6)


cases = st.fixed_dictionaries(
    {"rows": drawn, "rides": asked, "max_age": st.sampled_from([None, "5h", "1d", "3d"]), "order": st.permutations(DAYS), "late": st.booleans()}
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases)
def test_online_look_up_gives_as_of_now_what_a_batch_gives(
    store: OnlineStore, tmp_path_factory: pytest.TempPathFactory, case: dict[str, Any]
) -> None:
    frame = demand_rows(case["rows"])
    of_demand: dict[str, Any] = {"may_be_empty": True}
    if not case["late"]:
        frame = frame.unique(["zone", "gate", "at"], keep="last", maintain_order=True)
        of_demand |= {"known_time": None, "known_after": "3h"}
    requests = asked_now(case["rides"])
    made = filled(tmp_path_factory.mktemp("lake"), frame, requests, case["max_age"], **of_demand)
    batch = feature_frame(made.lake, made.catalog, made.catalog.models["ride_time"], DAYS[-1:])
    store.put("demand", [], 10**6, whole=True)
    for day in case["order"]:
        publish(made.lake, made.catalog.tables["demand"], store, NOW, [day])
    looked = online_frame(store, Plan.of(made.catalog, made.catalog.models["ride_time"]), requests.drop("at"), NOW)
    assert_frame_equal(looked.rows, batch.select(FEATURES), check_exact=True)


@pytest.fixture
def plan(store: OnlineStore, tmp_path: Path) -> Plan:
    rows = demand_rows([("A", 1, 100, 2, 1.5, True, "x"), ("A", 2, 10, 0, 2.5, False, "y")])
    made = filled(tmp_path / "lake", rows, asked_now([("A", 1)]), "1d")
    publish(made.lake, made.catalog.tables["demand"], store, NOW)
    return Plan.of(made.catalog, made.catalog.models["ride_time"])


def requests(zone: str = "A", gate: int = 1, **more: object) -> pl.DataFrame:
    return pl.DataFrame({"ride": [1], "zone": [zone], "gate": [gate], "length": [3.0], **{name: [value] for name, value in more.items()}})


def test_a_row_that_is_too_old_is_missing_and_said_to_be(store: OnlineStore, plan: Plan) -> None:
    looked = online_frame(store, plan, requests(gate=2), NOW)
    assert looked.rows.row(0) == (3.0, "A", None, None, None)
    assert looked.notes == ("demand: demand, busy, kind of zone 'A', gate 2 missing, for what is published of it is older than 1d",)
    assert online_frame(store, plan, requests(), hour(124)).notes == ()
    assert online_frame(store, plan, requests(), hour(124) + timedelta(microseconds=1)).rows["demand"].to_list() == [None]


def test_an_unknown_entity_is_missing_and_said_to_be(store: OnlineStore, plan: Plan) -> None:
    looked = online_frame(store, plan, pl.concat([requests("Z"), requests("Y"), requests()]), NOW)
    assert looked.rows["demand"].to_list() == [None, None, 1.5]
    assert looked.notes == ("demand: demand, busy, kind of zone 'Z', gate 1 (and 1 more) missing, for nothing is published of it",)


def test_what_was_not_known_at_the_time_asked_for_is_never_given(store: OnlineStore, plan: Plan) -> None:
    times = [hour(102) - timedelta(microseconds=1), hour(102)]
    looked = online_frame(store, plan, pl.concat([requests(), requests()]).with_columns(at=pl.Series(times)), NOW)
    assert looked.rows["demand"].to_list() == [None, 1.5]
    assert looked.notes == (
        "demand: demand, busy, kind of zone 'A', gate 1 missing, for what is published of it was not known yet at the time asked for",
    )


def test_features_in_the_request_are_taken_as_they_are_and_the_store_is_not_asked(plan: Plan, tmp_path: Path) -> None:
    nowhere = open_store(f"sqlite:///{tmp_path / 'nowhere.db'}")
    given_all = requests(demand=9.0, busy=None, kind="given")
    assert online_frame(nowhere, plan, given_all, NOW).rows.row(0) == (3.0, "A", 9.0, None, "given")
    assert not (tmp_path / "nowhere.db").exists()


def test_a_feature_in_the_request_leaves_the_others_to_be_looked_up(store: OnlineStore, plan: Plan) -> None:
    assert online_frame(store, plan, requests(busy=False), NOW).rows.row(0) == (3.0, "A", 1.5, False, "x")


def test_the_rows_to_predict_may_be_online_themselves_with_the_keys_of_what_is_joined(store: OnlineStore, tmp_path: Path) -> None:
    made = filled(tmp_path / "lake", demand_rows([("A", 1, 100, 2, 1.5, True, "x")]), asked_now([("A", 1), ("A", 2)]))
    catalog = Catalog.of([rides(online=True), demand()], [model()])
    for declared in catalog.tables.values():
        publish(made.lake, declared, store, NOW)
    looked = online_frame(store, Plan.of(catalog, catalog.models["ride_time"]), pl.DataFrame({"ride": [1, 0, 7]}), NOW)
    assert looked.rows.rows() == [(0.5, "A", None, None, None), (0.0, "A", 1.5, True, "x"), (None, None, None, None, None)]
    assert len(looked.notes) == 2


def test_times_days_and_large_numbers_come_back_as_they_were(store: OnlineStore, tmp_path: Path) -> None:
    from mlworks_orchestration.data import Lake  # noqa: PLC0415 - here alone

    columns = {"k": "timestamp", "at": "timestamp", "day": "date", "when": "timestamp", "big": "integer", "tiny": "float"}
    declared = table("things", ["k"], columns, online=True)
    at = hour(1) + timedelta(microseconds=1)
    rows = pl.DataFrame({"k": [at], "at": [at], "day": [at.date()], "when": [at], "big": [2**62 + 1], "tiny": [5e-324], "_partition": [DAYS[0]]})
    lake = Lake(tmp_path)
    lake.write("features/things", rows.with_columns(pl.col("k", "at", "when").cast(pl.Datetime("us", "UTC"))), partitions=DAYS)
    publish(lake, declared, store, NOW)
    found = look_up(store, part_of(declared), lake.read("features/things", columns=["k"]), [NOW])
    assert_frame_equal(found.rows, lake.read("features/things", columns=list(found.rows.columns)), check_exact=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda frame: frame.drop("gate"), r"the requests lack gate of feature table rides, which is not published\. Give"),
        (lambda frame: frame.drop("length"), r"the requests lack length of feature table rides, which is not published\. Give these columns"),
        (
            lambda frame: frame.with_columns(gate=pl.lit("one")),
            r"demand is looked up by 'gate', a integer, but the requests give it as String; cast it",
        ),
        (lambda frame: frame.with_columns(at=pl.lit("noon")), r"the event time 'at' of the requests is a String; give a timestamp, or leave it out"),
    ],
)
def test_a_wrong_request_is_explained(store: OnlineStore, plan: Plan, change: Callable[[pl.DataFrame], pl.DataFrame], says: str) -> None:
    with pytest.raises(DataError, match=says):
        online_frame(store, plan, change(requests()), NOW)


def test_an_entity_that_the_request_lacks_is_named(store: OnlineStore, tmp_path: Path) -> None:
    made = filled(tmp_path / "lake", demand_rows([]), asked_now([("A", 1)]))
    plan = Plan.of(Catalog.of([rides(online=True), demand()], [model()]), made.catalog.models["ride_time"])
    with pytest.raises(
        DataError, match=r"length, zone, gate of feature table rides are looked up by 'ride', which the requests lack; did you mean 'rid'\?"
    ):
        online_frame(store, plan, pl.DataFrame({"rid": [1]}), NOW)


def test_a_column_that_was_declared_after_the_publication_asks_for_another(store: OnlineStore, plan: Plan) -> None:
    assert plan
    declared = demand().model_dump()
    wider = FeatureTable.model_validate(declared | {"columns": declared["columns"] | {"new": "float"}})
    with pytest.raises(DataError, match=r"demand was published without column 'new', which is declared now; publish it again"):
        look_up(store, part_of(wider), requests(), [NOW])


def test_what_was_never_published_is_no_missing_row_but_an_error(store: OnlineStore, tmp_path: Path) -> None:
    made = filled(tmp_path / "lake", demand_rows([]), asked_now([("A", 1)]))
    with pytest.raises(NotReadyError, match="Nothing is published of feature table demand"):
        online_frame(store, Plan.of(made.catalog, made.catalog.models["ride_time"]), requests(), NOW)


def test_a_plan_survives_json(plan: Plan) -> None:
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def told(work: Callable[[], object]) -> str:
    """Return all that an error shows: itself, what it came from, and the frames of either."""
    import traceback  # noqa: PLC0415 - here alone

    try:
        work()
    except MLWorksError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=False)
        return "".join(shown.format()) + str(error)
    message = "no error was raised"
    raise AssertionError(message)


@pytest.mark.parametrize(
    "address",
    [
        f"redis://:{PASSWORD}@127.0.0.1:CLOSED/0",
        f"redis://someone:{PASSWORD}@127.0.0.1:CLOSED/0",
        f"redis://:{PASSWORD}@127.0.0.1:CLOSED/0?password={PASSWORD}",
        f"redis://:{PASSWORD}@127.0.0.1:CLOSED/0?socket_timeout={PASSWORD}",
        f"redis://:{PASSWORD}@127.0.0.1:{PASSWORD}/0",
        f"redis://:ab/{PASSWORD}@127.0.0.1:CLOSED/0",
        f"redis://:{PASSWORD}",
        f"redis://:{PASSWORD}#@127.0.0.1:CLOSED",
        f"postgres://:{PASSWORD}@127.0.0.1/0",
    ],
)
def test_no_error_shows_a_password(address: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = address.replace("CLOSED", str(taken.getsockname()[1]))
        said = told(lambda: open_store(closed).get("t", ["a"]))
    assert PASSWORD not in said
    assert "online store" in said


def test_a_refused_password_is_not_shown_either(redis_address: str) -> None:
    wrong = redis_address.replace(PASSWORD, "wr0ng%2Fpass")
    said = told(lambda: open_store(wrong).put("t", [], 0, whole=False))
    assert "wr0ng" not in said
    assert "could not be used" in said
    assert "***" in said
    assert PASSWORD not in repr(Environment("local", "", "", "", online=redis_address))


def test_a_store_that_is_no_database_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "online.db").write_text("not a database, " * 100)
    store = open_store(f"sqlite:///{tmp_path / 'online.db'}")
    with pytest.raises(OnlineError, match="could not be used: file is not a database"):
        store.put("t", [], 0, whole=False)
    with pytest.raises(OnlineError, match="could not be used"):
        store.get("t", ["a"])
    assert (tmp_path / "online.db").read_text().startswith("not a database")


def test_without_an_address_the_error_names_the_variable() -> None:
    with pytest.raises(OnlineError, match=r"MLWORKS_ONLINE is not set\. Set it to sqlite:////srv/online\.db, or redis://"):
        open_store("")
    assert "MLWORKS_ONLINE" not in os.environ
    assert datetime.now(tz=NOW.tzinfo) > NOW
