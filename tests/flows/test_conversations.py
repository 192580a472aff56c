"""People write on three channels; the assistant, the queue and operators answer."""

import asyncio

import pytest

from tests.people import Operator, PhoneOf

CHANNELS = ("sms", "whatsapp", "telegram")


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_greeting_is_answered_with_what_this_is_and_the_safety_question(phone: PhoneOf, channel: str):
    person = phone(channel)
    assert await person.says("hello") == [200]
    await person.hears("free and confidential")
    asked = await person.hears("safe for you to write")
    if channel == "sms":
        assert "1 Yes\n2 No" in asked["text"]
    else:
        assert [button["title"] for button in asked["buttons"]] == ["Yes", "No"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_number_typed_back_and_a_tapped_button_select_the_same(phone: PhoneOf, channel: str):
    person = phone(channel)
    await person.says("hello")
    await person.hears("safe for you to write")
    if channel == "sms":
        await person.says("1")
    else:
        await person.taps("Yes")
    menu = await person.hears("How can I help")
    assert "Check a job offer" in menu["text"] or "Check a job offer" in [b["title"] for b in menu["buttons"]]
    await person.says("3")
    await person.hears("written contract")


@pytest.mark.parametrize(
    ("language", "greeting", "heard"),
    [
        ("es", "hola buenas tardes", "gratis|gratuit|confidencial"),
        ("sw", "habari yako", "bure"),
        ("fr", "bonjour", "gratuit"),
        ("ar", "السلام عليكم كيف الحال", "مجانية"),
        ("so", "iska warran walaal", "lacag la'aan|bilaash"),
        ("fa", "سلام چطور هستید", "رایگان"),
        ("ps", "سلام څنګه یې", "وړیا"),
        ("am", "ሰላም እንዴት ነህ", "ነፃ|ነጻ"),
        ("zh", "你好", "免费"),
    ],
)
async def test_people_are_answered_in_their_language(phone: PhoneOf, language: str, greeting: str, heard: str):
    person = phone("sms")
    await person.says(greeting)
    await person.hears(heard)


async def test_a_language_switch_is_followed(phone: PhoneOf):
    person = phone("telegram")
    await person.says("hola, quiero saber de una oferta de trabajo")
    await person.hears("contrato")
    await person.says("can we write in english please")
    await person.hears("answer in this language")
    await person.says("what are my rights at work")
    await person.hears("to be paid")


async def test_danger_is_flagged_told_truthfully_and_answered_by_a_human(
    phone: PhoneOf, amina: Operator, berhane: Operator, sol: Operator
):
    person = phone("whatsapp")
    await person.says("they locked me in a room and took my phone, he will kill me tonight")
    await person.hears("Nobody from our team is at the desk|A person from our team")
    await person.hears("emergency number is 999")
    conversation = await sol.finds(person)
    waiting = await sol.waits_for(conversation, state="waiting", priority="P0")
    assert any("kill me" in finding["words"] for finding in waiting["findings"])

    outcomes = await asyncio.gather(
        amina.call("POST", f"/conversations/{conversation}/claim"),
        berhane.call("POST", f"/conversations/{conversation}/claim"),
    )
    assert sorted(status for status, _ in outcomes) == [200, 409]
    winner, loser = (amina, berhane) if outcomes[0][0] == 200 else (berhane, amina)
    status, _ = await loser.call("POST", f"/conversations/{conversation}/messages", text="me too")
    assert status == 409

    status, said = await winner.call(
        "POST", f"/conversations/{conversation}/messages", text="I am here. Are you alone?"
    )
    assert status == 202
    await person.hears("I am here")
    await person.says("yes alone, he is out")
    await winner.waits_for(conversation, state="operator")
    await person.hears_nothing_more()
    seen = await winner.waits_for(conversation)
    assert [m["text"] for m in seen["messages"]][-1] == "yes alone, he is out"
    assert next(m["status"] for m in seen["messages"] if m["id"] == said["id"]) in {"sent", "delivered", "read"}

    status, _ = await winner.call("POST", f"/conversations/{conversation}/release", note="calmer now")
    assert status == 200
    await person.hears("left the conversation")
    await person.says("what are my rights at work")
    await person.hears("to be paid")


async def test_help_is_a_cry_for_help_in_every_language(phone: PhoneOf, sol: Operator):
    for word in ("HELP", "msaada", "ayuda", "النجدة", "救命", "እርዱኝ"):
        person = phone("sms")
        await person.says(word)
        conversation = await sol.finds(person)
        waiting = await sol.waits_for(conversation, state="waiting")
        assert "help" in waiting["reasons"], word


@pytest.mark.parametrize("channel", CHANNELS)
async def test_stop_is_confirmed_once_and_nothing_follows(phone: PhoneOf, channel: str):
    person = phone(channel)
    await person.says("hello")
    await person.hears("safe for you to write")
    await person.says("STOP")
    # on SMS the provider itself confirms this word and blocks the number
    await person.hears("no more messages|unsubscribed")
    await person.says("Stop!")
    await person.says("what about the weather")
    await person.hears_nothing_more(2)
    await person.says("START")
    await person.hears("Welcome back|re-subscribed|resubscribed")


async def test_a_plea_after_stop_is_still_queued(phone: PhoneOf, sol: Operator):
    person = phone("telegram")
    await person.says("stop")
    await person.hears("no more messages")
    await person.says("he beats me and he will kill me tonight, please help")
    conversation = await sol.finds(person)
    await sol.waits_for(conversation, state="waiting", priority="P0")
    await person.hears_nothing_more()


async def test_something_grave_in_mid_report_is_not_met_with_silence(phone: PhoneOf, amina: Operator, sol: Operator):
    person = phone("sms")
    await person.says("I want to report something")
    await person.hears("What is happening")
    await person.says("my neighbour keeps a girl locked in and beats her")
    await person.hears("We have your message")
    conversation = await sol.finds(person)
    await sol.waits_for(conversation, priority="P1")
    await amina.call("POST", f"/conversations/{conversation}/claim")
    status, _ = await amina.call("POST", f"/conversations/{conversation}/release", note="told her what we can do")
    assert status == 200
    await person.hears("left the conversation")
    await person.says("what are my rights at work")
    await person.hears("to be paid")  # the report's questions do not come back
    await person.hears_nothing_more()


async def test_a_report_is_taken_and_reaches_a_human(phone: PhoneOf, sol: Operator):
    person = phone("telegram")
    await person.says("I want to report something")
    await person.hears("What is happening")
    await person.says("men from the farm keep the workers passports")
    await person.hears("Roughly where")
    await person.says("near Garissa")
    await person.hears("Who is at risk")
    await person.says("about ten men")
    await person.hears("happening now")
    await person.says("yes")
    await person.hears("write back")
    await person.says("no")
    await person.hears("report is saved")
    conversation = await sol.finds(person)
    waiting = await sol.waits_for(conversation, state="waiting")
    assert {"report", "papers_taken"} & set(waiting["reasons"])


async def test_a_wish_for_a_human_is_granted(phone: PhoneOf, sol: Operator):
    person = phone("sms")
    await person.says("can I talk to a real person please")
    await person.hears("Nobody from our team is at the desk|A person from our team")
    await sol.waits_for(await sol.finds(person), state="waiting", priority="P2")


@pytest.mark.parametrize(
    ("body", "heard", "reason"),
    [
        ({"kind": "voice"}, "voice message", "voice"),
        ({"kind": "photo"}, "keep it safe", "media"),
        ({"kind": "document"}, "keep it safe", "media"),
        ({"kind": "location"}, "the place you sent", "location"),
        ({"kind": "contact"}, "the contact you sent", "shared_contact"),
    ],
)
@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
async def test_what_is_not_text_is_kept_and_shown_to_a_human(
    phone: PhoneOf, sol: Operator, channel: str, body: dict, heard: str, reason: str
):
    person = phone(channel)
    await person.sends(**body)
    await person.hears(heard)
    conversation = await sol.finds(person)
    waiting = await sol.waits_for(conversation, state="waiting")
    assert reason in waiting["reasons"]


async def test_an_attachment_is_fetched_and_kept(phone: PhoneOf, sol: Operator):
    person = phone("whatsapp")
    await person.sends(kind="photo")
    conversation = await sol.finds(person)
    async with asyncio.timeout(20):
        while True:
            seen = await sol.waits_for(conversation, state="waiting")
            files = [file for message in seen["messages"] for file in message.get("attachments", ())]
            if files and files[0]["state"] == "stored":
                break
            await asyncio.sleep(0.2)


async def test_a_sticker_is_answered_in_words(phone: PhoneOf):
    person = phone("telegram")
    await person.sends(kind="sticker")
    await person.hears("in words")


async def test_an_edited_message_is_read_again(phone: PhoneOf, sol: Operator):
    person = phone("telegram")
    await person.says("I want to speak to a person")
    await person.hears("at the desk|our team")
    sent = next(item for item in await thread(person) if item["direction"] == "in")
    await person.sends(edit=sent["id"], text="he locked me in and he will kill me tonight")
    conversation = await sol.finds(person)
    await sol.waits_for(conversation, priority="P0")


async def thread(person) -> list[dict]:
    async with person.session.get(person.url) as response:
        return (await response.json())["thread"]


async def test_a_group_is_told_to_write_in_private_and_its_text_is_not_kept(phone: PhoneOf):
    person = phone("telegram")
    assert await person.sends(group=True, text="my madam keeps my passport") == [200]
    await person.hears("in private only")


async def test_the_same_webhook_five_times_at_once_is_one_message_and_one_reply(phone: PhoneOf, sol: Operator):
    person = phone("sms")
    statuses = await person.says("I want to talk to a person", copies=5)
    assert statuses == [200] * 5
    await person.hears("at the desk|our team")
    await person.hears("emergency number")
    await person.hears_nothing_more()
    seen = await sol.waits_for(await sol.finds(person), state="waiting")
    assert len([m for m in seen["messages"] if m["direction"] == "in"]) == 1


async def test_two_messages_at_once_are_answered_in_order(phone: PhoneOf):
    person = phone("telegram")
    await asyncio.gather(person.says("hello"), person.says("what are my rights at work"))
    await person.hears("free and confidential")
    await person.hears("safe for you to write")
    await person.hears("to be paid")


async def test_nonsense_is_survived(phone: PhoneOf):
    person = phone("sms")
    for text in ("zxqv brrt 77", "qqqq wwww eeee", "😭😭😭", "12", "????", "a" * 1500, "ا\u200f\u200eب"):
        await person.says(text)
        await person.hears(".")
        await person.hears_the_last()
    assert not any("cannot answer right now" in item["text"] for item in await person.inbox())
