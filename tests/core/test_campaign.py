"""Who gets an awareness message, and who never does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline.core.campaign import Campaign, may_receive
from hotline.core.contact import Contact
from hotline.core.conversation import Conversation, State
from hotline.core.message import Channel
from hotline.core.triage import Priority

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAMPAIGN = Campaign("k1", "Offers", Channel.SMS, {"en": "Check the offer.", "sw": "Angalia kazi."}, "carla", NOW)
PERSON = Contact(
    "p1", Channel.SMS, language="sw", opted_in_at=NOW - timedelta(days=30), last_seen=NOW - timedelta(days=30)
)
QUIET = Conversation("c1", "p1", Channel.SMS)


def test_who_asked_for_safety_messages_gets_one():
    assert may_receive(CAMPAIGN, PERSON, QUIET, NOW)
    assert may_receive(CAMPAIGN, PERSON, None, NOW)
    assert may_receive(CAMPAIGN, PERSON, replace(QUIET, state=State.CLOSED), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"opted_in_at": None}, id="never asked"),
        pytest.param({"stopped_at": NOW}, id="said STOP"),
        pytest.param({"reporter": True}, id="has reported or been flagged"),
        pytest.param({"language": "so"}, id="no text in their language"),
        pytest.param({"language": None}, id="language not known"),
        pytest.param({"channel": Channel.TELEGRAM}, id="another channel"),
    ],
)
def test_who_never_gets_one(changes: dict[str, Any]):
    assert not may_receive(CAMPAIGN, replace(PERSON, **changes), QUIET, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": State.WAITING}, id="waits for a human"),
        pytest.param({"state": State.OPERATOR}, id="talks with a human"),
        pytest.param({"report_open": True}, id="in the middle of a report"),
        pytest.param({"priority": Priority.P3}, id="flagged"),
        pytest.param({"priority": Priority.P0}, id="flagged most urgently"),
    ],
)
def test_no_message_breaks_into_an_open_conversation(changes: dict[str, Any]):
    assert not may_receive(CAMPAIGN, PERSON, replace(QUIET, **changes), NOW)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [(timedelta(hours=23, minutes=59), True), (timedelta(hours=24), False), (timedelta(days=9), False), (None, False)],
)
def test_whatsapp_carries_free_text_for_a_day_after_the_last_message(seen: timedelta | None, expected: bool):
    campaign = replace(CAMPAIGN, channel=Channel.WHATSAPP)
    last_seen = None if seen is None else NOW - seen
    assert may_receive(campaign, replace(PERSON, channel=Channel.WHATSAPP, last_seen=last_seen), QUIET, NOW) is expected
