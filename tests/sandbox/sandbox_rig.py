"""A gateway that only listens, and a sandbox that talks to it. Both are real HTTP servers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestClient, TestServer
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from yarl import URL

from sandbox.app import SandboxConfig, make_app

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "pretend-auth-token"
TELEGRAM_TOKEN = "123456:pretend_bot_token"
TELEGRAM_SECRET = "pretend-secret_1"
BASIC = {"Authorization": encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN)}
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
SECONDS = 10.0

SMS_FROM, WHATSAPP_FROM = "+254700000001", "whatsapp:+254700000002"
PERSON = "+254711000001"


@dataclass
class Delivered:
    """One webhook as the gateway got it."""

    url: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class ListeningGateway:
    """Writes down what it is sent; answers 200, or what `answers` says next (a status, or TwiML)."""

    url: str = ""
    delivered: list[Delivered] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def twilio(self, request: web.Request) -> web.Response:
        return await self._take(request, dict(await request.post()))

    async def telegram(self, request: web.Request) -> web.Response:
        return await self._take(request, await request.json())

    async def _take(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        url = self.url + request.raw_path
        self.delivered.append(Delivered(url, body, dict(request.headers)))
        async with self._news:
            self._news.notify_all()
        answer = self.answers.pop(0) if self.answers else "<Response/>"
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=answer, content_type="text/xml")

    async def hears(self, count: int, path: str = "") -> list[Delivered]:
        """The webhooks to `path`, once there are `count` of them."""

        def found() -> list[Delivered]:
            return [d for d in self.delivered if path in d.url]

        async with asyncio.timeout(SECONDS), self._news:
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()


class Sandbox(TestClient):
    """A client of a running sandbox, with the phones' acts as methods."""

    async def says(self, channel: str, address: str, text: str = "", **more: Any) -> dict[str, Any]:
        """Write from a phone and give the phones API's answer."""
        body = ({"text": text} if text else {}) | more
        response = await self.post(f"/sandbox/phones/{channel}/{address}/messages", json=body)
        assert response.status in (200, 202), await response.text()
        return await response.json()

    async def refuses(self, channel: str, address: str, **body: Any) -> str:
        """The sentence with which the phones API refuses."""
        response = await self.post(f"/sandbox/phones/{channel}/{address}/messages", json=body)
        assert response.status == 400
        return (await response.json())["error"]

    async def thread(self, channel: str, address: str) -> list[dict[str, Any]]:
        return (await (await self.get(f"/sandbox/phones/{channel}/{address}")).json())["thread"]

    async def shows(self, channel: str, address: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first entry of a thread that fits, once there is one."""
        async with asyncio.timeout(SECONDS):
            async with self.get(f"/sandbox/phones/{channel}/{address}/events") as events:
                while True:
                    for entry in await self.thread(channel, address):
                        if wanted(entry):
                            return entry
                    await events.content.readuntil(b"\n\n")

    async def fault(self, **fields: Any) -> None:
        response = await self.post("/sandbox/faults", json=fields)
        assert response.status == 201, await response.text()

    @property
    def url(self) -> str:
        return str(self.make_url("")).rstrip("/")


def config_for(gateway: ListeningGateway, data_file: Path | None = None, **more: Any) -> SandboxConfig:
    more.setdefault("pace", 0.02)
    return SandboxConfig(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        telegram_token=TELEGRAM_TOKEN,
        gateway_url=gateway.url,
        data_file=data_file,
        **more,
    )


@asynccontextmanager
async def running(config: SandboxConfig) -> AsyncIterator[Sandbox]:
    async with Sandbox(TestServer(make_app(config))) as client:
        yield client


class SandboxHttp(AsyncTwilioHttpClient):
    """Twilio's own client with its hosts replaced by the sandbox."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self.origin = URL(origin)

    async def request(self, method: str, url: str, **fields: Any) -> Any:
        target = URL(url).with_scheme("http").with_host(self.origin.host).with_port(self.origin.port)
        if (fields.get("headers") or {}).get("Content-Type") == "application/json":
            return await self._json(method, str(target), fields)
        return await super().request(method, str(target), **fields)

    async def _json(self, method: str, url: str, fields: dict[str, Any]) -> Any:
        headers = {**fields["headers"], "Authorization": encode_basic_auth(*fields["auth"])}
        async with self.session.request(method, url, json=fields["data"], headers=headers) as answer:
            return Response(answer.status, await answer.text(), answer.headers)
