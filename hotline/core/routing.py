"""What to do with one inbound message: pure decisions over frozen values, without and then with the assistant."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hotline.core.contact import Contact
from hotline.core.conversation import Conversation, State
from hotline.core.message import Choice, Kind
from hotline.core.safety import Keyword
from hotline.core.triage import NOTHING, Priority, Reason, Understanding, Verdict
from hotline.core.wording import Wording

SAFE_YES, SAFE_NO = "safe_yes", "safe_no"
"""Payloads of the gateway's own question; those of the assistant start with a slash."""

HOLD_EVERY = timedelta(minutes=10)
"""While somebody waits they are told so again at most this often."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision looks at. `verdict` is of the rules over the whole conversation, this message included."""

    conversation: Conversation
    contact: Contact
    kind: Kind
    now: datetime
    payload: str | None = None
    opt_out: bool = False
    keyword: Keyword | None = None
    verdict: Verdict = NOTHING
    raised: bool = False  # this very message holds a sign
    wordless: bool = False  # emoji or marks alone: nothing that the assistant could understand


@dataclass(frozen=True, slots=True)
class AskBot:
    """The assistant takes this turn. `payload`: a chosen button instead of the text."""

    payload: str | None = None


@dataclass(frozen=True, slots=True)
class ForwardToOperator:
    """An operator reads it live; nothing is said."""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Call a human. `first` is said before what happens next; `silent` says nothing at all (a stopped contact)."""

    priority: Priority
    reasons: tuple[str, ...]
    first: tuple[Wording, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    texts: tuple[Wording, ...]


@dataclass(frozen=True, slots=True)
class OptOut:
    """No more messages. `confirm`: the last one says so, once."""

    confirm: bool


@dataclass(frozen=True, slots=True)
class OptIn:
    """Messages again. `campaigns`: safety messages too."""

    campaigns: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """Kept, shown to operators, answered with nothing."""

    reason: str


Decision = AskBot | ForwardToOperator | Enqueue | Say | OptOut | OptIn | Drop

# Messages that only a human can take in: how soon, why, and what the person is told first.
_FOR_HUMANS = {
    Kind.VOICE: (Priority.P2, Reason.VOICE, Wording.VOICE),
    Kind.LOCATION: (Priority.P2, Reason.LOCATION, Wording.LOCATION),
    Kind.IMAGE: (Priority.P2, Reason.MEDIA, Wording.MEDIA),
    Kind.VIDEO: (Priority.P2, Reason.MEDIA, Wording.MEDIA),
    Kind.DOCUMENT: (Priority.P2, Reason.MEDIA, Wording.MEDIA),
    Kind.CONTACT: (Priority.P3, Reason.SHARED_CONTACT, Wording.CONTACT),
}
_IN_WORDS_PLEASE = {
    Kind.STICKER: Wording.STICKER,
    Kind.UNSUPPORTED: Wording.UNSUPPORTED,
}


def decide(s: Situation) -> Decision:
    """The decision before the assistant is asked. The order of these tests is the order of what must never fail."""
    if s.kind is Kind.GROUP:
        return Say((Wording.GROUP,))
    if s.opt_out or s.keyword is Keyword.STOP:
        return OptOut(confirm=not s.contact.stopped)
    if s.keyword in {Keyword.START, Keyword.JOIN}:
        return OptIn(campaigns=s.keyword is Keyword.JOIN)
    if s.keyword is Keyword.HELP:
        return _call_human(s, Priority.P2, Reason.HELP, first=(Wording.HELP,))
    # "a person" may also be the answer to "who is at risk?"
    if s.keyword is Keyword.HUMAN and not s.contact.stopped and not s.conversation.report_open:
        return _call_human(s, Priority.P2, Reason.ASKS_HUMAN)
    if s.conversation.state is State.OPERATOR:
        return ForwardToOperator()
    if s.contact.stopped:
        return _after_stop(s)
    if s.kind in _FOR_HUMANS:
        priority, reason, text = _FOR_HUMANS[s.kind]
        return _call_human(s, priority, reason, first=(text,))
    if s.kind in _IN_WORDS_PLEASE:
        return Say((_IN_WORDS_PLEASE[s.kind],))
    if s.conversation.state is State.WAITING:
        return _while_waiting(s)
    if s.verdict.priority is not None and s.verdict.priority <= Priority.P1:
        return Enqueue(s.verdict.priority, s.verdict.reasons)
    return _ask(s)


def _after_stop(s: Situation) -> Decision:
    """Whoever has stopped is told nothing, but nothing grave of theirs goes unseen."""
    if s.keyword is Keyword.MENU:  # Telegram's own START
        return OptIn(campaigns=False)
    if s.raised and s.verdict.priority is not None:
        return Enqueue(s.verdict.priority, s.verdict.reasons, silent=True)
    if s.kind in _FOR_HUMANS:
        priority, reason, _ = _FOR_HUMANS[s.kind]
        return Enqueue(priority, (reason,), silent=True)
    return Drop("stopped")


def _ask(s: Situation) -> AskBot:
    if s.payload is None and (s.keyword is Keyword.MENU or (s.wordless and not s.conversation.report_open)):
        return AskBot("/greet")
    return AskBot(s.payload)


def _call_human(s: Situation, priority: Priority, reason: str, first: tuple[Wording, ...] = ()) -> Decision:
    """Enqueue for `reason` besides whatever the rules found; an operator who already has it just reads on."""
    if s.conversation.state is State.OPERATOR:
        return ForwardToOperator()
    found = s.verdict.priority
    return Enqueue(priority if found is None else min(priority, found), (reason, *s.verdict.reasons), first)


def _while_waiting(s: Situation) -> Decision:
    """Hold the line: safety first, then at most a word now and then. A report that has begun may be finished."""
    if s.payload == SAFE_YES:
        return Say((Wording.WAITING_SAFE_YES,))
    if s.payload == SAFE_NO:
        return Say((Wording.WAITING_UNSAFE,))
    current = s.conversation.priority
    found = s.verdict.priority
    if found is not None and (current is None or found < current):
        return Enqueue(found, s.verdict.reasons)
    if s.conversation.report_open and (current is None or current > Priority.P1):
        return _ask(s)
    if s.conversation.held_at is None:
        return Say((Wording.WAITING_SAFE,))
    if s.now - s.conversation.held_at >= HOLD_EVERY:
        return Say((Wording.WAITING,))
    return Drop("held")


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of the assistant."""

    text: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant made of a message. An empty answer is no answer: hotline.rasa returns None for it."""

    replies: tuple[Reply, ...]
    understanding: Understanding
    commands: tuple[dict[str, Any], ...] = field(default=())
    form: str | None = None  # the form whose question is open


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from an answer. `report` is the report's fields, once there is one."""

    replies: tuple[Reply, ...] = ()
    enqueue: Enqueue | None = None
    report: dict[str, Any] | None = None
    language: str | None = None
    report_open: bool = False


def after(s: Situation, answer: Answer | None, verdict: Verdict) -> Outcome:
    """The outcome of asking the assistant. `answer` None: it failed, was late or said nothing.

    `verdict` is `s.verdict` with the classifier's understanding added where that counts: not for a tapped button, and
    not for an answer to a report's question, which may be any words.
    """
    if answer is None:
        priority = Priority.P2 if verdict.priority is None else min(Priority.P2, verdict.priority)
        reasons = (Reason.BOT_UNAVAILABLE, *verdict.reasons)
        return Outcome(
            enqueue=Enqueue(priority, reasons, first=(Wording.HOLDING,)), report_open=s.conversation.report_open
        )
    priorities = [] if verdict.priority is None else [verdict.priority]
    reasons = verdict.reasons
    report = language = None
    for command in answer.commands:
        match command.get("name"):
            case "handoff":
                reason = str(command.get("reason", Reason.ASKS_HUMAN))
                priorities.append(Priority.P1 if reason == Reason.DANGER else Priority.P2)
                reasons = (*reasons, reason)
            case "report":
                report = {key: value for key, value in command.items() if key != "name"}
                priorities.append(Priority.P2)
                reasons = (*reasons, Reason.REPORT)
            case "set_language":
                language = str(command.get("language", "")) or None
    return Outcome(
        replies=answer.replies,
        enqueue=Enqueue(min(priorities), tuple(dict.fromkeys(reasons))) if priorities else None,
        report=report,
        language=language,
        report_open=answer.form is not None,
    )
