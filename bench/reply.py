"""From a webhook to the provider's create call, against the bare call of the assistant for the same messages."""

import asyncio
import secrets
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

MESSAGES = (
    "what are my rights at work", "is this job offer real", "how do I travel safely for work", "who can read this",
    "may my employer keep my passport", "are you a robot", "thank you", "quiero saber mis derechos",
    "je veux verifier une offre de travail", "nataka kujua haki zangu kazini",
)  # fmt: skip
ROUNDS = 5


class Provider:
    """Accepts messages as Twilio does and notes when each person's first one arrived."""

    def __init__(self) -> None:
        self._arrived: dict[str, asyncio.Future[float]] = {}

    def expect(self, address: str) -> "asyncio.Future[float]":
        return self._arrived.setdefault(address, asyncio.get_running_loop().create_future())

    async def create(self, request: web.Request) -> web.Response:
        arrived = time.perf_counter()
        to = parse_qs(await request.text())["To"][0]
        if to in self._arrived and not self._arrived[to].done():
            self._arrived[to].set_result(arrived)
        sid = f"SM{secrets.token_hex(16)}"
        return web.json_response({"sid": sid, "status": "queued", "error_code": None}, status=201)

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", self.create)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()


async def through_gateway(web_url: str, account_sid: str, auth_token: str, provider: Provider) -> list[float]:
    """Milliseconds for each message, one at a time, each of another person."""
    validator = RequestValidator(auth_token)
    url = f"{web_url}/webhooks/twilio"
    times = []
    async with aiohttp.ClientSession() as session:
        for number, text in enumerate(MESSAGES * ROUNDS):
            address = f"+2547{secrets.randbelow(10**8):08}"
            form = {"MessageSid": f"SM{secrets.token_hex(16)}", "AccountSid": account_sid, "From": address,
                    "To": "+254700000001", "Body": text, "NumMedia": "0"}  # fmt: skip
            headers = {"X-Twilio-Signature": validator.compute_signature(url, form),
                       "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
            arrived = provider.expect(address)
            began = time.perf_counter()
            async with session.post(url, data=urlencode(form).encode(), headers=headers) as response:
                assert response.status == 200, response.status
            took = (await asyncio.wait_for(arrived, 30)) - began
            if number >= len(MESSAGES):  # the first round warms both sides up
                times.append(took * 1000)
    return times


async def bare_assistant(rasa: str, token: str) -> list[float]:
    """Milliseconds for each message, one at a time, each of another person."""
    times = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for number, text in enumerate(MESSAGES * ROUNDS):
            body = {"sender": secrets.token_hex(16), "message_id": secrets.token_hex(16), "text": text,
                    "payload": None, "language": "en"}  # fmt: skip
            began = time.perf_counter()
            async with session.post(f"{rasa}/webhooks/gateway/messages", json=body) as response:
                assert response.status == 200, response.status
                await response.read()
            if number >= len(MESSAGES):
                times.append((time.perf_counter() - began) * 1000)
    return times


def median(times: list[float]) -> float:
    return statistics.median(times)
