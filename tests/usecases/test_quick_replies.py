"""Buttons are worth no late answer: however many people wait for them, each gets the list in time."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.twilio_messaging import TwilioMessaging
from hotline.core.message import Channel, Choice, Outbound


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioMessaging]:
    """An account whose Content API takes requests and never answers."""
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if "Messages" in request.path:
            return web.json_response({"sid": "SM" + "1" * 32}, status=201)
        await over.wait()
        return web.Response(status=500)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    connector = TwilioMessaging(
        account_sid="AC" + "0" * 32, auth_token="1" * 32, sms_from=None, whatsapp_from="+15005550006",
        messaging_service_sid=None, status_url="http://127.0.0.1/webhooks/twilio/status",
        api_url=str(server.make_url("/")),
    )  # fmt: skip
    await connector.start()
    yield connector
    over.set()
    await connector.close()
    await server.close()


async def test_many_different_buttons_at_once_wait_no_longer_than_one(twilio: TwilioMessaging, monkeypatch):
    monkeypatch.setattr("connectors.quick_replies._PATIENCE", 0.5)
    messages = [
        Outbound(f"o{n}", Channel.WHATSAPP, "whatsapp:+254700000001", "Safe?", (Choice("Yes", f"/yes{n}"),))
        for n in range(8)
    ]
    started = time.monotonic()
    await asyncio.gather(*(twilio.send(message) for message in messages))
    assert time.monotonic() - started < 2.5
