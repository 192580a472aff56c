"""The outside world as the use cases see it: protocols that the edges implement."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hotline.core.access import Role, Session, Token, User
from hotline.core.contact import Contact
from hotline.core.conversation import Conversation
from hotline.core.language import Guess
from hotline.core.message import (
    Ack,
    Attachment,
    Channel,
    Event,
    Inbound,
    Outbound,
    Receipt,
    Status,
    WebhookRequest,
)
from hotline.core.queueing import QueueKey
from hotline.core.records import Draft, Lease, Received, Sending, Shown, Turn
from hotline.core.routing import Answer

Clock = Callable[[], datetime]
"""The current time, aware, UTC. An argument, so that rules can be tested at any hour."""


class Connector(Protocol):
    """One provider. `verify`, `parse` and `ack` are pure and sync; the rest talks to the provider."""

    name: str  # the last part of /webhooks/<name>
    channels: frozenset[Channel]

    def limit(self, channel: Channel) -> int:
        """Most characters of one message on this channel."""

    def verify(self, request: WebhookRequest) -> None:
        """Raise `Refused` unless the provider signed this request."""

    def parse(self, request: WebhookRequest) -> tuple[Event, ...]:
        """Read a verified request. Raise `Malformed` where it makes no sense."""

    def ack(self, events: tuple[Event, ...]) -> Ack:
        """The body of the 200 that tells the provider that everything is kept."""

    async def start(self) -> None:
        """Open connections. Must not fail because the provider is away."""

    async def register(self, public_url: str) -> None:
        """Tell the provider where our webhook is, where it wants to be told. Raise `SendError`."""

    async def check(self) -> str:
        """One line for `hotline check` that the account works; raise `SendError` where it does not."""

    async def send(self, message: Outbound) -> Receipt:
        """Hand one message over. Raise `SendError`."""

    async def settle(self, message: Outbound, since: datetime) -> Receipt | None:
        """Was `message`, attempted after `since`, accepted? None: surely not. Raise `SendError` if unknown."""

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes of an attachment. Raise `FetchError`."""

    async def close(self) -> None: ...


class IntakeStore(Protocol):
    async def add(self, batch: Sequence[Inbound], now: datetime) -> list[bool]:
        """Keep every message durably; True for each that is new. Raise `Unavailable`."""


class WorkStore(Protocol):
    """The worker's side of the inbox."""

    async def lease(self, now: datetime) -> Lease | None: ...
    async def refresh(self, lease: Lease) -> Lease: ...
    async def next(self, conversation_id: str) -> Received | None: ...
    async def commit(self, turn: Turn, lease: Lease, now: datetime) -> None: ...
    async def release(self, lease: Lease, retry_at: datetime | None = None) -> None: ...


class Assistant(Protocol):
    """The Rasa assistant behind its own channel."""

    async def ask(self, received: Received, payload: str | None, language: str, *, in_report: bool) -> Answer | None:
        """One turn, idempotent by message id. None: it failed, was late or said nothing."""


class Detector(Protocol):
    def guess(self, text: str) -> Guess:
        """The language of a text. Deterministic."""


class Texts(Protocol):
    """The message catalogues."""

    def get(self, language: str, text: str) -> str:
        """An English source text in `language`, in English where there is no translation."""


class OutgoingStore(Protocol):
    """The worker's side of the outbox; see `hotline.store.outgoing`."""

    async def lease(self, now: datetime) -> Any: ...
    async def head(self, lease: Any) -> Sending | None: ...
    async def begin(self, message_id: str, now: datetime) -> bool: ...
    async def sent(self, message_id: str, provider_id: str) -> None: ...
    async def again(self, message_id: str, not_before: datetime, *, counts: bool = True) -> None: ...
    async def unconfirmed(self, message_id: str) -> None: ...
    async def not_listed(self, message_id: str) -> None: ...
    async def done(self, message_id: str, status: Status, code: str | None = None) -> None: ...
    async def release(self, lease: Any, retry_at: datetime | None = None) -> None: ...
    async def report(
        self, message_id: str | None, provider_id: str, status: Status, code: str | None
    ) -> tuple[dict[str, Any], bool] | None: ...


class ConversationStore(Protocol):
    async def get(self, conversation_id: str) -> tuple[Conversation, int]: ...
    async def save(self, conversation: Conversation, version: int, *, held_until: datetime | None = None) -> None: ...
    async def of_contact(self, person: str) -> Conversation | None: ...
    async def waiting(self, after: QueueKey | None, limit: int) -> list[Conversation]: ...
    async def held_by(self, user: str) -> list[Conversation]: ...
    async def held(self) -> list[Conversation]: ...
    async def renew(self, conversation_id: str, holder: str, until: datetime) -> None: ...
    async def lapsed(self, now: datetime) -> list[tuple[Conversation, int]]: ...


class ContactStore(Protocol):
    async def get(self, person: str) -> Contact: ...
    async def get_many(self, people: list[str]) -> dict[str, Contact]: ...
    async def update(self, person: str, fields: Mapping[str, Any]) -> None: ...


class MessageStore(Protocol):
    async def thread(self, conversation_id: str, limit: int = 200, before: datetime | None = None) -> list[Shown]: ...


class OutboxWriter(Protocol):
    async def put(self, conversation: Conversation, drafts: list[Draft], now: datetime, priority: int) -> None:
        """Into the outbox; twice is once. `Conflict` where an operator held `conversation` and holds it no more."""

    async def put_campaign(self, batch: Sequence[tuple[Conversation, Draft]], now: datetime) -> None:
        """A campaign's message for each of many people; twice is once."""

    async def end(
        self, conversation: Conversation, version: int, drafts: list[Draft], now: datetime, move: str, user: str,
        **details: str,
    ) -> None:  # fmt: skip
        """Save over `version`, with the closing words and the audit entry `move`; raise `Conflict`, nothing written."""


class AuditLog(Protocol):
    async def add(self, what: str, user: str, now: datetime, conversation: str | None = None, **details: str) -> None:
        """Append an entry. `details` must hold no person's text, name or address; a note is sealed by the store."""

    async def of(self, conversation: str) -> list[dict[str, Any]]:
        """The entries of a conversation, oldest first: {what, user, at, details, note}."""


class Presence(Protocol):
    async def staffed(self, now: datetime) -> bool:
        """Whether somebody who answers people is at the desk."""


class ReportStore(Protocol):
    async def of(self, conversation: str) -> list[dict[str, Any]]:
        """The reports of a conversation, newest first: {at, what, where, who, now, reply, complete}."""


class FileStore(Protocol):
    async def about(self, attachment_id: str) -> str:
        """The conversation of a stored attachment; raise `NotFound`."""

    async def open(self, attachment_id: str) -> tuple[str, str, bytes]:
        """(conversation, content type, bytes) of a stored attachment; raise `NotFound`."""


class UserStore(Protocol):
    """Users, sessions and tokens; see `hotline.store.users`."""

    async def add(self, user: User) -> None: ...
    async def get(self, name: str) -> User: ...
    async def all(self) -> list[User]: ...
    async def any(self) -> bool: ...
    async def set_password(self, name: str, password_hash: str, *, must_change: bool = False) -> None: ...
    async def disable(self, name: str, *, disabled: bool) -> None: ...
    async def open_session(self, name: str, now: datetime) -> str: ...
    async def session(self, secret: str, now: datetime) -> Session | None: ...
    async def close_session(self, secret: str) -> None: ...
    async def begin_try(self, name: str, now: datetime) -> datetime | None: ...
    async def clear_failures(self, name: str) -> None: ...
    async def add_token(self, name: str, role: Role, now: datetime) -> str: ...
    async def token(self, secret: str, now: datetime) -> User | None: ...
    async def tokens(self) -> list[Token]: ...
    async def remove_tokens(self, name: str) -> int: ...
    async def token_answers(self, name: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a conversation.

    `queue`: the queue's order or content may differ. `inbox`, `outbox`: there is something to answer or to send.
    """

    conversation: str
    queue: bool = False
    inbox: bool = False
    outbox: bool = False


class Changes(Protocol):
    """What changes in the database, as it happens, in whichever process it was caused."""

    def subscribe(self) -> AbstractAsyncContextManager["asyncio.Queue[Change]"]:
        """A queue of changes from now on. Bounded: a reader that is too slow misses some and must look for itself."""
