"""A listening gateway and a running sandbox for each test."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sandbox_rig import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    TELEGRAM_SECRET,
    TELEGRAM_TOKEN,
    Delivered,
    ListeningGateway,
    Sandbox,
    SandboxHttp,
    config_for,
    running,
)
from telegram import Bot
from twilio.request_validator import RequestValidator
from twilio.rest import Client


@pytest.fixture
async def gateway() -> AsyncIterator[ListeningGateway]:
    listening = ListeningGateway()
    app = web.Application()
    app.router.add_post("/webhooks/twilio", listening.twilio)
    app.router.add_post("/webhooks/twilio/status", listening.twilio)
    app.router.add_post("/webhooks/telegram", listening.telegram)
    async with TestServer(app) as server:
        listening.url = str(server.make_url("")).rstrip("/")
        yield listening


@pytest.fixture
async def sandbox(gateway: ListeningGateway) -> AsyncIterator[Sandbox]:
    async with running(config_for(gateway)) as client:
        yield client


@pytest.fixture
async def twilio(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with SandboxHttp(sandbox.url) as http:
        yield Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http)


@pytest.fixture
async def bot(sandbox: Sandbox, gateway: ListeningGateway) -> AsyncIterator[Bot]:
    """python-telegram-bot's Bot, with its webhook set."""
    async with Bot(TELEGRAM_TOKEN, base_url=f"{sandbox.url}/bot", base_file_url=f"{sandbox.url}/file/bot") as bot:
        await bot.set_webhook(f"{gateway.url}/webhooks/telegram", secret_token=TELEGRAM_SECRET)
        yield bot


@pytest.fixture
def is_signed() -> Callable[[Delivered], bool]:
    """Whether a webhook carries Twilio's signature for exactly its URL and fields."""
    validator = RequestValidator(AUTH_TOKEN)
    return lambda d: validator.validate(d.url, d.body, d.headers["X-Twilio-Signature"])
