"""From the outbox to the provider: in order, with patience, never twice, never against a person's word."""

import asyncio
from datetime import timedelta

import pytest

from hotline.core.conversation import State
from hotline.core.delivery import MAX_ATTEMPTS
from hotline.core.errors import Fate, SendError
from hotline.core.message import Author, Blocked, Channel, DeliveryReport, Receipt, Status
from hotline.core.records import Draft
from hotline.core.triage import Reason
from hotline.core.wording import Wording
from tests.usecases.parts import AMINA, BRUNO, CARLA, Helpline

ANA = "+254700000001"
BEA = "+254700000002"
BUSY = SendError(Fate.RETRY, "500")
UNCLEAR = SendError(Fate.AMBIGUOUS, "timeout")
BARRED = SendError(Fate.STOP_CONTACT, "21610")


async def _held(helpline: Helpline, address: str = ANA) -> str:
    """A conversation that an operator holds, with nothing left to send."""
    await helpline.writes(address, "help")
    conversation = await helpline.claimed(address)
    helpline.provider.sent.clear()
    return conversation.id


async def _status(helpline: Helpline, address: str = ANA) -> Status | None:
    return (await helpline.said(address))[-1].status


async def test_a_busy_provider_is_tried_again_with_growing_pauses(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors = [BUSY, BUSY, BUSY]
    await helpline.desk.say(AMINA, conversation, "are you safe?")
    started = helpline.clock.now
    waited = []
    while not helpline.provider.sent:
        await helpline.sends()
        if not helpline.provider.sent:
            before = len(helpline.provider.errors)
            while len(helpline.provider.errors) == before and not helpline.provider.sent:
                helpline.clock.passes(seconds=0.5)
                await helpline.sends()
            waited.append((helpline.clock.now - started).total_seconds())
            started = helpline.clock.now
    assert [round(seconds) for seconds in waited] == [2, 4, 8]
    assert helpline.provider.texts() == ["are you safe?"]
    assert await _status(helpline) is Status.SENT


async def test_the_providers_own_pause_is_honoured_even_when_something_new_is_written(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors = [SendError(Fate.RETRY, "429", retry_after=60)]
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.sends()
    helpline.clock.passes(seconds=10)
    await helpline.desk.say(AMINA, conversation, "two")
    await helpline.sends()
    assert helpline.provider.texts() == []
    helpline.clock.passes(seconds=51)
    await helpline.sends()
    assert helpline.provider.texts() == ["one", "two"], "in their order"


async def test_what_will_never_be_taken_is_given_up_and_seen(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors = [SendError(Fate.GIVE_UP, "21211")]
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.desk.say(AMINA, conversation, "two")
    await helpline.sends()
    assert [(message.status, message.code) for message in (await helpline.said(ANA))[-2:]] == [
        (Status.FAILED, "21211"),
        (Status.SENT, None),
    ]
    assert Reason.UNDELIVERED in (await helpline.conversation(ANA)).reasons


async def test_after_the_last_try_a_human_is_told(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors = [BUSY] * MAX_ATTEMPTS
    await helpline.desk.say(AMINA, conversation, "one")
    for _ in range(MAX_ATTEMPTS):
        await helpline.sends()
        helpline.clock.passes(minutes=16)
    assert await _status(helpline) is Status.FAILED
    assert Reason.UNDELIVERED in (await helpline.conversation(ANA)).reasons


async def test_a_provider_that_says_stop_stops_the_contact_and_operators_see_it(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors = [BARRED]
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.desk.say(AMINA, conversation, "two")
    await helpline.sends()
    assert (await helpline.store.contacts.get(helpline.person(ANA))).stopped
    assert Reason.STOPPED in (await helpline.conversation(ANA)).reasons
    assert [message.status for message in (await helpline.said(ANA))[-2:]] == [Status.FAILED, Status.CANCELLED]
    assert helpline.provider.texts() == []


@pytest.mark.parametrize(
    ("known", "status"),
    [
        pytest.param(Receipt("SM77"), Status.SENT, id="it had arrived"),
        pytest.param(
            SendError(Fate.AMBIGUOUS, "cannot_list"), Status.UNCONFIRMED, id="nobody knows: shown to a human"
        ),
    ],
)
async def test_an_unclear_attempt_is_settled_and_never_blindly_repeated(helpline: Helpline, known, status):
    conversation = await _held(helpline)
    helpline.provider.errors, helpline.provider.known = [UNCLEAR], [known]
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.sends()
    assert (await _status(helpline), helpline.provider.settled) == (Status.UNCONFIRMED, [])
    helpline.clock.passes(seconds=5)
    await helpline.sends()
    assert len(helpline.provider.settled) == 1
    assert helpline.provider.texts() == []
    assert await _status(helpline) is status
    told = Reason.UNCONFIRMED in (await helpline.conversation(ANA)).reasons
    assert told == (status is Status.UNCONFIRMED)


async def test_what_the_provider_never_took_is_sent_again_about_a_minute_later(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors, helpline.provider.known = [UNCLEAR], [None] * 9
    await helpline.desk.say(AMINA, conversation, "one")
    for _ in range(58):
        await helpline.sends()
        helpline.clock.passes(seconds=1)
    assert helpline.provider.texts() == [], "the list may lag behind"
    assert len(helpline.provider.settled) == 1
    for _ in range(10):
        await helpline.sends()
        helpline.clock.passes(seconds=1)
    assert helpline.provider.texts() == ["one"]
    assert len(helpline.provider.settled) == 2
    assert Reason.UNCONFIRMED not in (await helpline.conversation(ANA)).reasons


async def test_a_late_worker_too_looks_twice_before_it_sends_again(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors, helpline.provider.known = [UNCLEAR], [None, Receipt("SM77")]
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.sends()
    helpline.clock.passes(minutes=10)
    await helpline.sends()
    assert helpline.provider.texts() == []
    helpline.clock.passes(seconds=6)
    await helpline.sends()
    assert (helpline.provider.texts(), await _status(helpline)) == ([], Status.SENT)


async def test_after_three_unclear_attempts_a_human_decides(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors, helpline.provider.known = [UNCLEAR] * 9, [None] * 99
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.desk.say(AMINA, conversation, "two")
    for _ in range(600):
        await helpline.sends()
        helpline.clock.passes(seconds=1)
        if (await helpline.said(ANA))[-2].status is Status.UNCONFIRMED and len(helpline.provider.errors) < 6:
            break
    assert len(helpline.provider.errors) == 5, "three attempts, then the next message"
    assert Reason.UNCONFIRMED in (await helpline.conversation(ANA)).reasons
    helpline.provider.errors = []
    for _ in range(70):
        await helpline.sends()
        helpline.clock.passes(seconds=1)
    assert helpline.provider.texts() == ["two"], "those behind it are not held up"


async def test_a_provider_that_never_answers_is_left_in_time_and_asked_later(helpline: Helpline, monkeypatch):
    monkeypatch.setattr("hotline.outbox.SEND_WITHIN", 0.2)
    conversation = await _held(helpline)
    await helpline.desk.say(AMINA, conversation, "one")
    helpline.provider.meanwhile = asyncio.Event().wait
    async with asyncio.timeout(10):
        await helpline.sends()
    assert await _status(helpline) is Status.UNCONFIRMED
    helpline.provider.known = [Receipt("SM77")]
    helpline.clock.passes(seconds=6)
    await helpline.sends()
    assert (helpline.provider.texts(), await _status(helpline)) == ([], Status.SENT)


@pytest.mark.parametrize("code", ["20003", "20005", "401", "429"])
async def test_a_message_is_kept_until_the_settings_are_mended_and_then_has_all_its_tries(helpline: Helpline, code):
    conversation = await _held(helpline)
    helpline.provider.errors = [SendError(Fate.RETRY, code)] * (MAX_ATTEMPTS + 6) + [BUSY] * (MAX_ATTEMPTS - 1)
    await helpline.desk.say(AMINA, conversation, "one")
    while helpline.provider.errors:
        before = len(helpline.provider.errors)
        await helpline.sends()
        assert len(helpline.provider.errors) == before - 1, "tried at least every quarter of an hour"
        helpline.clock.passes(seconds=901)
    await helpline.sends()
    assert helpline.provider.texts() == ["one"]
    assert Reason.UNDELIVERED not in (await helpline.conversation(ANA)).reasons


async def test_an_unclear_answer_of_the_assistant_calls_a_human_when_it_cannot_be_settled(helpline: Helpline):
    helpline.provider.errors, helpline.provider.known = [UNCLEAR], [SendError(Fate.AMBIGUOUS, "cannot_list")]
    await helpline.writes(ANA, "hello")
    helpline.clock.passes(seconds=6)
    await helpline.sends()
    conversation = await helpline.conversation(ANA)
    assert (conversation.state, conversation.reasons) == (State.WAITING, (Reason.UNCONFIRMED,))


async def test_an_unclear_safety_message_or_confirmation_of_stop_calls_nobody(helpline: Helpline):
    cannot_list = SendError(Fate.AMBIGUOUS, "cannot_list")
    await helpline.writes(ANA, "JOIN")
    campaign = await helpline.campaigns.write(CARLA, "Offers", Channel.SMS, {"en": "Check the offer."})
    await helpline.campaigns.send(CARLA, campaign.id)
    await helpline.campaigns.step()
    for arrives in (None, "STOP"):
        if arrives:
            await helpline.arrives(ANA, arrives)
            await helpline.works()
        helpline.provider.errors, helpline.provider.known = [UNCLEAR], [cannot_list]
        await helpline.sends()
        helpline.clock.passes(seconds=6)
        await helpline.sends()
        assert await _status(helpline) is Status.UNCONFIRMED
        conversation = await helpline.conversation(ANA)
        assert (conversation.state, conversation.reasons) == (State.BOT, ())


async def test_a_provider_that_is_away_is_asked_for_an_hour_and_then_a_human_is_told(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors, helpline.provider.known = [UNCLEAR], [BUSY] * 1000
    await helpline.desk.say(AMINA, conversation, "one")
    for _ in range(40):
        await helpline.sends()
        helpline.clock.passes(minutes=1)
    assert Reason.UNCONFIRMED not in (await helpline.conversation(ANA)).reasons
    for _ in range(25):
        await helpline.sends()
        helpline.clock.passes(minutes=1)
    assert Reason.UNCONFIRMED in (await helpline.conversation(ANA)).reasons
    assert helpline.provider.texts() == []


async def test_a_worker_killed_while_sending_leaves_the_attempt_to_be_settled(helpline: Helpline):
    conversation = await _held(helpline)
    message_id = await helpline.desk.say(AMINA, conversation, "one")

    async def killed() -> None:
        raise KeyboardInterrupt

    helpline.provider.meanwhile = killed
    with pytest.raises(KeyboardInterrupt):
        await helpline.outbox.step()
    assert await _status(helpline) is Status.SENDING
    await helpline.sends()
    assert helpline.provider.settled == [], "its lease still holds"
    helpline.clock.passes(seconds=41)
    helpline.provider.known = [Receipt("SM9")]
    await helpline.sends()
    assert helpline.provider.settled == [message_id]
    assert helpline.provider.texts() == []
    assert await _status(helpline) is Status.SENT


async def test_another_workers_young_attempt_is_left_alone(helpline: Helpline):
    conversation = await _held(helpline)
    message_id = await helpline.desk.say(AMINA, conversation, "one")
    assert await helpline.store.outgoing.begin(message_id, helpline.clock())
    await helpline.sends()
    helpline.clock.passes(seconds=20)
    await helpline.sends()
    assert (helpline.provider.settled, helpline.provider.texts()) == ([], [])


async def test_answers_of_one_conversation_go_out_in_order_past_those_of_a_failing_one(helpline: Helpline):
    ana, bea = await _held(helpline, ANA), await _held(helpline, BEA)
    await helpline.desk.say(AMINA, ana, "ana 1")
    await helpline.desk.say(AMINA, bea, "bea 1")
    await helpline.desk.say(AMINA, ana, "ana 2")
    helpline.provider.errors = [BUSY]
    await helpline.sends()
    assert helpline.provider.texts() == ["bea 1"]
    helpline.clock.passes(seconds=3)
    await helpline.sends()
    assert helpline.provider.texts(ANA) == ["ana 1", "ana 2"]


async def test_stop_while_an_answer_is_on_its_way_cancels_the_rest_and_is_confirmed(helpline: Helpline):
    await helpline.writes(ANA, "hello")
    await helpline.arrives(ANA, "hello")
    await helpline.works()

    async def stops() -> None:
        await helpline.arrives(ANA, "STOP")
        await helpline.works()

    helpline.provider.sent.clear()
    helpline.provider.meanwhile = stops
    helpline.provider.errors = [BUSY]
    await helpline.sends()
    helpline.clock.passes(seconds=5)
    await helpline.sends()
    assert helpline.provider.texts() == [Wording.STOPPED]
    assert [message.status for message in await helpline.said(ANA)][1:] == [Status.CANCELLED, Status.SENT]


async def test_the_confirmation_of_stop_is_tried_again_too(helpline: Helpline):
    await helpline.writes(ANA, "hello")
    helpline.provider.errors = [BUSY]
    assert await helpline.writes(ANA, "STOP") == []
    helpline.clock.passes(seconds=3)
    await helpline.sends()
    assert helpline.provider.texts()[-1] == Wording.STOPPED


async def test_a_delivery_report_may_be_faster_than_our_own_word(helpline: Helpline):
    conversation = await _held(helpline)
    message_id = await helpline.desk.say(AMINA, conversation, "one")

    async def reports() -> None:
        report = DeliveryReport(Channel.SMS, "SM1x", Status.DELIVERED, message_id)
        assert await helpline.outbox.delivered(report)

    helpline.provider.meanwhile = reports
    await helpline.sends()
    assert await _status(helpline) is Status.DELIVERED
    assert helpline.provider.texts() == ["one"]


async def test_reports_are_found_by_the_providers_id_and_only_move_forward(helpline: Helpline):
    await helpline.writes(ANA, "hello")
    for status, expected in [
        (Status.DELIVERED, Status.DELIVERED),
        (Status.SENT, Status.DELIVERED),
        (Status.READ, Status.READ),
        (Status.DELIVERED, Status.READ),
    ]:
        assert await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM1", status))
        assert await _status(helpline) is expected
    assert not await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM404", Status.READ))
    assert not await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM1", Status.READ, "o-unknown"))


async def test_a_report_settles_an_unclear_attempt(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.provider.errors = [UNCLEAR]
    message_id = await helpline.desk.say(AMINA, conversation, "one")
    await helpline.sends()
    await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM5", Status.SENT, message_id))
    helpline.clock.passes(minutes=1)
    await helpline.sends()
    assert helpline.provider.settled == []
    assert await _status(helpline) is Status.SENT


async def test_a_report_of_failure_is_seen_by_whoever_answers(helpline: Helpline):
    conversation = await _held(helpline)
    message_id = await helpline.desk.say(AMINA, conversation, "one")
    await helpline.sends()
    report = DeliveryReport(Channel.SMS, "SM4", Status.FAILED, message_id, "30005", stop_contact=True)
    assert await helpline.outbox.delivered(report)
    assert Reason.STOPPED in (await helpline.conversation(ANA)).reasons
    assert (await helpline.store.contacts.get(helpline.person(ANA))).stopped
    assert (await helpline.said(ANA))[-1].code == "30005"


async def test_a_report_that_moves_nothing_tells_nobody_and_stops_nobody(helpline: Helpline):
    conversation = await _held(helpline)
    failed = {"code": "30005", "stop_contact": True}
    one = await helpline.desk.say(AMINA, conversation, "one")
    two = await helpline.desk.say(AMINA, conversation, "two")
    await helpline.sends()
    await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM1", Status.DELIVERED, one))
    assert await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM1", Status.FAILED, one, **failed))
    assert Reason.STOPPED not in (await helpline.conversation(ANA)).reasons
    assert not (await helpline.store.contacts.get(helpline.person(ANA))).stopped

    assert await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM2", Status.FAILED, two, **failed))
    assert Reason.STOPPED in (await helpline.conversation(ANA)).reasons
    await helpline.writes(ANA, "START")
    await helpline.desk.transfer(AMINA, conversation, "bruno")
    await helpline.desk.release(BRUNO, conversation)
    await helpline.writes(ANA, "help")
    assert await helpline.outbox.delivered(DeliveryReport(Channel.SMS, "SM2", Status.FAILED, two, **failed))
    assert Reason.STOPPED not in (await helpline.conversation(ANA)).reasons
    assert not (await helpline.store.contacts.get(helpline.person(ANA))).stopped


async def test_whoever_blocks_us_gets_nothing_until_they_unblock_us(helpline: Helpline):
    person = helpline.person(ANA, Channel.TELEGRAM)
    await helpline.writes(ANA, "help", channel=Channel.TELEGRAM)
    await helpline.outbox.blocked(person, Blocked(Channel.TELEGRAM, "u1", ANA, blocked=True))
    conversation = await helpline.conversation(ANA, Channel.TELEGRAM)
    assert Reason.STOPPED in conversation.reasons
    assert (await helpline.store.contacts.get(person)).stopped
    await helpline.outbox.blocked(person, Blocked(Channel.TELEGRAM, "u2", ANA, blocked=False))
    assert not (await helpline.store.contacts.get(person)).stopped
    await helpline.outbox.blocked("0" * 32, Blocked(Channel.TELEGRAM, "u3", BEA, blocked=True))


async def test_without_an_account_for_the_channel_the_operator_learns_it(helpline: Helpline):
    conversation = await _held(helpline)
    helpline.outbox._connectors = {}
    await helpline.desk.say(AMINA, conversation, "one")
    await helpline.sends()
    message = (await helpline.said(ANA))[-1]
    assert (message.status, message.code) == (Status.FAILED, "no_account")


async def test_flags_that_a_crash_lost_are_found_again(helpline: Helpline):
    await helpline.writes(ANA, "hello")
    conversation = await helpline.conversation(ANA)
    helpline.provider.sent.clear()
    await helpline.store.work.put(conversation, [Draft("o-lost", Author.SYSTEM, "one", "en")], helpline.clock(), 0)
    await helpline.store.database.default["conversations"].update_one(
        {"_id": conversation.id}, {"$unset": {"outbox.due_at": 1}}
    )
    await helpline.sends()
    assert helpline.provider.texts() == []
    now = helpline.clock() + timedelta(seconds=20)
    assert await helpline.store.outgoing.sweep(now - timedelta(seconds=10), now) == 1
    helpline.clock.passes(seconds=21)
    await helpline.sends()
    assert helpline.provider.texts() == ["one"]


async def test_a_lost_flag_is_found_behind_any_number_of_messages_that_are_due_anyway(helpline: Helpline, monkeypatch):
    monkeypatch.setattr("hotline.store.outgoing._SWEPT", 3)
    people = [f"+25470000{number:04}" for number in range(10)]
    conversations = helpline.store.database.default["conversations"]
    for address in people:
        await helpline.arrives(address, "hello")
    await helpline.works()
    later = helpline.clock() + timedelta(seconds=20)
    for address in people:
        lost = {"_id": (await helpline.conversation(address)).id}
        before = await conversations.find_one(lost)
        await conversations.update_one(lost, {"$unset": {"outbox.due_at": 1}})
        found = [await helpline.store.outgoing.sweep(later - timedelta(seconds=10), later) for _ in range(5)]
        assert sum(found) == 1, "and those that are due count for nothing"
        await conversations.update_one(lost, {"$set": {"outbox.due_at": before["outbox"]["due_at"]}})
