"""Keys and ciphertext: pseudonyms, a data key per person, AES-256-GCM over everything a person said.

The key ring is a file outside the database and its backups. Whoever has only the database has no text, no address and
no way from a number to a pseudonym; whoever deletes a person's wrapped data key has erased every copy.
"""

import base64
import hashlib
import hmac
import json
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.core.errors import HotlineError
from hotline.core.message import Channel

_NONCE = 12  # bytes, AES-GCM


class KeyringError(HotlineError):
    """The key ring is missing, readable by others, broken, or not the one that this database was written with."""


class SealBroken(HotlineError):
    """Ciphertext that does not belong here: wrong key, moved to another record, or changed."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A person's data key, encrypted under key `ring_key` of the ring."""

    ring_key: str
    blob: bytes


@dataclass(frozen=True)
class Vault:
    """All cryptography of the gateway. `keys` are the ring's keys by name; `active` wraps new data keys."""

    active: str
    keys: dict[str, bytes] = field(repr=False)
    pseudonym_key: bytes = field(repr=False)

    def pseudonym(self, channel: Channel, address: str) -> str:
        """The id of a person: 32 hexadecimal digits that cannot be turned back without the key ring."""
        digest = hmac.new(self.pseudonym_key, f"{channel}\x00{address}".encode(), hashlib.sha256)
        return digest.hexdigest()[:32]

    def new_key(self, person: str) -> tuple[bytes, WrappedKey]:
        """A fresh data key for `person`, plain and wrapped."""
        key = AESGCM.generate_key(bit_length=256)
        return key, WrappedKey(self.active, self.seal(self.keys[self.active], f"contacts|{person}|key", key))

    def unwrap(self, person: str, wrapped: WrappedKey) -> bytes:
        try:
            ring_key = self.keys[wrapped.ring_key]
        except KeyError:
            raise KeyringError(f"the key ring has no key {wrapped.ring_key!r}") from None
        return self.open(ring_key, f"contacts|{person}|key", wrapped.blob)

    @staticmethod
    def seal(key: bytes, place: str, plain: bytes) -> bytes:
        """Encrypt for one `place` ("collection|id|field"): nonce followed by ciphertext and tag."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())

    @staticmethod
    def open(key: bytes, place: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made for the same place; raise `SealBroken` otherwise."""
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
            raise SealBroken("ciphertext does not belong to this record") from None

    def derive(self, purpose: str) -> str:
        """A secret of 64 hexadecimal digits for one purpose, the same on every process that has the ring."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self.pseudonym_key).hex()

    @property
    def fingerprint(self) -> str:
        """Says which ring this is without telling anything of its keys."""
        return self.derive("fingerprint")[:16]


def load(path: Path) -> Vault:
    """Read a key ring; raise `KeyringError` with one sentence that says what to do."""
    try:
        mode = path.stat().st_mode
        data = json.loads(path.read_text("utf-8"))
        keys = {name: base64.b64decode(key, validate=True) for name, key in data["keys"].items()}
        pseudonym = base64.b64decode(data["pseudonym"], validate=True)
        active = data["active"]
    except FileNotFoundError:
        raise KeyringError(f"the key ring {path} is missing: restore it from your backup of keys") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise KeyringError(f"the key ring {path} cannot be read: restore it from your backup of keys") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyringError(f"the key ring {path} can be read by others: run chmod 600 on it")
    if active not in keys or any(len(key) != 32 for key in (*keys.values(), pseudonym)):  # noqa: PLR2004 -- AES-256
        raise KeyringError(f"the key ring {path} is damaged: restore it from your backup of keys")
    return Vault(active, keys, pseudonym)


def create(path: Path) -> None:
    """Make a key ring with mode 600 unless there is one; safe when two processes start at once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = {
        "version": 1,
        "active": "k1",
        "keys": {"k1": base64.b64encode(os.urandom(32)).decode()},
        "pseudonym": base64.b64encode(os.urandom(32)).decode(),
    }
    # a name of its own each time: a crash may leave one behind, and in a container every process has the same id
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(ring, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails where another process was first: then that ring is the one
    except FileExistsError:
        pass
    finally:
        draft.unlink()
