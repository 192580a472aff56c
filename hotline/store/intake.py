"""The one durable insert of intake: a batch of messages, majority and journaled, deduplicated by their ids."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from hotline.core.message import Author, Direction, Inbound
from hotline.core.text import clean
from hotline.store.contacts import Contacts
from hotline.store.conversations import NEVER
from hotline.store.database import Database, Document, translated
from hotline.vault import Vault

_DUPLICATE = 11000
_TICK = timedelta(milliseconds=1)  # the database keeps no shorter time
_AHEAD = timedelta(seconds=1)  # more than this and the machine's clock was set back


def message_id(message: Inbound) -> str:
    """Derived from the provider's id: a second copy of the same webhook has the same one."""
    return "i" + hashlib.sha256(f"{message.channel}\x00{message.provider_id}".encode()).hexdigest()[:31]


def conversation_id(person: str) -> str:
    """One person on one channel has one conversation, found without a look-up."""
    return "c" + hashlib.sha256(f"conversation\x00{person}".encode()).hexdigest()[:31]


class Intake:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._messages = database.durable("messages")
        self._attachments = database.durable("attachments")
        self._conversations = database.durable("conversations")
        self._flags = database.loose("conversations")
        self._vault = vault
        self._contacts = contacts
        self._next = NEVER  # later than every time that this process has given to a message

    async def add(self, batch: Sequence[Inbound], now: datetime) -> list[bool]:
        """Keep every message of the batch for good; True for each that is new, in order.

        When this returns, the messages are on the disks of a majority. Raise `Unavailable` otherwise: some may be
        kept all the same, and a second try then finds them as duplicates.
        """
        people = [self._vault.pseudonym(message.channel, message.address) for message in batch]
        addresses = {person: (message.channel, message.address) for person, message in zip(people, batch, strict=True)}
        keys = await self._contacts.ensure(addresses, now)
        documents = [
            self._document(message, person, keys[person], at)
            for message, person, at in zip(batch, people, self._times(people, now), strict=True)
        ]
        files = [
            file
            for message, document, person in zip(batch, documents, people, strict=True)
            for file in self._files(message, document["_id"], document["conversation"], person, keys[person], now)
        ]
        with translated():
            if files:  # before the messages: a message without its files would be half lost
                await _insert(self._attachments, files)
            duplicates = await _insert(self._messages, documents)
            await self._flag(documents, now)
        return [index not in duplicates for index in range(len(documents))]

    def _times(self, people: Sequence[str], now: datetime) -> list[datetime]:
        """When each message came, in milliseconds as they are kept: one person's in their order, over all batches."""
        start = self._next if now < self._next < now + _AHEAD else now
        before: Counter[str] = Counter()
        times = []
        for person in people:
            times.append(start + before[person] * _TICK)
            before[person] += 1
        self._next = max(times, default=start) + _TICK
        return times

    async def _flag(self, documents: list[Document], now: datetime) -> None:
        """Mark the conversations due. Not awaited to the disk: `sweep` finds whatever a crash here forgets."""
        updates = {
            document["conversation"]: UpdateOne(
                {"_id": document["conversation"]},
                {
                    "$min": {"inbox.due_at": now},
                    "$inc": {"inbox.flags": 1},
                    "$setOnInsert": {
                        "contact": document["contact"],
                        "channel": document["channel"],
                        "state": "bot",
                        "version": 0,
                        "fence": 0,
                        "inbox.until": NEVER,
                        "outbox": {"until": NEVER, "flags": 0, "fence": 0},
                        "opened_at": now,
                    },
                },
                upsert=True,
            )
            for document in documents
        }
        try:
            await self._flags.bulk_write(list(updates.values()), ordered=False)
        except BulkWriteError as error:
            if any(item["code"] != _DUPLICATE for item in error.details["writeErrors"]):
                raise
            # two first messages of one person made the conversation at the same time: now it is there
            await self._flags.bulk_write(list(updates.values()), ordered=False)

    async def sweep(self, older_than: datetime, now: datetime) -> int:
        """Flag the conversations of unhandled messages that a crash between insert and flag left behind."""
        with translated():
            cursor = self._messages.find({"pending": "in", "at": {"$lt": older_than}}).limit(1000)
            documents = [document async for document in cursor]
            if documents:
                await self._flag(documents, now)
        return len(documents)

    def _document(self, message: Inbound, person: str, key: bytes, at: datetime) -> Document:
        own_id = message_id(message)
        document: Document = {
            "_id": own_id,
            "conversation": conversation_id(person),
            "contact": person,
            "channel": message.channel.value,
            "direction": Direction.IN.value,
            "author": Author.CONTACT.value,
            "kind": message.kind.value,
            "text": self._vault.seal(key, f"messages|{own_id}|text", clean(message.text).encode()),
            "at": at,
            "pending": "in",
        }
        if message.payload:
            document["payload"] = self._vault.seal(key, f"messages|{own_id}|payload", clean(message.payload).encode())
        if message.opt_out:
            document["opt_out"] = True
        if message.attachments:
            document["attachments"] = len(message.attachments)
        return document

    def _files(
        self, message: Inbound, own_id: str, conversation: str, person: str, key: bytes, now: datetime
    ) -> list[Document]:
        return [
            {
                "_id": f"{own_id}.{number}",
                "message": own_id,
                "conversation": conversation,
                "contact": person,
                "channel": message.channel.value,
                "ref": self._vault.seal(key, f"attachments|{own_id}.{number}|ref", clean(attachment.ref).encode()),
                "content_type": attachment.content_type,
                "size": attachment.size,
                "state": "pending",
                "attempts": 0,
                "due_at": now,
            }
            for number, attachment in enumerate(message.attachments)
        ]


async def _insert(collection: object, documents: list[Document]) -> set[int]:
    """Insert what is new; the indexes of those that were there already."""
    try:
        await collection.bulk_write([InsertOne(document) for document in documents], ordered=False)  # type: ignore[attr-defined]
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if error.details.get("writeConcernErrors") or any(item["code"] != _DUPLICATE for item in failures):
            raise
        return {item["index"] for item in failures}
    return set()
