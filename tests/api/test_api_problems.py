"""Everything that can go wrong is a problem document (RFC 9457) that says what to do and quotes nobody."""

import re

import pytest
from aiohttp.test_utils import TestClient
from api_client import Api
from api_fakes import PHONE, TOKENS, arrives

from hotline.api.request import MAX_BODY
from hotline.core.conversation import State
from hotline.core.errors import Unavailable
from hotline.desk import MAX_TEXT
from hotline.lookup import LIMIT

PRIVATE = f"Fadumo, {PHONE}"  # must come back in no problem document


@pytest.fixture
async def held(api: Api) -> Api:
    """amina holds c1."""
    arrives(api.database, "c1")
    await api.post("/conversations/c1/claim")
    return api


ALL = [
    ("GET", "/queue", None),
    ("POST", "/queue/claim", None),
    ("GET", "/conversations", None),
    ("GET", "/conversations/c1", None),
    ("POST", "/conversations/c1/claim", None),
    ("POST", "/conversations/c1/messages", {"text": "Haa."}),
    ("POST", "/conversations/c1/release", {}),
    ("POST", "/conversations/c1/transfer", {}),
    ("POST", "/conversations/c1/close", {"outcome": "helped"}),
    ("POST", "/lookup", {"channel": "sms", "address": PHONE, "reason": "Asked by court order."}),
]
EVERY = pytest.mark.parametrize(("method", "path", "body"), ALL, ids=[f"{method} {path}" for method, path, _ in ALL])
TAKING = pytest.mark.parametrize("path", [path for method, path, body in ALL if method == "POST" and body is not None])


@EVERY
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", f"Token {TOKENS['amina']}", "Bearer wrong", "Bearer a b", "Bearer é"],
)
async def test_without_a_valid_token_nothing_is_said(held: Api, method, path, body, header):
    headers = {} if header is None else {"Authorization": header}
    refused = await held.call(method, path, None, headers, json=body)
    assert (refused.status, refused.problem) == (401, "unauthorized")
    challenge = refused.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="hotline"')
    assert ("invalid_token" in challenge) == (header is not None)
    assert held.database.conversations["c1"][0].holder == "amina"


async def test_the_scheme_is_known_in_any_case(api: Api):
    reply = await api.call("GET", "/queue", None, {"Authorization": f"bearer {TOKENS['amina']}"})
    assert reply.status == 200


@EVERY
async def test_campaign_managers_see_nobody(held: Api, method, path, body):
    refused = await held.call(method, path, "dawit", json=body)
    assert (refused.status, refused.problem) == (403, "forbidden")
    assert "holder" not in refused.json


async def test_operators_look_nobody_up(held: Api):
    body = {"channel": "sms", "address": PHONE, "reason": "Curious."}
    assert (await held.post("/lookup", body, "amina")).status == 403
    assert [entry["what"] for entry in held.database.audit] == ["claim"]


async def test_what_another_holds_is_not_shown_to_an_operator(held: Api):
    assert (await held.get("/conversations/c1", "bekele")).status == 403
    assert (await held.get("/conversations/c1", "carmen")).status == 200


@EVERY
@pytest.mark.parametrize("part", ["failure", "tokens_failure"])
async def test_a_database_that_is_away_is_503(held: Api, method, path, body, part):
    setattr(held.database, part, Unavailable("database"))
    refused = await held.call(method, path, "carmen", json=body)
    assert (refused.status, refused.problem) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", [path.replace("c1", "c404") for _, path, _ in ALL if "c1" in path])
async def test_a_conversation_that_does_not_exist(api: Api, path):
    method, body = next((method, body) for method, known, body in ALL if known == path.replace("c404", "c1"))
    assert (await api.call(method, path, json=body)).problem == "not-found"


@pytest.mark.parametrize(
    "path", ["/nothing", "/conversations/a%20b", "/conversations/a%00", f"/conversations/{'a' * 65}"]
)
async def test_a_path_that_does_not_exist(api: Api, path):
    assert (await api.get(path)).problem == "not-found"


async def test_a_method_that_a_path_does_not_know(api: Api):
    refused = await api.call("DELETE", "/queue")
    assert (refused.status, refused.problem) == (405, "method-not-allowed")
    assert set(refused.headers["Allow"].split(",")) == {"GET", "HEAD"}


@pytest.mark.parametrize(("path", "body"), [(path, body) for _, path, body in ALL if body is not None and "c1" in path])
async def test_who_does_not_hold_it_learns_who_does(held: Api, path, body):
    for body_now in (body, body | {"id": "once-0001"} if "messages" in path else body):
        refused = await held.post(path, body_now, "bekele")
        assert (refused.status, refused.problem, refused.json["holder"]) == (409, "conflict", "amina")
        assert "amina" in refused.json["detail"]


async def test_a_conversation_that_nobody_holds_is_answered_by_nobody(api: Api):
    arrives(api.database, "c1")
    refused = await api.post("/conversations/c1/messages", {"text": "Haa."})
    assert refused.status == 409
    assert "holder" not in refused.json


async def test_an_operator_does_not_take_what_the_assistant_has(api: Api):
    arrives(api.database, "c1", state=State.BOT, priority=None)
    assert (await api.post("/conversations/c1/claim")).status == 409
    assert (await api.get("/conversations/c1")).status == 403


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("/conversations/c1/messages", {}, ["#/text"]),
        ("/conversations/c1/messages", {"text": 7}, ["#/text"]),
        ("/conversations/c1/messages", {"text": None}, ["#/text"]),
        ("/conversations/c1/messages", {"text": PRIVATE * 1000}, ["#/text"]),
        ("/conversations/c1/messages", {"text": PRIVATE, "id": "short"}, ["#/id"]),
        ("/conversations/c1/messages", {"text": PRIVATE, "id": "with space 1"}, ["#/id"]),
        ("/conversations/c1/messages", {"text": PRIVATE, "id": "newline-1\n"}, ["#/id"]),
        ("/conversations/c1/messages", {"text": PRIVATE, PRIVATE: 1}, ["#"]),
        ("/conversations/c1/messages", {"id": PRIVATE, "note": PRIVATE}, ["#/text", "#/id", "#"]),
        ("/conversations/c1/messages", [PRIVATE], ["#"]),
        ("/conversations/c1/release", {"note": [PRIVATE]}, ["#/note"]),
        ("/conversations/c1/release", {"note": "x" * 2001}, ["#/note"]),
        ("/conversations/c1/transfer", {"to": PRIVATE * 9}, ["#/to"]),
        ("/conversations/c1/transfer", {"to": PRIVATE}, ["#/to"]),
        ("/conversations/c1/close", {}, ["#/outcome"]),
        ("/conversations/c1/close", {"outcome": PRIVATE}, ["#/outcome"]),
        ("/lookup", {"channel": PRIVATE, "address": PRIVATE, "reason": PRIVATE}, ["#/channel"]),
        ("/lookup", {"channel": "sms", "address": "  ", "reason": " ? "}, ["#/address", "#/reason"]),
        ("/lookup", {"channel": "sms", "address": {PRIVATE: 1}, "reason": PRIVATE}, ["#/address"]),
    ],
)
async def test_a_body_of_the_wrong_shape_names_the_members_and_quotes_nothing(held: Api, path, body, pointers):
    user = "carmen" if path == "/lookup" else "amina"
    refused = await held.post(path, body, user)
    assert (refused.status, refused.problem) == (422, "invalid")
    assert [error["pointer"] for error in refused.json["errors"]] == pointers
    assert "Fadumo" not in refused.text
    assert PHONE not in refused.text


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("limit=0", "limit"), ("limit=x", "limit"), ("limit=201", "limit"), ("cursor=!", "cursor"),
     ("cursor=W10", "cursor"),
     ("cursor=" + "A" * 513, "cursor"), ("cursor=Ww", "cursor"), ("cursor=WzksMSwiYyJd", "cursor"),
     ("cursor=WzEsMWU0MDAsImMiXQ", "cursor"), ("cursor=%C3%A9", "cursor")],
)  # fmt: skip
async def test_a_query_of_the_wrong_shape(api: Api, query, parameter):
    refused = await api.get(f"/queue?{query}")
    assert (refused.status, refused.problem) == (422, "invalid")
    assert [error["parameter"] for error in refused.json["errors"]] == [parameter]


@pytest.mark.parametrize("text", ["", "  \n", "\u0000"])
async def test_an_empty_message_is_not_sent(held: Api, text):
    refused = await held.post("/conversations/c1/messages", {"text": text})
    assert (refused.status, refused.problem) == (422, "undeliverable")
    assert "empty" in refused.json["detail"]


async def test_who_has_stopped_us_is_not_written_to(held: Api):
    (person,) = held.database.contacts
    contact = held.database.contacts[person]
    held.database.contacts[person] = type(contact)(person, contact.channel, stopped_at=held.time.now)
    refused = await held.post("/conversations/c1/messages", {"text": "Haa."})
    assert (refused.status, refused.problem) == (422, "undeliverable")
    assert (await held.get("/conversations/c1")).json["stopped"] is True


@TAKING
@pytest.mark.parametrize("raw", [b"{", b"text=Haa", b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 9000])
async def test_a_body_that_is_not_json(held: Api, path, raw):
    refused = await held.post(path, user="carmen", data=raw, headers={"Content-Type": "application/json"})
    assert (refused.status, refused.problem) == (400, "malformed")


@TAKING
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
async def test_a_body_of_another_media_type(held: Api, path, content_type):
    refused = await held.post(path, user="carmen", data=b"{}", headers={"Content-Type": content_type})
    assert (refused.status, refused.problem) == (415, "unsupported-media-type")


async def test_the_longest_message_fits_however_it_is_escaped(held: Api):
    """A caller that escapes every letter outside ASCII needs twelve bytes for an emoji."""
    sent = await held.post("/conversations/c1/messages", {"text": "\U0001f198" * MAX_TEXT})
    assert sent.status == 202
    sent = "".join(item.text for item in held.database.messages["c1"] if item.user)
    assert sent == "\U0001f198" * MAX_TEXT


@TAKING
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large(held: Api, path, chunked):
    async def drip():
        for _ in range(MAX_BODY // 4096 + 1):
            yield b" " * 4096

    data = drip() if chunked else b" " * (MAX_BODY + 1)
    refused = await held.post(path, user="carmen", data=data, headers={"Content-Type": "application/json"})
    assert (refused.status, refused.problem) == (413, "too-large")


async def test_an_address_that_nobody_writes_from(api: Api):
    body = {"channel": "sms", "address": PHONE, "reason": "Asked by her lawyer."}
    refused = await api.post("/lookup", body, "carmen")
    assert (refused.status, refused.problem) == (404, "not-found")
    assert PHONE not in refused.text
    assert [(entry["what"], entry["details"]["found"]) for entry in api.database.audit] == [("lookup", "no")]


async def test_lookups_of_one_user_are_limited(api: Api):
    """A list of numbers cannot be tried out; after an hour there are new look-ups, and a colleague has their own."""
    body = {"channel": "sms", "address": PHONE, "reason": "Asked by her lawyer."}
    for _ in range(LIMIT):
        assert (await api.post("/lookup", body, "carmen")).status == 404
        api.time.passes(minutes=1)
    refused = await api.post("/lookup", body, "carmen")
    assert (refused.status, refused.problem) == (429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) == (60 - LIMIT) * 60
    assert len(api.database.audit) == LIMIT
    api.time.passes(minutes=60 - LIMIT)
    assert (await api.post("/lookup", body, "carmen")).status == 404


async def test_a_defect_of_ours_tells_nobody_what_was_said(api: Api, capsys: pytest.CaptureFixture[str]):
    api.database.failure = RuntimeError(PRIVATE)
    refused = await api.get("/queue")
    assert (refused.status, refused.problem) == (500, "internal-error")
    assert "Fadumo" not in refused.text
    logged = "".join(capsys.readouterr())
    assert "RuntimeError" in logged
    assert re.search(r"api_fakes\.py:\d+", logged), "where it happened"
    assert "Fadumo" not in logged


async def test_heads_and_options_are_problems_too(api: Api):
    http: TestClient = api.http
    async with http.options("/api/v1/queue") as response:
        assert response.status == 405
        assert response.content_type == "application/problem+json"
