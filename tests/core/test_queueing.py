"""The queue's order and what was promised."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.core.conversation import Conversation, State
from hotline.core.message import Channel
from hotline.core.queueing import key, wait
from hotline.core.triage import Priority

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _waiting(name: str, priority: Priority | None, minutes: int) -> Conversation:
    since = NOW - timedelta(minutes=minutes)
    return Conversation(name, name, Channel.SMS, state=State.WAITING, priority=priority, waiting_since=since)


def test_the_most_urgent_is_first_and_among_equals_who_has_waited_longest():
    queue = [
        _waiting("old question", Priority.P3, 900),
        _waiting("new danger", Priority.P0, 1),
        _waiting("b", Priority.P1, 30),
        _waiting("a", Priority.P1, 30),
        _waiting("old danger", Priority.P0, 2),
        _waiting("unranked", None, 1000),
    ]
    order = [conversation.id for conversation in sorted(queue, key=key)]
    assert order == ["old danger", "new danger", "a", "b", "unranked", "old question"]


@given(st.lists(st.tuples(st.sampled_from(Priority), st.integers(0, 1000)), max_size=20))
def test_no_two_conversations_share_a_place(waiting):
    keys = [key(_waiting(str(number), *item)) for number, item in enumerate(waiting)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("priority", "minutes", "overdue"),
    [
        (Priority.P0, 2, False), (Priority.P0, 3, True), (Priority.P1, 15, False), (Priority.P1, 16, True),
        (Priority.P2, 240, False), (Priority.P2, 241, True), (Priority.P3, 1440, False), (Priority.P3, 1441, True),
        (None, 1440, False),
    ],
)  # fmt: skip
def test_a_wait_is_overdue_by_the_promise_of_its_priority(priority: Priority | None, minutes: int, overdue: bool):
    standing = wait(_waiting("a", priority, minutes), NOW)
    assert standing.waited == timedelta(minutes=minutes)
    assert standing.overdue is overdue
