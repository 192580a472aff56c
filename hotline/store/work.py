"""The worker's side of the inbox: lease a conversation, take its oldest message, write a turn whole or not at all."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne

from hotline.core.conversation import Conversation, State
from hotline.core.delivery import CAMPAIGN, INTERACTIVE
from hotline.core.errors import Conflict, LeaseLost
from hotline.core.message import Status
from hotline.core.records import Draft, Lease, Received, Turn
from hotline.store.audit import Audit
from hotline.store.contacts import Contacts
from hotline.store.conversations import Conversations
from hotline.store.database import Database, Document, Session, translated
from hotline.store.messages import Messages
from hotline.vault import Vault

LEASE = timedelta(seconds=30)
"""Longer than the slowest turn: the assistant has ten seconds. A worker that dies delays its conversation this long."""


class Work:
    def __init__(
        self, database: Database, vault: Vault, contacts: Contacts, conversations: Conversations, messages: Messages
    ) -> None:
        self._database = database
        self._conversations = database.durable("conversations")
        self._messages = database.durable("messages")
        self._contacts_collection = database.durable("contacts")
        self._reports = database.durable("reports")
        self._entries = database.durable("audit")
        self._audit = Audit(database, vault, contacts)
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
        drafts = await self._drafts(conversation, turn.drafts, now, INTERACTIVE)
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
        change = _due(now, INTERACTIVE) if sends else {}
        change["$set"] = await self._records.document(conversation) | {"updated_at": now}
        change["$inc"] = change.get("$inc", {}) | {"version": 1}
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
        """Messages that no inbound caused into the outbox; twice is once.

        Where an operator holds `conversation` it must still be theirs: else `Conflict`, and nothing was written.
        """
        documents = await self._drafts(conversation, drafts, now, priority)
        holding = {"state": State.OPERATOR.value, "holder": conversation.holder}
        mine = {"_id": conversation.id} | (holding if conversation.state is State.OPERATOR else {})

        async def write(session: Session) -> None:
            flagged = await self._conversations.update_one(mine, _due(now, priority), session=session)
            if flagged.matched_count == 0:
                raise Conflict("you do not hold this conversation any more")
            await self._messages.bulk_write([_once(document) for document in documents], session=session)

        await self._database.transaction(write)

    async def put_campaign(self, batch: Sequence[tuple[Conversation, Draft]], now: datetime) -> None:
        """A campaign's message for each of many people, in two writes; twice is once."""
        documents = [
            document
            for conversation, draft in batch
            for document in await self._drafts(conversation, [draft], now, CAMPAIGN)
        ]
        if not documents:
            return
        flags = [UpdateOne({"_id": document["conversation"]}, _due(now, CAMPAIGN)) for document in documents]
        with translated():
            await self._messages.bulk_write([_once(document) for document in documents], ordered=False)
            await self._conversations.bulk_write(flags, ordered=False)

    async def end(
        self, conversation: Conversation, version: int, drafts: list[Draft], now: datetime, move: str, user: str,
        **details: str,
    ) -> None:  # fmt: skip
        """What an operator ended: the conversation over `version`, the closing words and the audit entry, all or none.

        Raise `Conflict` where someone was faster.
        """
        documents = await self._drafts(conversation, drafts, now, INTERACTIVE)
        entry = await self._audit.entry(move, user, now, conversation.id, **details)
        change = _due(now, INTERACTIVE) if documents else {}
        change["$set"] = await self._records.document(conversation)
        change["$inc"] = change.get("$inc", {}) | {"version": 1}

        async def write(session: Session) -> None:
            saved = await self._conversations.update_one(
                {"_id": conversation.id, "version": version}, change, session=session
            )
            if saved.matched_count == 0:
                raise Conflict("the conversation has changed meanwhile")
            if documents:
                await self._messages.insert_many(documents, session=session)
            await self._entries.insert_one(entry, session=session)

        await self._database.transaction(write)

    async def _drafts(
        self, conversation: Conversation, drafts: Sequence[Draft], now: datetime, priority: int
    ) -> list[Document]:
        return [
            await self._texts.draft(draft, conversation.id, conversation.contact, conversation.channel, now, priority)
            for draft in drafts
        ]


def _once(document: Document) -> UpdateOne:
    return UpdateOne({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True)


def _due(now: datetime, priority: int) -> Document:
    """The change that flags a conversation's outbox."""
    return {"$min": {"outbox.due_at": now, "outbox.priority": priority}, "$inc": {"outbox.flags": 1}}
