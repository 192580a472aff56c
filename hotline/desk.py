"""What operators do with conversations: claim, answer, release, transfer, close. Every step is in the audit log."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from hotline.core import conversation as moves
from hotline.core import queueing
from hotline.core.access import Permission, User
from hotline.core.contact import Contact
from hotline.core.conversation import HOLD_FOR, Conversation, Move, State
from hotline.core.delivery import INTERACTIVE, split
from hotline.core.errors import Conflict, HotlineError, Unavailable, Undeliverable
from hotline.core.ids import new_id
from hotline.core.message import Author, Channel
from hotline.core.ports import (
    AuditLog,
    Clock,
    ContactStore,
    ConversationStore,
    FileStore,
    MessageStore,
    OutboxWriter,
    ReportStore,
    Texts,
)
from hotline.core.records import Draft, QueueItem, Shown
from hotline.core.triage import Reason
from hotline.core.wording import Wording

log = structlog.get_logger()

MAX_TEXT = 4000  # characters of one answer; longer ones are split per channel below that
_RACES = 20  # tries against other writers of the same conversation
_LOOK_AT = 200  # from the top of the queue, for one in the operator's language
_LOOK = "looked into"  # the audit log's word for reading what one does not hold
_LOOK_AGAIN = timedelta(hours=1)

OUTCOMES = ("helped", "referred", "no_answer", "not_for_us", "other")
"""How a conversation ended, for statistics that count no person."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as an operator sees it."""

    conversation: Conversation
    contact: Contact
    messages: list[Shown]
    reports: list[dict[str, Any]]  # newest first: {at, what, where, who, now, reply, complete}


class Desk:
    def __init__(
        self,
        conversations: ConversationStore,
        contacts: ContactStore,
        messages: MessageStore,
        outbox: OutboxWriter,
        audit: AuditLog,
        files: FileStore,
        reports: ReportStore,
        texts: Texts,
        limits: Mapping[Channel, int],
        clock: Clock,
    ) -> None:
        self._conversations = conversations
        self._contacts = contacts
        self._messages = messages
        self._outbox = outbox
        self._audit = audit
        self._files = files
        self._reports = reports
        self._texts = texts
        self._limits = limits
        self._clock = clock

    async def queue(self, user: User, after: queueing.QueueKey | None = None, limit: int = 50) -> list[QueueItem]:
        """Who waits, most urgent first, from behind `after`."""
        user.require(Permission.ANSWER)
        return await self._items(await self._conversations.waiting(after, limit))

    async def mine(self, user: User) -> list[QueueItem]:
        """The conversations that `user` holds."""
        user.require(Permission.ANSWER)
        return await self._items(await self._conversations.held_by(user.name))

    async def held(self, user: User) -> list[QueueItem]:
        """All conversations that operators hold."""
        user.require(Permission.OVERSEE)
        return await self._items(await self._conversations.held())

    async def _items(self, conversations: list[Conversation]) -> list[QueueItem]:
        contacts = await self._contacts.get_many([conversation.contact for conversation in conversations])
        return [QueueItem(item, contacts[item.contact]) for item in conversations if item.contact in contacts]

    async def claim(self, user: User, conversation_id: str) -> Conversation:
        """`user` takes it, or has it already. Raise `Conflict` with the holder's name: one winner, always."""
        user.require(Permission.ANSWER)

        def take(conversation: Conversation, now: datetime) -> Conversation:
            if conversation.state not in {State.WAITING, State.OPERATOR} and not user.may(Permission.OVERSEE):
                raise Conflict("nobody waits in this conversation")
            return moves.claim(conversation, user.name, now)

        before, after = await self._change(conversation_id, take)
        if before.holder != user.name:
            await self._audit.add("claim", user.name, self._clock(), conversation_id)
        return after

    async def claim_next(self, user: User) -> Conversation | None:
        """The most urgent conversation in a language of this operator, else the most urgent; None when nobody waits."""
        user.require(Permission.ANSWER)
        while True:
            waiting = await self._conversations.waiting(None, _LOOK_AT)
            if not waiting:
                return None
            spoken = [item for item in waiting if not user.languages or item.language in user.languages]
            # only within the same priority does language come first: an unread P0 is worse than a slow answer
            best = next((item for item in spoken if item.priority == waiting[0].priority), waiting[0])
            try:
                return await self.claim(user, best.id)
            except Conflict:
                continue  # a colleague was faster: the next one

    async def read(self, user: User, conversation_id: str, limit: int = 200) -> Thread:
        """The conversation with its messages. Whoever holds it, and supervisors; what waits may be looked into."""
        conversation = await self._may_read(user, conversation_id)
        if conversation.holder != user.name:
            await self._note_look(user, conversation_id)
        contact = await self._contacts.get(conversation.contact)
        messages = await self._messages.thread(conversation_id, limit)
        return Thread(conversation, contact, messages, await self._reports.of(conversation_id))

    async def _note_look(self, user: User, conversation_id: str) -> None:
        """Once an hour is enough: an open page reads again at every change."""
        now = self._clock()
        for entry in await self._audit.of(conversation_id):
            if entry["what"] == _LOOK and entry["user"] == user.name and entry["at"] > now - _LOOK_AGAIN:
                return
        await self._audit.add(_LOOK, user.name, now, conversation_id)

    async def history(self, user: User, conversation_id: str) -> list[dict[str, Any]]:
        """What colleagues did with it, oldest first: {what, user, at, details, note}."""
        await self._may_read(user, conversation_id)
        return await self._audit.of(conversation_id)

    async def file(self, user: User, attachment_id: str) -> tuple[str, bytes]:
        """(content type, bytes) of an attachment; that it was opened is in the audit log."""
        conversation_id = await self._files.about(attachment_id)
        await self._may_read(user, conversation_id)  # before up to 20 MB are loaded and opened
        _, content_type, content = await self._files.open(attachment_id)
        await self._audit.add("file opened", user.name, self._clock(), conversation_id, file=attachment_id)
        return content_type, content

    async def renew(self, user: User, conversation_id: str) -> None:
        """The holder's console is still open."""
        await self._conversations.renew(conversation_id, user.name, self._clock() + HOLD_FOR)

    async def say(self, user: User, conversation_id: str, text: str, message_id: str | None = None) -> str:
        """Answer the person; the message's id. Saying it again under the same `message_id` says it once.

        Raise `Conflict` when `user` does not hold it, `Undeliverable` when the channel cannot carry it.
        """
        conversation = await self._holding(user, conversation_id)
        text = text.strip()
        if not text:
            raise Undeliverable("the message is empty")
        if len(text) > MAX_TEXT:
            raise Undeliverable(f"the message has {len(text)} characters; at most {MAX_TEXT} can be sent")
        contact = await self._contacts.get(conversation.contact)
        if not contact.answerable:
            raise Undeliverable("this person has asked for no more messages")
        now = self._clock()
        own_id = message_id or new_id("o", now)
        parts = split(text, self._limits[conversation.channel])
        drafts = [
            Draft(f"{own_id}.{number:02}" if number else own_id, Author.OPERATOR, part,
                  conversation.language or "en", user=user.name)
            for number, part in enumerate(parts)
        ]  # fmt: skip
        await self._outbox.put(conversation, drafts, now, INTERACTIVE)
        await self.renew(user, conversation_id)
        return own_id

    async def release(self, user: User, conversation_id: str, note: str = "") -> Conversation:
        """Back to the assistant; the person is told."""
        return await self._end(user, conversation_id, Move.RELEASE, Wording.RELEASED, note=note)

    async def close(self, user: User, conversation_id: str, outcome: str, note: str = "") -> Conversation:
        """End it; the person is told, and may write again at any time. `outcome` is one of `OUTCOMES`."""
        if outcome not in OUTCOMES:
            raise Undeliverable(f"the outcome must be one of {', '.join(OUTCOMES)}")
        return await self._end(user, conversation_id, Move.CLOSE, Wording.CLOSED, note=note, outcome=outcome)

    async def _end(
        self, user: User, conversation_id: str, move: Move, text: Wording, *, note: str, outcome: str = ""
    ) -> Conversation:
        async def save(before: Conversation, after: Conversation, version: int) -> None:
            now, language = self._clock(), after.language or "en"
            words = Draft(new_id("o", now), Author.SYSTEM, self._texts.get(language, text), language)
            stopped = (await self._contacts.get(after.contact)).stopped
            await self._outbox.end(
                after, version, [] if stopped else [words], now, move.value, user.name, note=note, outcome=outcome,
                priority="" if before.priority is None else before.priority.name, reasons=" ".join(before.reasons),
            )  # fmt: skip

        _, after = await self._change(conversation_id, lambda item, _: moves.finish(self._held(item, user), move), save)
        return after

    async def transfer(self, user: User, conversation_id: str, to: str | None, note: str = "") -> Conversation:
        """Pass it on: to a colleague by name, or back to the queue when `to` is empty. The person stays on top."""

        def passed(conversation: Conversation, now: datetime) -> Conversation:
            back = moves.give_back(self._held(conversation, user), now, Reason.TRANSFERRED)
            return moves.claim(back, to, now) if to else back

        _, after = await self._change(conversation_id, passed)
        await self._audit.add("transfer", user.name, self._clock(), conversation_id, to=to or "", note=note)
        return after

    async def return_lapsed(self) -> int:
        """Bring conversations whose operator has gone silent back to the queue, above those who came later."""
        lapsed = await self._conversations.lapsed(self._clock())
        returned = 0
        for conversation, version in lapsed:
            try:
                back = moves.give_back(conversation, self._clock(), Reason.RETURNED)
                await self._conversations.save(back, version, held_until=conversation.holder_until)
                returned += 1
                await self._audit.add("return", conversation.holder or "", self._clock(), conversation.id)
            except Conflict:
                continue  # the operator came back in this very moment
            except Unavailable:
                raise
            except HotlineError as error:  # the others must not wait for this one
                log.error("not_returned", conversation=conversation.id, error=type(error).__name__)  # noqa: TRY400 -- a trace may quote text
        return returned

    async def _may_read(self, user: User, conversation_id: str) -> Conversation:
        user.require(Permission.ANSWER)
        conversation, _ = await self._conversations.get(conversation_id)
        own = conversation.state is State.OPERATOR and conversation.holder == user.name
        if not own and conversation.state is not State.WAITING:
            user.require(Permission.OVERSEE)
        return conversation

    async def _holding(self, user: User, conversation_id: str) -> Conversation:
        conversation, _ = await self._conversations.get(conversation_id)
        return self._held(conversation, user)

    @staticmethod
    def _held(conversation: Conversation, user: User) -> Conversation:
        if conversation.state is not State.OPERATOR or conversation.holder != user.name:
            raise Conflict("you do not hold this conversation", conversation.holder)
        return conversation

    async def _change(
        self,
        conversation_id: str,
        change: Callable[[Conversation, datetime], Conversation],
        save: Callable[[Conversation, Conversation, int], Awaitable[None]] | None = None,
    ) -> tuple[Conversation, Conversation]:
        """Apply a pure change to the newest version, again where someone was faster; (before, after).

        `save` (before, after, version) writes what else belongs to it.
        """
        for _ in range(_RACES):
            before, version = await self._conversations.get(conversation_id)
            after = change(before, self._clock())
            try:
                await (save(before, after, version) if save else self._conversations.save(after, version))
            except Conflict:
                continue
            return before, after
        raise Conflict("the conversation is changing too fast: try again")
