"""Sending, settling and checking against a Twilio on loopback that fails in every way it knows."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from provider_recordings import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, SECRETS, SMS_FROM, WHATSAPP_FROM, twilio
from provider_wire import Wire, hangs_up, says

from hotline.core.errors import Fate, SendError
from hotline.core.message import Channel, Choice, Outbound, Receipt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio")  # of aiohttp's, by the SDK

PERSON = "+447700900123"
WHATSAPP_PERSON = "whatsapp:+447700900456"
SID = "SM" + "1" * 32
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
YES_NO = (Choice("Yes", "/affirm"), Choice("No", "/deny"))
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
CONTENT = "/v1/Content"

created = says(201, {"sid": SID, "status": "queued"})


def sms(text: str = "Is it safe to write now?", **changes) -> Outbound:
    return Outbound("msg-1", Channel.SMS, PERSON, text, **changes)


def whatsapp(text: str = "Is it safe to write now?", **changes) -> Outbound:
    return Outbound("msg-1", Channel.WHATSAPP, WHATSAPP_PERSON, text, **changes)


@pytest.fixture
async def connect(wire: Wire):
    wire.otherwise = created
    connectors = []

    async def connect(**changes):
        connector = twilio(**{"api_url": wire.url, "patience": 0.5} | changes)
        await connector.start()
        connectors.append(connector)
        return connector

    yield connect
    for connector in connectors:
        await connector.close()


async def failure(connector, message: Outbound) -> SendError:
    with pytest.raises(SendError) as caught:
        await connector.send(message)
    return caught.value


async def test_an_sms_arrives_as_one_signed_request(connect, wire):
    assert await (await connect()).send(sms("Habari 🙏")) == Receipt(SID)
    (asked,) = wire.asked
    assert (asked.method, asked.path) == ("POST", MESSAGES)
    assert asked.fields == {
        "To": PERSON,
        "From": SMS_FROM,
        "Body": "Habari 🙏",
        "StatusCallback": f"{PUBLIC_URL}/webhooks/twilio/status?id=msg-1",
    }
    assert asked.headers["Authorization"] == "Basic " + b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()


async def test_an_id_of_ours_is_quoted_in_the_callback(connect, wire):
    message = Outbound("a&b=c/d", Channel.SMS, PERSON, "x")
    await (await connect()).send(message)
    callback = wire.asked[0].fields["StatusCallback"]
    assert dict(aiohttp.client.URL(callback).query) == {"id": "a&b=c/d"}


async def test_a_person_without_a_number_is_written_to_under_the_id_that_came(connect, wire):
    await (await connect()).send(Outbound("m", Channel.WHATSAPP, "whatsapp:US.13491208655302741918", "x"))
    assert wire.asked[0].fields["To"] == "whatsapp:US.13491208655302741918"
    assert wire.asked[0].fields["From"] == WHATSAPP_FROM


@pytest.mark.parametrize(
    ("accounts", "channel", "named"),
    [
        ({"messaging_service_sid": "MG1"}, Channel.SMS, {"MessagingServiceSid": "MG1"}),
        ({"messaging_service_sid": "MG1"}, Channel.WHATSAPP, {"From": WHATSAPP_FROM}),
        ({"messaging_service_sid": "MG1", "whatsapp_from": None}, Channel.WHATSAPP, {"MessagingServiceSid": "MG1"}),
        ({"whatsapp_from": "+12025550144"}, Channel.WHATSAPP, {"From": WHATSAPP_FROM}),
    ],
)
async def test_the_sender(connect, wire, accounts, channel, named):
    await (await connect(**accounts)).send(Outbound("m", channel, PERSON, "x"))
    fields = wire.asked[0].fields
    assert {name: fields[name] for name in ("From", "MessagingServiceSid") if name in fields} == named


async def test_a_channel_without_a_sender_is_given_up(connect, wire):
    connector = await connect(whatsapp_from=None)
    assert connector.channels == {Channel.SMS}
    error = await failure(connector, whatsapp())
    assert (error.fate, error.code) == (Fate.GIVE_UP, "no_sender")
    assert not wire.asked


# -- errors

REFUSALS = [
    (429, 20429, Fate.RETRY),
    (429, None, Fate.RETRY),
    (400, 14107, Fate.RETRY),
    (400, 30001, Fate.RETRY),
    (400, 63018, Fate.RETRY),
    (401, 20003, Fate.RETRY),
    (401, None, Fate.RETRY),
    (403, 20005, Fate.RETRY),
    (302, None, Fate.RETRY),
    (500, 20500, Fate.RETRY),
    (502, None, Fate.RETRY),
    (503, None, Fate.RETRY),
    (400, 21610, Fate.STOP_CONTACT),
    (400, 21614, Fate.STOP_CONTACT),
    (400, 30005, Fate.STOP_CONTACT),
    (400, 30006, Fate.STOP_CONTACT),
    (400, 63024, Fate.STOP_CONTACT),
    (400, 21211, Fate.GIVE_UP),
    (403, 21408, Fate.GIVE_UP),
    (400, 21617, Fate.GIVE_UP),
    (400, 21655, Fate.GIVE_UP),
    (400, 30003, Fate.GIVE_UP),
    (400, 30007, Fate.GIVE_UP),
    (400, 30008, Fate.GIVE_UP),
    (400, 63016, Fate.GIVE_UP),
    (400, 63033, Fate.GIVE_UP),
    (400, 99999, Fate.GIVE_UP),
    (418, None, Fate.GIVE_UP),
]


@pytest.mark.parametrize(("status", "code", "fate"), REFUSALS)
async def test_refusals(connect, wire, status, code, fate):
    wire.then(says(status, {"code": code, "message": f"to {PERSON}", "status": status} if code else "<html>"))
    error = await failure(await connect(), sms())
    assert (error.fate, error.code) == (fate, str(code or status))
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("0", 0.0), ("soon", None), ("-1", None), ("9" * 400, 86400.0), (None, None)]
)
async def test_the_wait_that_twilio_asks_for(connect, wire, value, seconds):
    wire.then(says(429, {"code": 20429}, {"Retry-After": value} if value else {}))
    assert (await failure(await connect(), sms())).retry_after == seconds


async def test_newer_problem_details_are_read_too(connect, wire):
    problem = {"type": "https://example.org", "title": "t", "status": 400, "code": 21610}
    wire.then(says(400, problem))
    assert (await failure(await connect(), sms())).fate is Fate.STOP_CONTACT


async def test_nothing_listens_so_nothing_was_sent(connect):
    error = await failure(await connect(api_url=f"http://127.0.0.1:{unused_port()}"), sms())
    assert (error.fate, error.code) == (Fate.RETRY, "unreachable")


async def test_a_host_that_no_name_server_knows_got_nothing(connect):
    error = await failure(await connect(api_url="http://twilio.invalid"), sms())
    assert (error.fate, error.code) == (Fate.RETRY, "unreachable")


async def test_silence_after_the_request_is_ambiguous(connect, wire):
    wire.then(wire.silence)
    error = await failure(await connect(), sms())
    assert (error.fate, error.code) == (Fate.AMBIGUOUS, "timeout")
    assert len(wire.asked) == 1


async def test_a_connection_that_breaks_after_the_request_is_ambiguous(connect, wire):
    wire.then(hangs_up)
    error = await failure(await connect(), sms())
    assert (error.fate, error.code) == (Fate.AMBIGUOUS, "connection_lost")
    assert len(wire.asked) == 1


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"sid": null}', "null"])
async def test_a_yes_that_cannot_be_read_is_ambiguous(connect, wire, body):
    wire.then(says(201, body))
    assert (await failure(await connect(), sms())).fate is Fate.AMBIGUOUS


async def test_errors_and_logs_hold_no_number_text_or_secret(connect, wire, caplog):
    caplog.set_level("DEBUG")
    connector = await connect()
    wire.then(says(400, {"code": 21211, "message": f"The 'To' number {PERSON} is not valid"}), hangs_up, wire.silence)
    wire.then(says(401, {"code": 20003}), created)
    told = [caplog.text]
    for _ in range(4):
        error = await failure(connector, sms("the door is locked"))
        told += [repr(error), str(error)]
    await connector.send(sms("the door is locked"))
    told.append(caplog.text)
    for secret in (*SECRETS, PERSON[1:], "locked"):
        assert secret not in "".join(told)
    assert "check the account SID" in caplog.text


async def test_the_library_keeps_neither_number_nor_text(connect, wire):
    connector = await connect()
    await connector.send(sms("the door is locked"))
    http_client = connector._messages._version.domain.twilio.http_client
    assert "locked" not in repr(vars(http_client))
    assert http_client._test_only_last_request is None


# -- choices


async def test_choices_by_sms_are_a_numbered_list(connect, wire):
    await (await connect()).send(sms("Safe now?", choices=YES_NO))
    assert wire.asked[0].fields["Body"] == "Safe now?\n1 Yes\n2 No"
    assert "ContentSid" not in wire.asked[0].fields


async def test_whatsapp_choices_are_quick_replies_made_once(connect, wire):
    connector = await connect()
    wire.then(says(200, {"contents": [], "meta": {"key": "contents"}}), says(201, {"sid": "HX" + "1" * 32}))
    for _ in range(2):
        await connector.send(whatsapp("Safe now? እሺ", choices=YES_NO))
    assert [(asked.method, asked.path) for asked in wire.asked] == [
        ("GET", CONTENT),
        ("POST", CONTENT),
        ("POST", MESSAGES),
        ("POST", MESSAGES),
    ]
    made = json.loads(wire.asked[1].body)
    assert made["types"]["twilio/quick-reply"] == {
        "body": "{{1}}",
        "actions": [
            {"type": "QUICK_REPLY", "title": "Yes", "id": "/affirm"},
            {"type": "QUICK_REPLY", "title": "No", "id": "/deny"},
        ],
    }
    for asked in wire.asked[2:]:
        assert asked.fields["ContentSid"] == "HX" + "1" * 32
        assert json.loads(asked.fields["ContentVariables"]) == {"1": "Safe now? እሺ"}
        assert "Body" not in asked.fields


async def test_a_template_of_an_earlier_process_is_found_by_name(connect, wire):
    first, second = await connect(), await connect()
    wire.then(says(200, {"contents": [], "meta": {"key": "contents"}}), says(201, {"sid": "HX" + "1" * 32}))
    await first.send(whatsapp(choices=YES_NO))
    name = json.loads(wire.asked[1].body)["friendly_name"]
    known = {"contents": [{"sid": "HX" + "2" * 32, "friendly_name": name}], "meta": {"key": "contents"}}
    wire.then(says(200, known))
    await second.send(whatsapp(choices=YES_NO))
    assert wire.asked[-1].fields["ContentSid"] == "HX" + "2" * 32


async def test_other_payloads_are_another_template(connect, wire):
    connector = await connect()
    for sid in ("HX1", "HX2"):
        wire.then(says(200, {"contents": [], "meta": {"key": "contents"}}), says(201, {"sid": sid}), created)
    await connector.send(whatsapp(choices=YES_NO))
    await connector.send(whatsapp(choices=(Choice("Yes", "/other"), Choice("No", "/deny"))))
    assert [asked.fields["ContentSid"] for asked in wire.asked if asked.path == MESSAGES] == ["HX1", "HX2"]


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("Which?", tuple(Choice(title, f"/{title}") for title in "abcd")),
        ("Which?", (Choice("a title of twenty-one", "/a"),)),
        ("Which?", (Choice("Same", "/a"), Choice("Same", "/b"))),
        ("two\nlines", YES_NO),
        ("x" * 1025, YES_NO),
    ],
)
async def test_what_whatsapp_cannot_show_as_buttons_is_a_list(connect, wire, text, choices):
    await (await connect()).send(whatsapp(text, choices=choices))
    (asked,) = wire.asked
    lines = [f"{number} {choice.title}" for number, choice in enumerate(choices, start=1)]
    assert asked.fields["Body"] == "\n".join([text, *lines])


@pytest.mark.parametrize(
    "broken",
    [says(500, "oops"), says(403, {"code": 20003}), says(200, "<html>"), says(429, {"code": 20429}), hangs_up],
)
@pytest.mark.parametrize("at", ["lookup", "creation"])
async def test_without_the_content_api_it_is_a_list_and_the_api_is_left_alone(connect, wire, broken, at):
    connector = await connect()
    wire.then(*([broken] if at == "lookup" else [says(200, {"contents": [], "meta": {"key": "contents"}}), broken]))
    wire.answers.append(created)
    for _ in range(2):
        assert await connector.send(whatsapp("Safe?", choices=YES_NO)) == Receipt(SID)
    sent = [asked for asked in wire.asked if asked.path == MESSAGES]
    assert [asked.fields["Body"] for asked in sent] == ["Safe?\n1 Yes\n2 No"] * 2
    assert sum(asked.method == "GET" for asked in wire.asked) in {1, 2}  # a broken GET is asked again by aiohttp
    assert wire.asked[-1].path == wire.asked[-2].path == MESSAGES


async def test_a_template_that_is_refused_becomes_a_list_at_once(connect, wire):
    connector = await connect()
    wire.then(says(200, {"contents": [], "meta": {"key": "contents"}}), says(201, {"sid": "HX1"}))
    wire.then(says(400, {"code": 21655}))
    assert await connector.send(whatsapp("Safe?", choices=YES_NO)) == Receipt(SID)
    assert wire.asked[-1].fields["Body"] == "Safe?\n1 Yes\n2 No"


async def test_a_person_who_cannot_be_reached_costs_nobody_else_the_buttons(connect, wire):
    connector = await connect()
    wire.then(says(200, {"contents": [], "meta": {"key": "contents"}}), says(201, {"sid": "HX1"}))
    wire.then(says(400, {"code": 63016}), says(400, {"code": 63016}))
    assert (await failure(connector, whatsapp("Safe?", choices=YES_NO))).code == "63016"
    await connector.send(whatsapp("Safe?", choices=YES_NO))
    assert wire.asked[-1].fields["ContentSid"] == "HX1"


@pytest.mark.parametrize("answer", [hangs_up, says(503, "busy"), says(400, {"code": 63024})])
async def test_a_template_message_that_may_have_gone_is_not_sent_again_as_a_list(connect, wire, answer):
    connector = await connect()
    wire.then(says(200, {"contents": [], "meta": {"key": "contents"}}), says(201, {"sid": "HX1"}), answer)
    await failure(connector, whatsapp("Safe?", choices=YES_NO))
    assert sum(asked.path == MESSAGES for asked in wire.asked) == 1


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_a_text_at_the_limit_leaves_room_for_its_list(channel):
    assert twilio().limit(channel) <= 1600 - 300


# -- settle


def listed(*messages: dict) -> dict:
    return {"messages": list(messages), "page": 0, "page_size": 100, "next_page_uri": None}


def sent(body: str, *, at: datetime = NOW, sid: str = SID, direction: str = "outbound-api") -> dict:
    return {"sid": sid, "body": body, "date_created": format_datetime(at), "date_sent": None, "direction": direction}


SETTLED = [
    ("found", [sent("Safe now?")], True),
    ("found with its list", [sent("Safe now?\n1 Yes\n2 No")], True),
    ("white space differs", [sent(" Safe  now? ")], True),
    ("just before, by another clock", [sent("Safe now?", at=NOW - timedelta(seconds=5))], True),
    ("another text", [sent("Something else")], False),
    ("the same text yesterday", [sent("Safe now?", at=NOW - timedelta(days=1))], False),
    ("the person's own words", [sent("Safe now?", direction="inbound")], False),
    ("a redacted one", [sent("")], False),
    ("nothing", [], False),
]


@pytest.mark.parametrize(("messages", "found"), [row[1:] for row in SETTLED], ids=[row[0] for row in SETTLED])
async def test_settling(connect, wire, messages, found):
    wire.then(says(200, listed(*messages)))
    receipt = await (await connect()).settle(sms("Safe now?", choices=YES_NO), NOW)
    assert receipt == (Receipt(SID) if found else None)
    (asked,) = wire.asked
    assert (asked.method, asked.path, asked.fields["To"]) == ("GET", MESSAGES, PERSON)
    assert not [name for name in asked.fields if name.startswith("DateSent")]


@pytest.mark.parametrize("answer", [says(500, "x"), says(429, {"code": 20429}), says(200, "<html>"), says(200, "{}")])
async def test_what_cannot_be_settled_now_is_asked_again(connect, wire, answer):
    wire.then(answer)
    connector = await connect()
    with pytest.raises(SendError) as caught:
        await connector.settle(sms(), NOW)
    assert caught.value.fate is Fate.RETRY


# -- check


async def test_check_names_what_can_be_sent(connect, wire):
    wire.then(says(200, {"sid": ACCOUNT_SID, "status": "active"}))
    assert await (await connect()).check() == "Twilio account is active; sends sms, whatsapp"


@pytest.mark.parametrize("answer", [says(401, {"code": 20003}), says(200, {"status": "suspended"}), says(200, "?")])
async def test_check_fails_where_the_account_does_not_work(connect, wire, answer):
    wire.then(answer)
    connector = await connect()
    with pytest.raises(SendError):
        await connector.check()
