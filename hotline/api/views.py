"""What a caller gets: records of the core in the words and shapes of the API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from hotline.core.contact import code
from hotline.core.conversation import Conversation as Record
from hotline.core.conversation import State
from hotline.core.message import Author, Channel, Direction, Kind, Status
from hotline.core.records import QueueItem, Shown
from hotline.core.triage import Priority
from hotline.desk import Thread


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T08:15:30.250Z"]}),
]
"""RFC 3339 in UTC, to the millisecond."""

PriorityName = Literal["P0", "P1", "P2", "P3"]
_NAMES: dict[Priority, PriorityName] = {
    Priority.P0: "P0",
    Priority.P1: "P1",
    Priority.P2: "P2",
    Priority.P3: "P3",
}


class View(BaseModel):
    """Base of everything that is answered. Members may be added at any time: callers ignore those they do not know."""

    model_config = ConfigDict(frozen=True)


class Waiting(View):
    """One line of the queue."""

    conversation: str = Field(description="Its id: the `{id}` of the other calls.")
    contact: str = Field(description="What operators call this person, such as `K7Q-2MD`. Never an address.")
    channel: Channel
    language: str | None = Field(description="ISO 639-1; null until it is known.")
    priority: PriorityName | None = Field(
        description="P0: life or limb now. P1: captive or serious harm. P2: signs of exploitation, or needs a service. "
        "P3: information."
    )
    reasons: list[str] = Field(description="Ids of what called for a human.")
    waiting_since: Time | None
    state: State


class Queue(View):
    """A page of the queue, most urgent first."""

    items: list[Waiting]
    cursor: str | None = Field(description="Ask for the next page with it; null: this is the last one.")


class Finding(View):
    """A sign in the person's words. It ranks the queue and explains itself; it never decides anything."""

    sign: str
    label: str = Field(description="The sign in words.")
    words: str = Field(repr=False, description="The person's own words that raised it.")
    language: str
    confidence: float = Field(ge=0, le=1)


class Attachment(View):
    id: str
    content_type: str
    state: str = Field(description="`pending`, `stored`, or `gone` where the provider has it no more.")
    size: int | None = Field(description="Bytes, where known.")


class Message(View):
    id: str
    direction: Direction
    author: Author
    user: str | None = Field(description="The operator who wrote it.")
    kind: Kind
    text: str = Field(repr=False)
    at: Time
    status: Status | None = Field(description="Delivery status of an outbound message; null for an inbound one.")
    code: str | None = Field(description="Why it failed, in the provider's code.")
    attachments: list[Attachment]


class Report(View):
    """What the assistant wrote down of a person's report; a question that was not answered is null."""

    at: Time
    complete: bool = Field(description="All five questions were answered.")
    what: str | None = Field(description="What happens.")
    where: str | None
    who: str | None = Field(description="Who is at risk.")
    now: str | None = Field(description="Is it happening now: `yes`, `no` or the person's own words.")
    reply: str | None = Field(description="May we write back: `yes`, `no` or the person's own words.")


class Conversation(Waiting):
    """A conversation as an operator sees it."""

    holder: str | None = Field(description="Who has it.")
    held_until: Time | None = Field(description="When the claim lapses unless a call about it renews it.")
    stopped: bool = Field(description="The person asked for no more messages.")
    findings: list[Finding]
    reports: list[Report] = Field(description="Newest first.")
    messages: list[Message]


class Standing(View):
    """Where a conversation stands after a move."""

    conversation: str
    state: State
    priority: PriorityName | None
    holder: str | None


class Accepted(View):
    """The message is in the outbox; its status is in the conversation."""

    id: str


class Found(View):
    """Who writes from an address."""

    contact: str
    conversation: str


def waiting(item: QueueItem) -> Waiting:
    return Waiting(**_line(item.conversation))


def conversation(thread: Thread, labels: Mapping[str, str]) -> Conversation:
    """`labels`: sign → what an operator reads."""
    found = thread.conversation
    return Conversation(
        **_line(found),
        holder=found.holder,
        held_until=found.holder_until,
        stopped=thread.contact.stopped,
        findings=[
            Finding(
                sign=finding.sign,
                label=labels.get(finding.sign, finding.sign),
                words=finding.words,
                language=finding.language,
                confidence=finding.confidence,
            )
            for finding in found.findings
        ],
        reports=[Report(**{name: report.get(name) for name in Report.model_fields}) for report in thread.reports],
        messages=[message(shown) for shown in thread.messages],
    )


def message(shown: Shown) -> Message:
    return Message(
        id=shown.id,
        direction=shown.direction,
        author=shown.author,
        user=shown.user,
        kind=shown.kind,
        text=shown.text,
        at=shown.at,
        status=shown.status,
        code=shown.code,
        attachments=[
            Attachment(id=file.id, content_type=file.content_type, state=file.state, size=file.size)
            for file in shown.attachments
        ],
    )


def standing(after: Record) -> Standing:
    return Standing(conversation=after.id, state=after.state, priority=_priority(after), holder=after.holder)


def _priority(found: Record) -> PriorityName | None:
    return None if found.priority is None else _NAMES[found.priority]


def _line(found: Record) -> dict[str, Any]:
    return {
        "conversation": found.id,
        "contact": code(found.contact),
        "channel": found.channel,
        "language": found.language,
        "priority": _priority(found),
        "reasons": list(found.reasons),
        "waiting_since": found.waiting_since,
        "state": found.state,
    }
