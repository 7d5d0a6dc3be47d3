"""The two online stores, each empty for every test; Redis is a server of the tests' own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from mlworks_orchestration.data.online import OnlineStore, open_store

PASSWORD = "s3cret+word"  # noqa: S105 - of a server that lives for a moment


def _answers(address: str) -> bool:
    try:
        with redis.Redis.from_url(address) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Redis on a free port of loopback, with a password, and stop it by its process."""
    program = shutil.which("redis-server")
    assert program, "these tests need redis-server (Debian: apt-get install redis-server)"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--requirepass", PASSWORD]
    server = subprocess.Popen([program, *options], cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL)
    address = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    try:
        deadline = time.monotonic() + 30
        while not _answers(address):
            assert server.poll() is None, "redis-server ended at once"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'online.db'}"
    found: str = request.getfixturevalue("redis_address")
    with redis.Redis.from_url(found) as client:
        client.flushall()
    return found


@pytest.fixture
def store(address: str) -> OnlineStore:
    return open_store(address)
