"""Records that cross between the use cases and the store: frozen, in plain text; the store alone holds ciphertext."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hotline.core.contact import Contact
from hotline.core.conversation import Conversation
from hotline.core.message import Author, Channel, Choice, Direction, Kind, Status


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message as it lies in the inbox."""

    id: str
    conversation: str
    contact: str
    channel: Channel
    kind: Kind
    at: datetime
    text: str = field(default="", repr=False)
    payload: str | None = None
    opt_out: bool = False
    attachments: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A message for the outbox. `id` is derived from what caused it, so that writing it twice is writing it once."""

    id: str
    author: Author
    text: str = field(repr=False)
    language: str
    choices: tuple[Choice, ...] = ()
    user: str | None = None  # the operator
    campaign: str | None = None
    final: bool = False  # goes out although the contact has stopped: the one confirmation of STOP


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the console and the API show it."""

    id: str
    direction: Direction
    author: Author
    kind: Kind
    at: datetime
    text: str = field(repr=False)
    status: Status | None = None  # of outbound ones
    code: str | None = None  # why it failed, in the provider's words
    user: str | None = None
    attachments: tuple["Stored", ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """An attachment: `state` is pending (still to be fetched), stored or gone (the provider has it no more)."""

    id: str
    content_type: str
    state: str
    size: int | None = None  # bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's hold on one conversation; its writes are refused once `conversation.fence` has grown."""

    conversation: Conversation
    contact: Contact
    version: int
    flags: int


@dataclass(frozen=True, slots=True)
class Turn:
    """All that one inbound message leads to, written in one transaction or not at all."""

    received: Received
    conversation: Conversation
    drafts: tuple[Draft, ...] = ()
    contact: dict[str, Any] = field(default_factory=dict)  # changed fields of the contact
    report: dict[str, Any] | None = field(default=None, repr=False)
    cancel_outbox: bool = False  # the person said STOP: nothing queued may follow


@dataclass(frozen=True, slots=True)
class Sending:
    """The head of one conversation's outbox, held by this worker."""

    id: str
    conversation: str
    contact: Contact
    address: str = field(repr=False)
    author: Author
    status: Status
    text: str = field(repr=False)
    language: str
    attempts: int
    choices: tuple[Choice, ...] = ()
    attempted_at: datetime | None = None
    campaign: str | None = None
    final: bool = False
    at: datetime | None = None
    not_before: datetime | None = None  # the provider, or our own patience, asked to wait until then
    uncounted: int = 0  # attempts that failed for no fault of the message
    unclear: int = 0  # attempts whose outcome nobody told
    looks: int = 0  # times that the provider was asked about the last attempt and did not know it


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One line of the queue."""

    conversation: Conversation
    contact: Contact
