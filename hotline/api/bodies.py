"""What a caller sends. Every model refuses members that it does not know; none shows a person's text in its repr."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from hotline.api import cursor
from hotline.core.message import Channel
from hotline.core.queueing import QueueKey
from hotline.core.text import clean
from hotline.desk import MAX_TEXT, OUTCOMES

MAX_NOTE = 2000  # characters

Note = Annotated[
    str,
    Field(max_length=MAX_NOTE, repr=False, description="For colleagues; sealed in the audit log. Never sent."),
    AfterValidator(clean),
]


def _known_outcome(value: str) -> str:
    if value not in OUTCOMES:
        raise ValueError(f"must be one of {', '.join(OUTCOMES)}")
    return value


class Body(BaseModel):
    """Base of everything that is read from a request's body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Query(BaseModel):
    """Base of everything that is read from a request's query, where numbers are text and strangers are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class QueuePage(Query):
    limit: int = Field(50, ge=1, le=200, description="Most items of one page.")
    cursor: str | None = Field(
        None, max_length=512, description="The `cursor` of the page before; without it, the first page."
    )

    @property
    def after(self) -> QueueKey | None:
        """The key behind which the page starts; raise `BadCursor`."""
        return cursor.decode(self.cursor) if self.cursor else None


class Newest(Query):
    limit: int = Field(200, ge=1, le=1000, description="Most messages: the newest ones, oldest first.")


class Say(Body):
    """An answer to the person."""

    text: Annotated[str, Field(max_length=MAX_TEXT, repr=False), AfterValidator(clean)] = Field(
        description="Plain text; cut at sentence ends where the channel carries less."
    )
    id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description="Chosen by the caller, once per message. The same `id` and text sent again is said once.",
    )


class Release(Body):
    """Back to the assistant."""

    note: Note = ""


class Transfer(Body):
    """To a colleague, or back to the queue."""

    to: str | None = Field(
        None, max_length=64, description="Name of a user who answers people; empty or null: back to the queue."
    )
    note: Note = ""


class Close(Body):
    """The end of a conversation."""

    outcome: Annotated[
        str, AfterValidator(_known_outcome), WithJsonSchema({"type": "string", "enum": list(OUTCOMES)})
    ] = Field(description="How it ended, for statistics that count no person.")
    note: Note = ""


class Find(Body):
    """An address to look up, and why."""

    channel: Channel
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)] = Field(
        repr=False,
        description="As the provider spells it: `+254…` on SMS, `whatsapp:+254…` on WhatsApp, the chat's number on "
        "Telegram. It is not kept.",
    )
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500), AfterValidator(clean)
    ] = Field(repr=False, description="Why you need to know; sealed in the audit log.")
