"""The worker of the inbox: one conversation at a time, its messages in order, each as `core.routing` decides."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import structlog

from hotline.core import choices, language, routing, triage
from hotline.core.conversation import Conversation, Move, State
from hotline.core.errors import Conflict, HotlineError, LeaseLost
from hotline.core.message import Kind
from hotline.core.ports import Assistant, Clock, Presence, WorkStore
from hotline.core.records import Lease, Received, Turn
from hotline.core.routing import Enqueue, Situation
from hotline.core.screening import Finding
from hotline.core.triage import Priority
from hotline.core.wording import Wording
from hotline.turn import InboxRules, TurnWriter

log = structlog.get_logger()

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
        writer = TurnWriter(received, conversation, self._rules, self._clock())
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
        writer = TurnWriter(received, conversation, rules, now)
        return await self._carry_out(situation, received, writer, known=settled.known)

    def _chosen(self, received: Received, conversation: Conversation) -> Received:
        """A number or title typed back becomes the choice it means; a stale button is just its text."""
        if received.kind is Kind.CHOICE and received.payload:
            return received
        if received.kind is Kind.TEXT and (choice := choices.select(conversation.choices, received.text)):
            return replace(received, payload=choice.payload)
        return received

    async def _carry_out(self, s: Situation, received: Received, writer: "TurnWriter", *, known: bool) -> Turn:
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
        self, s: Situation, received: Received, writer: "TurnWriter", payload: str | None, *, known: bool
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

    async def _enqueue(self, writer: "TurnWriter", decision: Enqueue) -> None:
        writer.enqueue(decision, staffed=await self._presence.staffed(self._clock()))


def _merged(known: tuple[Finding, ...], new: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings add up over the conversation: the surest of each sign; a later denial does not erase one."""
    best = {finding.sign: finding for finding in known}
    for finding in new:
        if finding.sign not in best or best[finding.sign].confidence < finding.confidence:
            best[finding.sign] = finding
    return tuple(best.values())
