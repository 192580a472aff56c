"""Intake and its worker: from a kept message to a turn that is written whole.

`Intake` does one durable insert per batch and nothing else inside a request. `InboxWorker` takes conversations one at
a time, their messages in order, and turns each into what `core.routing` decides.
"""

import asyncio
import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from hotline.core import choices, language, routing, triage
from hotline.core.conversation import Conversation, Move, State, enqueue
from hotline.core.delivery import split
from hotline.core.errors import Conflict, HotlineError, LeaseLost, Unavailable
from hotline.core.message import Author, Channel, Choice, Inbound, Kind
from hotline.core.ports import Assistant, Clock, Detector, IntakeStore, Presence, Texts, WorkStore
from hotline.core.records import Draft, Lease, Received, Turn
from hotline.core.routing import Enqueue, Outcome, Reply, Situation
from hotline.core.safety import Keywords
from hotline.core.screening import Finding, Lexicon
from hotline.core.triage import Priority
from hotline.core.wording import Wording

log = structlog.get_logger()

CONFIRM_WITHIN = 3.0  # seconds: then the webhook is answered 503 and the provider's own retry or fallback takes over
_BATCH = 256


class Intake:
    """Group commit: while one batch is being written the next one gathers, so that load makes batches, not queues."""

    def __init__(self, store: IntakeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[Inbound, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def accept(self, message: Inbound) -> bool:
        """Return once the message is on the disks of a majority: True if it is new, False if we had it.

        Raise `Unavailable` when that is not confirmed within `CONFIRM_WITHIN` seconds.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            return await asyncio.wait_for(kept, CONFIRM_WITHIN)
        except TimeoutError:
            raise Unavailable("database") from None

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            batch = [(message, kept) for message, kept in batch if not kept.done()]
            # the same message twice in one batch must find itself a duplicate
            unique = {(message.channel, message.provider_id): message for message, _ in batch}
            outcomes = dict(zip(unique, await self._add(list(unique.values())), strict=True))
            for message, kept in batch:
                if kept.done():
                    continue
                key = (message.channel, message.provider_id)
                outcome = outcomes[key]
                if isinstance(outcome, HotlineError):
                    kept.set_exception(outcome)
                else:
                    kept.set_result(outcome)
                    outcomes[key] = False

    async def _add(self, messages: list[Inbound]) -> list[bool | HotlineError]:
        """What became of each message. One that cannot be kept is found by halves and refused alone."""
        try:
            return list(await self._store.add(messages, self._clock()))
        except Unavailable as error:
            return [error for _ in messages]
        except Exception as error:  # noqa: BLE001 -- a defect must not leave those who wait without an answer
            if len(messages) > 1:
                half = len(messages) // 2
                return await self._add(messages[:half]) + await self._add(messages[half:])
            log.error("intake_defect", error=type(error).__name__)  # noqa: TRY400 -- a trace may quote text
            return [error if isinstance(error, HotlineError) else Unavailable("database")]

    async def close(self) -> None:
        """Finish what is being written."""
        if self._writer:
            with contextlib.suppress(HotlineError):
                await self._writer


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


# Kinds whose text is not the person's own writing: coordinates, a shared name and number, an emoji.
_NOT_WRITTEN = frozenset({Kind.LOCATION, Kind.CONTACT, Kind.STICKER, Kind.GROUP})

BACK_OFF = timedelta(seconds=5)


class InboxWorker:
    """Runs `step` until nothing is due. Any number of workers may run; a conversation is in one hand at a time."""

    def __init__(
        self, store: WorkStore, assistant: Assistant, presence: Presence, rules: InboxRules, clock: Clock
    ) -> None:
        self._store = store
        self._assistant = assistant
        self._presence = presence
        self._rules = rules
        self._clock = clock

    async def step(self) -> bool:
        """Deal with all messages of one due conversation; False when none is due."""
        lease = await self._store.lease(self._clock())
        if lease is None:
            return False
        try:
            while received := await self._store.next(lease.conversation.id):
                lease = await self._handle(received, lease)
        except LeaseLost:
            return True
        except HotlineError as error:
            log.warning("turn_failed", conversation=lease.conversation.id, error=type(error).__name__)
            with contextlib.suppress(HotlineError):
                await self._store.release(lease, retry_at=self._clock() + BACK_OFF)
            return True
        await self._store.release(lease)
        return True

    async def _handle(self, received: Received, lease: Lease) -> Lease:
        """One message, decided again from the start where an operator changed the conversation meanwhile."""
        while True:
            turn = await self._safe_turn(received, lease)
            try:
                await self._store.commit(turn, lease, self._clock())
            except Conflict:
                lease = await self._store.refresh(lease)
                continue
            return await self._store.refresh(lease)

    async def _safe_turn(self, received: Received, lease: Lease) -> Turn:
        """A message that our own rules stumble over goes to a human instead of blocking those behind it."""
        try:
            return await self._turn(received, lease)
        except HotlineError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever the defect, the person must not be lost to it
            log.error("turn_defect", conversation=lease.conversation.id, error=type(error).__name__)  # noqa: TRY400
        conversation = replace(lease.conversation, language=lease.conversation.language or self._rules.default_language)
        if conversation.state is State.CLOSED:
            conversation = conversation.move(Move.REOPEN)
        writer = _Writer(received, conversation, self._rules, self._clock())
        if conversation.state is not State.OPERATOR:
            reasons = (triage.Reason.BOT_UNAVAILABLE,)
            await self._enqueue(writer, Enqueue(Priority.P2, reasons, first=(Wording.HOLDING,)))
        return writer.turn()

    async def _turn(self, received: Received, lease: Lease) -> Turn:
        rules, now = self._rules, self._clock()
        received = self._chosen(received, lease.conversation)
        written = received.text if received.payload is None and received.kind not in _NOT_WRITTEN else ""
        settled = language.settle(
            rules.keywords.guess(written, rules.detector.guess),
            lease.conversation.language,
            rules.default_language,
            rules.languages,
            chosen=lease.conversation.language_chosen,
        )
        found = rules.lexicon.find(written, settled.language) if written else ()
        conversation = replace(
            lease.conversation,
            language=settled.language,
            findings=_merged(lease.conversation.findings, found),
        )
        if conversation.state is State.CLOSED:
            conversation = conversation.move(Move.REOPEN)
        situation = Situation(
            conversation=conversation,
            contact=lease.contact,
            kind=received.kind,
            now=now,
            payload=received.payload,
            opt_out=received.opt_out,
            keyword=rules.keywords.find(written),
            verdict=triage.judge(conversation.findings, rules.lexicon.signs, language_known=settled.known),
            raised=bool(found),
            wordless=received.kind is Kind.TEXT and not any(char.isalnum() for char in received.text),
        )
        writer = _Writer(received, conversation, rules, now)
        return await self._carry_out(situation, received, writer, known=settled.known)

    def _chosen(self, received: Received, conversation: Conversation) -> Received:
        """A number or title typed back becomes the choice it means; a stale button is just its text."""
        if received.kind is Kind.CHOICE and received.payload:
            return received
        if received.kind is Kind.TEXT and (choice := choices.select(conversation.choices, received.text)):
            return replace(received, payload=choice.payload)
        return received

    async def _carry_out(self, s: Situation, received: Received, writer: "_Writer", *, known: bool) -> Turn:
        decision = routing.decide(s)
        match decision:
            case routing.AskBot(payload):
                return await self._ask(s, received, writer, payload, known=known)
            case routing.Enqueue():
                await self._enqueue(writer, decision)
                if not decision.silent:
                    writer.hold_if_nothing_is_said(s)
            case routing.Say(texts):
                for text in texts:
                    writer.say(text)
            case routing.OptOut(confirm):
                writer.opt_out(confirm=confirm)
            case routing.OptIn(campaigns):
                writer.opt_in(campaigns=campaigns)
            case routing.ForwardToOperator():
                writer.rise(s)
            case routing.Drop(reason):
                log.info("held", conversation=s.conversation.id, reason=reason)
        return writer.turn()

    async def _ask(
        self, s: Situation, received: Received, writer: "_Writer", payload: str | None, *, known: bool
    ) -> Turn:
        assert s.conversation.language is not None, "settled above"
        answer = await self._assistant.ask(
            received, payload, s.conversation.language, in_report=s.conversation.report_open
        )
        counts = answer is not None and payload is None and not s.conversation.report_open
        verdict = triage.judge(
            s.conversation.findings,
            self._rules.lexicon.signs,
            answer.understanding if answer and counts else None,
            language_known=known,
        )
        outcome = routing.after(s, answer, verdict)
        writer.follow(outcome)
        if outcome.enqueue and not outcome.report_open:
            writer.reply(outcome.replies)
            await self._enqueue(writer, outcome.enqueue)
        else:  # an open question of the assistant comes last
            if outcome.enqueue:
                await self._enqueue(writer, outcome.enqueue)
            writer.reply(outcome.replies)
        return writer.turn()

    async def _enqueue(self, writer: "_Writer", decision: Enqueue) -> None:
        writer.enqueue(decision, staffed=await self._presence.staffed(self._clock()))


def _merged(known: tuple[Finding, ...], new: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings add up over the conversation: the surest of each sign; a later denial does not erase one."""
    best = {finding.sign: finding for finding in known}
    for finding in new:
        if finding.sign not in best or best[finding.sign].confidence < finding.confidence:
            best[finding.sign] = finding
    return tuple(best.values())


class _Writer:
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
