"""The vault: ciphertext belongs to one place, the key ring is guarded, nothing secret is printed."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline import vault
from hotline.core.message import Channel
from hotline.vault import KeyringError, SealBroken, Vault, WrappedKey

KEY, OTHER = b"k" * 32, b"o" * 32
KEYS = Vault("k1", {"k1": b"r" * 32}, b"p" * 32)


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_is_sealed_for_a_place_opens_there(plain: bytes, place: str):
    assert Vault.open(KEY, place, Vault.seal(KEY, place, plain)) == plain


@given(st.binary(min_size=1, max_size=60), st.integers(0, 10_000))
def test_a_changed_bit_is_noticed(plain: bytes, position: int):
    sealed = bytearray(Vault.seal(KEY, "messages|i1|text", plain))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(SealBroken):
        Vault.open(KEY, "messages|i1|text", bytes(sealed))


@pytest.mark.parametrize(
    ("key", "place"),
    [(OTHER, "messages|i1|text"), (KEY, "messages|i2|text"), (KEY, "messages|i1|payload"), (KEY, "reports|i1|text")],
)
def test_ciphertext_that_was_moved_or_belongs_to_another_does_not_open(key: bytes, place: str):
    sealed = Vault.seal(KEY, "messages|i1|text", b"marker")
    with pytest.raises(SealBroken) as refused:
        Vault.open(key, place, sealed)
    assert "marker" not in str(refused.value)


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 12, b"x" * 27])
def test_rubbish_is_broken_and_not_a_crash(sealed: bytes):
    with pytest.raises(SealBroken):
        Vault.open(KEY, "messages|i1|text", sealed)


def test_the_same_words_twice_are_two_ciphertexts():
    assert Vault.seal(KEY, "a|b|c", b"same") != Vault.seal(KEY, "a|b|c", b"same")


def test_a_persons_key_opens_for_that_person_only():
    key, wrapped = KEYS.new_key("p1")
    assert KEYS.unwrap("p1", wrapped) == key
    with pytest.raises(SealBroken):
        KEYS.unwrap("p2", wrapped)
    with pytest.raises(KeyringError, match="k9"):
        KEYS.unwrap("p1", WrappedKey("k9", wrapped.blob))
    assert KEYS.new_key("p1")[0] != key


def test_a_key_that_was_wrapped_before_the_rotation_still_opens():
    key, wrapped = KEYS.new_key("p1")
    rotated = Vault("k2", {"k2": b"n" * 32, **KEYS.keys}, KEYS.pseudonym_key)
    assert rotated.unwrap("p1", wrapped) == key
    assert rotated.new_key("p1")[1].ring_key == "k2"
    assert rotated.pseudonym(Channel.SMS, "a") == KEYS.pseudonym(Channel.SMS, "a")


def test_a_pseudonym_is_stable_differs_by_channel_and_ring_and_does_not_show_the_address():
    pseudonym = KEYS.pseudonym(Channel.SMS, "+254700000001")
    assert pseudonym == KEYS.pseudonym(Channel.SMS, "+254700000001")
    assert len(pseudonym) == 32
    assert pseudonym != KEYS.pseudonym(Channel.WHATSAPP, "+254700000001")
    assert pseudonym != KEYS.pseudonym(Channel.SMS, "+254700000002")
    assert pseudonym != Vault("k1", KEYS.keys, b"q" * 32).pseudonym(Channel.SMS, "+254700000001")


def test_derived_secrets_differ_by_purpose_and_tell_nothing_of_each_other():
    assert KEYS.derive("one") == KEYS.derive("one")
    assert KEYS.derive("one") != KEYS.derive("two")
    assert KEYS.fingerprint != Vault("k1", KEYS.keys, b"q" * 32).fingerprint


def test_nothing_secret_is_printed():
    shown = repr(KEYS) + str(KEYS)
    assert "rrrr" not in shown
    assert "pppp" not in shown
    assert "keys" not in shown


def test_a_new_ring_is_readable_by_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path):
    ring = tmp_path / "var" / "keyring.json"
    vault.create(ring)
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.parent.stat().st_mode) == 0o700
    assert [path.name for path in ring.parent.iterdir()] == ["keyring.json"]
    assert vault.load(ring).active == "k1"


def test_a_ring_that_is_there_is_never_replaced(tmp_path: Path):
    ring = tmp_path / "keyring.json"
    vault.create(ring)
    before = ring.read_bytes()
    vault.create(ring)
    assert ring.read_bytes() == before


def test_many_starting_at_once_agree_on_one_ring(tmp_path: Path):
    ring = tmp_path / "keyring.json"
    gate = threading.Barrier(16)
    prints, errors = [], []

    def start() -> None:
        gate.wait()
        try:
            vault.create(ring)
            prints.append(vault.load(ring).fingerprint)
        except Exception as error:  # noqa: BLE001 -- told by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(prints) == 16
    assert len(set(prints)) == 1


def test_what_a_crash_left_behind_is_in_nobodys_way(tmp_path: Path):
    (tmp_path / f"keyring.json.{os.getpid()}").write_text("half")
    vault.create(tmp_path / "keyring.json")
    assert vault.load(tmp_path / "keyring.json").active == "k1"


def _ring(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "keyring.json"
    vault.create(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_ring_that_others_can_open_is_refused_with_what_to_do(tmp_path: Path, mode: int):
    path = _ring(tmp_path)
    path.chmod(mode)
    with pytest.raises(KeyringError, match="chmod 600"):
        vault.load(path)


def test_a_missing_ring_says_where_it_comes_from(tmp_path: Path):
    with pytest.raises(KeyringError, match="missing: restore it from your backup"):
        vault.load(tmp_path / "keyring.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"active": "k7"},
        {"active": None},
        {"keys": {}},
        {"keys": None},
        {"keys": ["k1"]},
        {"keys": {"k1": "!!"}},
        {"keys": {"k1": "AAAA"}},
        {"keys": {"k1": 7}},
        {"pseudonym": "AAAA"},
        {"pseudonym": None},
        {"pseudonym": "ümlaut"},
    ],
)
def test_a_damaged_ring_says_so_and_not_what_is_in_it(tmp_path: Path, changes: dict[str, object]):
    path = _ring(tmp_path, **changes)
    with pytest.raises(KeyringError, match="restore it from your backup") as refused:
        vault.load(path)
    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}"])
def test_a_file_that_is_no_ring_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "keyring.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyringError, match="restore it from your backup"):
        vault.load(path)


def test_a_folder_in_its_place_is_refused(tmp_path: Path):
    with pytest.raises(KeyringError, match="cannot be read"):
        vault.load(tmp_path)
