"""What an operator does with a conversation: claim, answer, pass on, end; and what a race or a failure looks like."""

import asyncio
import re
from datetime import timedelta

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from hotline.core.conversation import State
from hotline.core.message import Author

from . import people
from .conftest import Browser

MESSAGE_ID = "o019a0000000" + "0123456789abcdef0123"


def answers(helpline, conversation):
    return [m.text for m in helpline.db.messages[conversation] if m.author is Author.OPERATOR]


async def test_taking_the_next_takes_the_most_urgent(evening, amina):
    status, body, _ = await amina.post("/console/next")
    assert status == 200
    assert 'id="composer"' in body
    assert evening.db.conversations["clayla"][0].holder == "amina"


async def test_of_two_who_take_the_same_one_wins_and_the_other_reads_who(evening, amina, visit):
    david = visit()
    await david.sign_in("david")
    pages = await asyncio.gather(amina.post("/console/c/clayla/claim"), david.post("/console/c/clayla/claim"))
    statuses = sorted(status for status, _, _ in pages)
    assert statuses == [200, 409]
    holder = evening.db.conversations["clayla"][0].holder
    loser = next(body for status, body, _ in pages if status == 409)
    assert f"{holder} has this conversation." in loser
    assert "Waiting for a person" in loser


async def test_an_answer_goes_out_once_however_often_it_is_sent(evening, amina):
    data = {"text": "Are you safe now?", "message_id": MESSAGE_ID}
    for _ in range(3):
        status, body, _ = await amina.post("/console/c/cgrace/messages", data, headers={"HX-Request": "true"})
        assert status == 200
        assert "Are you safe now?" in body
    assert answers(evening, "cgrace").count("Are you safe now?") == 1


async def test_a_long_answer_is_split_for_the_channel(evening, amina):
    text = "This is a sentence. " * 40
    await amina.post("/console/c/cgrace/messages", {"text": text, "message_id": MESSAGE_ID})
    sent = answers(evening, "cgrace")[-2:]
    assert all(len(part) <= 459 for part in sent)
    assert " ".join(sent) == text.strip()


@pytest.mark.parametrize(
    ("text", "message_id", "status", "said"),
    [
        ("", MESSAGE_ID, 422, "The message is empty"),
        ("x" * 4001, MESSAGE_ID, 422, "4001 characters"),
        ("hello", "o1", 422, "no proper message id"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_a_reason(evening, amina, text, message_id, status, said):
    data = {"text": text, "message_id": message_id}
    answer = await amina.post("/console/c/cgrace/messages", data, headers={"HX-Request": "true"})
    assert answer[0] == status
    assert said in answer[1]
    assert "<html" not in answer[1]


async def test_nobody_answers_who_does_not_hold_it(evening, amina):
    evening.held_by_another("cgrace", "david")
    before = answers(evening, "cgrace")
    data = {"text": "hello", "message_id": MESSAGE_ID}
    status, body, _ = await amina.post("/console/c/cgrace/messages", data, headers={"HX-Request": "true"})
    assert status == 409
    assert "david has this conversation." in body
    assert answers(evening, "cgrace") == before


async def test_whoever_stopped_gets_nothing_more(evening, visit):
    david = visit()
    await david.sign_in("david")
    _, body, _ = await david.get("/console/c/ccarlos")
    assert "Asked for no more messages" in body
    data = {"text": "hola", "message_id": MESSAGE_ID}
    status, body, _ = await david.post("/console/c/ccarlos/messages", data, headers={"HX-Request": "true"})
    assert (status, "asked for no more messages" in body) == (422, True)


async def test_an_open_page_learns_that_it_lost_the_conversation(evening, amina):
    evening.held_by_another("cgrace", "david")
    status, body, headers = await amina.get("/console/c/cgrace/live", headers={"HX-Request": "true"})
    assert status == 200
    assert headers["HX-Retarget"] == "#standing"
    assert 'data-holding="no"' in body
    assert "no longer with you" in body
    assert "passport" not in body


async def test_closing_needs_an_outcome_and_tells_the_person(evening, amina):
    status, body, _ = await amina.post("/console/c/cgrace/close", {"outcome": "", "note": ""})
    assert (status, "outcome must be" in body) == (422, True)
    status, body, _ = await amina.post("/console/c/cgrace/close", {"outcome": "referred", "note": "shelter found"})
    assert status == 200
    assert "Closed. The person was told" in body
    assert evening.db.conversations["cgrace"][0].state is State.CLOSED
    assert "now closed" in evening.db.messages["cgrace"][-1].text
    entry = evening.db.audit[-1][1]
    assert (entry["what"], entry["details"]["outcome"], entry["note"]) == ("close", "referred", "shelter found")


async def test_giving_back_returns_the_person_to_the_assistant(evening, amina):
    await amina.post("/console/c/cgrace/release", {"note": ""})
    assert evening.db.conversations["cgrace"][0].state is State.BOT


@pytest.mark.parametrize(("to", "state", "holder"), [("david", State.OPERATOR, "david"), ("", State.WAITING, None)])
async def test_passing_on_to_a_colleague_or_to_the_queue(evening, amina, to, state, holder):
    status, _, _ = await amina.post("/console/c/cgrace/transfer", {"to": to, "note": "night shift"})
    conversation = evening.db.conversations["cgrace"][0]
    assert status == 200
    assert (conversation.state, conversation.holder) == (state, holder)


async def test_nobody_is_passed_to_somebody_who_cannot_answer(evening, amina):
    status, _, _ = await amina.post("/console/c/cgrace/transfer", {"to": "wanjiru", "note": ""})
    assert status == 422
    assert evening.db.conversations["cgrace"][0].holder == "amina"


async def test_earlier_messages_can_be_asked_for(evening, amina):
    now = evening.clock()
    for number in range(250):
        evening.hear("cgrace", people.said(f"many{number}", now, f"line {number}."))
    _, body, _ = await amina.get("/console/c/cgrace")
    assert "line 10." not in body
    assert "Show earlier messages" in body
    _, body, _ = await amina.get("/console/c/cgrace?messages=400")
    assert "line 10." in body


async def read_marks(browser, path, wanted, act=None):
    """The marks that a page's stream brings until all of `wanted` have come after `act`."""
    seen = set()
    async with browser.session.get(f"{browser.base}{path}") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        async with asyncio.timeout(5):
            while not {"queue", "mine", "conversation"} <= seen:
                seen |= set(re.findall(r"event: (\w+)", (await answer.content.readline()).decode()))
            if act:
                seen = set()
                act()
            while not wanted <= seen:
                line = (await answer.content.readline()).decode()
                assert line, "the stream ended"
                seen |= set(re.findall(r"event: (\w+)", line))
    return seen


async def test_a_page_hears_of_its_conversation_and_of_the_queue(evening, amina):
    stream = "/console/events?conversation=clayla"
    act = lambda: evening.hear("clayla", people.said("new", evening.clock(), "hello"))  # noqa: E731
    assert await read_marks(amina, stream, {"conversation"}, act) == {"conversation"}
    act = lambda: people.person(evening, "newcomer", people.Channel.SMS, "en", minutes=0)  # noqa: E731
    assert await read_marks(amina, stream, {"queue", "mine"}, act) == {"queue", "mine"}


async def test_what_another_of_my_conversations_says_reaches_the_list_of_mine(evening, amina):
    act = lambda: evening.hear("cgrace", people.said("new", evening.clock(), "hello"))  # noqa: E731
    assert await read_marks(amina, "/console/events?conversation=clayla", {"mine"}, act) == {"mine"}


async def test_an_open_page_keeps_its_operators_claims(evening, amina):
    await read_marks(amina, "/console/events?conversation=cgrace", {"queue"})
    for _ in range(50):
        if ("cgrace", "amina") in evening.db.renewed:
            break
        await asyncio.sleep(0.02)
    assert ("cgrace", "amina") in evening.db.renewed
    assert not [held for held in evening.db.renewed if held[1] != "amina"]


async def test_what_no_change_told_of_is_seen_all_the_same(evening, amina, monkeypatch):
    """A change event can be missed: the page is told to look again whenever claims are renewed."""
    monkeypatch.setattr("hotline.console.events.RENEW_EVERY", 0.3)
    everything = {"queue", "mine", "conversation"}
    assert await read_marks(amina, "/console/events?conversation=clayla", everything, act=lambda: None) == everything


async def test_claims_are_renewed_by_time_and_not_at_every_change_of_the_queue(evening, amina):
    def act():
        evening.db.renewed.clear()
        people.person(evening, "newcomer", people.Channel.SMS, "en", minutes=0)

    await read_marks(amina, "/console/events?conversation=cgrace", {"queue", "mine"}, act)
    assert not evening.db.renewed


async def test_a_look_at_what_one_does_not_hold_is_noted_once_an_hour(evening, visit):
    def looks(conversation):
        return [e["user"] for about, e in evening.db.audit if (about, e["what"]) == (conversation, "looked into")]

    ruth, david = visit(), visit()
    await ruth.sign_in("ruth")
    await david.sign_in("david")
    for _ in range(3):
        _, body, _ = await ruth.get("/console/c/ccarlos")
        await david.get("/console/c/ccarlos")
        await david.get("/console/c/clayla")
    assert "looked into it" in body
    assert looks("ccarlos") == ["ruth"], "once, and its holder never"
    assert looks("clayla") == ["david"], "what waits"
    evening.clock.ahead += timedelta(minutes=61)
    await ruth.get("/console/c/ccarlos")
    assert looks("ccarlos") == ["ruth", "ruth"]


async def test_a_stream_ends_when_the_session_has(evening, amina, monkeypatch):
    monkeypatch.setattr("hotline.console.events.RENEW_EVERY", 0.05)
    marks = await read_marks(amina, "/console/events", {"signedout"}, act=evening.db.sessions.clear)
    assert "signedout" in marks


async def test_open_streams_do_not_hold_up_the_end(evening):
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        server = TestServer(evening.app())
        await server.start_server()
        browser = Browser(session, str(server.make_url("")).rstrip("/"))
        await browser.sign_in("amina")
        async with session.get(f"{browser.base}/console/events") as answer:
            await answer.content.readline()
            async with asyncio.timeout(3):
                await server.close()
    assert not evening.db.changes.readers


async def test_a_signed_out_page_is_told_so_in_place(evening, amina):
    evening.db.sessions.clear()
    status, body, _ = await amina.get("/console/c/cgrace/live", headers={"HX-Request": "true"})
    assert status == 401
    assert "Your text is still here" in body
    status, _, _ = await amina.get("/console/events", headers={"Accept": "text/event-stream"})
    assert status == 401
