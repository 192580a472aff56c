"""What one message leads to: STOP and a cry for help before all, a human for what only a human can take in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.core.contact import Contact
from hotline.core.conversation import Conversation, State
from hotline.core.message import Channel, Kind
from hotline.core.routing import (
    HOLD_EVERY,
    SAFE_NO,
    SAFE_YES,
    Answer,
    AskBot,
    Decision,
    Drop,
    Enqueue,
    ForwardToOperator,
    OptIn,
    OptOut,
    Reply,
    Say,
    Situation,
    after,
    decide,
)
from hotline.core.safety import Keyword
from hotline.core.triage import NOTHING, Priority, Reason, Understanding, Verdict
from hotline.core.wording import Wording

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
P0, P1, P2, P3 = Priority
DANGER = Verdict(P0, ("attack_now",))
HARM = Verdict(P1, ("captive",))
SIGNS = Verdict(P2, ("unpaid",))


def _situation(state: State = State.BOT, kind: Kind = Kind.TEXT, **changes: Any) -> Situation:
    of_conversation = {k: changes.pop(k) for k in ("priority", "held_at", "report_open") if k in changes}
    stopped = changes.pop("stopped", False)
    conversation = Conversation("c1", "p1", Channel.SMS, state=state, language="en", **of_conversation)
    contact = Contact("p1", Channel.SMS, stopped_at=NOW - timedelta(days=1) if stopped else None)
    return Situation(conversation, contact, kind, NOW, **changes)


def _call(priority: Priority, *reasons: str, first: Wording) -> Enqueue:
    return Enqueue(priority, reasons, (first,))


TABLE = [
    ("the assistant answers", {}, AskBot()),
    ("a button's meaning goes to the assistant", {"payload": "/affirm"}, AskBot("/affirm")),
    ("a person, please", {"keyword": Keyword.HUMAN}, Enqueue(Priority.P2, (Reason.ASKS_HUMAN,))),
    ("a person, as the answer to a report's question", {"keyword": Keyword.HUMAN, "report_open": True}, AskBot()),
    ("the menu is the assistant's greeting", {"keyword": Keyword.MENU}, AskBot("/greet")),
    ("signs of exploitation: the assistant answers, then the queue", {"verdict": SIGNS, "raised": True}, AskBot()),
    ("serious harm goes to a human at once", {"verdict": HARM}, Enqueue(P1, ("captive",))),
    ("life or limb goes to a human at once", {"verdict": DANGER}, Enqueue(P0, ("attack_now",))),
    ("STOP", {"keyword": Keyword.STOP}, OptOut(confirm=True)),
    ("the provider's own word of STOP", {"opt_out": True}, OptOut(confirm=True)),
    ("STOP again is confirmed once only", {"keyword": Keyword.STOP, "stopped": True}, OptOut(confirm=False)),
    ("STOP while waiting", {"state": State.WAITING, "keyword": Keyword.STOP}, OptOut(confirm=True)),
    ("STOP to an operator", {"state": State.OPERATOR, "keyword": Keyword.STOP}, OptOut(confirm=True)),
    ("STOP with danger in the same conversation", {"keyword": Keyword.STOP, "verdict": DANGER}, OptOut(confirm=True)),
    ("START", {"keyword": Keyword.START, "stopped": True}, OptIn(campaigns=False)),
    ("JOIN", {"keyword": Keyword.JOIN}, OptIn(campaigns=True)),
    ("HELP calls a human", {"keyword": Keyword.HELP}, _call(P2, Reason.HELP, first=Wording.HELP)),
    (
        "HELP with danger",
        {"keyword": Keyword.HELP, "verdict": DANGER},
        _call(P0, Reason.HELP, "attack_now", first=Wording.HELP),
    ),
    ("HELP after STOP", {"keyword": Keyword.HELP, "stopped": True}, _call(P2, Reason.HELP, first=Wording.HELP)),
    (
        "HELP while waiting",
        {"state": State.WAITING, "keyword": Keyword.HELP},
        _call(P2, Reason.HELP, first=Wording.HELP),
    ),
    ("HELP to an operator is read live", {"state": State.OPERATOR, "keyword": Keyword.HELP}, ForwardToOperator()),
    ("the assistant is silent while an operator answers", {"state": State.OPERATOR}, ForwardToOperator()),
    ("danger while an operator answers", {"state": State.OPERATOR, "verdict": DANGER}, ForwardToOperator()),
    ("a picture to an operator", {"state": State.OPERATOR, "kind": Kind.IMAGE}, ForwardToOperator()),
    ("whoever has stopped is told nothing", {"stopped": True}, Drop("stopped")),
    (
        "a picture after STOP is shown to a human, silently",
        {"stopped": True, "kind": Kind.IMAGE},
        Enqueue(Priority.P2, (Reason.MEDIA,), silent=True),
    ),
    (
        "danger after STOP reaches a human, silently",
        {"stopped": True, "verdict": DANGER, "raised": True},
        Enqueue(P0, ("attack_now",), silent=True),
    ),
    ("old danger after STOP is not raised again", {"stopped": True, "verdict": DANGER}, Drop("stopped")),
    ("waiting: first the safety question", {"state": State.WAITING, "priority": P2}, Say((Wording.WAITING_SAFE,))),
    ("waiting: then silence", {"state": State.WAITING, "priority": P2, "held_at": NOW}, Drop("held")),
    (
        "waiting: a word now and then",
        {"state": State.WAITING, "priority": P2, "held_at": NOW - HOLD_EVERY},
        Say((Wording.WAITING,)),
    ),
    ("waiting: safe", {"state": State.WAITING, "payload": SAFE_YES, "held_at": NOW}, Say((Wording.WAITING_SAFE_YES,))),
    ("waiting: not safe", {"state": State.WAITING, "payload": SAFE_NO, "held_at": NOW}, Say((Wording.WAITING_UNSAFE,))),
    (
        "waiting: it became worse",
        {"state": State.WAITING, "priority": P2, "held_at": NOW, "verdict": DANGER},
        Enqueue(P0, ("attack_now",)),
    ),
    (
        "waiting: as bad as before",
        {"state": State.WAITING, "priority": P0, "held_at": NOW, "verdict": HARM},
        Drop("held"),
    ),
    ("waiting: a report may be finished", {"state": State.WAITING, "priority": P2, "report_open": True}, AskBot()),
    (
        "waiting: in serious harm no more questions",
        {"state": State.WAITING, "priority": P1, "report_open": True},
        Say((Wording.WAITING_SAFE,)),
    ),
    ("a group is asked to write in private", {"kind": Kind.GROUP}, Say((Wording.GROUP,))),
]


@pytest.mark.parametrize(("changes", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_the_decision(changes: dict[str, Any], expected: Decision):
    assert decide(_situation(**changes)) == expected


KINDS: dict[Kind, Decision] = {
    Kind.TEXT: AskBot(),
    Kind.CHOICE: AskBot(),
    Kind.EDITED: AskBot(),  # the new text is a turn of its own
    Kind.VOICE: _call(P2, Reason.VOICE, first=Wording.VOICE),
    Kind.LOCATION: _call(P2, Reason.LOCATION, first=Wording.LOCATION),
    Kind.IMAGE: _call(P2, Reason.MEDIA, first=Wording.MEDIA),
    Kind.VIDEO: _call(P2, Reason.MEDIA, first=Wording.MEDIA),
    Kind.DOCUMENT: _call(P2, Reason.MEDIA, first=Wording.MEDIA),
    Kind.CONTACT: _call(P3, Reason.SHARED_CONTACT, first=Wording.CONTACT),
    Kind.STICKER: Say((Wording.STICKER,)),
    Kind.UNSUPPORTED: Say((Wording.UNSUPPORTED,)),
    Kind.GROUP: Say((Wording.GROUP,)),
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_message_has_an_answer_of_its_own(kind: Kind):
    assert decide(_situation(kind=kind)) == KINDS[kind]


def test_a_picture_with_words_of_danger_is_as_urgent_as_the_words():
    decision = decide(_situation(kind=Kind.IMAGE, verdict=DANGER))
    assert decision == _call(P0, Reason.MEDIA, "attack_now", first=Wording.MEDIA)


SITUATIONS = st.builds(
    Situation,
    conversation=st.builds(
        Conversation,
        id=st.just("c1"),
        contact=st.just("p1"),
        channel=st.sampled_from(Channel),
        state=st.sampled_from(State),
        priority=st.none() | st.sampled_from(Priority),
        held_at=st.sampled_from([None, NOW, NOW - HOLD_EVERY]),
        report_open=st.booleans(),
    ),
    contact=st.builds(
        Contact, id=st.just("p1"), channel=st.sampled_from(Channel), stopped_at=st.sampled_from([None, NOW])
    ),
    kind=st.sampled_from(Kind),
    now=st.just(NOW),
    payload=st.sampled_from([None, SAFE_YES, SAFE_NO, "/affirm", "anything"]),
    opt_out=st.booleans(),
    keyword=st.none() | st.sampled_from(Keyword),
    verdict=st.sampled_from([NOTHING, DANGER, HARM, SIGNS]),
    raised=st.booleans(),
)


@settings(max_examples=400)
@given(SITUATIONS)
def test_there_is_a_decision_in_every_situation(s: Situation):
    decision = decide(s)
    assert isinstance(decision, get_args(Decision))
    private = s.kind is not Kind.GROUP
    if private and (s.opt_out or s.keyword is Keyword.STOP):
        assert isinstance(decision, OptOut)
    if isinstance(decision, AskBot):
        assert s.conversation.state is not State.OPERATOR, "the assistant is silent"
        assert not s.contact.stopped or s.keyword is not None
    if isinstance(decision, Drop) and not s.contact.stopped:
        assert s.conversation.held_at is not None, "silence only after a word"
    fresh = private and not s.contact.stopped and s.keyword is None and not s.opt_out
    if (
        fresh
        and s.conversation.state is State.BOT
        and s.verdict is DANGER
        and s.kind not in {Kind.STICKER, Kind.UNSUPPORTED}
    ):
        assert isinstance(decision, Enqueue)
        assert decision.priority is P0


GREETED = Answer((Reply("Hello."),), Understanding("greet", 0.9))


def test_an_answer_is_passed_on():
    outcome = after(_situation(), GREETED, NOTHING)
    assert (outcome.replies, outcome.enqueue, outcome.report, outcome.language) == (GREETED.replies, None, None, None)


@pytest.mark.parametrize(("verdict", "priority"), [(NOTHING, P2), (SIGNS, P2), (HARM, P1), (DANGER, P0)])
def test_no_answer_calls_a_human_with_a_holding_message(verdict: Verdict, priority: Priority):
    outcome = after(_situation(report_open=True), None, verdict)
    assert outcome.enqueue == Enqueue(priority, (Reason.BOT_UNAVAILABLE, *verdict.reasons), first=(Wording.HOLDING,))
    assert outcome.report_open, "the report goes on when the assistant is back"
    assert outcome.replies == ()


@pytest.mark.parametrize(
    ("command", "priority", "reason"),
    [
        ({"name": "handoff"}, P2, Reason.ASKS_HUMAN),
        ({"name": "handoff", "reason": "danger"}, P1, Reason.DANGER),
        ({"name": "handoff", "reason": "not_understood"}, P2, Reason.NOT_UNDERSTOOD),
        ({"name": "report", "complete": True}, P2, Reason.REPORT),
    ],
)
def test_the_assistant_can_call_a_human(command: dict[str, Any], priority: Priority, reason: str):
    outcome = after(_situation(), replace(GREETED, commands=(command,)), NOTHING)
    assert outcome.enqueue == Enqueue(priority, (reason,))


def test_the_highest_of_rules_and_commands_wins_and_each_reason_stands_once():
    commands = ({"name": "handoff", "reason": "danger"}, {"name": "handoff", "reason": "danger"})
    outcome = after(_situation(), replace(GREETED, commands=commands), Verdict(P2, ("unpaid", "danger")))
    assert outcome.enqueue == Enqueue(P1, ("unpaid", "danger"))


def test_a_report_keeps_its_fields_and_a_form_stays_open():
    report = {"name": "report", "what": "w", "complete": False}
    outcome = after(_situation(), replace(GREETED, commands=(report,), form="report_form"), NOTHING)
    assert outcome.report == {"what": "w", "complete": False}
    assert outcome.report_open


@pytest.mark.parametrize(("command", "expected"), [({"language": "so"}, "so"), ({"language": ""}, None), ({}, None)])
def test_a_language_can_be_chosen(command: dict[str, str], expected: str | None):
    outcome = after(_situation(), replace(GREETED, commands=({"name": "set_language", **command},)), NOTHING)
    assert outcome.language == expected
    assert outcome.enqueue is None


def test_an_unknown_command_does_nothing():
    assert after(_situation(), replace(GREETED, commands=({"name": "dance"}, {})), NOTHING).enqueue is None
