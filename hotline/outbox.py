"""The outbox: sends each conversation's messages in order and settles what a provider left unclear.

Nothing is sent twice: an attempt is noted durably before the provider is called, and an attempt whose outcome is not
known is settled with the provider, never repeated blindly. Nothing is lost: whatever a provider did not take is tried
again, and what cannot be settled is shown to a human.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog

from hotline.core.conversation import State, enqueue
from hotline.core.delivery import SETTLE_AFTER, Fail, Retry, next_attempt, not_listed
from hotline.core.errors import Conflict, Fate, HotlineError, NotFound, SendError
from hotline.core.message import Author, Blocked, Channel, DeliveryReport, Outbound, Status
from hotline.core.ports import Clock, Connector, ContactStore, ConversationStore, OutgoingStore
from hotline.core.records import Sending
from hotline.core.triage import Priority, Reason

log = structlog.get_logger()

ATTEMPT = timedelta(seconds=30)
"""Longer than any attempt lasts: one that is older and still open died with its worker."""
SEND_WITHIN = 25.0  # seconds from before the attempt is noted: then it is over, and another worker may settle it
_SETTLE_FOR = timedelta(hours=1)
"""How long a provider that is away is asked what became of a message."""

MayGo = Callable[[Sending, datetime], Awaitable[bool]]
"""Whether a campaign's message may still go out, asked just before it is sent."""


class OutboxWorker:
    """Runs `step` until nothing is due. Any number of workers may run."""

    def __init__(
        self,
        store: OutgoingStore,
        conversations: ConversationStore,
        contacts: ContactStore,
        connectors: Mapping[Channel, Connector],
        may_go: MayGo,
        clock: Clock,
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._contacts = contacts
        self._connectors = connectors
        self._may_go = may_go
        self._clock = clock

    async def step(self) -> bool:
        """Send what one due conversation has; False when none is due."""
        lease = await self._store.lease(self._clock())
        if lease is None:
            return False
        retry_at = None
        try:
            while message := await self._store.head(lease):
                retry_at = await self._advance(message)
                if retry_at:
                    break
        except HotlineError as error:
            log.warning("outbox_failed", conversation=lease.conversation, error=type(error).__name__)
            retry_at = self._clock() + SETTLE_AFTER
        with contextlib.suppress(HotlineError):
            await self._store.release(lease, retry_at)
        return True

    async def _advance(self, message: Sending) -> datetime | None:
        """Bring the head of the line one step on; the time to try again, or None to go on with the next message."""
        now = self._clock()
        if message.status is Status.QUEUED:
            if not await self._allowed(message, now):
                await self._store.done(message.id, Status.CANCELLED)
                return None
            if message.not_before and now < message.not_before:  # a newer message woke the conversation too early
                return message.not_before
            return await self._send(message)
        attempted_at = message.attempted_at or now
        if message.status is Status.SENDING:
            if now - attempted_at < ATTEMPT:  # another worker, slower than its lease, may still be at it
                return attempted_at + ATTEMPT
            await self._store.unconfirmed(message.id)
        if now - attempted_at < SETTLE_AFTER:
            return attempted_at + SETTLE_AFTER
        return await self._settle(message, attempted_at, now)

    async def _allowed(self, message: Sending, now: datetime) -> bool:
        if message.campaign:
            return await self._may_go(message, now)
        if message.final or not message.contact.stopped:
            return True
        return message.author is Author.OPERATOR and message.contact.answerable

    async def _send(self, message: Sending) -> datetime | None:
        connector = self._connectors.get(message.contact.channel)
        if connector is None:
            await self._give_up(message, "no_account", stop_contact=False)
            return None
        over = asyncio.get_running_loop().time() + SEND_WITHIN
        if not await self._store.begin(message.id, self._clock()):
            return None
        try:
            async with asyncio.timeout_at(over):
                receipt = await connector.send(_outbound(message))
        except SendError as error:
            return await self._failed(message, error)
        except TimeoutError:
            return await self._failed(message, SendError(Fate.AMBIGUOUS, "timeout"))
        await self._store.sent(message.id, receipt.provider_id)
        return None

    async def _failed(self, message: Sending, error: SendError) -> datetime | None:
        log.info("not_sent", message=message.id, code=error.code, fate=error.fate.value)
        match next_attempt(error, message.attempts + 1, self._clock(), message.uncounted):
            case Retry(at, counts):
                await self._store.again(message.id, at, counts=counts)
                return at
            case Fail(code, stop_contact):
                await self._give_up(message, code, stop_contact=stop_contact)
                return None
            case settle:
                await self._store.unconfirmed(message.id)
                return settle.at

    async def _settle(self, message: Sending, attempted_at: datetime, now: datetime) -> datetime | None:
        """Ask the provider what became of an attempt. A status callback may have answered already."""
        connector = self._connectors.get(message.contact.channel)
        try:
            receipt = await connector.settle(_outbound(message), attempted_at) if connector else None
        except SendError as error:
            if error.fate is Fate.RETRY and now - attempted_at < _SETTLE_FOR:
                return now + max(SETTLE_AFTER, timedelta(seconds=error.retry_after or 0))
            await self._leave_unclear(message, error.code)
            return None
        if receipt is None:
            return await self._not_listed(message, attempted_at, now)
        await self._store.sent(message.id, receipt.provider_id)
        return None

    async def _not_listed(self, message: Sending, attempted_at: datetime, now: datetime) -> datetime | None:
        counted = message.attempts - message.uncounted
        match not_listed(attempted_at, message.looks + 1, message.unclear, counted, now):
            case Retry(at):
                await self._store.again(message.id, at)
                return at
            case Fail(code):
                await self._leave_unclear(message, code)
                return None
            case settle:
                await self._store.not_listed(message.id)
                return settle.at

    async def _leave_unclear(self, message: Sending, code: str) -> None:
        """Never to be confirmed: a human decides what to say again."""
        await self._store.done(message.id, Status.UNCONFIRMED, code)
        if not message.campaign and not message.final:
            await self._tell_operators(message.conversation, Reason.UNCONFIRMED, open_if_idle=True)

    async def _give_up(self, message: Sending, code: str, *, stop_contact: bool) -> None:
        await self._store.done(message.id, Status.FAILED, code)
        if stop_contact:
            await self._contacts.update(message.contact.id, {"stopped_at": self._clock()})
        if not message.campaign and not message.final:
            reason = Reason.STOPPED if stop_contact else Reason.UNDELIVERED
            await self._tell_operators(message.conversation, reason)

    async def delivered(self, report: DeliveryReport) -> bool:
        """Merge a provider's report; False where it is about no message of ours."""
        found = await self._store.report(report.message_id, report.provider_id, report.status, report.code)
        if found is None:
            return False
        document, moved = found
        if not moved:  # a second copy, or older than what we know: acted upon already, or overtaken
            return True
        if report.stop_contact:
            await self._contacts.update(document["contact"], {"stopped_at": self._clock()})
        if report.status is Status.FAILED and not document.get("campaign") and not document.get("final"):
            reason = Reason.STOPPED if report.stop_contact else Reason.UNDELIVERED
            await self._tell_operators(document["conversation"], reason)
        return True

    async def blocked(self, person: str, report: Blocked) -> None:
        """The person blocked or unblocked us on the provider's side."""
        with contextlib.suppress(NotFound):
            contact = await self._contacts.get(person)
            if report.blocked:
                await self._contacts.update(person, {"stopped_at": contact.stopped_at or self._clock()})
                conversation = await self._conversations.of_contact(person)
                if conversation:
                    await self._tell_operators(conversation.id, Reason.STOPPED)
            else:
                await self._contacts.update(person, {"stopped_at": None})

    async def _tell_operators(self, conversation_id: str, reason: str, *, open_if_idle: bool = False) -> None:
        """Add a reason that operators see; a conversation that nobody waits in is called to a human only on demand."""
        for _ in range(5):
            conversation, version = await self._conversations.get(conversation_id)
            watched = conversation.state in {State.WAITING, State.OPERATOR}
            if not watched and not open_if_idle:
                return
            priority = Priority.P2 if conversation.priority is None else conversation.priority
            with contextlib.suppress(Conflict):
                await self._conversations.save(enqueue(conversation, priority, (reason,), self._clock()), version)
                return


def _outbound(message: Sending) -> Outbound:
    return Outbound(
        id=message.id,
        channel=message.contact.channel,
        address=message.address,
        text=message.text,
        choices=message.choices,
        language=message.language,
    )
