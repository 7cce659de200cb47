"""A challenge is solved once, for what it was asked for, while it lasts."""

import base64
import json

import altcha
import pytest
from redis.exceptions import ConnectionError as RedisGone

from app.foundation import challenge
from app.foundation.challenge import ChallengeFailed
from app.foundation.errors import Busy
from tests.factories import make_shop


@pytest.fixture
def shop(app):
    return make_shop("lantern")


def solved(given: dict[str, object]) -> str:
    """What a browser sends back, found by the protocol's own library."""
    asked = altcha.Challenge.from_dict(given)
    return altcha.Payload(asked, altcha.solve_challenge(asked)).to_base64()


def changed(payload: str, **parameters: object) -> str:
    told = json.loads(base64.b64decode(payload))
    told["challenge"]["parameters"] |= parameters
    return base64.b64encode(json.dumps(told).encode()).decode()


def reason(payload: str, purpose: str = "drop", *, shop_id: int) -> str:
    with pytest.raises(ChallengeFailed) as failed:
        challenge.check(payload, purpose, shop_id=shop_id)
    return failed.value.facts["reason"]


def test_a_solution_is_taken_once(shop):
    payload = solved(challenge.issue("drop", shop_id=shop.id, difficulty=5))
    challenge.check(payload, "drop", shop_id=shop.id)
    assert reason(payload, shop_id=shop.id) == "spent"


def test_another_way_to_write_the_same_solution_is_the_same_solution(shop):
    payload = solved(challenge.issue("drop", shop_id=shop.id, difficulty=5))
    challenge.check(payload, "drop", shop_id=shop.id)
    told = json.loads(base64.b64decode(payload))
    told["solution"] |= {"time": 17, "derivedKey": told["solution"]["derivedKey"].upper()}
    again = base64.b64encode(json.dumps(told, indent=1).encode()).decode()
    assert reason(again, shop_id=shop.id) == "spent"


def test_a_solution_is_worth_nothing_elsewhere(shop):
    payload = solved(challenge.issue("drop-17", shop_id=shop.id, difficulty=5))
    other = make_shop("harbour")
    assert reason(payload, "drop-18", shop_id=shop.id) == "elsewhere"
    assert reason(payload, "drop-17", shop_id=other.id) == "elsewhere"
    challenge.check(payload, "drop-17", shop_id=shop.id)


def test_a_solution_is_worth_nothing_when_its_time_is_over(shop, moved_clock):
    payload = solved(challenge.issue("drop", shop_id=shop.id, difficulty=5))
    moved_clock(minutes=16)
    assert reason(payload, shop_id=shop.id) == "expired"


def test_a_challenge_made_easier_by_its_solver_is_a_forgery(shop):
    payload = solved(challenge.issue("drop", shop_id=shop.id, difficulty=5))
    for parameters in ({"keyPrefix": "00"}, {"cost": 1}, {"expiresAt": 4_000_000_000}, {"nonce": "00" * 16}):
        assert reason(changed(payload, **parameters), shop_id=shop.id) == "forged"
    mine = altcha.create_challenge(
        "PBKDF2/SHA-256", 1, counter=1, hmac_secret=b"mine", data={"purpose": "drop"}
    )
    assert reason(solved(mine.to_dict()), shop_id=shop.id) == "forged"


def test_a_wrong_number_does_not_pass_and_spends_nothing(shop):
    given = challenge.issue("drop", shop_id=shop.id, difficulty=5)
    asked = altcha.Challenge.from_dict(given)
    for answer in (altcha.Solution(1, "00" * 32), altcha.Solution(1, "no hex"), altcha.Solution(1, None)):
        assert reason(altcha.Payload(asked, answer).to_base64(), shop_id=shop.id) == "wrong"
    challenge.check(solved(given), "drop", shop_id=shop.id)


@pytest.mark.parametrize(
    "payload",
    [
        "%%",
        "e30=",
        "W10=",
        "bnVsbA==",
        "é",
        "A" * 5000,
        base64.b64encode(b'{"challenge":1,"solution":2}').decode(),
    ],
)
def test_nonsense_is_refused_in_words(shop, payload):
    assert reason(payload, shop_id=shop.id) == "unreadable"


def test_nothing_at_all_is_refused(shop):
    assert reason("", shop_id=shop.id) == "missing"


def test_without_redis_nobody_passes_because_nobody_could_tell_a_replay(shop, app, monkeypatch):
    payload = solved(challenge.issue("drop", shop_id=shop.id, difficulty=5))

    def gone(*_: object, **__: object) -> None:
        raise RedisGone

    with monkeypatch.context() as patch:
        patch.setattr(app.extensions["perkline"].redis, "set", gone)
        with pytest.raises(Busy):
            challenge.check(payload, "drop", shop_id=shop.id)
    challenge.check(payload, "drop", shop_id=shop.id)


def test_the_work_lies_between_half_and_one_and_a_half_of_what_was_asked_for(shop):
    for _ in range(20):
        asked = altcha.Challenge.from_dict(challenge.issue("drop", shop_id=shop.id, difficulty=8))
        assert 4 <= altcha.solve_challenge(asked).counter < 12
