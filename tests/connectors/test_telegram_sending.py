"""Sending, registering and checking against a Telegram on loopback that fails in every way it knows."""

import json
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import unused_port
from provider_recordings import PUBLIC_URL, SECRETS, TELEGRAM_SECRET, TELEGRAM_TOKEN, telegram
from provider_wire import Wire, hangs_up, says

from hotline.core.errors import Fate, SendError
from hotline.core.message import Channel, Choice, Outbound, Receipt

PERSON = "4503599627370101"
YES_NO = (Choice("Yes", "/affirm"), Choice("No", "/deny"))

sent = says(
    200,
    {
        "ok": True,
        "result": {"message_id": 77, "date": 1795333200, "chat": {"id": int(PERSON), "type": "private"}, "text": "x"},
    },
)


def refuses(status: int, description: str, **parameters) -> object:
    body = {"ok": False, "error_code": status, "description": description}
    return says(status, body | ({"parameters": parameters} if parameters else {}))


def outbound(text: str = "Is it safe to write now?", **changes) -> Outbound:
    return Outbound("msg-1", Channel.TELEGRAM, PERSON, text, **changes)


@pytest.fixture
async def connect(wire: Wire):
    wire.otherwise = sent
    connectors = []

    async def connect(**changes):
        connector = telegram(**{"api_url": wire.url, "patience": 0.5} | changes)
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


async def test_a_message_is_one_call(connect, wire):
    assert await (await connect()).send(outbound("እሺ 🙏 https://example.org")) == Receipt("77")
    (asked,) = wire.asked
    assert asked.path == f"/bot{TELEGRAM_TOKEN}/sendMessage"
    assert asked.fields["chat_id"] == PERSON
    assert asked.fields["text"] == "እሺ 🙏 https://example.org"
    assert json.loads(asked.fields["link_preview_options"]) == {"is_disabled": True}
    assert not {"parse_mode", "reply_markup"} & set(asked.fields)


async def test_start_asks_telegram_nothing(connect, wire):
    await connect()
    assert not wire.asked


REFUSALS = [
    (refuses(429, "Too Many Requests: retry after 5", retry_after=5), Fate.RETRY, "429", 5.0),
    (refuses(429, "Too Many Requests"), Fate.RETRY, "busy", None),
    (refuses(500, "Internal Server Error"), Fate.RETRY, "busy", None),
    (says(502, "<html>Bad Gateway</html>"), Fate.RETRY, "busy", None),
    (says(504, "<html>"), Fate.RETRY, "busy", None),
    (refuses(401, "Unauthorized"), Fate.RETRY, "401", None),
    (refuses(404, "Not Found"), Fate.RETRY, "401", None),
    (refuses(403, "Forbidden: bot was blocked by the user"), Fate.STOP_CONTACT, "403", None),
    (refuses(403, "Forbidden: user is deactivated"), Fate.STOP_CONTACT, "403", None),
    (refuses(400, "Bad Request: chat not found"), Fate.STOP_CONTACT, "chat_not_found", None),
    (refuses(400, "Bad Request: message is too long"), Fate.GIVE_UP, "400", None),
    (
        refuses(400, "Bad Request: group upgraded", migrate_to_chat_id=-1004503599627),
        Fate.GIVE_UP,
        "chat_migrated",
        None,
    ),
]


@pytest.mark.parametrize(("answer", "expected"), [(row[0], row[1:]) for row in REFUSALS])
@pytest.mark.filterwarnings("ignore:.*timedelta")
async def test_refusals(connect, wire, answer, expected):
    wire.then(answer)
    error = await failure(await connect(), outbound())
    assert (error.fate, error.code, error.retry_after) == expected
    assert len(wire.asked) == 1


async def test_nothing_listens_so_nothing_was_sent(connect):
    error = await failure(await connect(api_url=f"http://127.0.0.1:{unused_port()}"), outbound())
    assert (error.fate, error.code) == (Fate.RETRY, "unreachable")


async def test_silence_after_the_request_is_ambiguous(connect, wire):
    wire.then(wire.silence)
    error = await failure(await connect(), outbound())
    assert (error.fate, error.code) == (Fate.AMBIGUOUS, "timeout")
    assert len(wire.asked) == 1


async def test_a_connection_that_breaks_after_the_request_is_ambiguous(connect, wire):
    wire.then(hangs_up)
    error = await failure(await connect(), outbound())
    assert (error.fate, error.code) == (Fate.AMBIGUOUS, "connection_lost")
    assert len(wire.asked) == 1


@pytest.mark.parametrize("body", ["<html>", "{}", '{"ok": true, "result": {}}', '{"ok": true}', "[]", "null"])
async def test_a_yes_that_cannot_be_read_is_ambiguous(connect, wire, body):
    wire.then(says(200, body))
    assert (await failure(await connect(), outbound())).fate is Fate.AMBIGUOUS


@pytest.mark.filterwarnings("ignore:.*timedelta")
async def test_errors_and_logs_hold_no_id_text_or_secret(connect, wire, caplog):
    caplog.set_level("DEBUG")
    connector = await connect()
    echo = says(200, f"<html>{PERSON} the door is locked {TELEGRAM_TOKEN}</html>")
    wire.then(refuses(400, f"Bad Request: {PERSON}"), hangs_up, wire.silence, echo, refuses(401, "Unauthorized"))
    told = []
    for _ in range(5):
        error = await failure(connector, outbound("the door is locked"))
        told += [repr(error), str(error)]
    await connector.send(outbound("the door is locked"))
    await connector.register(PUBLIC_URL)
    told.append(caplog.text)
    for secret in (*SECRETS, PERSON, "locked"):
        assert secret not in "".join(told)
    assert "check TELEGRAM_TOKEN" in caplog.text


# -- choices


def rows(asked) -> list[list[tuple[str, str]]]:
    keyboard = json.loads(asked.fields["reply_markup"])["inline_keyboard"]
    return [[(button["text"], button["callback_data"]) for button in row] for row in keyboard]


async def test_few_short_choices_stand_beside_each_other(connect, wire):
    await (await connect()).send(outbound("Safe now?", choices=YES_NO))
    assert rows(wire.asked[0]) == [[("Yes", "/affirm"), ("No", "/deny")]]
    assert wire.asked[0].fields["text"] == "Safe now?"


@pytest.mark.parametrize("titles", ["abcd", ["a", "a title that takes a line"]])
async def test_many_or_long_choices_stand_below_each_other(connect, wire, titles):
    await (await connect()).send(outbound(choices=tuple(Choice(title, f"/{n}") for n, title in enumerate(titles))))
    assert rows(wire.asked[0]) == [[(title, f"/{n}")] for n, title in enumerate(titles)]


@pytest.mark.parametrize("payload", ["/" + "a" * 64, "/" + "እ" * 22, ""])
async def test_a_payload_that_no_button_holds_makes_a_list(connect, wire, payload):
    await (await connect()).send(
        outbound("Which?", choices=(Choice("One", payload), Choice("Two", "/2")))
    )
    assert "reply_markup" not in wire.asked[0].fields
    assert wire.asked[0].fields["text"] == "Which?\n1 One\n2 Two"


async def test_sixty_four_bytes_are_a_button(connect, wire):
    await (await connect()).send(outbound(choices=(Choice("One", "/" + "a" * 63),)))
    assert rows(wire.asked[0]) == [[("One", "/" + "a" * 63)]]


def test_a_text_at_the_limit_fits_though_each_character_counts_twice():
    assert len(("🆘" * telegram().limit(Channel.TELEGRAM)).encode("utf-16-le")) // 2 + 300 <= 4096


# -- the rest


async def test_settling_is_impossible(connect):
    connector = await connect()
    with pytest.raises(SendError) as caught:
        await connector.settle(outbound(), datetime.now(UTC))
    assert caught.value.fate is Fate.AMBIGUOUS


async def test_the_webhook_is_registered_with_its_secret_and_keeps_what_waits(connect, wire):
    wire.then(says(200, {"ok": True, "result": True}))
    await (await connect()).register(f"{PUBLIC_URL}/")
    (asked,) = wire.asked
    assert asked.path.endswith("/setWebhook")
    assert asked.fields["url"] == f"{PUBLIC_URL}/webhooks/telegram"
    assert asked.fields["secret_token"] == TELEGRAM_SECRET
    assert json.loads(asked.fields["allowed_updates"]) == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]
    assert asked.fields["max_connections"] == "40"
    assert asked.fields.get("drop_pending_updates", "False").lower() == "false"


async def test_registering_while_telegram_is_away_says_so(connect):
    connector = await connect(api_url=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(SendError) as caught:
        await connector.register(PUBLIC_URL)
    assert caught.value.fate is Fate.RETRY


async def test_check_names_the_bot(connect, wire):
    me = {"id": 4503599627370009, "is_bot": True, "first_name": "Helpline", "username": "example_helpline_bot"}
    wire.then(says(200, {"ok": True, "result": me}))
    assert await (await connect()).check() == "Telegram bot is @example_helpline_bot"


@pytest.mark.parametrize("answer", [refuses(401, "Unauthorized"), says(200, "?"), says(200, '{"ok": true}')])
async def test_check_fails_where_the_bot_does_not_work(connect, wire, answer):
    wire.then(answer)
    connector = await connect()
    with pytest.raises(SendError):
        await connector.check()
