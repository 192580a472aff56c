"""A conversation: its states, the moves between them, and the frozen record that the rules work on."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hotline.core.errors import Conflict
from hotline.core.message import Channel, Choice
from hotline.core.screening import Finding
from hotline.core.triage import Priority


class State(StrEnum):
    """Who is answering. The value is the public name in API and console."""

    BOT = "bot"  # the assistant answers
    WAITING = "waiting"  # in the queue: the assistant only holds the line
    OPERATOR = "operator"  # a human has it: the assistant is silent
    CLOSED = "closed"  # a human ended it; the person's next message opens it again


class Move(StrEnum):
    ENQUEUE = "enqueue"  # a rule, the person or a failure asks for a human
    CLAIM = "claim"  # an operator takes it
    RETURN = "return"  # the operator went silent or passed it on: back to the queue
    RELEASE = "release"  # the operator hands it back to the assistant
    CLOSE = "close"  # the operator ends it
    REOPEN = "reopen"  # the person writes again after the end


TRANSITIONS: dict[tuple[State, Move], State] = {
    (State.BOT, Move.ENQUEUE): State.WAITING,
    (State.BOT, Move.CLAIM): State.OPERATOR,
    (State.WAITING, Move.ENQUEUE): State.WAITING,
    (State.WAITING, Move.CLAIM): State.OPERATOR,
    (State.OPERATOR, Move.ENQUEUE): State.OPERATOR,
    (State.OPERATOR, Move.RETURN): State.WAITING,
    (State.OPERATOR, Move.RELEASE): State.BOT,
    (State.OPERATOR, Move.CLOSE): State.CLOSED,
    (State.CLOSED, Move.ENQUEUE): State.WAITING,
    (State.CLOSED, Move.CLAIM): State.OPERATOR,
    (State.CLOSED, Move.REOPEN): State.BOT,
}

HOLD_FOR = timedelta(minutes=5)
"""An operator's claim lapses after this much silence of the console that renews it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that the rules know of one person's thread on one channel. One person, one conversation, for good."""

    id: str
    contact: str
    channel: Channel
    state: State = State.BOT
    language: str | None = None
    language_chosen: bool = False  # the person named it: honoured until they name another
    priority: Priority | None = None
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    waiting_since: datetime | None = None
    holder: str | None = None
    holder_until: datetime | None = None
    choices: tuple[Choice, ...] = ()  # the buttons of our last message: a number typed back selects one
    report_open: bool = False  # the assistant is asking the report's questions
    said: tuple[str, ...] = ()  # names of the once-only texts said since the conversation last was with the assistant
    held_at: datetime | None = None  # when the line was last held while waiting
    fence: int = 0  # grows with every lease; a write with an older fence is refused

    @property
    def rank(self) -> Priority:
        """Its priority where a place is needed: one that nobody has judged stands with the least urgent."""
        return Priority.P3 if self.priority is None else self.priority

    def move(self, move: Move) -> "Conversation":
        """The conversation in its next state; raise `Conflict` where the table has no such move."""
        try:
            state = TRANSITIONS[self.state, move]
        except KeyError:
            raise Conflict(f"cannot {move} a conversation that is {self.state}", self.holder) from None
        return replace(self, state=state)


def enqueue(conversation: Conversation, priority: Priority, reasons: tuple[str, ...], now: datetime) -> Conversation:
    """Ask for a human. Priority only rises; reasons add up; the place in the queue is kept."""
    moved = conversation.move(Move.ENQUEUE)
    return replace(
        moved,
        priority=priority if conversation.priority is None else min(priority, conversation.priority),
        reasons=tuple(dict.fromkeys((*conversation.reasons, *reasons))),
        waiting_since=conversation.waiting_since or now,
    )


def claim(conversation: Conversation, holder: str, now: datetime) -> Conversation:
    """`holder` takes it. Claiming again what one holds renews it; another's claim raises `Conflict`."""
    if conversation.state is State.OPERATOR:
        if conversation.holder != holder:
            raise Conflict("another operator has it", conversation.holder)
        return replace(conversation, holder_until=now + HOLD_FOR)
    return replace(conversation.move(Move.CLAIM), holder=holder, holder_until=now + HOLD_FOR)


def give_back(conversation: Conversation, now: datetime, reason: str) -> Conversation:
    """Back to the queue with the time already waited, so that it stands above those who came later."""
    return replace(
        conversation.move(Move.RETURN),
        priority=Priority.P2 if conversation.priority is None else conversation.priority,
        reasons=tuple(dict.fromkeys((*conversation.reasons, reason))),
        waiting_since=conversation.waiting_since or now,
        holder=None,
        holder_until=None,
    )


def finish(conversation: Conversation, move: Move) -> Conversation:
    """Release to the assistant or close: what raised it is dealt with and starts anew."""
    return replace(
        conversation.move(move),
        priority=None,
        reasons=(),
        findings=(),
        waiting_since=None,
        holder=None,
        holder_until=None,
        choices=(),
        report_open=False,
        said=(),
        held_at=None,
    )
