"""The key ring as the assistant reads it."""

import base64
import json
from pathlib import Path

import pytest

from bot.keyring import KeyRingError, tracker_keys

KEY = base64.b64encode(bytes(range(32))).decode()
RING = {"version": 1, "active": "k1", "keys": {"k1": KEY, "k0": KEY}, "pseudonym": KEY}


def test_keys_are_derived_not_taken(tmp_path: Path):
    path = tmp_path / "keyring.json"
    path.write_text(json.dumps(RING))
    keys = tracker_keys(path)
    assert keys.active == "k1"
    assert set(keys.keys) == {"k0", "k1"}
    assert keys.keys["k1"] != bytes(range(32))
    assert len(keys.keys["k1"]) == 32
    assert KEY not in repr(keys)


@pytest.mark.parametrize(
    "ring",
    [
        None,
        "{",
        "[]",
        json.dumps(RING | {"active": "k9"}),
        json.dumps(RING | {"keys": {"k1": "short"}}),
        json.dumps(RING | {"keys": {"k1": base64.b64encode(b"16 bytes of key!").decode()}}),
        json.dumps({"version": 1}),
    ],
)
def test_what_is_wrong_is_one_sentence_without_keys(tmp_path: Path, ring: str):
    path = tmp_path / "keyring.json"
    if ring is not None:
        path.write_text(ring)
    with pytest.raises(KeyRingError) as error:
        tracker_keys(path)
    assert str(path) in str(error.value)
    assert KEY not in str(error.value)
