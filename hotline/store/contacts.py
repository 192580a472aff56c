"""People: pseudonym, sealed address, wrapped data key. The only place where an address is opened."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError

from hotline.core.contact import Contact
from hotline.core.errors import NotFound
from hotline.core.message import Channel
from hotline.store.database import Database, Document, translated
from hotline.vault import Vault, WrappedKey

_CACHED_KEYS = 4096
_DUPLICATE = 11000


class Contacts:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._contacts = database.durable("contacts")
        self._vault = vault
        self._keys: OrderedDict[str, bytes] = OrderedDict()

    async def ensure(self, addresses: Mapping[str, tuple[Channel, str]], now: datetime) -> dict[str, bytes]:
        """The data keys of people by pseudonym, making those who write for the first time. Safe against races."""
        keys = {person: self._keys[person] for person in addresses if person in self._keys}
        missing = [person for person in addresses if person not in keys]
        if not missing:
            return keys
        with translated():
            keys |= await self._load(missing)
            new = [person for person in missing if person not in keys]
            if new:
                drafts = [self._draft(person, *addresses[person], now) for person in new]
                raced = await self._insert(drafts)
                keys |= {draft["_id"]: self._remember(draft) for draft in drafts if draft["_id"] not in raced}
                if raced:  # theirs count: the process that was first may have written with them already
                    keys |= await self._load(raced)
        return keys

    async def _insert(self, drafts: list[Document]) -> list[str]:
        """Keep new people; those whom another process has made at the same time."""
        try:
            await self._contacts.insert_many(drafts, ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if error.details.get("writeConcernErrors") or any(item["code"] != _DUPLICATE for item in failures):
                raise
            return [drafts[item["index"]]["_id"] for item in failures]
        return []

    def _draft(self, person: str, channel: Channel, address: str, now: datetime) -> Document:
        key, wrapped = self._vault.new_key(person)
        return {
            "_id": person,
            "channel": channel.value,
            "address": self._vault.seal(key, f"contacts|{person}|address", address.encode()),
            "key": {"ring_key": wrapped.ring_key, "blob": wrapped.blob},
            "created_at": now,
        }

    async def _load(self, people: list[str]) -> dict[str, bytes]:
        keys = {}
        async for document in self._contacts.find({"_id": {"$in": people}}, {"key": 1}):
            keys[document["_id"]] = self._remember(document)
        return keys

    def _remember(self, document: Document) -> bytes:
        person = document["_id"]
        wrapped = WrappedKey(document["key"]["ring_key"], document["key"]["blob"])
        key = self._vault.unwrap(person, wrapped)
        self._keys[person] = key
        if len(self._keys) > _CACHED_KEYS:
            self._keys.popitem(last=False)
        return key

    async def key(self, person: str) -> bytes:
        """The data key of a known person; raise `NotFound`."""
        if person in self._keys:
            return self._keys[person]
        with translated():
            document = await self._contacts.find_one({"_id": person}, {"key": 1})
        if document is None:
            raise NotFound("no such person")
        return self._remember(document)

    async def get(self, person: str) -> Contact:
        with translated():
            document = await self._contacts.find_one({"_id": person}, {"address": 0, "key": 0})
        if document is None:
            raise NotFound("no such person")
        return contact(document)

    async def get_many(self, people: list[str]) -> dict[str, Contact]:
        with translated():
            cursor = self._contacts.find({"_id": {"$in": people}}, {"address": 0, "key": 0})
            return {document["_id"]: contact(document) async for document in cursor}

    async def open(self, person: str) -> tuple[Contact, str]:
        """The person and the address to send to."""
        with translated():
            document = await self._contacts.find_one({"_id": person})
        if document is None:
            raise NotFound("no such person")
        key = self._remember(document)
        address = self._vault.open(key, f"contacts|{person}|address", document["address"]).decode()
        return contact(document), address

    async def update(self, person: str, fields: Mapping[str, Any]) -> None:
        with translated():
            await self._contacts.update_one({"_id": person}, {"$set": dict(fields)})

    def opted_in(self, channel: Channel, after: str) -> Any:
        """A cursor over those behind `after` who asked for safety messages on `channel` and have not stopped."""
        query = {
            "_id": {"$gt": after},
            "opted_in_at": {"$type": "date"},
            "channel": channel.value,
            "stopped_at": None,
            "reporter": {"$ne": True},
        }
        return self._contacts.find(query, {"address": 0, "key": 0})


def contact(document: Document) -> Contact:
    return Contact(
        id=document["_id"],
        channel=Channel(document["channel"]),
        language=document.get("language"),
        stopped_at=document.get("stopped_at"),
        opted_in_at=document.get("opted_in_at"),
        reporter=document.get("reporter", False),
        last_seen=document.get("last_seen"),
    )
