"""What each call does, as a program that works for an operator sees it."""

import asyncio
from datetime import timedelta

import pytest
from api_client import Api
from api_fakes import ARABIC, NOON, PHONE, SOMALI, arrives, pseudonym

from hotline.core.conversation import HOLD_FOR, State
from hotline.core.message import Channel
from hotline.core.triage import Priority


def conversation(api: Api, name: str = "c1"):
    return api.database.conversations[name][0]


async def test_the_queue_has_the_most_urgent_on_top(api: Api):
    arrives(api.database, "late", "+1", priority=Priority.P2, waited=timedelta(minutes=5))
    arrives(api.database, "early", "+2", priority=Priority.P2, waited=timedelta(hours=3))
    arrives(api.database, "life", "+3", channel=Channel.WHATSAPP, priority=Priority.P0, waited=timedelta(seconds=2))
    arrives(api.database, "talking", "+4", state=State.OPERATOR, holder="bekele")
    queue = (await api.get("/queue")).json
    assert [item["conversation"] for item in queue["items"]] == ["life", "early", "late"]
    assert queue["cursor"] is None
    first = queue["items"][0]
    code = first.pop("contact")
    assert len(code) == 7
    assert code[3] == "-"
    assert first == {
        "conversation": "life",
        "channel": "whatsapp",
        "language": "so",
        "priority": "P0",
        "reasons": ["captivity"],
        "waiting_since": "2026-11-22T11:59:58.250Z",
        "state": "waiting",
    }


async def test_pages_have_no_gaps_and_no_repeats(api: Api):
    """Twenty-three people, many in the same instant; between pages some leave and one gets ahead."""
    for number in range(23):
        arrives(
            api.database, f"c{number:02}", f"+{number}", priority=Priority(number % 3), waited=timedelta(number // 9)
        )
    whole = [item["conversation"] for item in (await api.get("/queue?limit=200")).json["items"]]
    seen: list[str] = []
    path = "/queue?limit=5"
    while path:
        page = (await api.get(path)).json
        assert len(page["items"]) <= 5
        seen += [item["conversation"] for item in page["items"]]
        path = f"/queue?limit=5&cursor={page['cursor']}" if page["cursor"] else ""
        if len(seen) == 10:
            del api.database.conversations[seen[-1]]  # the very one that the cursor stands on
            del api.database.conversations[seen[0]]
            arrives(api.database, "c99", "+99", priority=Priority.P0, waited=timedelta(days=9))
    assert seen == whole


async def test_a_last_page_that_is_full_says_that_it_is_the_last(api: Api):
    for number in range(4):
        arrives(api.database, f"c{number}", f"+{number}")
    page = (await api.get("/queue?limit=2")).json
    page = (await api.get(f"/queue?limit=2&cursor={page['cursor']}")).json
    assert len(page["items"]) == 2
    assert page["cursor"] is None


async def test_the_next_is_the_most_urgent(api: Api):
    arrives(api.database, "c1", "+1", priority=Priority.P2)
    arrives(api.database, "c2", "+2", priority=Priority.P0)
    taken = await api.post("/queue/claim")
    assert taken.status == 200
    assert (taken.json["conversation"], taken.json["holder"], taken.json["state"]) == ("c2", "amina", "operator")
    assert taken.json["messages"][0]["text"] == SOMALI


async def test_nobody_waits(api: Api):
    assert (await api.post("/queue/claim")).status == 204


async def test_a_claim_has_one_winner_and_the_others_learn_who(api: Api):
    arrives(api.database, "c1")
    users = ["amina", "bekele", "carmen"] * 3
    replies = await asyncio.gather(*(api.post("/conversations/c1/claim", user=user) for user in users))
    holder = conversation(api).holder
    for user, reply in zip(users, replies, strict=True):
        assert reply.status == (200 if user == holder else 409)
        if reply.status == 409:
            assert reply.json["holder"] == holder
            assert holder in reply.json["detail"]
    assert [entry["what"] for entry in api.database.audit] == ["claim"]


async def test_looking_at_the_queue_is_not_being_at_the_desk(api: Api):
    """Else a display on the wall would have people told that somebody reads soon."""
    arrives(api.database, "c1")
    arrives(api.database, "c2", "+2", state=State.OPERATOR, holder="bekele")
    for path in ("/queue", "/conversations", "/conversations/c1"):
        assert (await api.get(path)).status == 200
    assert (await api.post("/conversations/c2/claim")).status == 409
    assert (await api.post("/conversations/c2/messages", {"text": "Haa."})).status == 409
    assert api.database.answered == []


async def test_whoever_claims_answers_and_lets_go_is_at_the_desk(api: Api):
    arrives(api.database, "c1")
    calls = [
        ("POST", "/queue/claim", None),
        ("POST", "/conversations/c1/claim", None),
        ("GET", "/conversations/c1", None),  # their own: a program that keeps its claim
        ("POST", "/conversations/c1/messages", {"text": "Haa."}),
        ("POST", "/conversations/c1/close", {"outcome": "helped"}),
    ]
    for number, (method, path, body) in enumerate(calls, 1):
        await (api.post(path, body) if method == "POST" else api.get(path))
        assert api.database.answered == ["amina"] * number, path
    assert (await api.post("/queue/claim")).status == 204
    assert len(api.database.answered) == len(calls), "nobody waited"


async def test_a_conversation_shows_both_sides_and_why(api: Api):
    arrives(api.database, "c1", language="ar", text=ARABIC)
    shown = (await api.get("/conversations/c1")).json
    assert (shown["priority"], shown["state"], shown["stopped"]) == ("P1", "waiting", False)
    assert shown["findings"] == [
        {"sign": "captivity", "label": "Held against their will", "words": ARABIC[:14], "language": "ar",
         "confidence": 0.9}
    ]  # fmt: skip
    theirs, ours = shown["messages"]
    assert theirs == {
        "id": "ic1",
        "direction": "in",
        "author": "contact",
        "user": None,
        "kind": "text",
        "text": ARABIC,
        "at": "2026-11-22T11:50:00.250Z",
        "status": None,
        "code": None,
        "attachments": [{"id": "ic1.0", "content_type": "image/jpeg", "state": "stored", "size": 40960}],
    }
    assert (ours["direction"], ours["author"], ours["status"], ours["code"]) == ("out", "bot", "failed", "30005")


async def test_only_the_newest_messages_where_fewer_are_asked_for(api: Api):
    arrives(api.database, "c1")
    shown = (await api.get("/conversations/c1?limit=1")).json
    assert [message["id"] for message in shown["messages"]] == ["bc1"]


async def test_no_answer_holds_an_address_or_a_pseudonym(api: Api):
    arrives(api.database, "c1")
    texts = [
        (await api.get("/queue")).text,
        (await api.post("/conversations/c1/claim")).text,
        (await api.get("/conversations")).text,
        (await api.get("/conversations/c1")).text,
        (await api.post("/conversations/c1/release", {})).text,
    ]
    for text in texts:
        assert PHONE.lstrip("+") not in text
        assert pseudonym(Channel.SMS, PHONE) not in text


async def test_an_answer_goes_into_the_outbox(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    said = await api.post("/conversations/c1/messages", {"text": "  Halkan waan joogaa. "})
    assert said.status == 202
    message = (await api.get("/conversations/c1")).json["messages"][-1]
    assert message["id"] == said.json["id"]
    assert (message["text"], message["author"], message["user"]) == ("Halkan waan joogaa.", "operator", "amina")
    assert (message["direction"], message["status"]) == ("out", "queued")


async def test_the_same_id_and_text_is_said_once(api: Api):
    """A caller whose connection broke sends again, also a text so long that it was cut."""
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    body = {"id": "once-0001", "text": "Waan ku caawin karnaa. " * 20}
    replies = [await api.post("/conversations/c1/messages", body) for _ in range(3)]
    assert [reply.status for reply in replies] == [202] * 3
    assert len({reply.json["id"] for reply in replies}) == 1
    sent = [item.text for item in api.database.messages["c1"] if item.user == "amina"]
    assert len(sent) > 1
    assert " ".join(sent) == body["text"].strip()


async def test_the_same_id_with_another_text_is_refused_not_lost(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    await api.post("/conversations/c1/messages", {"id": "once-0001", "text": "Haa."})
    again = await api.post("/conversations/c1/messages", {"id": "once-0001", "text": "Maya, ha tagin."})
    assert (again.status, again.problem) == (422, "invalid")
    assert again.json["errors"][0]["pointer"] == "#/id"
    assert [item.text for item in api.database.messages["c1"] if item.user] == ["Haa."]


async def test_an_id_is_within_the_callers_name_and_conversation(api: Api):
    arrives(api.database, "c1", "+1")
    arrives(api.database, "c2", "+2")
    ids = []
    for user, name in (("amina", "c1"), ("amina", "c2"), ("carmen", "c1")):
        await api.post(f"/conversations/{name}/claim", user=user)
        said = await api.post(f"/conversations/{name}/messages", {"id": "once-0001", "text": "Haa."}, user)
        ids.append(said.json["id"])
        await api.post(f"/conversations/{name}/transfer", {}, user)
    assert len(set(ids)) == 3
    assert "once-0001" not in ids


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "", None, 200),
        ("POST", "/claim", None, 200),
        ("POST", "/messages", {"text": "Haa."}, 202),
        ("POST", "/messages", {"text": " "}, 422),
        ("POST", "/close", {"outcome": "unknown"}, 422),
    ],
)
async def test_a_call_about_a_held_conversation_renews_the_claim(api: Api, method, path, body, status):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    api.time.passes(minutes=4)
    options = {"json": body} if body else {}
    assert (await api.call(method, f"/conversations/c1{path}", **options)).status == status
    assert conversation(api).holder_until == NOON + timedelta(minutes=4) + HOLD_FOR


async def test_a_look_of_somebody_else_does_not_renew(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    api.time.passes(minutes=4)
    assert (await api.get("/conversations/c1", "carmen")).json["held_until"] == "2026-11-22T12:05:00.250Z"


async def test_a_claim_whose_answer_was_lost_is_found_again(api: Api):
    arrives(api.database, "c1", "+1")
    arrives(api.database, "c2", "+2", state=State.OPERATOR, holder="bekele")
    await api.post("/queue/claim")
    held = (await api.get("/conversations")).json
    assert [(item["conversation"], item["state"]) for item in held["items"]] == [("c1", "operator")]


async def test_release_hands_back_to_the_assistant_and_tells_the_person(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    released = await api.post("/conversations/c1/release", {"note": "Calm now."})
    assert released.json == {"conversation": "c1", "state": "bot", "priority": None, "holder": None}
    assert api.database.messages["c1"][-1].author == "system"
    assert api.database.audit[-1]["note"] == "Calm now."


async def test_a_note_can_be_left_out_with_the_whole_body(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    assert (await api.post("/conversations/c1/release")).json["state"] == "bot"


async def test_close_ends_it_with_an_outcome(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    closed = await api.post("/conversations/c1/close", {"outcome": "referred", "note": "To the shelter."})
    assert (closed.status, closed.json["state"]) == (200, "closed")
    assert api.database.audit[-1]["details"]["outcome"] == "referred"


async def test_transfer_to_a_colleague(api: Api):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    passed = await api.post("/conversations/c1/transfer", {"to": "bekele", "note": "Speaks Amharic."})
    assert passed.json == {"conversation": "c1", "state": "operator", "priority": "P1", "holder": "bekele"}
    assert (await api.get("/conversations/c1", "bekele")).status == 200


@pytest.mark.parametrize("body", [{}, {"to": None}, {"to": "", "note": "Shift ends."}])
async def test_transfer_to_nobody_goes_back_to_the_queue(api: Api, body):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    assert (await api.post("/conversations/c1/transfer", body)).json["state"] == "waiting"
    assert conversation(api).waiting_since == NOON - timedelta(minutes=10)


@pytest.mark.parametrize("name", ["nobody", "dawit", "gone"])
async def test_transfer_to_someone_who_cannot_answer_is_refused(api: Api, name):
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    refused = await api.post("/conversations/c1/transfer", {"to": name})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "#/to")
    assert conversation(api).holder == "amina"


async def test_a_supervisor_finds_the_conversation_of_an_address(api: Api):
    arrives(api.database, "c1", PHONE)
    body = {"channel": "sms", "address": f" {PHONE}\n", "reason": "Her sister is on the phone."}
    found = (await api.post("/lookup", body, "carmen")).json
    assert found["conversation"] == "c1"
    assert found["contact"] == (await api.get("/queue")).json["items"][0]["contact"]
    (entry,) = api.database.audit
    assert (entry["what"], entry["user"], entry["conversation"]) == ("lookup", "carmen", "c1")
    assert entry["note"] == body["reason"]
    assert PHONE not in str(entry["details"])
