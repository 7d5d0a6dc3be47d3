"""The online store in Redis: for many machines, one hash a feature table."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from mlworks_orchestration.data.online.address import not_published
from mlworks_orchestration.data.online.store import Row
from mlworks_orchestration.errors import OnlineError

if TYPE_CHECKING:
    from redis import Redis

_PUBLISHED = "mlworks:online"
_ROWS_A_CALL = 500
_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 60

# Each row is kept as "event known version values". A row of a whole publication replaces what was read from an older version, however late.
_PUT = """
for i = 2, #ARGV, 5 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local event, known, version = string.match(old or '', '^(%-?%d+) (%-?%d+) (%d+) ')
  local new = {tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])}
  local later = false
  if event then
    local held = {tonumber(event), tonumber(known), tonumber(version)}
    for j = 1, 3 do
      if held[j] ~= new[j] then later = held[j] > new[j] break end
    end
    if ARGV[1] == '1' and held[3] <= new[3] then later = false end
  end
  if not later then
    redis.call('HSET', KEYS[1], ARGV[i], table.concat({ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]}, ' '))
  end
end
"""
_SWEEP = """
local cursor = '0'
repeat
  local page = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 1000)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    local version = string.match(page[2][i + 1], '^%-?%d+ %-?%d+ (%d+) ')
    if tonumber(version) < tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], page[2][i]) end
  end
until cursor == '0'
"""


class RedisStore:
    """Published rows in Redis.

    A publication is one MULTI … EXEC: Redis does all of it, without anybody in between, once it has got all of it.

    Parameters:
        address: a Redis URL.
        shown: the same without its password.
        secrets: what must not be shown.
    """

    def __init__(self, address: str, shown: str, secrets: Sequence[str]) -> None:
        self._address = address
        self._secrets = secrets
        self._shown = shown

    @property
    def shown(self) -> str:
        """Its address without a password."""
        return self._shown

    def put(self, table: str, rows: Iterable[Row], version: int, *, whole: bool) -> None:
        """Publish rows in one transaction; see `OnlineStore`."""
        key = f"{_PUBLISHED}:{table}"
        with self._reaching() as client, client.pipeline(transaction=True) as change:
            left = iter(rows)
            while some := list(islice(left, _ROWS_A_CALL)):
                change.eval(_PUT, 1, key, str(int(whole)), *(str(value) for row in some for value in row))
            if whole:
                change.eval(_SWEEP, 1, key, str(version))
            change.hset(_PUBLISHED, table, str(version))
            change.execute()

    def get(self, table: str, entities: Sequence[str]) -> list[Row | None]:
        """Return the row of each entity, all of one moment; see `OnlineStore`."""
        with self._reaching() as client, client.pipeline(transaction=True) as asked:
            asked.hexists(_PUBLISHED, table)
            if entities:
                asked.hmget(f"{_PUBLISHED}:{table}", list(entities))
            published, *found = asked.execute()
        if not published:
            raise not_published(table, self.shown)
        return [_row(entity, text) for entity, text in zip(entities, found[0] if found else [], strict=True)]

    @contextmanager
    def _reaching(self) -> Iterator["Redis"]:
        from redis import Redis, RedisError  # noqa: PLC0415 - only where Redis is used

        trouble = ""
        try:
            with Redis.from_url(
                self._address, decode_responses=True, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_ANSWER_SECONDS
            ) as client:
                yield client
        except (RedisError, OSError, ValueError) as error:
            trouble = str(error)
        if trouble:
            for secret in self._secrets:
                trouble = trouble.replace(secret, "***")
            # Not chained: the cause, and the frames that it holds, may show the password.
            message = (
                f"The online store {self.shown} could not be used: {trouble}. What was published is unchanged; check the server and its password."
            )
            raise OnlineError(message)


def _row(entity: str, text: str | None) -> Row | None:
    if text is None:
        return None
    event, known, version, values = text.split(" ", 3)
    return Row(entity, int(event), int(known), int(version), values)
