"""Awareness messages: the right people once, nobody who said STOP, nobody in trouble, behind every answer."""

import pytest

from hotline.core.campaign import CampaignState
from hotline.core.errors import Conflict, Fate, Forbidden, SendError, Undeliverable
from hotline.core.message import Channel, Status
from hotline.core.wording import Wording
from tests.usecases.parts import AMINA, CARLA, SARA, Helpline

TEXTS = {"en": "Check the offer before you go.", "sw": "Angalia kazi kabla ya kwenda."}


async def _joins(helpline: Helpline, address: str, word: str = "JOIN", channel: Channel = Channel.SMS) -> None:
    await helpline.writes(address, word, channel=channel)


async def _campaign(helpline: Helpline, channel: Channel = Channel.SMS) -> str:
    return (await helpline.campaigns.write(CARLA, "Offers", channel, TEXTS)).id


async def _goes_out(helpline: Helpline, campaign: str) -> None:
    await helpline.campaigns.send(CARLA, campaign)
    helpline.provider.sent.clear()
    while await helpline.campaigns.step():
        pass


def _number(index: int) -> str:
    return f"+25470000{index:04}"


async def test_everybody_who_joined_gets_it_once_in_their_language(helpline: Helpline):
    await _joins(helpline, _number(1))
    await _joins(helpline, _number(2), "jiunge")
    campaign = await _campaign(helpline)
    assert await helpline.campaigns.reach(CARLA, await helpline.campaigns.get(CARLA, campaign)) == {"en": 1, "sw": 1}
    await _goes_out(helpline, campaign)
    await helpline.sends()
    assert helpline.provider.texts(_number(1)) == [TEXTS["en"]]
    assert helpline.provider.texts(_number(2)) == [TEXTS["sw"]]
    sent = await helpline.campaigns.get(CARLA, campaign)
    assert (sent.state, sent.reached) == (CampaignState.SENT, 2)
    assert await helpline.campaigns.progress(CARLA, campaign) == {Status.SENT: 2}


async def test_who_is_never_reached(helpline: Helpline):
    everyone = {
        "joined": _number(1),
        "never asked": _number(2),
        "stopped": _number(3),
        "flagged": _number(4),
        "reported": _number(5),
        "with an operator": _number(6),
        "another channel": _number(7),
        "no text": _number(8),
        "closed after help": _number(9),
    }
    for who, address in everyone.items():
        if who not in {"never asked", "another channel"}:
            await _joins(helpline, address)
    await _joins(helpline, everyone["another channel"], channel=Channel.TELEGRAM)
    await helpline.writes(everyone["never asked"], "hello")
    await helpline.writes(everyone["stopped"], "STOP")
    await helpline.writes(everyone["flagged"], "they took my passport")
    await helpline.writes(everyone["flagged"], "help")
    helpline.assistant.script = []
    await helpline.store.contacts.update(helpline.person(everyone["reported"]), {"reporter": True})
    await helpline.writes(everyone["with an operator"], "hello")
    await helpline.claimed(everyone["with an operator"], SARA)
    await helpline.store.contacts.update(helpline.person(everyone["no text"]), {"language": "fr"})
    await helpline.writes(everyone["closed after help"], "help")
    closed = await helpline.claimed(everyone["closed after help"])
    await helpline.desk.close(AMINA, closed.id, "helped")
    await helpline.sends()

    campaign = await _campaign(helpline)
    assert sum((await helpline.campaigns.reach(CARLA, await helpline.campaigns.get(CARLA, campaign))).values()) == 1
    await _goes_out(helpline, campaign)
    await helpline.sends()
    assert {who for who, address in everyone.items() if TEXTS["en"] in helpline.provider.texts(address)} == {"joined"}


@pytest.mark.parametrize("word", ["STOP", "help", "he is beating me now"])
async def test_who_needs_something_else_after_it_was_queued_does_not_get_it(helpline: Helpline, word: str):
    await _joins(helpline, _number(1))
    campaign = await _campaign(helpline)
    await _goes_out(helpline, campaign)
    assert TEXTS["en"] not in await helpline.writes(_number(1), word)
    assert await helpline.campaigns.progress(CARLA, campaign) == {Status.CANCELLED: 1}


async def test_answers_to_people_go_before_campaigns(helpline: Helpline):
    for index in range(5):
        await _joins(helpline, _number(index))
    await _goes_out(helpline, await _campaign(helpline))
    await helpline.arrives(_number(9), "hello")
    await helpline.works()
    await helpline.sends()
    assert helpline.provider.texts() == ["Hello.", *[TEXTS["en"]] * 5]


async def test_an_answer_does_not_wait_behind_a_campaign_that_is_tried_again(helpline: Helpline):
    await _joins(helpline, _number(1))
    await _goes_out(helpline, await _campaign(helpline))
    helpline.provider.errors = [SendError(Fate.RETRY, "429", retry_after=600)]
    await helpline.sends()
    assert await helpline.writes(_number(1), "hello") == ["Hello."]
    helpline.clock.passes(seconds=601)
    await helpline.sends()
    assert helpline.provider.texts() == ["Hello.", TEXTS["en"]]


async def test_many_are_reached_in_batches_and_a_crash_between_reaches_nobody_twice(helpline: Helpline, monkeypatch):
    monkeypatch.setattr("hotline.campaigns.BATCH", 3)
    for index in range(8):
        await helpline.arrives(_number(index), "JOIN")
    await helpline.works()
    await helpline.sends()
    campaign = await _campaign(helpline)
    await helpline.campaigns.send(CARLA, campaign)
    helpline.provider.sent.clear()

    class Crash(Exception):
        pass

    async def crashing(*_):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(type(helpline.store.campaigns), "advance", crashing)
        with pytest.raises(Crash):
            await helpline.campaigns.step()
    assert not await helpline.campaigns.step(), "the dead worker's lease still holds"
    helpline.clock.passes(seconds=61)
    while await helpline.campaigns.step():
        pass
    await helpline.sends()
    assert sorted(message.address for message in helpline.provider.sent) == [_number(index) for index in range(8)]
    assert (await helpline.campaigns.get(CARLA, campaign)).reached == 8


async def test_a_batch_goes_into_the_outbox_in_a_few_writes(helpline: Helpline):
    async def updates() -> int:
        status = await helpline.store.database.default.command("serverStatus")
        return status["metrics"]["commands"]["update"]["total"]

    for index in range(30):
        await helpline.arrives(_number(index), "JOIN")
    await helpline.works()
    campaign = await _campaign(helpline)
    await helpline.campaigns.send(CARLA, campaign)
    before = await updates()
    assert await helpline.campaigns.step()
    assert await updates() - before <= 5
    assert (await helpline.campaigns.get(CARLA, campaign)).reached == 30


@pytest.mark.parametrize("further", [1, 9], ids=["by a step", "to the end"])
async def test_a_worker_that_others_have_overtaken_takes_the_campaign_no_step_back(
    helpline: Helpline, monkeypatch, further: int
):
    monkeypatch.setattr("hotline.campaigns.BATCH", 2)
    for index in range(5):
        await helpline.arrives(_number(index), "JOIN")
    await helpline.works()
    await helpline.sends()
    campaign = await _campaign(helpline)
    await helpline.campaigns.send(CARLA, campaign)
    helpline.provider.sent.clear()
    of_contacts = helpline.store.conversations.of_contacts

    class Slow:
        of_contact = helpline.store.conversations.of_contact

        async def of_contacts(self, people: list[str]):
            helpline.campaigns._threads = helpline.store.conversations
            helpline.clock.passes(seconds=61)
            for _ in range(further):
                await helpline.campaigns.step()
            return await of_contacts(people)

    helpline.campaigns._threads = Slow()
    while await helpline.campaigns.step():
        pass
    await helpline.sends()
    assert len(helpline.provider.sent) == 5, "nobody twice, and none of those that the others queued is withdrawn"
    assert (await helpline.campaigns.get(CARLA, campaign)).reached == 5
    assert (await helpline.campaigns.get(CARLA, campaign)).state is CampaignState.SENT


async def test_who_comes_next_is_found_by_an_index_alone(helpline: Helpline):
    contacts = helpline.store.database.default["contacts"]
    others = [{"_id": f"{number:032x}", "channel": "sms", "opted_in_at": None} for number in range(2000)]
    await contacts.insert_many([*others, {"_id": "f" * 32, "channel": "sms", "opted_in_at": helpline.clock()}])
    plan = await helpline.store.contacts.opted_in(Channel.SMS, "0").sort("_id", 1).limit(200).explain()
    assert plan["executionStats"]["nReturned"] == 1
    assert plan["executionStats"]["totalDocsExamined"] == 1
    assert "'SORT'" not in repr(plan["queryPlanner"]["winningPlan"])


async def test_a_cancelled_campaign_stops_where_it_is(helpline: Helpline):
    await _joins(helpline, _number(1))
    campaign = await _campaign(helpline)
    await _goes_out(helpline, campaign)
    await helpline.campaigns.cancel(CARLA, campaign)
    await helpline.sends()
    assert helpline.provider.texts() == []
    assert await helpline.campaigns.progress(CARLA, campaign) == {Status.CANCELLED: 1}
    with pytest.raises(Conflict):
        await helpline.campaigns.send(CARLA, campaign)


async def test_what_is_on_its_way_cannot_be_sent_again_or_rewritten(helpline: Helpline):
    campaign = await _campaign(helpline)
    await helpline.campaigns.rewrite(CARLA, campaign, "Offers 2", Channel.TELEGRAM, {"en": "New text"})
    changed = await helpline.campaigns.get(CARLA, campaign)
    assert (changed.title, changed.channel, changed.texts) == ("Offers 2", Channel.TELEGRAM, {"en": "New text"})
    await helpline.campaigns.send(CARLA, campaign)
    with pytest.raises(Conflict):
        await helpline.campaigns.send(CARLA, campaign)
    with pytest.raises(Conflict):
        await helpline.campaigns.rewrite(CARLA, campaign, "Offers 3", Channel.SMS, TEXTS)


@pytest.mark.parametrize(
    ("title", "texts", "said"),
    [
        ("", TEXTS, "title"),
        ("Offers", {}, "at least one language"),
        ("Offers", {"en": "  "}, "at least one language"),
        ("Offers", {"xx": "text"}, "does not speak xx"),
        ("Offers", {"en": "x" * 601}, "longer than 600 characters in: en"),
    ],
)
async def test_what_could_not_be_sent_is_refused_while_it_is_written(helpline: Helpline, title: str, texts, said: str):
    with pytest.raises(Undeliverable, match=said):
        await helpline.campaigns.write(CARLA, title, Channel.SMS, texts)


async def test_only_campaign_managers_send_campaigns(helpline: Helpline):
    campaign = await _campaign(helpline)
    for act in (
        helpline.campaigns.write(AMINA, "x", Channel.SMS, TEXTS), helpline.campaigns.send(SARA, campaign),
        helpline.campaigns.cancel(AMINA, campaign), helpline.campaigns.all(SARA),
        helpline.campaigns.progress(AMINA, campaign),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await act


async def test_joining_says_how_to_end_it(helpline: Helpline):
    assert await helpline.writes(_number(1), "JOIN") == [Wording.JOINED]
    await helpline.writes(_number(1), "STOP")
    assert await helpline.writes(_number(1), "START") == [Wording.STARTED]
    assert (await helpline.store.contacts.get(helpline.person(_number(1)))).opted_in_at is None, "joining is a new word"
