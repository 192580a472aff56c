"""Messages of both directions in one collection; every text is sealed under its person's data key."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from hotline.core.message import Author, Channel, Direction, Kind, Status
from hotline.core.records import Draft, Received, Shown, Stored
from hotline.core.text import clean
from hotline.store.contacts import Contacts
from hotline.store.database import Database, Document, translated
from hotline.vault import Vault


class Messages:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._messages = database.durable("messages")
        self._attachments = database.durable("attachments")
        self._vault = vault
        self._contacts = contacts

    async def thread(self, conversation_id: str, limit: int = 200, before: datetime | None = None) -> list[Shown]:
        """The newest `limit` messages of a conversation (before `before`), oldest first."""
        query: Document = {"conversation": conversation_id}
        if before:
            query["at"] = {"$lt": before}
        with translated():
            cursor = self._messages.find(query).sort([("at", -1), ("_id", -1)]).limit(limit)
            documents = [document async for document in cursor]
            with_files = [document["_id"] for document in documents if document.get("attachments")]
            files: dict[str, list[Stored]] = {}
            if with_files:
                async for file in self._attachments.find({"message": {"$in": with_files}}).sort("_id", 1):
                    files.setdefault(file["message"], []).append(_stored(file))
        return [await self._shown(document, tuple(files.get(document["_id"], ()))) for document in reversed(documents)]

    async def _shown(self, document: Document, attachments: tuple[Stored, ...]) -> Shown:
        key = await self._contacts.key(document["contact"])
        return Shown(
            id=document["_id"],
            direction=Direction(document["direction"]),
            author=Author(document["author"]),
            kind=Kind(document.get("kind", Kind.TEXT)),
            at=document["at"],
            text=self.open(key, document),
            status=Status(document["status"]) if "status" in document else None,
            code=document.get("code"),
            user=document.get("user"),
            attachments=attachments,
        )

    async def received(self, document: Document) -> Received:
        key = await self._contacts.key(document["contact"])
        return Received(
            id=document["_id"],
            conversation=document["conversation"],
            contact=document["contact"],
            channel=Channel(document["channel"]),
            kind=Kind(document["kind"]),
            at=document["at"],
            text=self.open(key, document),
            payload=self._payload(key, document),
            opt_out=document.get("opt_out", False),
            attachments=document.get("attachments", 0),
        )

    def _payload(self, key: bytes, document: Document) -> str | None:
        if "payload" not in document:
            return None
        return self._vault.open(key, f"messages|{document['_id']}|payload", document["payload"]).decode()

    def open(self, key: bytes, document: Document) -> str:
        return self._vault.open(key, f"messages|{document['_id']}|text", document["text"]).decode()

    async def draft(
        self, draft: Draft, conversation_id: str, person: str, channel: Channel, now: datetime, priority: int
    ) -> Document:
        """The document of a message for the outbox. `priority`: smaller goes first."""
        key = await self._contacts.key(person)
        document: dict[str, Any] = {
            "_id": draft.id,
            "conversation": conversation_id,
            "contact": person,
            "channel": channel.value,
            "direction": Direction.OUT.value,
            "author": draft.author.value,
            "kind": Kind.TEXT.value,
            "text": self._vault.seal(key, f"messages|{draft.id}|text", clean(draft.text).encode()),
            "language": draft.language,
            "at": now,
            "pending": "out",
            "status": Status.QUEUED.value,
            "attempts": 0,
            "priority": priority,
        }
        if draft.choices:
            document["choices"] = [asdict(choice) for choice in draft.choices]
        optional = {"user": draft.user, "campaign": draft.campaign, "final": draft.final or None}
        return document | {name: value for name, value in optional.items() if value is not None}


def _stored(document: Document) -> Stored:
    return Stored(document["_id"], document["content_type"], document["state"], document.get("size"))
