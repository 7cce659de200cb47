"""The vault: what opens, what does not, and what never shows."""

from __future__ import annotations

import base64
import copy
import io
import logging
import pickle
import traceback

import pytest

from app.foundation.vault import (
    DataKey,
    Fingerprinter,
    MasterKeys,
    MasterKeysInvalid,
    MasterKeyUnknown,
    Sealed,
    SealedReader,
    SealedWriter,
    Secret,
    SecretInvalid,
    SecretUnreadable,
    Vault,
    new_file_key,
)

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
FINGERPRINTS = Fingerprinter("a setting that is long enough")
CARD = Secret("CARD-1234-5678", "PASS-99")


@pytest.fixture
def vault() -> Vault:
    return Vault(MasterKeys.parse(OLD), FINGERPRINTS)


@pytest.fixture
def key(vault: Vault) -> DataKey:
    return vault.new_key(brand_id=7, version=1)


def test_what_was_sealed_opens_again(vault: Vault, key: DataKey) -> None:
    assert vault.open(key, vault.seal(key, CARD)) == CARD


def test_sealing_many_is_sealing_each(vault: Vault, key: DataKey) -> None:
    secrets = [Secret(f"CODE{n}") for n in range(100)]
    found = [(vault.fingerprint(secret), secret.to_bytes()) for secret in secrets]
    boxes = vault.seal_many(key, found)
    sealed = [Sealed(fingerprint, box) for (fingerprint, _), box in zip(found, boxes, strict=True)]
    assert [vault.open(key, one) for one in sealed] == secrets
    assert len({box[1:13] for box in boxes}) == 100


def test_a_sealed_code_shows_nothing_of_itself(vault: Vault, key: DataKey) -> None:
    sealed = vault.seal(key, CARD)
    assert b"1234" not in sealed.box + sealed.fingerprint
    assert vault.seal(key, CARD).box != sealed.box


def test_a_box_copied_onto_another_row_does_not_open(vault: Vault, key: DataKey) -> None:
    first, second = vault.seal(key, CARD), vault.seal(key, Secret("OTHER"))
    with pytest.raises(SecretUnreadable):
        vault.open(key, Sealed(second.fingerprint, first.box))


def test_a_box_given_to_another_brand_does_not_open(vault: Vault, key: DataKey) -> None:
    stolen = DataKey(8, key.version, key.wrapped, key.master_key_id)
    with pytest.raises(SecretUnreadable):
        vault.open(stolen, vault.seal(key, CARD))


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_a_changed_byte_does_not_open(vault: Vault, key: DataKey, at: int) -> None:
    sealed = vault.seal(key, CARD)
    box = bytearray(sealed.box)
    box[at] ^= 1
    with pytest.raises(SecretUnreadable):
        vault.open(key, Sealed(sealed.fingerprint, bytes(box)))


def test_a_box_for_one_purpose_does_not_open_for_another(vault: Vault, key: DataKey) -> None:
    box = vault.seal_bytes(key, b"file key", b"upload")
    assert vault.open_bytes(key, box, b"upload") == b"file key"
    with pytest.raises(SecretUnreadable):
        vault.open_bytes(key, box, b"code")


def test_a_secret_never_shows_itself(caplog: pytest.LogCaptureFixture) -> None:
    shown = [repr(CARD), str(CARD), f"{CARD}", f"{CARD:>30}", repr([CARD])]
    logging.getLogger("perkline").error("sold %s %r", CARD, {"code": CARD})
    try:
        raise RuntimeError(CARD)
    except RuntimeError:
        shown.append(traceback.format_exc(limit=0))
    for text in [*shown, caplog.text]:
        assert "1234" not in text
        assert "PASS" not in text


@pytest.mark.parametrize("carry", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_never_pickled_or_copied(carry) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError):
        carry(CARD)


@pytest.mark.parametrize(
    ("secret", "masked"),
    [
        (Secret("ABCD1234"), "AB••••34"),
        (Secret("ABCD123"), "••••"),
        (Secret("ABCD1234", "longer password"), "AB••••34 / ••••"),
    ],
)
def test_a_masked_secret_is_recognised_but_not_used(secret: Secret, masked: str) -> None:
    assert secret.masked() == masked


@pytest.mark.parametrize("card", ["", "  ", "A\x1fB", "A\x00", "A\u200bB", "A\nB"])
def test_a_secret_that_would_not_survive_is_refused(card: str) -> None:
    with pytest.raises(SecretInvalid):
        Secret.of(card)


def test_spellings_of_one_code_share_a_fingerprint() -> None:
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in "AB12CD34")
    spellings = [Secret("AB12 CD34"), Secret("AB12CD34"), Secret(full_width)]
    assert len({FINGERPRINTS.of(secret) for secret in spellings}) == 1


def test_different_codes_have_different_fingerprints() -> None:
    different = [Secret("ab"), Secret("AB"), Secret("A-B"), Secret("A", "B"), Secret("AB", "B")]
    assert len({FINGERPRINTS.of(secret) for secret in different}) == len(different)


def test_fingerprints_depend_on_the_setting_alone() -> None:
    assert FINGERPRINTS.of(CARD) == Fingerprinter("a setting that is long enough").of(CARD)
    assert FINGERPRINTS.of(CARD) != Fingerprinter("another setting, long enough").of(CARD)


@pytest.mark.parametrize("setting", ["", "a", "a:", "a:!!", f"{OLD},{OLD}", "a:c2hvcnQ="])
def test_bad_master_keys_are_refused_without_echo(setting: str) -> None:
    with pytest.raises(MasterKeysInvalid) as refused:
        MasterKeys.parse(setting)
    assert "c2hvcnQ" not in str(refused.value)


def test_a_generated_master_key_is_accepted() -> None:
    assert MasterKeys.parse(MasterKeys.generate("2026")).current_id == "2026"


def test_master_keys_print_their_ids_only() -> None:
    shown = repr(MasterKeys.parse(f"{NEW},{OLD}"))
    assert shown == "MasterKeys(current='new', held=['new', 'old'])"


def test_codes_stay_readable_when_the_master_key_changes(vault: Vault, key: DataKey) -> None:
    sealed = vault.seal(key, CARD)
    both = Vault(MasterKeys.parse(f"{NEW},{OLD}"), FINGERPRINTS)
    moved = both.rewrap(key)
    only_new = Vault(MasterKeys.parse(NEW), FINGERPRINTS)
    assert both.open(key, sealed) == CARD
    assert only_new.open(moved, sealed) == CARD
    with pytest.raises(MasterKeyUnknown):
        only_new.open(key, sealed)


def test_a_code_moves_to_another_version_of_the_key(vault: Vault, key: DataKey) -> None:
    newer, sealed = vault.new_key(7, 2), vault.seal(key, CARD)
    moved = Sealed(sealed.fingerprint, vault.reseal(key, sealed, newer))
    assert vault.open(newer, moved) == CARD
    with pytest.raises(SecretUnreadable):
        vault.open(key, moved)


def sealed_file(plain: bytes, key: bytes) -> io.BytesIO:
    target = io.BytesIO()
    writer = SealedWriter(target, key)
    for at in range(0, len(plain), 50_000):
        writer.write(plain[at : at + 50_000])
    writer.close()
    target.seek(0)
    return target


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_a_sealed_file_reads_like_the_plain_one(size: int) -> None:
    key, plain = new_file_key(), bytes(n % 251 for n in range(size))
    target = sealed_file(plain, key)
    assert plain[:100] not in target.getvalue() or size < 100
    reader = io.BufferedReader(SealedReader(target, key))
    assert reader.read() == plain
    reader.seek(size // 2)
    assert reader.read(10) == plain[size // 2 : size // 2 + 10]
    assert reader.seek(0, io.SEEK_END) == size


def test_a_cut_or_changed_sealed_file_is_noticed() -> None:
    key = new_file_key()
    whole = sealed_file(b"x" * 200_000, key).getvalue()
    one_segment_less = whole[: 4 + 2 * (65_536 + 16)]
    for broken in (one_segment_less, whole[:-1], whole[:100] + b"!" + whole[101:], b"PLF1", b""):
        with pytest.raises(SecretUnreadable):
            io.BufferedReader(SealedReader(io.BytesIO(broken), key)).read()
