"""What comes in from a provider and what goes out, in words of no provider."""

from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """The way a person writes to us; the value is the public name in API and console."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"


class Kind(StrEnum):
    """What an inbound message is; `core.routing` says what each is answered with."""

    TEXT = "text"
    CHOICE = "choice"  # a tapped button: `payload` is set
    EDITED = "edited"  # the person changed an earlier message; `text` is the new text
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"  # `text` holds "latitude,longitude"
    CONTACT = "contact"  # `text` holds the shared name and number
    GROUP = "group"  # written in a group: the text is not kept, `address` is the group
    UNSUPPORTED = "unsupported"  # a kind of message that this version does not know


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    BOT = "bot"
    OPERATOR = "operator"
    CAMPAIGN = "campaign"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message. `ref` is the provider's handle (URL or file id), never shown to anyone."""

    ref: str
    content_type: str
    size: int | None = None  # bytes, where the provider says it


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message of one person, as the connector read it.

    `provider_id` is unique per channel for ever (MessageSid, update_id): it is the dedupe key. `address` is an opaque
    string that replies go to; it need not be a phone number. `opt_out` is the provider's own word that the person
    has stopped messages (Twilio OptOutType). `callback` is a tap's own id where the provider waits for a word that it
    arrived (Telegram callback_query): it is used by `ack` in the same request and need not be kept.
    """

    channel: Channel
    provider_id: str
    address: str
    kind: Kind = Kind.TEXT
    text: str = ""
    payload: str | None = None
    attachments: tuple[Attachment, ...] = ()
    opt_out: bool = False
    callback: str | None = None


class Status(StrEnum):
    """Delivery status of an outbound message. `core.delivery.merge` orders them; a status never goes back."""

    QUEUED = "queued"  # in our outbox
    SENDING = "sending"  # handed to the provider, no answer yet
    UNCONFIRMED = "unconfirmed"  # the provider may or may not have it; never re-sent blindly
    SENT = "sent"  # accepted by the provider
    DELIVERED = "delivered"  # on the person's phone
    READ = "read"
    FAILED = "failed"  # will not arrive
    CANCELLED = "cancelled"  # withdrawn by us before sending: the person said STOP


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a provider says later about a message. `message_id` is ours where the provider returns it."""

    channel: Channel
    provider_id: str
    status: Status
    message_id: str | None = None
    code: str | None = None  # the provider's error code
    stop_contact: bool = False  # the code means that this address must not be written to again


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person blocked (or unblocked) us on the provider's side, without a message."""

    channel: Channel
    provider_id: str
    address: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """A webhook that needs nothing done: counted by reason, answered 200."""

    reason: str


Event = Inbound | DeliveryReport | Blocked | Ignored


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what the person sees and what a tap means. A payload that starts with "/" goes to the assistant."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send. `id` is ours and travels with the message as far as the provider lets it."""

    id: str
    channel: Channel
    address: str
    text: str
    choices: tuple[Choice, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted a message under this id of its own."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A webhook as it arrived: enough to verify and parse it without I/O.

    `url` is the public URL that the provider signed (PUBLIC_URL + path + query). `headers` has lower-case names.
    `hook` is "messages" or "status".
    """

    hook: str
    url: str
    headers: dict[str, str] = field(repr=False)
    query: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ack:
    """What the provider is answered once everything is kept."""

    body: str = ""
    content_type: str = "text/plain"
