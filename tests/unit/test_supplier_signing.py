"""A signed message, and one worked example that another house could check."""

import hashlib
import hmac

import pytest

from app.domain.fulfilment.errors import ForgedCallback
from app.domain.fulfilment.gateway import Hearing, Voucher
from app.domain.fulfilment.signing import BadSignature, check_answer, check_request, sign_answer, sign_request
from app.domain.fulfilment.wire import read_asked, read_callback, read_placed

NOW = 1_795_000_000
SECRET = "s3cret"
NONCE = "n" * 24
ASKED = {"method": "GET", "path": "/alpha/v1/orders/d1-1", "query": "", "body": b""}
ORDER = b'{"reference":"d1-1","state":"succeeded","number":"A-9","at":"2026-11-22T10:00:00+00:00"}'


def test_the_signature_covers_method_path_query_time_nonce_and_body():
    headers = sign_request(
        SECRET, key="k", method="post", path="/alpha/v1/orders", query="b=2&a=1 1", body=b"{}",
        timestamp=NOW, nonce=NONCE,
    )  # fmt: skip
    digest = hashlib.sha256(b"{}").hexdigest()
    text = f"POST\n/alpha/v1/orders\na=1%201&b=2\n{NOW}\n{NONCE}\n{digest}"
    assert headers["supplier-signature"] == "v1=" + hmac.new(b"s3cret", text.encode(), "sha256").hexdigest()


@pytest.mark.parametrize("seconds", [-61, 61, 3600])
def test_a_request_outside_sixty_seconds_is_refused(seconds):
    headers = sign_request(SECRET, key="k", timestamp=NOW, nonce=NONCE, **ASKED)
    with pytest.raises(BadSignature, match="outside_window"):
        check_request([SECRET], headers, now=NOW + seconds, **ASKED)


def test_a_request_within_the_window_gives_its_nonce():
    headers = sign_request(SECRET, key="k", timestamp=NOW, nonce=NONCE, **ASKED)
    assert check_request(["new", SECRET], headers, now=NOW + 60, **ASKED) == NONCE


@pytest.mark.parametrize("empty", ["", " "])
def test_a_secret_left_empty_signs_for_nobody(empty):
    headers = sign_request(empty, key="k", timestamp=NOW, nonce=NONCE, **ASKED)
    with pytest.raises(BadSignature, match="signature"):
        check_request([empty], headers, now=NOW, **ASKED)


def test_an_answer_to_another_request_is_refused():
    headers = sign_answer(SECRET, status=200, nonce="m" * 24, body=b"{}", timestamp=NOW)
    with pytest.raises(BadSignature, match="nonce"):
        check_answer([SECRET], headers, status=200, nonce=NONCE, body=b"{}", now=NOW)


def test_a_missing_header_is_a_refusal_and_not_a_crash():
    with pytest.raises(BadSignature, match="timestamp"):
        check_request([SECRET], {}, now=NOW, **ASKED)


def test_a_signed_refusal_is_certain_only_when_it_is_documented():
    refusal = b'{"error":{"code":"%s"}}'
    assert read_placed(402, refusal % b"out_of_funds", "d1-1").hearing is Hearing.FAILED
    assert read_placed(422, refusal % b"something_new", "d1-1").hearing is Hearing.UNKNOWN
    assert read_placed(503, refusal % b"out_of_funds", "d1-1").hearing is Hearing.UNKNOWN


def test_a_used_nonce_is_not_a_certain_refusal_for_a_copy_may_have_come_first():
    assert read_placed(401, b'{"error":{"code":"nonce_used"}}', "d1-1").hearing is Hearing.UNKNOWN


def test_an_order_under_our_reference_with_other_contents_is_a_conflict():
    answer = b'{"error":{"code":"reference_conflict"}}'
    assert read_placed(409, answer, "d1-1").hearing is Hearing.CONFLICT


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"state":"done"}', ORDER.replace(b"d1-1", b"d2-1")]
)
def test_an_answer_that_cannot_be_read_or_is_about_another_order_is_unknown(body):
    assert read_asked(200, body, "d1-1").hearing is Hearing.UNKNOWN


def test_an_unknown_reference_is_not_found():
    assert read_asked(404, b'{"error":{"code":"order_not_found"}}', "d1-1").hearing is Hearing.NOT_FOUND


def test_a_secret_never_shows_when_an_outcome_is_printed():
    body = ORDER.replace(b'"number"', b'"voucher":{"number":"4008-SECRET","password":"PIN-SECRET"},"number"')
    outcome = read_asked(200, body, "d1-1")
    assert outcome.voucher == Voucher("4008-SECRET", "PIN-SECRET")
    assert "SECRET" not in repr(outcome)


def test_a_callback_is_read_after_it_is_verified():
    headers = sign_request(
        SECRET, key="k", method="POST", path="/hooks/suppliers/alpha", query="", body=ORDER,
        timestamp=NOW, nonce=NONCE,
    )  # fmt: skip
    told = read_callback(headers, ORDER, path="/hooks/suppliers/alpha", query="", secrets=[SECRET], now=NOW)
    assert (told.reference, told.nonce, told.outcome.hearing) == ("d1-1", NONCE, Hearing.SUCCEEDED)
    with pytest.raises(ForgedCallback):
        read_callback(headers, ORDER, path="/hooks/suppliers/beta", query="", secrets=[SECRET], now=NOW)
    with pytest.raises(ForgedCallback):
        read_callback(headers, ORDER, path="/hooks/suppliers/alpha", query="", secrets=["other"], now=NOW)
