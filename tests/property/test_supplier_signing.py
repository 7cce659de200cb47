"""No changed byte gets through, and nothing gets through twice as late as it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.fulfilment.signing import (
    KEY,
    BadSignature,
    check_answer,
    check_request,
    sign_answer,
    sign_request,
)

NOW = 1_795_000_000
SECRET = "a secret of the two"
NONCE = "0123456789abcdefNONCE"
bodies = st.binary(min_size=1, max_size=80)
flips = st.tuples(st.integers(0, 10_000), st.integers(1, 255))


def flipped(value: bytes, flip: tuple[int, int]) -> bytes:
    at, mask = flip[0] % len(value), flip[1]
    return value[:at] + bytes([value[at] ^ mask]) + value[at + 1 :]


def signed(body: bytes) -> dict[str, str]:
    return sign_request(
        SECRET,
        key="k",
        method="POST",
        path="/alpha/v1/orders",
        query="a=1",
        body=body,
        timestamp=NOW,
        nonce=NONCE,
    )


def check(headers: dict[str, str], body: bytes, *, path: str = "/alpha/v1/orders", now: float = NOW) -> str:
    return check_request([SECRET], headers, method="POST", path=path, query="a=1", body=body, now=now)


@given(bodies, flips)
def test_a_flipped_byte_of_the_body_is_refused(body, flip):
    with pytest.raises(BadSignature):
        check(signed(body), flipped(body, flip))


@given(bodies, flips, st.sampled_from(["supplier-timestamp", "supplier-nonce", "supplier-signature"]))
def test_a_flipped_byte_of_a_header_is_refused(body, flip, name):
    headers = signed(body)
    headers[name] = flipped(headers[name].encode(), flip).decode("latin-1")
    with pytest.raises(BadSignature):
        check(headers, body)


@given(bodies, flips)
def test_a_flipped_byte_of_an_answer_is_refused(body, flip):
    headers = sign_answer(SECRET, status=200, nonce=NONCE, body=body, timestamp=NOW)
    with pytest.raises(BadSignature):
        check_answer([SECRET], headers, status=200, nonce=NONCE, body=flipped(body, flip), now=NOW)


@given(bodies, st.integers(201, 599))
def test_an_answer_s_status_cannot_be_changed(body, status):
    headers = sign_answer(SECRET, status=200, nonce=NONCE, body=body, timestamp=NOW)
    with pytest.raises(BadSignature):
        check_answer([SECRET], headers, status=status, nonce=NONCE, body=body, now=NOW)


@given(bodies, st.text(alphabet="abcdefgh/_-%. ?", min_size=1, max_size=20))
def test_a_request_signed_for_one_path_is_refused_on_another(body, path):
    with pytest.raises(BadSignature):
        check(signed(body), body, path="/beta/" + path)


@given(bodies, st.integers(61, 10**6) | st.integers(-(10**6), -61))
def test_a_replay_outside_the_window_is_refused(body, seconds):
    with pytest.raises(BadSignature):
        check(signed(body), body, now=NOW + seconds)


@given(
    st.dictionaries(st.sampled_from([KEY, "supplier-timestamp", "supplier-nonce", "x"]), st.text()), bodies
)
def test_any_nonsense_in_the_headers_is_a_refusal_and_not_a_crash(headers, body):
    with pytest.raises(BadSignature):
        check(headers, body)
