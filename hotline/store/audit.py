"""The audit log: who did what, when, to which conversation. Append only; what speaks of a person is sealed.

An entry about a conversation is sealed under its person's key; one about nobody that we know (a look-up that found
nobody) under a key derived from the ring's, whose name stands in the entry.
"""

import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.core.ids import new_id
from hotline.core.text import clean
from hotline.store.contacts import Contacts
from hotline.store.database import Database, Document, translated
from hotline.vault import Vault

_SEALED = ("note", "reasons")
"""Details that speak of a person."""


class Audit:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._entries = database.durable("audit")
        self._conversations = database.durable("conversations")
        self._vault = vault
        self._contacts = contacts

    async def add(self, what: str, user: str, now: datetime, conversation: str | None = None, **details: str) -> None:
        """Append an entry. `note` and `reasons` may speak of the person: they are sealed; other details are plain."""
        entry = await self.entry(what, user, now, conversation, **details)
        with translated():
            await self._entries.insert_one(entry)

    async def entry(self, what: str, user: str, now: datetime, conversation: str | None, **details: str) -> Document:
        """The document that `add` appends."""
        entry: Document = {"_id": new_id("a", now), "what": what, "user": user, "at": now}
        if conversation:
            entry["conversation"] = conversation
        given = {name: value for name, value in details.items() if value}
        sealed = {name: clean(given.pop(name)) for name in _SEALED if name in given}
        entry["details"] = given
        if sealed:
            if not conversation:
                entry["ring_key"] = self._vault.active
            plain = json.dumps(sealed).encode()
            entry["sealed"] = self._vault.seal(await self._key(entry), f"audit|{entry['_id']}|sealed", plain)
        return entry

    async def of(self, conversation: str | None) -> list[dict[str, Any]]:
        """The entries of a conversation (None: those about none), oldest first: {what, user, at, details, note}."""
        with translated():
            entries = [entry async for entry in self._entries.find({"conversation": conversation}).sort("at", 1)]
        return [await self._opened(entry) for entry in entries]

    async def _opened(self, entry: Document) -> dict[str, Any]:
        sealed: dict[str, str] = {}
        if "sealed" in entry:
            place = f"audit|{entry['_id']}|sealed"
            sealed = json.loads(self._vault.open(await self._key(entry), place, entry["sealed"]))
        note = sealed.pop("note", "")
        details = entry["details"] | sealed
        return {"what": entry["what"], "user": entry["user"], "at": entry["at"], "details": details, "note": note}

    async def _key(self, entry: Document) -> bytes:
        """The data key of the conversation's person; without a conversation one of the ring's, for this purpose."""
        if "ring_key" in entry:
            return HKDF(SHA256(), 32, salt=None, info=b"audit").derive(self._vault.keys[entry["ring_key"]])
        with translated():
            document = await self._conversations.find_one({"_id": entry["conversation"]}, {"contact": 1})
        assert document is not None, "an entry is written about a conversation that is there"
        return await self._contacts.key(document["contact"])
