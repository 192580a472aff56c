"""From a kept message to a turn: each message once, in order, in the person's language, and always to somebody."""

import asyncio
import json

import pytest

from hotline.core import screening
from hotline.core.conversation import State
from hotline.core.errors import Unavailable
from hotline.core.message import Author, Channel, Choice, Kind, Status
from hotline.core.triage import Priority, Reason
from hotline.core.wording import Wording
from tests.usecases.parts import AMINA, LIMITS, SARA, Helpline, answer, translated

ANA = "+254700000001"
BEA = "+254700000002"


async def test_the_assistants_answer_reaches_the_person_once(helpline: Helpline):
    assert await helpline.writes(ANA, "hello, is this free?") == ["Hello."]
    assert await helpline.writes(ANA, "thank you") == ["Hello."]
    assert [text for text, _, _ in helpline.assistant.asked] == ["hello, is this free?", "thank you"]
    assert (await helpline.conversation(ANA)).state is State.BOT


async def test_two_messages_at_once_are_answered_in_their_order(helpline: Helpline):
    helpline.assistant.script = [answer("one"), answer("two"), answer("three")]
    for text in ("first", "second", "third"):
        await helpline.arrives(ANA, text)
    await asyncio.gather(*(helpline.inbox.step() for _ in range(4)))
    await helpline.works()
    await helpline.sends()
    assert [text for text, _, _ in helpline.assistant.asked] == ["first", "second", "third"]
    assert helpline.provider.texts() == ["one", "two", "three"]


async def test_the_same_webhook_again_is_no_second_message(helpline: Helpline):
    for _ in range(3):
        await helpline.arrives(ANA, "hello", id="SM1")
    assert await helpline.writes(ANA, "hello", id="SM1") == ["Hello."]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sw", "habari, nataka kujua kama kazi hii ni ya kweli"),
        ("ar", "هل هذا العمل في دبي حقيقي"),
        ("am", "ይህ ስራ እውነት ነው ወይ"),
        ("en", "hello, is this job offer real?"),
    ],
)
async def test_without_the_assistant_a_person_is_told_in_their_language_and_queued(
    helpline: Helpline, language: str, text: str
):
    helpline.assistant.script = [None]
    heard = await helpline.writes(ANA, text)
    assert heard == [
        translated(language, Wording.HOLDING),
        translated(language, Wording.HANDOFF_UNSTAFFED),
        translated(language, Wording.EMERGENCY, emergency="999"),
    ]
    conversation = await helpline.conversation(ANA)
    assert (conversation.state, conversation.priority) == (State.WAITING, Priority.P2)
    assert conversation.reasons == (Reason.BOT_UNAVAILABLE,)


async def test_where_no_number_can_be_trusted_the_person_hears_something_that_is_true(store):
    helpline = Helpline(store, emergency=None)
    helpline.assistant.script = [None]
    assert (await helpline.writes(ANA, "hello"))[-1] == Wording.NO_EMERGENCY


async def test_somebody_at_the_desk_is_announced(helpline: Helpline):
    await helpline.store.users.add(AMINA)
    await helpline.store.users.open_session("amina", helpline.clock())
    assert Wording.HANDOFF_STAFFED in await helpline.writes(ANA, "help")
    helpline.clock.passes(minutes=2)
    assert Wording.HANDOFF_UNSTAFFED in await helpline.writes(BEA, "help")


async def test_danger_goes_to_a_human_at_once_without_the_assistant(helpline: Helpline):
    heard = await helpline.writes(ANA, "he has a knife and will kill me tonight")
    assert heard == [Wording.HANDOFF_UNSTAFFED, Wording.EMERGENCY.format(emergency="999")]
    conversation = await helpline.conversation(ANA)
    assert (conversation.state, conversation.priority) == (State.WAITING, Priority.P0)
    assert conversation.reasons[0] == "attack_now"
    assert "kill me" in " ".join(finding.words for finding in conversation.findings)
    assert helpline.assistant.asked == []


async def test_what_happens_next_is_said_once_and_then_the_line_is_held(helpline: Helpline):
    await helpline.writes(ANA, "help")
    assert await helpline.writes(ANA, "are you there?") == [Wording.WAITING_SAFE]
    assert await helpline.writes(ANA, "hello??") == []
    assert await helpline.writes(ANA, "2") == [Wording.WAITING_UNSAFE]
    assert await helpline.writes(ANA, "ok") == []
    helpline.clock.passes(minutes=10)
    assert await helpline.writes(ANA, "still there") == [Wording.WAITING]
    assert await helpline.writes(ANA, "help") == [Wording.HELP], "a cry for help is always answered"


async def test_a_number_typed_back_means_the_button(helpline: Helpline):
    buttons = (Choice("Yes", "/affirm"), Choice("No", "/deny"))
    helpline.assistant.script = [answer("Is it safe?", choices=buttons)]
    await helpline.writes(ANA, "hi")
    assert helpline.provider.sent[-1].choices == buttons
    await helpline.writes(ANA, "2")
    await helpline.writes(ANA, "2")
    assert [payload for _, payload, _ in helpline.assistant.asked] == [None, "/deny", None], (
        "a stale number is just text"
    )


async def test_a_tapped_button_means_its_payload(helpline: Helpline):
    await helpline.writes(ANA, "Report something", Kind.CHOICE, payload="/report", channel=Channel.TELEGRAM)
    assert helpline.assistant.asked == [("Report something", "/report", "en")]


async def test_an_operator_who_claims_while_the_assistant_thinks_silences_it(helpline: Helpline):
    await helpline.writes(ANA, "hello")
    conversation = await helpline.conversation(ANA)
    helpline.assistant.meanwhile = lambda: helpline.desk.claim(SARA, conversation.id)
    assert await helpline.writes(ANA, "what papers do i need") == []
    after = await helpline.conversation(ANA)
    assert (after.state, after.holder) == (State.OPERATOR, "sara")
    assert len(helpline.assistant.asked) == 2
    thread = await helpline.desk.read(SARA, conversation.id)
    assert thread.messages[-1].text == "what papers do i need", "the operator reads it"


async def test_the_assistant_is_silent_while_an_operator_answers_and_priority_may_still_rise(helpline: Helpline):
    await helpline.writes(ANA, "help")
    await helpline.claimed(ANA)
    assert await helpline.writes(ANA, "they lock us in and took my phone") == []
    conversation = await helpline.conversation(ANA)
    assert (conversation.state, conversation.holder, conversation.priority) == (State.OPERATOR, "amina", Priority.P1)
    assert "captive" in conversation.reasons


@pytest.mark.parametrize("written", [False, True], ids=["before the write", "after the write, unconfirmed"])
async def test_a_crash_at_the_write_says_nothing_twice_and_loses_nothing(
    helpline: Helpline, monkeypatch, written: bool
):
    commit = helpline.store.work.commit
    crashes = [True]

    async def failing(*arguments):
        if written or not crashes:
            await commit(*arguments)
        if crashes:
            crashes.pop()
            raise Unavailable("database")

    monkeypatch.setattr(type(helpline.store.work), "commit", lambda _, *arguments: failing(*arguments))
    assert await helpline.writes(ANA, "hello") == (["Hello."] if written else [])
    helpline.clock.passes(seconds=6)
    await helpline.works()
    await helpline.sends()
    assert helpline.provider.texts() == ["Hello."]


async def test_a_worker_that_dies_leaves_its_conversation_to_another(helpline: Helpline, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    await helpline.arrives(ANA, "hello")
    with monkeypatch.context() as patch:
        patch.setattr(type(helpline.store.work), "commit", dies)
        with pytest.raises(KeyboardInterrupt):
            await helpline.inbox.step()
    await helpline.works()
    assert helpline.provider.texts() == [], "its lease still holds"
    helpline.clock.passes(seconds=31)
    await helpline.works()
    await helpline.sends()
    assert helpline.provider.texts() == ["Hello."]


async def test_a_message_that_our_rules_stumble_over_goes_to_a_human_and_blocks_nobody(helpline: Helpline, monkeypatch):
    find = screening.Lexicon.find

    def stumbling(self, text, language):
        if "boom" in text:
            raise RuntimeError("a defect")
        return find(self, text, language)

    monkeypatch.setattr(screening.Lexicon, "find", stumbling)
    assert (await helpline.writes(ANA, "boom"))[0] == Wording.HOLDING
    conversation = await helpline.conversation(ANA)
    assert (conversation.state, conversation.reasons) == (State.WAITING, (Reason.BOT_UNAVAILABLE,))
    assert await helpline.writes(ANA, "hello again") == [Wording.WAITING_SAFE]
    assert await helpline.writes(BEA, "hello") == ["Hello."]


async def test_an_answer_that_no_encoding_can_hold_still_arrives(helpline: Helpline):
    helpline.assistant.script = [answer("Hello \ud83d there\x00.")]
    assert await helpline.writes(ANA, "hello") == ["Hello ? there."]


async def test_stop_ends_everything_that_is_queued_and_is_confirmed_once(helpline: Helpline):
    await helpline.arrives(ANA, "hello")
    await helpline.works()  # an answer is queued, not sent
    assert await helpline.writes(ANA, "STOP") == [Wording.STOPPED]
    assert [message.status for message in await helpline.said(ANA)] == [Status.CANCELLED, Status.SENT]
    assert await helpline.writes(ANA, "STOP") == []
    assert await helpline.writes(ANA, "hello") == []
    assert await helpline.writes(ANA, "START") == [Wording.STARTED]
    assert await helpline.writes(ANA, "hello") == ["Hello."]


async def test_stop_in_mid_conversation_is_seen_by_the_operator(helpline: Helpline):
    await helpline.writes(ANA, "help")
    await helpline.claimed(ANA)
    assert await helpline.writes(ANA, "stop") == [Wording.STOPPED]
    conversation = await helpline.conversation(ANA)
    assert conversation.state is State.OPERATOR
    assert Reason.STOPPED in conversation.reasons


async def test_a_cry_for_help_after_stop_is_answered(helpline: Helpline):
    await helpline.writes(ANA, "STOP")
    assert (await helpline.writes(ANA, "HELP"))[0] == Wording.HELP
    assert not (await helpline.store.contacts.get(helpline.person(ANA))).stopped


async def test_danger_after_stop_reaches_a_human_and_says_nothing(helpline: Helpline):
    await helpline.writes(ANA, "STOP")
    assert await helpline.writes(ANA, "he is beating me now") == []
    conversation = await helpline.conversation(ANA)
    assert (conversation.state, conversation.priority) == (State.WAITING, Priority.P0)


async def test_a_chosen_language_is_used_from_then_on(helpline: Helpline):
    helpline.assistant.script = [
        answer("Sawa.", "change_language", commands=({"name": "set_language", "language": "sw"},))
    ]
    await helpline.writes(ANA, "please write in swahili to me")
    conversation = await helpline.conversation(ANA)
    assert (conversation.language, conversation.language_chosen) == ("sw", True)
    await helpline.writes(ANA, "what documents do i need to work there")
    assert helpline.assistant.asked[-1][2] == "sw", "chosen by name: a sentence in English does not change it"
    await helpline.writes(ANA, "ይህ ስራ እውነት ነው ወይ")
    assert helpline.assistant.asked[-1][2] == "am", "another script does"


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("JOIN", "en"),
        ("jiunge", "sw"),
        ("unirme", "es"),
        ("rejoindre", "fr"),
        ("ku biir", "so"),
        ("加入", "zh"),
        ("አቁም", "am"),
        ("STOP", "en"),
        ("/start", "en"),
        ("SOS", "en"),
        ("msaada", "sw"),
        ("au secours", "fr"),
    ],
)
async def test_a_keyword_as_the_first_message_is_answered_in_its_own_language(
    helpline: Helpline, word: str, language: str
):
    await helpline.writes(ANA, word)
    assert (await helpline.conversation(ANA)).language == language


async def test_a_switch_of_language_is_followed(helpline: Helpline):
    await helpline.writes(ANA, "hello, is this job offer real?")
    await helpline.writes(ANA, "je voudrais savoir si cette offre est vraie")
    assert [language for _, _, language in helpline.assistant.asked] == ["en", "fr"]
    assert (await helpline.store.contacts.get(helpline.person(ANA))).language == "fr"


async def test_distress_in_a_language_that_nobody_here_knows_is_urgent(helpline: Helpline):
    await helpline.writes(ANA, "помогите help me please убьют")
    conversation = await helpline.conversation(ANA)
    assert conversation.state is State.WAITING
    assert conversation.priority == Priority.P1
    assert Reason.UNKNOWN_LANGUAGE in conversation.reasons


async def test_a_report_is_kept_sealed_and_its_author_gets_no_campaign(helpline: Helpline):
    fields = {"name": "report", "what": "secret marker", "where": "a town", "complete": True}
    helpline.assistant.script = [answer("Thank you.", "report", commands=(fields,))]
    heard = await helpline.writes(ANA, "i want to report something")
    assert heard[0] == "Thank you."
    (report,) = [item async for item in helpline.store.database.default["reports"].find()]
    assert report["complete"] is True
    assert b"secret marker" not in report["fields"]
    key = await helpline.store.contacts.key(report["contact"])
    opened = helpline.store.contacts._vault.open(key, f"reports|{report['_id']}|fields", report["fields"])
    assert json.loads(opened) == {"what": "secret marker", "where": "a town", "complete": True}
    assert (await helpline.store.contacts.get(report["contact"])).reporter
    assert (await helpline.conversation(ANA)).reasons == (Reason.REPORT,)


async def test_a_reports_questions_go_on_while_the_person_waits(helpline: Helpline):
    asks = answer("Where is it?", "report", form="report_form", commands=({"name": "handoff", "reason": "report"},))
    helpline.assistant.script = [asks, answer("Thank you.", form=None)]
    heard = await helpline.writes(ANA, "my boss does not pay us, i want to report it")
    assert heard[-1] == "Where is it?", "the open question comes last"
    assert await helpline.writes(ANA, "near the port") == ["Thank you."]
    assert await helpline.writes(ANA, "hello") == [Wording.WAITING_SAFE]


async def test_signs_add_up_over_a_conversation(helpline: Helpline):
    for text in ("my boss keeps my passport", "they do not pay me", "i work 18 hours a day without rest"):
        await helpline.writes(ANA, text)
    conversation = await helpline.conversation(ANA)
    assert conversation.priority == Priority.P1
    assert "several_signs" in conversation.reasons
    assert {finding.sign for finding in conversation.findings} >= {"papers_taken", "unpaid", "overwork"}


async def test_a_closed_conversation_opens_again_with_the_assistant(helpline: Helpline):
    await helpline.writes(ANA, "help")
    conversation = await helpline.claimed(ANA)
    await helpline.desk.close(AMINA, conversation.id, "helped")
    await helpline.sends()
    assert helpline.provider.texts()[-1] == Wording.CLOSED
    assert await helpline.writes(ANA, "hello") == ["Hello."]
    assert (await helpline.conversation(ANA)).state is State.BOT


async def test_a_long_answer_is_split_in_order_with_its_buttons_on_the_last_part(helpline: Helpline):
    text = " ".join(f"This is sentence number {number} of a long answer." for number in range(40))
    helpline.assistant.script = [answer(text, choices=(Choice("Yes", "/affirm"),))]
    heard = await helpline.writes(ANA, "hello")
    assert len(heard) > 1
    assert " ".join(heard) == text
    assert all(len(part) <= LIMITS[Channel.SMS] for part in heard)
    assert [bool(message.choices) for message in helpline.provider.sent] == [False] * (len(heard) - 1) + [True]


async def test_a_picture_is_acknowledged_and_goes_to_a_human(helpline: Helpline):
    heard = await helpline.writes(ANA, "", Kind.IMAGE)
    assert heard[0] == Wording.MEDIA
    assert (await helpline.conversation(ANA)).reasons == (Reason.MEDIA,)
    assert {message.author for message in await helpline.said(ANA)} == {Author.SYSTEM}
