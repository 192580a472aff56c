"""The worker's side of the inbox: lease a conversation, take its oldest message, write a turn whole or not at all."""

import json
from datetime import datetime, timedelta
from typing import Any

from hotline.core.conversation import Conversation
from hotline.core.errors import Conflict, LeaseLost
from hotline.core.message import Status
from hotline.core.records import Draft, Lease, Received, Turn
from hotline.store.contacts import Contacts
from hotline.store.conversations import Conversations
from hotline.store.database import Database, Document, Session, translated
from hotline.store.messages import Messages
from hotline.vault import Vault

LEASE = timedelta(seconds=30)
"""Longer than the slowest turn: the assistant has ten seconds. A worker that dies delays its conversation this long."""

INTERACTIVE, CAMPAIGN = 0, 9
"""Priorities of the outbox; the smaller goes first."""


class Work:
    def __init__(
        self, database: Database, vault: Vault, contacts: Contacts, conversations: Conversations, messages: Messages
    ) -> None:
        self._database = database
        self._conversations = database.durable("conversations")
        self._messages = database.durable("messages")
        self._contacts_collection = database.durable("contacts")
        self._reports = database.durable("reports")
        self._vault = vault
        self._contacts = contacts
        self._records = conversations
        self._texts = messages

    async def lease(self, now: datetime) -> Lease | None:
        """Hold the conversation that has been due for longest; None when nothing is due."""
        document = await self._records.lease("inbox", now, now + LEASE, [("inbox.due_at", 1)])
        if document is None:
            return None
        return Lease(
            conversation=await self._records.read(document),
            contact=await self._contacts.get(document["contact"]),
            version=document["version"],
            flags=document["inbox"].get("flags", 0),
        )

    async def refresh(self, lease: Lease) -> Lease:
        """The same lease on what the conversation is now; raise `LeaseLost`."""
        with translated():
            document = await self._conversations.find_one({"_id": lease.conversation.id})
        if document is None or document.get("fence") != lease.conversation.fence:
            raise LeaseLost("another worker has this conversation")
        return Lease(
            conversation=await self._records.read(document),
            contact=await self._contacts.get(document["contact"]),
            version=document["version"],
            flags=document["inbox"].get("flags", 0),
        )

    async def next(self, conversation_id: str) -> Received | None:
        """The oldest message that is not dealt with."""
        with translated():
            document = await self._messages.find_one(
                {"pending": "in", "conversation": conversation_id}, sort=[("at", 1), ("_id", 1)]
            )
        return await self._texts.received(document) if document else None

    async def commit(self, turn: Turn, lease: Lease, now: datetime) -> None:
        """Write a turn: replies into the outbox, the conversation, the contact, the message as dealt with.

        Raise `LeaseLost` when another worker holds the conversation, `Conflict` when someone else (an operator)
        changed it since the lease was read: then nothing was written.
        """
        conversation = turn.conversation
        drafts = [
            await self._texts.draft(
                draft, conversation.id, conversation.contact, conversation.channel, now, INTERACTIVE
            )
            for draft in turn.drafts
        ]
        report = await self._report(turn, now) if turn.report is not None else None

        async def write(session: Session) -> None:
            done = await self._messages.update_one(
                {"_id": turn.received.id, "pending": "in"}, {"$unset": {"pending": ""}}, session=session
            )
            if done.matched_count == 0:
                raise LeaseLost("the message is dealt with already")
            await self._save(turn, lease, now, session, sends=bool(drafts))
            if turn.cancel_outbox:
                await self.cancel(conversation.id, session)
            if drafts:
                await self._messages.insert_many(drafts, session=session)
            if report:
                await self._reports.insert_one(report, session=session)
            fields = {"last_seen": turn.received.at} | turn.contact
            await self._contacts_collection.update_one({"_id": conversation.contact}, {"$set": fields}, session=session)

        await self._database.transaction(write)

    async def _save(self, turn: Turn, lease: Lease, now: datetime, session: Session, *, sends: bool) -> None:
        conversation = turn.conversation
        change: Document = {
            "$set": await self._records.document(conversation) | {"updated_at": now},
            "$inc": {"version": 1} | ({"outbox.flags": 1} if sends else {}),
        }
        if sends:
            change["$min"] = {"outbox.due_at": now, "outbox.priority": INTERACTIVE}
        result = await self._conversations.update_one(
            {"_id": conversation.id, "fence": lease.conversation.fence, "version": lease.version},
            change,
            session=session,
        )
        if result.matched_count:
            return
        held = await self._conversations.count_documents(
            {"_id": conversation.id, "fence": lease.conversation.fence}, session=session
        )
        raise Conflict("the conversation changed meanwhile") if held else LeaseLost("another worker has it")

    async def cancel(self, conversation_id: str, session: Session | None = None) -> None:
        """Withdraw everything queued for a conversation."""
        await self._messages.update_many(
            {"conversation": conversation_id, "pending": "out", "status": Status.QUEUED.value},
            {"$set": {"status": Status.CANCELLED.value}, "$unset": {"pending": ""}},
            session=session,
        )

    async def _report(self, turn: Turn, now: datetime) -> Document:
        key = await self._contacts.key(turn.conversation.contact)
        report_id = f"r{turn.received.id[1:]}"
        sealed = self._vault.seal(key, f"reports|{report_id}|fields", json.dumps(turn.report).encode())
        return {
            "_id": report_id,
            "conversation": turn.conversation.id,
            "contact": turn.conversation.contact,
            "fields": sealed,
            "complete": bool((turn.report or {}).get("complete")),
            "at": now,
        }

    async def release(self, lease: Lease, retry_at: datetime | None = None) -> None:
        """Let go. Stays due where a message came in meanwhile, or from `retry_at` on."""
        mine = {"_id": lease.conversation.id, "fence": lease.conversation.fence}
        await self._records.release("inbox", mine, lease.flags, retry_at)

    async def put(self, conversation: Conversation, drafts: list[Draft], now: datetime, priority: int) -> None:
        """Messages that no inbound caused (an operator's, a campaign's) into the outbox; twice is once."""
        documents: list[Any] = [
            await self._texts.draft(draft, conversation.id, conversation.contact, conversation.channel, now, priority)
            for draft in drafts
        ]
        with translated():
            for document in documents:
                await self._messages.update_one({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True)
            await self._conversations.update_one(
                {"_id": conversation.id},
                {"$min": {"outbox.due_at": now, "outbox.priority": priority}, "$inc": {"outbox.flags": 1}},
            )
