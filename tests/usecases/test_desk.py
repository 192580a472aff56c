"""Operators at the queue: one winner always, nobody forgotten, nothing said twice."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from hotline.core.access import Role, User
from hotline.core.conversation import HOLD_FOR, State
from hotline.core.errors import Conflict, Forbidden, HotlineError, NotFound, Undeliverable
from hotline.core.message import Attachment, Channel, Kind
from hotline.core.queueing import key
from hotline.core.triage import Priority, Reason
from hotline.core.wording import Wording
from hotline.vault import SealBroken
from tests.usecases.parts import ADMIN, AMINA, BRUNO, CARLA, SARA, Helpline, translated

ANA, BEA, CIRO = "+254700000001", "+254700000002", "+254700000003"


async def _waits(helpline: Helpline, address: str, text: str = "help") -> str:
    await helpline.writes(address, text)
    return (await helpline.conversation(address)).id


async def test_thirty_operators_race_and_one_wins(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    operators = [User(f"operator{number}", Role.OPERATOR) for number in range(30)]
    outcomes = await asyncio.gather(
        *(helpline.desk.claim(user, conversation) for user in operators), return_exceptions=True
    )
    (winner,) = [item for item in outcomes if not isinstance(item, BaseException)]
    losers = [item for item in outcomes if isinstance(item, Conflict)]
    assert len(losers) == 29
    assert {item.holder for item in losers} == {winner.holder}
    assert (await helpline.conversation(ANA)).holder == winner.holder
    assert [entry["what"] for entry in await helpline.desk.history(SARA, conversation)] == ["claim"]


async def test_operators_who_take_the_next_each_get_another_person(helpline: Helpline):
    waiting = [await _waits(helpline, f"+25470000{number:04}") for number in range(6)]
    operators = [User(f"operator{number}", Role.OPERATOR) for number in range(8)]
    taken = await asyncio.gather(*(helpline.desk.claim_next(user) for user in operators))
    assert sorted(item.id for item in taken if item) == sorted(waiting)
    assert taken.count(None) == 2


async def test_the_most_urgent_comes_first_then_the_own_language_then_who_waited_longest(helpline: Helpline):
    english = await _waits(helpline, ANA)
    swahili = await _waits(helpline, BEA, "naomba msaada")
    urgent = await _waits(helpline, CIRO, "he has a knife and will kill me tonight")
    await _waits(helpline, "+254700000004", "socorro")
    taken = [await helpline.desk.claim_next(AMINA) for _ in range(3)]
    # Amina speaks Somali and Swahili: an unread P0 is worse than a slow answer
    assert [item.id for item in taken if item] == [urgent, swahili, english]


async def test_ones_language_is_found_deep_in_the_queue(helpline: Helpline):
    for number in range(25):
        await helpline.arrives(f"+25470001{number:04}", "help")
    swahili = await _waits(helpline, BEA, "naomba msaada")
    taken = await helpline.desk.claim_next(AMINA)
    assert taken is not None
    assert taken.id == swahili


async def test_the_queue_is_in_order_and_can_be_paged(helpline: Helpline):
    for number in range(5):
        await _waits(helpline, f"+25470000{number:04}", "help" if number % 2 else "they locked us in and took my phone")
    everyone = await helpline.desk.queue(AMINA)
    keys = [key(item.conversation) for item in everyone]
    assert keys == sorted(keys)
    assert [item.conversation.priority for item in everyone] == [Priority.P1] * 3 + [Priority.P2] * 2
    paged, after = [], None
    while page := await helpline.desk.queue(AMINA, after, 2):
        paged += page
        after = key(page[-1].conversation)
    assert [item.conversation.id for item in paged] == [item.conversation.id for item in everyone]


async def test_nobody_but_a_supervisor_takes_a_conversation_in_which_nobody_waits(helpline: Helpline):
    await helpline.writes(ANA, "hello")
    conversation = (await helpline.conversation(ANA)).id
    with pytest.raises(Conflict, match="nobody waits"):
        await helpline.desk.claim(AMINA, conversation)
    with pytest.raises(Forbidden):
        await helpline.desk.read(AMINA, conversation)
    assert (await helpline.desk.claim(SARA, conversation)).holder == "sara"


async def test_a_campaign_manager_sees_no_conversation(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    for refused in (
        helpline.desk.queue(CARLA), helpline.desk.mine(CARLA), helpline.desk.held(CARLA),
        helpline.desk.claim_next(CARLA),
        helpline.desk.claim(CARLA, conversation), helpline.desk.read(CARLA, conversation),
        helpline.desk.history(CARLA, conversation), helpline.desk.held(AMINA),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await refused


async def test_the_same_answer_sent_ten_times_is_said_once(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    helpline.provider.sent.clear()
    long = "This is a sentence. " * 60
    ids = await asyncio.gather(*(helpline.desk.say(AMINA, conversation, long, "o-same") for _ in range(10)))
    assert set(ids) == {"o-same"}
    await helpline.sends()
    assert " ".join(helpline.provider.texts()) == long.strip()


async def test_only_the_holder_can_answer(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    with pytest.raises(Conflict, match="do not hold"):
        await helpline.desk.say(AMINA, conversation, "hello")
    await helpline.claimed(ANA)
    for act in (
        helpline.desk.say(BRUNO, conversation, "hello"), helpline.desk.release(BRUNO, conversation),
        helpline.desk.close(BRUNO, conversation, "helped"), helpline.desk.transfer(BRUNO, conversation, None),
    ):  # fmt: skip
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.holder == "amina"


@pytest.mark.parametrize(
    ("text", "said"), [("", "empty"), ("  \n ", "empty"), ("x" * 4001, "4001 characters; at most 4000")]
)
async def test_what_no_channel_carries_is_refused_with_the_reason(helpline: Helpline, text: str, said: str):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    with pytest.raises(Undeliverable, match=said):
        await helpline.desk.say(AMINA, conversation, text)


async def test_who_has_stopped_is_not_written_to_unless_they_write_again(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    await helpline.writes(ANA, "STOP")
    with pytest.raises(Undeliverable, match="no more messages"):
        await helpline.desk.say(AMINA, conversation, "are you there?")
    await helpline.writes(ANA, "wait, i need you")
    helpline.provider.sent.clear()
    await helpline.desk.say(AMINA, conversation, "I am here.")
    await helpline.sends()
    assert helpline.provider.texts() == ["I am here."]


async def test_who_writes_again_before_we_have_read_their_stop_can_be_answered(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    await helpline.arrives(ANA, "STOP")
    await helpline.arrives(ANA, "no wait, i need you")
    helpline.clock.passes(seconds=3)
    await helpline.works()
    await helpline.sends()
    helpline.provider.sent.clear()
    await helpline.desk.say(AMINA, conversation, "I am here.")
    await helpline.sends()
    assert helpline.provider.texts() == ["I am here."]


async def test_release_gives_it_back_to_the_assistant_in_the_persons_language(helpline: Helpline):
    conversation = await _waits(helpline, ANA, "naomba msaada")
    await helpline.claimed(ANA)
    await helpline.desk.release(AMINA, conversation, "gave the number of a shelter")
    await helpline.sends()
    assert helpline.provider.texts()[-1] == translated("sw", Wording.RELEASED)
    after = await helpline.conversation(ANA)
    assert (after.state, after.priority, after.reasons, after.holder) == (State.BOT, None, (), None)
    last = (await helpline.desk.history(SARA, conversation))[-1]
    assert (last["what"], last["user"], last["note"]) == ("release", "amina", "gave the number of a shelter")
    assert (last["details"]["priority"], last["details"]["reasons"]) == ("P2", "help distress")


async def test_close_needs_an_outcome_and_tells_nobody_who_has_stopped(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    with pytest.raises(Undeliverable, match="helped"):
        await helpline.desk.close(AMINA, conversation, "whatever")
    await helpline.writes(ANA, "STOP")
    helpline.provider.sent.clear()
    await helpline.desk.close(AMINA, conversation, "referred")
    await helpline.sends()
    assert helpline.provider.texts() == []
    assert (await helpline.conversation(ANA)).state is State.CLOSED
    assert (await helpline.desk.history(SARA, conversation))[-1]["details"]["outcome"] == "referred"


async def test_a_transfer_goes_to_a_colleague_or_back_to_the_top_of_the_queue(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    waiting_since = (await helpline.conversation(ANA)).waiting_since
    await helpline.claimed(ANA)
    passed = await helpline.desk.transfer(AMINA, conversation, "bruno", "speaks Spanish")
    assert (passed.state, passed.holder) == (State.OPERATOR, "bruno")
    assert [item.conversation.id for item in await helpline.desk.mine(BRUNO)] == [conversation]
    await _waits(helpline, BEA)
    back = await helpline.desk.transfer(BRUNO, conversation, None)
    assert (back.state, back.waiting_since) == (State.WAITING, waiting_since)
    assert Reason.TRANSFERRED in back.reasons
    assert (await helpline.desk.queue(AMINA))[0].conversation.id == conversation


async def test_a_silent_operators_conversation_returns_above_those_who_came_later(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    await _waits(helpline, BEA)
    helpline.clock.passes(seconds=HOLD_FOR.total_seconds() - 10)
    await helpline.desk.renew(AMINA, conversation)
    helpline.clock.passes(seconds=60)
    assert await helpline.desk.return_lapsed() == 0, "the open console renews it"
    helpline.clock.passes(minutes=5)
    assert await helpline.desk.return_lapsed() == 1
    assert await helpline.desk.return_lapsed() == 0
    queue = await helpline.desk.queue(BRUNO)
    assert [item.contact.id for item in queue] == [helpline.person(ANA), helpline.person(BEA)]
    assert Reason.RETURNED in queue[0].conversation.reasons
    await helpline.desk.renew(AMINA, conversation)
    assert (await helpline.conversation(ANA)).holder is None, "too late to renew"
    with pytest.raises(Conflict):
        await helpline.desk.say(AMINA, conversation, "hello?")


async def test_a_conversation_that_cannot_be_read_does_not_keep_the_others_from_returning(helpline: Helpline):
    people = (ANA, BEA, CIRO)
    for address in people:
        await _waits(helpline, address)
        await helpline.claimed(address)
    unreadable = (await helpline.conversation(ANA)).id
    conversations = helpline.store.database.default["conversations"]
    await conversations.update_one({"_id": unreadable}, {"$set": {"findings": b"\0" * 60}})
    helpline.clock.passes(minutes=10)
    with capture_logs() as logs:
        assert await helpline.desk.return_lapsed() == 2
    assert [(entry["conversation"], entry["error"]) for entry in logs] == [(unreadable, "SealBroken")]
    assert len(await helpline.desk.queue(BRUNO)) == 2


async def test_what_fails_after_reading_holds_up_no_other_either(helpline: Helpline):
    for address in (ANA, BEA):
        await _waits(helpline, address)
        await helpline.claimed(address)
    # Ana's key is broken, which nothing noticed while it was in memory
    first = (await helpline.conversation(ANA)).id
    add = helpline.desk._audit.add

    class Broken:
        async def add(self, what, user, now, conversation=None, **details):
            if conversation == first:
                raise SealBroken("ciphertext does not belong to this record")
            await add(what, user, now, conversation, **details)

    helpline.desk._audit = Broken()
    helpline.clock.passes(minutes=10)
    await helpline.desk.return_lapsed()
    assert len(await helpline.desk.queue(BRUNO)) == 2


async def test_an_answer_that_crosses_the_loss_of_the_conversation_is_refused(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    helpline.provider.sent.clear()
    get = helpline.store.contacts.get

    async def lost_meanwhile(person):
        helpline.desk._contacts = helpline.store.contacts
        await helpline.desk.transfer(AMINA, conversation, "bruno")
        return await get(person)

    helpline.desk._contacts = SimpleNamespace(get=lost_meanwhile)
    with pytest.raises(Conflict):
        await helpline.desk.say(AMINA, conversation, "I am still here")
    await helpline.sends()
    assert helpline.provider.texts() == []


async def test_an_end_that_fails_changes_nothing_and_can_be_done_again(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    helpline.provider.sent.clear()
    database = helpline.store.database.default
    await database.command("collMod", "audit", validator={"what": {"$ne": "close"}})
    try:
        with pytest.raises(HotlineError):
            await helpline.desk.close(AMINA, conversation, "helped")
    finally:
        await database.command("collMod", "audit", validator={})
    await helpline.sends()
    assert helpline.provider.texts() == []
    assert (await helpline.conversation(ANA)).holder == "amina"
    await helpline.desk.close(AMINA, conversation, "helped", "found a shelter")
    await helpline.sends()
    assert helpline.provider.texts() == [Wording.CLOSED]
    assert [entry["what"] for entry in await helpline.desk.history(SARA, conversation)] == ["claim", "close"]


async def test_answering_keeps_the_conversation(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    before = (await helpline.claimed(ANA)).holder_until
    helpline.clock.passes(minutes=3)
    await helpline.desk.say(AMINA, conversation, "hello")
    after = (await helpline.conversation(ANA)).holder_until
    assert before is not None
    assert after is not None
    assert after - before > timedelta(minutes=2)


async def test_an_operator_reads_who_wrote_what_and_when(helpline: Helpline):
    conversation = await _waits(helpline, ANA)
    await helpline.claimed(ANA)
    await helpline.desk.say(AMINA, conversation, "I am here.")
    thread = await helpline.desk.read(AMINA, conversation)
    assert thread.messages[0].text == "help"
    assert (thread.messages[-1].text, thread.messages[-1].user) == ("I am here.", "amina")
    assert [message.at for message in thread.messages] == sorted(message.at for message in thread.messages)
    with pytest.raises(NotFound):
        await helpline.desk.read(SARA, "c-unknown")


async def test_a_picture_is_opened_by_those_who_may_read_and_that_is_noted(helpline: Helpline):
    helpline.provider.files["ref1"] = b"picture bytes"
    photo = (Attachment("ref1", "image/jpeg", 13), Attachment("ref2", "image/jpeg"))
    await helpline.writes(ANA, "", Kind.IMAGE, attachments=photo, channel=Channel.WHATSAPP)
    while await helpline.media.step():
        pass
    conversation = (await helpline.conversation(ANA, Channel.WHATSAPP)).id
    await helpline.desk.claim(AMINA, conversation)
    stored, gone = (await helpline.desk.read(AMINA, conversation)).messages[0].attachments
    assert (stored.state, stored.size, gone.state) == ("stored", 13, "gone")
    assert await helpline.desk.file(AMINA, stored.id) == ("image/jpeg", b"picture bytes")
    with pytest.raises(Forbidden):
        await helpline.desk.file(BRUNO, stored.id)
    with pytest.raises(NotFound):
        await helpline.desk.file(AMINA, gone.id)
    assert [entry["what"] for entry in await helpline.desk.history(ADMIN, conversation)] == ["claim", "file opened"]
