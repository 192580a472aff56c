"""The key under which trackers are stored, derived from the installation's key ring."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.environment import data_dir

PURPOSE = b"rasa trackers"
"""HKDF info: keeps this key apart from every other use of the ring."""
KEY_BYTES = 32


class KeyRingError(RuntimeError):
    """The key ring is missing or unreadable; the sentence says what to do. Never holds key material."""


@dataclass(frozen=True, repr=False)
class TrackerKeys:
    """AES-256 keys by the id of the ring's key they come from; ``active`` encrypts, all decrypt."""

    active: str
    keys: dict[str, bytes]


def tracker_keys(path: Path | None = None) -> TrackerKeys:
    """Read the ring (``path``, else HOTLINE_KEYRING, else ``<data dir>/keyring.json``) and derive our keys.

    Raises KeyRingError.
    """
    path = path or Path(os.environ.get("HOTLINE_KEYRING") or data_dir() / "keyring.json")
    try:
        ring = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise KeyRingError(f"No key ring at {path}: start the gateway once, or set HOTLINE_KEYRING.") from None
    except (OSError, ValueError):
        raise KeyRingError(f"The key ring {path} cannot be read: check its owner, mode and content.") from None
    try:
        keys = {name: _derive(base64.b64decode(key, validate=True)) for name, key in ring["keys"].items()}
        active = ring["active"]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KeyRingError(f"The key ring {path} is damaged: restore it from a backup.") from None
    if active not in keys:
        raise KeyRingError(f"The key ring {path} names an active key that it does not hold.")
    return TrackerKeys(active, keys)


def _derive(master: bytes) -> bytes:
    if len(master) != KEY_BYTES:
        raise ValueError("a key of the ring has the wrong length")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(master)
