"""The waiting room in Redis: who arrived when, and what became of them. It may be lost at any moment.

Arrivals are numbered by Redis's own clock, in microseconds and never twice, so that whoever comes after a loss comes
after everybody who came before it. The truth about units is PostgreSQL's; a ticket is what its holder keeps.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, cast

from redis.exceptions import NoScriptError, RedisError

from app.domain.flash.rules import News
from app.domain.flash.service import Ask
from app.foundation.errors import Busy
from app.foundation.runtime import redis
from tenants.keys import shop_key

log = logging.getLogger(__name__)

MOST_PER_ADDRESS = 30
LIFE_SECONDS = 3 * 86400
LOCK_MS = 5_000

# KEYS line asks who seats news addresses; ARGV position ask address most life key…
# Answers (position, seat, rank, news…) or (0, why).
ENTER = """
local at, held = tonumber(ARGV[1]), ''
local function tell()
  local rank = redis.call('ZRANK', KEYS[1], string.format('%.0f', at))
  local news = redis.call('HMGET', KEYS[5], 'left', 'unpaid', 'back', 'bought', 'over')
  return {string.format('%.0f', at), redis.call('HGET', KEYS[4], string.format('%.0f', at)) or '', rank or -1,
          news[1] or '', news[2] or 0, news[3] or 0, news[4] or 0, news[5] or 0}
end
local function known(one)
  local name = string.format('%.0f', one)
  return redis.call('ZSCORE', KEYS[1], name) or redis.call('HEXISTS', KEYS[4], name) == 1
end
local function open(name)
  if redis.call('ZSCORE', KEYS[1], name) then return true end
  local seat = redis.call('HGET', KEYS[4], name)
  return seat and string.find(seat, '"open": true', 1, true) ~= nil
end
if at > 0 and known(at) then return tell() end
for index = 6, #ARGV do
  local other = redis.call('HGET', KEYS[3], ARGV[index])
  if other and open(other) then
    local theirs = redis.call('HGET', KEYS[2], other)
    if index > 6 and not (theirs and string.find(theirs, ARGV[6], 1, true)) then
      if at == 0 then return {'0', 'taken'} end
    elseif at == 0 or tonumber(other) < at then
      at = tonumber(other)
      return tell()
    else
      redis.call('ZREM', KEYS[1], other)
    end
  end
end
if at == 0 then
  local most = tonumber(ARGV[4])
  if most > 0 and redis.call('HINCRBY', KEYS[6], ARGV[3], 1) > most then return {'0', 'crowded'} end
  local time = redis.call('TIME')
  at = time[1] * 1000000 + time[2]
  local last = tonumber(redis.call('HGET', KEYS[5], 'last') or '0')
  if at <= last then at = last + 1 end
  redis.call('HSET', KEYS[5], 'last', string.format('%.0f', at))
end
local name = string.format('%.0f', at)
redis.call('ZADD', KEYS[1], name, name)
redis.call('HSET', KEYS[2], name, ARGV[2])
for index = 6, #ARGV do redis.call('HSET', KEYS[3], ARGV[index], name) end
for index = 1, 6 do redis.call('EXPIRE', KEYS[index], ARGV[5]) end
return tell()
"""
# KEYS line asks seats news; ARGV life, then left unpaid back bought over, then (position, seat) pairs. In one go, so
# that nobody ever sees a unit counted twice.
TELL = """
redis.call('HSET', KEYS[4], 'left', ARGV[2], 'unpaid', ARGV[3], 'back', ARGV[4], 'bought', ARGV[5], 'over', ARGV[6])
for index = 7, #ARGV, 2 do
  redis.call('ZREM', KEYS[1], ARGV[index])
  redis.call('HDEL', KEYS[2], ARGV[index])
  redis.call('HSET', KEYS[3], ARGV[index], ARGV[index + 1])
end
for index = 1, 4 do redis.call('EXPIRE', KEYS[index], ARGV[1]) end
"""
UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
SHA = {script: sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (ENTER, TELL, UNLOCK)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands by the room. `news` None: the room knows nothing (any more) and must be told.

    `rank`: how many wait before them; -1 where they do not wait. `seat`: what they were told of theirs.
    """

    position: int
    rank: int
    news: News | None
    seat: Mapping[str, Any] | None
    refused: str = ""


class Room:
    """One drop's waiting room, inside the open shop. Busy where Redis does not answer."""

    def __init__(self, drop_id: int) -> None:
        self.drop_id = drop_id
        self._key = {
            name: shop_key("drop", drop_id, name)
            for name in ("line", "asks", "who", "seats", "news", "addresses", "lock", "rest")
        }

    def enter(self, ask: Ask, *, address: str = "") -> Place:
        """Take a place, or find one's own again: by its number, or by device, account and mailbox."""
        told = {"device": ask.device, "email": ask.email, "buyer": ask.buyer_id, "locale": ask.locale}
        keys = [f"d:{ask.device}", *(key for key in ask.keys if not key.startswith("d:"))]
        names = ("line", "asks", "who", "seats", "news", "addresses")
        most = MOST_PER_ADDRESS if address else 0
        said = self._ask(
            ENTER, names, ask.position, json.dumps({**told, "keys": keys}), address, most, LIFE_SECONDS, *keys
        )
        return _read(said)

    def head(self, most: int) -> list[Ask]:
        """Those who have waited longest."""
        try:
            names = cast(list[bytes], redis().zrange(self._key["line"], 0, most - 1))
            asks = redis().hmget(self._key["asks"], names) if names else []
        except RedisError as error:
            raise Busy(retry_seconds=1) from error
        return [_ask_of(int(name), json.loads(ask)) for name, ask in zip(names, asks, strict=True) if ask]

    def waiting(self) -> int:
        """How many wait; 0 where nobody knows."""
        try:
            return redis().zcard(self._key["line"])
        except RedisError:
            return 0

    def news(self) -> News | None:
        """How the drop stands as the room was last told."""
        try:
            told = redis().hmget(self._key["news"], ["left", "unpaid", "back", "bought", "over"])
        except RedisError:
            return None
        return _news(cast(list[Any], told))

    def tell(self, news: News, seats: Mapping[int, Mapping[str, Any]]) -> None:
        """What PostgreSQL has decided; whoever got a seat, or will get none, waits no longer."""
        pairs = [part for at, seat in sorted(seats.items()) for part in (str(at), json.dumps(dict(seat)))]
        counts = (news.left, news.unpaid, news.back, news.bought, int(news.over))
        self._ask(TELL, ("line", "asks", "seats", "news"), LIFE_SECONDS, *counts, *pairs)

    def lock(self, token: str) -> bool:
        """Whether we are the one who admits now: spares PostgreSQL the others, which its own lock would turn away."""
        try:
            return bool(redis().set(self._key["lock"], token, nx=True, px=LOCK_MS))
        except RedisError:
            return False

    def unlock(self, token: str) -> None:
        try:
            self._ask(UNLOCK, ("lock",), token)
        except Busy:
            log.warning("the admitter's lock runs out by itself", extra={"drop": self.drop_id})

    def rest(self, seconds: float) -> None:
        """Call nobody for so long: those with a ticket are coming back."""
        try:
            redis().set(self._key["rest"], 1, px=int(seconds * 1000))
        except RedisError as error:
            raise Busy(retry_seconds=1) from error

    def rests(self) -> bool:
        try:
            return bool(redis().exists(self._key["rest"]))
        except RedisError:
            return True

    def _ask(self, script: str, names: Sequence[str], *values: Any) -> Any:
        try:
            keys = [self._key[name] for name in names]
            try:
                return redis().evalsha(SHA[script], len(keys), *keys, *values)
            except NoScriptError:
                return redis().eval(script, len(keys), *keys, *values)
        except RedisError as error:
            raise Busy(retry_seconds=1) from error


def _read(said: Sequence[Any]) -> Place:
    if len(said) == 2:
        return Place(0, -1, None, None, refused=said[1].decode())
    position, seat, rank, *news = said
    return Place(int(position), int(rank), _news(news), json.loads(seat) if seat else None)


def _news(told: Sequence[Any]) -> News | None:
    if not told[0] and told[0] != 0:
        return None
    left, unpaid, back, bought, over = (int(one or 0) for one in told)
    return News(left, unpaid, back, bought, over=bool(over))


def _ask_of(position: int, told: Mapping[str, Any]) -> Ask:
    return Ask(position, told["device"], told["email"], told["buyer"], told["locale"], told["keys"])
