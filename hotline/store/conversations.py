"""Conversations as documents, and the writes that never overwrite one another: each names the version it saw."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import ReturnDocument

from hotline.core.conversation import Conversation, State
from hotline.core.errors import Conflict, HotlineError, NotFound, Unavailable
from hotline.core.message import Channel, Choice
from hotline.core.screening import Finding
from hotline.core.triage import Priority
from hotline.store.contacts import Contacts
from hotline.store.database import Database, Document, translated
from hotline.vault import Vault

log = structlog.get_logger()

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_LAPSED = 100  # conversations returned to the queue at a time


class Conversations:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._durable = database.durable("conversations")
        self._loose = database.loose("conversations")
        self._vault = vault
        self._contacts = contacts

    async def get(self, conversation_id: str) -> tuple[Conversation, int]:
        """The conversation and its version; raise `NotFound`."""
        with translated():
            document = await self._durable.find_one({"_id": conversation_id})
        if document is None:
            raise NotFound("no such conversation")
        return await self.read(document), document["version"]

    async def of_contact(self, person: str) -> Conversation | None:
        with translated():
            document = await self._durable.find_one({"contact": person})
        return await self.read(document) if document else None

    async def of_contacts(self, people: list[str]) -> dict[str, Conversation]:
        """By person, without their findings (those are sealed, and a list needs none)."""
        with translated():
            cursor = self._durable.find({"contact": {"$in": people}}, {"findings": 0})
            return {document["contact"]: await self.read(document) async for document in cursor}

    async def save(self, conversation: Conversation, version: int, *, held_until: datetime | None = None) -> None:
        """Write over `version`, and no other; raise `Conflict` where someone was faster.

        `held_until`: and only if the holder has not renewed since, which changes no version.
        """
        query: Document = {"_id": conversation.id, "version": version}
        if held_until is not None:
            query["holder_until"] = held_until
        change = {"$set": await self.document(conversation), "$inc": {"version": 1}}
        with translated():
            result = await self._durable.update_one(query, change)
        if result.matched_count == 0:
            raise Conflict("the conversation has changed meanwhile")

    async def waiting(self, after: tuple[int, datetime, str] | None, limit: int) -> list[Conversation]:
        """The queue, most urgent first, from behind the key `after`."""
        query: Document = {"state": State.WAITING.value}
        if after:
            priority, since, last = after
            query["$or"] = [
                {"priority": {"$gt": priority}},
                {"priority": priority, "waiting_since": {"$gt": since}},
                {"priority": priority, "waiting_since": since, "_id": {"$gt": last}},
            ]
        return await self._list(query, limit)

    async def held_by(self, user: str) -> list[Conversation]:
        return await self._list({"state": State.OPERATOR.value, "holder": user}, 200)

    async def held(self) -> list[Conversation]:
        return await self._list({"state": State.OPERATOR.value}, 200)

    async def _list(self, query: Document, limit: int) -> list[Conversation]:
        order = [("priority", 1), ("waiting_since", 1), ("_id", 1)]
        with translated():
            cursor = self._durable.find(query, {"findings": 0}).sort(order).limit(limit)
            return [await self.read(document) async for document in cursor]

    async def renew(self, conversation_id: str, holder: str, until: datetime) -> None:
        """The holder is still there. Does not change the version: nothing that rules look at has changed."""
        with translated():
            await self._loose.update_one(
                {"_id": conversation_id, "state": State.OPERATOR.value, "holder": holder},
                {"$max": {"holder_until": until}},
            )

    async def lapsed(self, now: datetime) -> list[tuple[Conversation, int]]:
        """Conversations whose operator has gone silent; one that cannot be read does not hold up the others."""
        query = {"state": State.OPERATOR.value, "holder_until": {"$lt": now}}
        with translated():
            documents = [document async for document in self._durable.find(query).limit(_LAPSED)]
        found = []
        for document in documents:
            try:
                found.append((await self.read(document), document["version"]))
            except Unavailable:
                raise
            except (HotlineError, ValueError, KeyError, TypeError) as error:
                log.error("conversation_unreadable", conversation=document["_id"], error=type(error).__name__)  # noqa: TRY400 -- a trace may quote text
        return found

    async def waiting_counts(self) -> dict[Priority, int]:
        with translated():
            cursor = self._durable.aggregate(
                [{"$match": {"state": State.WAITING.value}}, {"$group": {"_id": "$priority", "n": {"$sum": 1}}}]
            )
            counts = {Priority(row["_id"]): row["n"] async for row in cursor if row["_id"] is not None}
        return {priority: counts.get(priority, 0) for priority in Priority}

    async def lease(self, box: str, now: datetime, until: datetime, order: list[Any]) -> Document | None:
        """Take hold of one conversation whose `box` ("inbox" or "outbox") is due and that nobody holds."""
        with translated():
            return await self._loose.find_one_and_update(
                {f"{box}.due_at": {"$lte": now}, f"{box}.until": {"$not": {"$gt": now}}},
                {"$set": {f"{box}.until": until}, "$inc": {"fence" if box == "inbox" else "outbox.fence": 1}},
                sort=order,
                return_document=ReturnDocument.AFTER,
            )

    async def release(self, box: str, mine: Document, flags: int, retry_at: datetime | None) -> None:
        """Let go of a lease. Due again at `retry_at`, or at once where `box` was flagged since `flags` was read."""
        free = {f"{box}.until": NEVER}
        change: Document = {"$set": free, "$unset": {f"{box}.due_at": "", f"{box}.priority": ""}}
        if retry_at:
            change = {"$set": free | {f"{box}.due_at": retry_at}}
        with translated():
            settled = await self._loose.update_one(mine | {f"{box}.flags": flags}, change)
            if settled.matched_count == 0:
                await self._loose.update_one(mine, {"$set": free})

    async def read(self, document: Document) -> Conversation:
        findings: tuple[Finding, ...] = ()
        if document.get("findings"):
            key = await self._contacts.key(document["contact"])
            opened = self._vault.open(key, f"conversations|{document['_id']}|findings", document["findings"])
            findings = tuple(Finding(**item) for item in json.loads(opened))
        return Conversation(
            id=document["_id"],
            contact=document["contact"],
            channel=Channel(document["channel"]),
            state=State(document.get("state", State.BOT)),
            language=document.get("language"),
            language_chosen=document.get("language_chosen", False),
            priority=None if document.get("priority") is None else Priority(document["priority"]),
            reasons=tuple(document.get("reasons", ())),
            findings=findings,
            waiting_since=document.get("waiting_since"),
            holder=document.get("holder"),
            holder_until=document.get("holder_until"),
            choices=tuple(Choice(**choice) for choice in document.get("choices", ())),
            report_open=document.get("report_open", False),
            said=tuple(document.get("said", ())),
            held_at=document.get("held_at"),
            fence=document.get("fence", 0),
        )

    async def document(self, conversation: Conversation) -> Document:
        """The fields that `save` sets: all but identity, leases and version."""
        sealed = None
        if conversation.findings:
            key = await self._contacts.key(conversation.contact)
            plain = json.dumps([asdict(finding) for finding in conversation.findings]).encode()
            sealed = self._vault.seal(key, f"conversations|{conversation.id}|findings", plain)
        bare = replace(conversation, findings=())
        fields: Document = {
            name: getattr(bare, name)
            for name in ("language", "language_chosen", "waiting_since", "holder", "holder_until", "report_open",
                         "held_at")
        }  # fmt: skip
        return fields | {
            "state": conversation.state.value,
            "priority": None if conversation.priority is None else int(conversation.priority),
            "reasons": list(conversation.reasons),
            "findings": sealed,
            "choices": [asdict(choice) for choice in conversation.choices],
            "said": list(conversation.said),
        }
