"""The outbox: per conversation in order, each message tried by one worker, each status only ever moving forward."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hotline.core.contact import Contact
from hotline.core.delivery import INTERACTIVE, lower_than
from hotline.core.message import Author, Choice, Status
from hotline.core.records import Sending
from hotline.store.contacts import Contacts
from hotline.store.conversations import Conversations
from hotline.store.database import Database, Document, translated
from hotline.store.messages import Messages

LEASE = timedelta(seconds=40)
"""Longer than a provider may take to answer or to time out."""

_SWEPT = 1000  # unsent messages that one sweep looks at; the next one goes on behind them


@dataclass(frozen=True, slots=True)
class OutboxLease:
    conversation: str
    contact: str
    fence: int
    flags: int


class Outgoing:
    def __init__(
        self, database: Database, contacts: Contacts, conversations: Conversations, messages: Messages
    ) -> None:
        self._messages = database.durable("messages")
        self._flags = database.loose("conversations")
        self._contacts = contacts
        self._records = conversations
        self._texts = messages
        self._swept = ""  # the conversation up to which the last sweep came

    async def lease(self, now: datetime) -> OutboxLease | None:
        """Hold the most urgent conversation with something to send."""
        order = [("outbox.priority", 1), ("outbox.due_at", 1)]
        document = await self._records.lease("outbox", now, now + LEASE, order)
        if document is None:
            return None
        box = document["outbox"]
        return OutboxLease(document["_id"], document["contact"], box.get("fence", 0), box.get("flags", 0))

    async def head(self, lease: OutboxLease) -> Sending | None:
        """The oldest message that is not settled, answers before campaigns, with the address it goes to."""
        with translated():
            document = await self._messages.find_one(
                {"pending": "out", "conversation": lease.conversation}, sort=[("priority", 1), ("at", 1), ("_id", 1)]
            )
        if document is None:
            return None
        contact, address = await self._contacts.open(lease.contact)
        return await self._sending(document, contact, address)

    async def _sending(self, document: Document, contact: Contact, address: str) -> Sending:
        key = await self._contacts.key(contact.id)
        return Sending(
            id=document["_id"],
            conversation=document["conversation"],
            contact=contact,
            address=address,
            author=Author(document["author"]),
            status=Status(document["status"]),
            text=self._texts.open(key, document),
            language=document["language"],
            attempts=document["attempts"],
            choices=tuple(Choice(**choice) for choice in document.get("choices", ())),
            attempted_at=document.get("attempted_at"),
            campaign=document.get("campaign"),
            final=document.get("final", False),
            at=document["at"],
            not_before=document.get("not_before"),
            uncounted=document.get("uncounted", 0),
            unclear=document.get("unclear", 0),
            looks=document.get("looks", 0),
        )

    async def begin(self, message_id: str, now: datetime) -> bool:
        """Durably say that an attempt starts now; False where another worker or a STOP was faster."""
        with translated():
            result = await self._messages.update_one(
                {"_id": message_id, "status": Status.QUEUED.value},
                {"$set": {"status": Status.SENDING.value, "attempted_at": now, "looks": 0}, "$inc": {"attempts": 1}},
            )
        return bool(result.modified_count)

    async def sent(self, message_id: str, provider_id: str) -> None:
        """Accepted. A callback may have been faster: the status is kept, the provider's id is added."""
        with translated():
            await self._messages.update_one(
                {"_id": message_id}, {"$set": {"provider_id": provider_id}, "$unset": {"pending": ""}}
            )
            await self._raise(message_id, Status.SENT, None)

    async def again(self, message_id: str, not_before: datetime, *, counts: bool = True) -> None:
        """Surely not accepted: back into the queue, not to be tried before `not_before`."""
        with translated():
            await self._messages.update_one(
                {"_id": message_id, "status": {"$in": [Status.SENDING.value, Status.UNCONFIRMED.value]}},
                {
                    "$set": {"status": Status.QUEUED.value, "not_before": not_before},
                    "$inc": {"uncounted": 0 if counts else 1},
                },
            )

    async def unconfirmed(self, message_id: str) -> None:
        """Perhaps accepted: waits to be settled."""
        with translated():
            await self._messages.update_one(
                {"_id": message_id, "status": Status.SENDING.value},
                {"$set": {"status": Status.UNCONFIRMED.value}, "$inc": {"unclear": 1}},
            )

    async def not_listed(self, message_id: str) -> None:
        """The provider was asked about the last attempt and does not know it."""
        with translated():
            await self._messages.update_one({"_id": message_id}, {"$inc": {"looks": 1}})

    async def done(self, message_id: str, status: Status, code: str | None = None) -> None:
        """Nothing more will be tried: failed, cancelled, or never to be confirmed."""
        with translated():
            await self._messages.update_one({"_id": message_id}, {"$unset": {"pending": ""}})
            await self._raise(message_id, status, code)

    async def report(
        self, message_id: str | None, provider_id: str, status: Status, code: str | None
    ) -> tuple[Document, bool] | None:
        """Merge a delivery report; the message and whether the report moved it, or None where we know no such one."""
        query: Document = {"_id": message_id} if message_id else {"provider_id": provider_id}
        with translated():
            document = await self._messages.find_one(query, {"text": 0})
            if document is None or document["direction"] != "out":
                return None
            await self._messages.update_one(
                {"_id": document["_id"]}, {"$set": {"provider_id": provider_id}, "$unset": {"pending": ""}}
            )
            return document, await self._raise(document["_id"], status, code)

    async def _raise(self, message_id: str, status: Status, code: str | None) -> bool:
        change: dict[str, Any] = {"status": status.value} | ({"code": code} if code else {})
        lower = [known.value for known in lower_than(status)]
        result = await self._messages.update_one({"_id": message_id, "status": {"$in": lower}}, {"$set": change})
        return bool(result.matched_count)

    async def release(self, lease: OutboxLease, retry_at: datetime | None = None) -> None:
        """Let go. Stays due where a message was put in meanwhile, or from `retry_at` on."""
        mine = {"_id": lease.conversation, "outbox.fence": lease.fence}
        await self._records.release("outbox", mine, lease.flags, retry_at)

    async def sweep(self, older_than: datetime, now: datetime) -> int:
        """Flag conversations whose queued messages lost their flag to a crash; how many those were.

        Each call looks at a bounded piece of the outbox and goes on where the last one ended, so that the many that
        are due anyway (a campaign) hide nobody for good.
        """
        unsent = {"pending": "out", "conversation": {"$gt": self._swept}, "at": {"$lt": older_than}}
        with translated():
            cursor = self._messages.aggregate(
                [
                    {"$match": unsent},
                    {"$sort": {"conversation": 1}},
                    {"$limit": _SWEPT},
                    {"$group": {"_id": "$conversation", "messages": {"$sum": 1}}},
                ]
            )
            found = {row["_id"]: row["messages"] async for row in cursor}
            self._swept = max(found) if sum(found.values()) == _SWEPT else ""
            result = await self._flags.update_many(
                {"_id": {"$in": list(found)}, "outbox.due_at": {"$exists": False}},
                {"$min": {"outbox.due_at": now, "outbox.priority": INTERACTIVE}},
            )
        return result.modified_count
