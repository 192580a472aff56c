"""The audit log: who did what, when, to which conversation. Append only; notes are sealed under the person's key."""

from datetime import datetime
from typing import Any

from hotline.core.ids import new_id
from hotline.core.text import clean
from hotline.store.contacts import Contacts
from hotline.store.database import Database, Document, translated
from hotline.vault import Vault


class Audit:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._entries = database.durable("audit")
        self._conversations = database.durable("conversations")
        self._vault = vault
        self._contacts = contacts

    async def add(self, what: str, user: str, now: datetime, conversation: str | None = None, **details: str) -> None:
        """Append an entry. A `note` may speak of the person: it is sealed; the other details are plain."""
        entry: Document = {"_id": new_id("a", now), "what": what, "user": user, "at": now}
        if conversation:
            entry["conversation"] = conversation
        note = details.pop("note", "")
        entry["details"] = {name: value for name, value in details.items() if value}
        if note:
            key = await self._key(conversation)
            entry["note"] = self._vault.seal(key, f"audit|{entry['_id']}|note", clean(note).encode())
        with translated():
            await self._entries.insert_one(entry)

    async def of(self, conversation: str) -> list[dict[str, Any]]:
        """The entries of a conversation, oldest first: {what, user, at, details, note}."""
        key = await self._key(conversation)
        entries = []
        with translated():
            async for entry in self._entries.find({"conversation": conversation}).sort("at", 1):
                sealed = entry.get("note")
                note = self._vault.open(key, f"audit|{entry['_id']}|note", sealed).decode() if sealed else ""
                entries.append(
                    {"what": entry["what"], "user": entry["user"], "at": entry["at"], "details": entry["details"],
                     "note": note}
                )  # fmt: skip
        return entries

    async def _key(self, conversation: str | None) -> bytes:
        """The data key of the conversation's person; a note without a conversation goes under the ring's key."""
        if conversation is None:
            return self._vault.keys[self._vault.active]
        with translated():
            document = await self._conversations.find_one({"_id": conversation}, {"contact": 1})
        assert document is not None, "an entry is written about a conversation that was just changed"
        return await self._contacts.key(document["contact"])
