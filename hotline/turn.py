"""What one inbound message leads to, gathered until it is written whole."""

from dataclasses import dataclass, replace
from datetime import datetime

from hotline.core import routing, triage
from hotline.core.conversation import Conversation, State, enqueue
from hotline.core.delivery import split
from hotline.core.message import Author, Channel, Choice
from hotline.core.ports import Detector, Texts
from hotline.core.records import Draft, Received, Turn
from hotline.core.routing import Enqueue, Outcome, Reply, Situation
from hotline.core.safety import Keywords
from hotline.core.screening import Lexicon
from hotline.core.wording import Wording


@dataclass(frozen=True)
class InboxRules:
    """What the worker's decisions need besides the conversation: data of the deployment, all immutable."""

    lexicon: Lexicon
    keywords: Keywords
    detector: Detector
    texts: Texts
    languages: frozenset[str]
    default_language: str
    emergency: str | None  # the region's emergency number, where it may be shown
    limits: dict[Channel, int]  # characters of one message


class TurnWriter:
    """Gathers what one message leads to; `turn` is the whole of it."""

    def __init__(self, received: Received, conversation: Conversation, rules: InboxRules, now: datetime) -> None:
        self._received = received
        self._conversation = conversation
        self._rules = rules
        self._now = now
        self._drafts: list[Draft] = []
        self._contact: dict[str, object] = {"language": conversation.language}
        self._report: dict[str, object] | None = None
        self._cancel = False
        self._silent = False

    def turn(self) -> Turn:
        return Turn(
            received=self._received,
            conversation=self._conversation,
            drafts=tuple(self._drafts),
            contact=self._contact,
            report=self._report,
            cancel_outbox=self._cancel,
        )

    def say(self, text: Wording, *, final: bool = False) -> None:
        """One of our own texts; those that hold the line remember that it was held."""
        asks = text is Wording.WAITING_SAFE
        options = (Choice(Wording.YES, routing.SAFE_YES), Choice(Wording.NO, routing.SAFE_NO)) if asks else ()
        if text in {Wording.WAITING_SAFE, Wording.WAITING}:
            self._conversation = replace(self._conversation, held_at=self._now)
        said = self._translate(text).replace("{emergency}", self._rules.emergency or "")
        self._add(said, Author.SYSTEM, tuple(replace(c, title=self._translate(c.title)) for c in options), final=final)

    def reply(self, replies: tuple[Reply, ...]) -> None:
        for reply in replies:
            self._add(reply.text, Author.BOT, reply.choices)

    def _add(self, text: str, author: Author, options: tuple[Choice, ...], *, final: bool = False) -> None:
        if self._silent:
            return
        self._conversation = replace(self._conversation, choices=options)
        parts = split(text, self._rules.limits[self._conversation.channel])
        for number, part in enumerate(parts, 1):
            self._drafts.append(
                Draft(
                    id=f"o{self._received.id[1:]}.{len(self._drafts):02}",
                    author=author,
                    text=part,
                    language=self._language,
                    choices=options if number == len(parts) else (),
                    final=final,
                )
            )

    @property
    def _language(self) -> str:
        return self._conversation.language or self._rules.default_language

    def _translate(self, text: str) -> str:
        return self._rules.texts.get(self._language, text)

    def opt_out(self, *, confirm: bool) -> None:
        self._cancel = True
        # from when they wrote it: whoever writes again before we come to read it may be answered
        self._contact |= {"stopped_at": self._received.at, "opted_in_at": None}
        if self._conversation.state in {State.WAITING, State.OPERATOR}:
            self.rise_for(triage.Reason.STOPPED)
        if confirm:
            self.say(Wording.STOPPED, final=True)

    def opt_in(self, *, campaigns: bool) -> None:
        self._contact |= {"stopped_at": None} | ({"opted_in_at": self._now} if campaigns else {})
        self.say(Wording.JOINED if campaigns else Wording.STARTED)

    def rise(self, s: Situation) -> None:
        """An operator has it: priority and reasons may rise, nothing is said."""
        if s.verdict.priority is not None:
            self._conversation = enqueue(self._conversation, s.verdict.priority, s.verdict.reasons, self._now)

    def rise_for(self, reason: str) -> None:
        priority = self._conversation.rank
        self._conversation = enqueue(self._conversation, priority, (reason,), self._now)

    def enqueue(self, decision: Enqueue, *, staffed: bool) -> None:
        """Into the queue; the person hears what happens next once, and the emergency number with it."""
        before = self._conversation
        self._conversation = enqueue(before, decision.priority, decision.reasons, self._now)
        self._contact["reporter"] = True
        if decision.silent:
            self._silent = True
            return
        if triage.Reason.HELP in decision.reasons:
            self._contact["stopped_at"] = None  # whoever cries for help after STOP wants an answer
        for text in decision.first:
            self.say(text)
        if before.state is not State.OPERATOR:
            self._say_once(Wording.HANDOFF_STAFFED if staffed else Wording.HANDOFF_UNSTAFFED, "handoff")
            self._say_once(Wording.EMERGENCY if self._rules.emergency else Wording.NO_EMERGENCY, "emergency")

    def hold_if_nothing_is_said(self, s: Situation) -> None:
        """Whoever tells something grave in the middle of it must not meet silence because all was said before."""
        if not self._drafts and s.conversation.state is State.WAITING:
            self.say(Wording.WAITING if self._conversation.held_at else Wording.WAITING_SAFE)

    def _say_once(self, text: Wording, name: str) -> None:
        if name not in self._conversation.said:
            self._conversation = replace(self._conversation, said=(*self._conversation.said, name))
            self.say(text)

    def follow(self, outcome: Outcome) -> None:
        """What the assistant's answer changes besides what is said."""
        self._report = outcome.report
        self._conversation = replace(self._conversation, report_open=outcome.report_open)
        if outcome.report is not None:
            self._contact["reporter"] = True
        if outcome.language in self._rules.languages:
            self._conversation = replace(self._conversation, language=outcome.language, language_chosen=True)
            self._contact["language"] = outcome.language
