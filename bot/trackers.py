"""Where dialogues are kept: MongoDB, encrypted, for hours, one document a person.

A document is ``{_id: pseudonym, key, blob, revision, updated_at}``. ``blob`` is nonce + AES-256-GCM ciphertext of the
current session's latest events; the pseudonym is authenticated with it, so that a blob cannot be moved to another
person. A TTL index removes it ``ttl_hours`` after the last message.
"""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure
from pymongo.write_concern import WriteConcern
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.database import database
from bot.keyring import TrackerKeys, tracker_keys

COLLECTION = "trackers"
NONCE_BYTES = 12
INDEX_OPTIONS_CONFLICT = 85
T = TypeVar("T")


class TrackerConflict(RuntimeError):
    """Another process has saved this dialogue since it was read. The message may safely be sent again."""


class TrackerUnreadable(RuntimeError):
    """A stored dialogue cannot be opened: its key is gone from the ring, or it was altered."""


class EncryptedTrackerStore(TrackerStore):
    """Rasa's tracker store over pymongo; the blocking calls run in the default executor."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        ttl_hours: float = 48,
        max_events: int = 60,
        keys: TrackerKeys | None = None,
        client: MongoClient | None = None,
        **kwargs: Any,
    ) -> None:
        """Connect and make sure of the TTL index.

        ``host`` is a MongoDB URI; without it, and without ``client``, the installation's own database is used.

        Raises KeyRingError, DatabaseMissing, pymongo.errors.PyMongoError.
        """
        super().__init__(domain, event_broker, **kwargs)
        self._keys = keys or tracker_keys()
        self._max_events = max_events
        name, self._client = database(host, client)
        concern = WriteConcern(w="majority", j=True, wtimeout=5000)
        self._trackers: Collection = self._client[name].get_collection(COLLECTION, write_concern=concern)
        _ensure_ttl(self._trackers, int(ttl_hours * 3600))

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new tracker that is not saved yet: a turn is written once, at its end."""
        tracker = self.init_tracker(sender_id)
        if append_action_listen:
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The person's current session; None where there is none.

        Raises TrackerUnreadable, pymongo.errors.PyMongoError.
        """
        document = await _in_thread(lambda: self._trackers.find_one({"_id": sender_id}))
        if document is None:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, self._open(document), self.domain.slots)
        tracker.revision = document["revision"]  # type: ignore[attr-defined]
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the dialogue as it is now, if nobody else has written it since it was read.

        Raises TrackerConflict, pymongo.errors.PyMongoError.
        """
        await self.stream_events(tracker)
        read = getattr(tracker, "revision", None)
        kept = trim(list(tracker.events), self._max_events, tracker.sender_id, self.domain)
        document = {
            **self._seal(tracker.sender_id, [event.as_dict() for event in kept]),
            "revision": (read or 0) + 1,
            "updated_at": datetime.now(timezone.utc),
        }
        await _in_thread(lambda: self._write(tracker.sender_id, read, document))
        tracker.revision = document["revision"]  # type: ignore[attr-defined]

    async def keys(self) -> Iterable[str]:
        """The pseudonyms of all stored dialogues."""
        return await _in_thread(lambda: [d["_id"] for d in self._trackers.find({}, {"_id": 1})])

    def close(self) -> None:
        self._client.close()

    def _write(self, sender_id: str, read: int | None, document: dict[str, Any]) -> None:
        if read is None:
            try:
                self._trackers.insert_one({"_id": sender_id, **document})
            except DuplicateKeyError:
                raise TrackerConflict("saved by another process in the meantime") from None
        elif not self._trackers.replace_one({"_id": sender_id, "revision": read}, document).matched_count:
            raise TrackerConflict("saved by another process in the meantime")

    def _seal(self, sender_id: str, events: list[dict[str, Any]]) -> dict[str, Any]:
        plain = zlib.compress(json.dumps(events, ensure_ascii=False).encode("utf-8"))
        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(self._keys.keys[self._keys.active])
        return {"key": self._keys.active, "blob": nonce + cipher.encrypt(nonce, plain, _bound_to(sender_id))}

    def _open(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        key = self._keys.keys.get(document["key"])
        if key is None:
            raise TrackerUnreadable("the key of a stored dialogue is not in the key ring")
        nonce, blob = document["blob"][:NONCE_BYTES], document["blob"][NONCE_BYTES:]
        try:
            plain = AESGCM(key).decrypt(nonce, blob, _bound_to(document["_id"]))
        except InvalidTag:
            raise TrackerUnreadable("a stored dialogue was altered or belongs to another person") from None
        events: list[dict[str, Any]] = json.loads(zlib.decompress(plain))
        return events


def trim(events: Sequence[Event], limit: int, sender_id: str, domain: Domain) -> list[Event]:
    """The current session's latest events, at most about ``limit``, that replay to the same state.

    Whole turns are dropped from the front; what they left behind (slots, an active form) is put in their place
    as events. The latest turn always stays whole, however long.
    """
    events = list(events)
    starts = [i for i, event in enumerate(events) if isinstance(event, SessionStarted)]
    if starts:
        # the session's own action comes just before it
        events = events[max(0, starts[-1] - 1) :]
    if len(events) <= limit:
        return events
    turns = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
    cut = next((i for i in turns if len(events) - i <= limit), turns[-1] if turns else 0)
    return [*_state(events[:cut], sender_id, domain), *events[cut:]]


def _state(events: Sequence[Event], sender_id: str, domain: Domain) -> list[Event]:
    """Events that bring a fresh tracker to where ``events`` brought it: listening, with its slots and its form."""
    before = DialogueStateTracker.from_events(sender_id, events, domain.slots)
    when = events[-1].timestamp if events else None
    state: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME, timestamp=when), SessionStarted(timestamp=when)]
    if before.active_loop_name:
        state.append(ActiveLoop(before.active_loop_name, timestamp=when))
    state += [
        SlotSet(name, slot.value, timestamp=when)
        for name, slot in before.slots.items()
        if slot.value is not None or name == REQUESTED_SLOT
    ]
    return [*state, ActionExecuted(ACTION_LISTEN_NAME, timestamp=when)]


def _bound_to(sender_id: str) -> bytes:
    return f"{COLLECTION}|{sender_id}".encode()


def _ensure_ttl(trackers: Collection, seconds: int) -> None:
    try:
        trackers.create_index("updated_at", expireAfterSeconds=seconds)
    except OperationFailure as error:
        if error.code != INDEX_OPTIONS_CONFLICT:
            raise
        # made with another limit by an earlier start
        index = {"keyPattern": {"updated_at": 1}, "expireAfterSeconds": seconds}
        trackers.database.command("collMod", trackers.name, index=index)


async def _in_thread(call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, call)
