"""A conversation's moves: none is illegal, priority only rises, one operator holds it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.core.conversation import (
    HOLD_FOR,
    TRANSITIONS,
    Conversation,
    Move,
    State,
    claim,
    enqueue,
    finish,
    give_back,
)
from hotline.core.errors import Conflict
from hotline.core.message import Channel, Choice
from hotline.core.screening import Finding
from hotline.core.triage import Priority

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FRESH = Conversation("c1", "p1", Channel.SMS)
PRIORITIES = st.sampled_from(Priority)
REASONS = st.lists(st.sampled_from(["help", "violence", "report", "media"]), min_size=1).map(tuple)

LEGAL = {
    State.BOT: {Move.ENQUEUE, Move.CLAIM},
    State.WAITING: {Move.ENQUEUE, Move.CLAIM},
    State.OPERATOR: {Move.ENQUEUE, Move.RETURN, Move.RELEASE, Move.CLOSE},
    State.CLOSED: {Move.ENQUEUE, Move.CLAIM, Move.REOPEN},
}


def _in(state: State, holder: str | None = None) -> Conversation:
    return Conversation("c1", "p1", Channel.SMS, state=state, holder=holder)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_only_the_moves_of_the_table_are_possible(state: State, move: Move):
    if move in LEGAL[state]:
        assert _in(state).move(move).state is TRANSITIONS[state, move]
    else:
        with pytest.raises(Conflict):
            _in(state).move(move)


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_no_series_of_moves_leaves_the_table(moves: list[Move]):
    conversation = FRESH
    for move in moves:
        legal = move in LEGAL[conversation.state]
        try:
            conversation = conversation.move(move)
        except Conflict:
            assert not legal
        else:
            assert legal


def test_from_every_state_a_human_can_be_called_and_can_answer():
    for state in State:
        assert _in(state).move(Move.ENQUEUE).state in {State.WAITING, State.OPERATOR}
        if state is not State.OPERATOR:
            assert claim(_in(state), "amina", NOW).holder == "amina"


@given(st.lists(st.tuples(PRIORITIES, REASONS), min_size=1, max_size=8))
def test_calling_for_a_human_again_only_raises_the_priority_and_keeps_the_place(calls):
    conversation = FRESH
    for minutes, (priority, reasons) in enumerate(calls):
        before = conversation
        conversation = enqueue(conversation, priority, reasons, NOW + timedelta(minutes=minutes))
        assert before.priority is None or conversation.priority <= before.priority
        assert set(before.reasons) | set(reasons) == set(conversation.reasons)
        assert len(set(conversation.reasons)) == len(conversation.reasons)
    assert conversation.priority == min(priority for priority, _ in calls)
    assert conversation.waiting_since == NOW
    assert conversation.state is State.WAITING


def test_an_operator_keeps_the_conversation_when_it_becomes_more_urgent():
    held = claim(enqueue(FRESH, Priority.P2, ("report",), NOW), "amina", NOW)
    worse = enqueue(held, Priority.P0, ("attack_now",), NOW)
    assert (worse.state, worse.holder, worse.priority) == (State.OPERATOR, "amina", Priority.P0)


def test_a_second_operator_is_told_who_has_it():
    held = claim(enqueue(FRESH, Priority.P2, ("report",), NOW), "amina", NOW)
    with pytest.raises(Conflict) as refused:
        claim(held, "bruno", NOW)
    assert refused.value.holder == "amina"


def test_claiming_again_what_one_holds_renews_it():
    held = claim(FRESH, "amina", NOW)
    again = claim(held, "amina", NOW + timedelta(minutes=3))
    assert again.holder_until == NOW + timedelta(minutes=3) + HOLD_FOR


def test_what_goes_back_to_the_queue_keeps_the_time_it_has_waited():
    held = claim(enqueue(FRESH, Priority.P1, ("captive",), NOW), "amina", NOW + timedelta(minutes=5))
    back = give_back(held, NOW + timedelta(hours=1), "returned")
    assert (back.state, back.waiting_since, back.priority) == (State.WAITING, NOW, Priority.P1)
    assert (back.holder, back.holder_until) == (None, None)
    assert back.reasons == ("captive", "returned")


def test_what_nobody_had_flagged_comes_back_with_a_priority_so_that_the_queue_can_order_it():
    back = give_back(claim(FRESH, "amina", NOW), NOW, "transferred")
    assert (back.priority, back.waiting_since) == (Priority.P2, NOW)


@pytest.mark.parametrize(("move", "state"), [(Move.RELEASE, State.BOT), (Move.CLOSE, State.CLOSED)])
def test_the_end_of_a_conversation_forgets_what_raised_it_but_not_the_language(move: Move, state: State):
    held = Conversation(
        "c1", "p1", Channel.SMS, state=State.OPERATOR, language="so", language_chosen=True, priority=Priority.P0,
        reasons=("violence",), findings=(Finding("violence", "w", "so", 0.9),), waiting_since=NOW, holder="amina",
        holder_until=NOW, choices=(Choice("Yes", "y"),), report_open=True, said=("handoff",), held_at=NOW, fence=7,
    )  # fmt: skip
    ended = finish(held, move)
    assert ended == Conversation("c1", "p1", Channel.SMS, state=state, language="so", language_chosen=True, fence=7)


@pytest.mark.parametrize("state", [State.BOT, State.WAITING, State.CLOSED])
def test_only_what_an_operator_holds_can_end_or_return(state: State):
    for move in (Move.RELEASE, Move.CLOSE):
        with pytest.raises(Conflict):
            finish(_in(state), move)
    with pytest.raises(Conflict):
        give_back(_in(state), NOW, "returned")
