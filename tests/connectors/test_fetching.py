"""Attachments: whom we ask, whom we tell our credentials, how much we read."""

import asyncio

import pytest
from aiohttp import web
from provider_recordings import ACCOUNT_SID, TELEGRAM_TOKEN, telegram, twilio
from provider_wire import Wire, hangs_up, says
from yarl import URL

from connectors.http import MAX_BYTES, Hosts
from hotline.core.errors import FetchError
from hotline.core.message import Attachment

MEDIA = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM1/Media/ME1"
AT_TWILIO = Attachment(f"https://api.twilio.com{MEDIA}", "image/jpeg")
FILE = Attachment("AgACfile", "audio/ogg")


def gives(body: bytes) -> object:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    return answer


def goes_on(size: int) -> object:
    """A body of unsaid length."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(0, size, 2**20):
            await response.write(b"\0" * 2**20)
        return response

    return answer


async def announces_too_much(request: web.Request) -> web.StreamResponse:
    """Say a length beyond the cap, and send nothing of it: who waits for the body waits in vain."""
    response = web.StreamResponse(headers={"Content-Length": str(MAX_BYTES + 1)})
    await response.prepare(request)
    await asyncio.sleep(5)
    return response


def redirects(target: str, status: int = 307) -> object:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": target})

    return answer


def file_is(**fields) -> object:
    return says(200, {"ok": True, "result": {"file_id": "AgACfile", "file_unique_id": "u"} | fields})


@pytest.fixture
async def sms(wire: Wire):
    connector = twilio(api_url=wire.url, patience=0.5)
    await connector.start()
    yield connector
    await connector.close()


@pytest.fixture
async def bot(wire: Wire):
    connector = telegram(api_url=wire.url, patience=0.5)
    await connector.start()
    yield connector
    await connector.close()


async def refusal(connector, attachment: Attachment) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await connector.fetch(attachment)
    return caught.value


async def test_twilio_media_is_asked_for_with_credentials_at_the_stand_in(sms, wire):
    wire.then(gives(b"\xff\xd8picture"))
    assert await sms.fetch(AT_TWILIO) == b"\xff\xd8picture"
    (asked,) = wire.asked
    assert asked.path == MEDIA
    assert asked.headers["Authorization"].startswith("Basic ")


async def test_a_ref_at_the_stand_in_itself_is_fine(sms, wire):
    wire.then(gives(b"x"))
    assert await sms.fetch(Attachment(wire.url + MEDIA, "image/jpeg")) == b"x"


async def test_a_redirect_is_followed_without_credentials(sms, wire):
    wire.then(redirects(f"{wire.url}/cdn/file?Signature=1"), gives(b"x"))
    assert await sms.fetch(AT_TWILIO) == b"x"
    first, second = wire.asked
    assert "Authorization" in first.headers
    assert second.path == "/cdn/file"
    assert "Authorization" not in second.headers


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/admin",
        "http://169.254.169.254/latest/meta-data",
        "https://evil.example/x",
        "http://mms.twiliocdn.com/plain",
        "https://twiliocdn.com.evil.example/x",
        "https://user:word@mms.twiliocdn.com/x",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_elsewhere_is_refused(sms, wire, target):
    wire.then(redirects(target))
    error = await refusal(sms, AT_TWILIO)
    assert (error.code, error.gone) == ("redirect_refused", False)
    assert len(wire.asked) == 1


async def test_redirects_come_to_an_end(sms, wire):
    wire.otherwise = redirects(f"{wire.url}/again")
    assert (await refusal(sms, AT_TWILIO)).code == "too_many_redirects"
    assert len(wire.asked) == 6


REFUSED = [
    "https://evil.example/2010-04-01/x",
    "https://twilio.com.evil.example/x",
    "https://eviltwilio.com/x",
    "http://api.twilio.com/x",
    "https://api.twilio.com:8443/x",
    "https://api.twilio.com@evil.example/x",
    "https://user:word@api.twilio.com/x",
    "http://127.0.0.1:1/x",
    "http://[::1]/x",
    "file:///etc/passwd",
    "/etc/passwd",
    "",
    "https://[",
]


@pytest.mark.parametrize("ref", REFUSED)
async def test_any_other_host_is_never_asked(sms, wire, ref):
    assert (await refusal(sms, Attachment(ref, "image/jpeg"))).code == "refused_host"
    assert not wire.asked


@pytest.mark.parametrize("ref", REFUSED)
def test_nor_without_a_stand_in(ref):
    assert Hosts("twilio.com").locate(ref) is None


def test_twilio_itself_is_asked_where_there_is_no_stand_in():
    assert Hosts("twilio.com").locate(AT_TWILIO.ref) == URL(AT_TWILIO.ref)


def test_a_stand_in_keeps_path_and_query():
    found = Hosts("twilio.com", URL("http://127.0.0.1:8090")).locate(
        "https://content.twilio.com/v1/Content?PageSize=5&a=%2B1"
    )
    assert str(found) == "http://127.0.0.1:8090/v1/Content?PageSize=5&a=%2B1"


@pytest.mark.parametrize(
    ("answer", "code", "gone"),
    [
        (says(404, ""), "http_404", True),
        (says(410, ""), "http_410", True),
        (says(401, ""), "http_401", False),
        (says(500, ""), "http_500", False),
        (hangs_up, "unreachable", False),
        (goes_on(MAX_BYTES + 1), "too_large", True),
        (gives(b"\0" * (MAX_BYTES + 1)), "too_large", True),
        (announces_too_much, "too_large", True),
    ],
    ids=["missing", "gone", "refused", "broken", "hangs up", "too large", "too large, and says so", "says so"],
)
async def test_failures(sms, wire, answer, code, gone):
    wire.otherwise = answer
    async with asyncio.timeout(4):
        error = await refusal(sms, AT_TWILIO)
    assert (error.code, error.gone) == (code, gone)


async def test_the_largest_that_is_allowed(sms, wire):
    wire.then(gives(b"\0" * MAX_BYTES))
    assert len(await sms.fetch(AT_TWILIO)) == MAX_BYTES


# -- Telegram


async def test_a_telegram_file_is_looked_up_then_loaded(bot, wire):
    wire.then(file_is(file_path="voice/file_7.oga", file_size=5), gives(b"OggS!"))
    assert await bot.fetch(FILE) == b"OggS!"
    asked, loaded = wire.asked
    assert (asked.path, asked.fields["file_id"]) == (f"/bot{TELEGRAM_TOKEN}/getFile", "AgACfile")
    assert loaded.path == f"/file/bot{TELEGRAM_TOKEN}/voice/file_7.oga"


@pytest.mark.parametrize(
    ("answers", "code", "gone"),
    [
        ([says(400, {"ok": False, "description": "Bad Request: file is too big"})], "refused", True),
        ([says(400, {"ok": False, "description": "Bad Request: wrong file_id"})], "refused", True),
        ([says(400, {"ok": False, "description": "Bad Request: file is temporarily unavailable"})], "refused", False),
        ([says(500, {"ok": False, "description": "x"})], "busy", False),
        ([hangs_up], "connection_lost", False),
        ([file_is(file_path="a", file_size=MAX_BYTES + 1)], "too_large", True),
        ([file_is()], "refused_path", False),
        ([file_is(file_path="a"), says(404, "")], "http_404", True),
        ([file_is(file_path="a"), goes_on(MAX_BYTES + 1)], "too_large", True),
        ([file_is(file_path="a"), redirects("https://evil.example/x")], "redirect_refused", False),
    ],
)
async def test_telegram_failures(bot, wire, answers, code, gone):
    wire.then(*answers)
    error = await refusal(bot, FILE)
    assert (error.code, error.gone) == (code, gone)
    assert len(wire.asked) == len(answers)
    assert TELEGRAM_TOKEN not in repr(error)
