"""Signed webhooks at a given number of connections, against a bare motor loop doing one durable insert per message."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import aiohttp
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern
from twilio.request_validator import RequestValidator

SECONDS = 6.0


async def at(connections: int, one: Callable[[], Awaitable[None]], seconds: float = SECONDS) -> float:
    """How many times a second `one` completes with `connections` of it at a time."""
    done = 0
    until = time.monotonic() + seconds

    async def loop() -> None:
        nonlocal done
        while time.monotonic() < until:
            await one()
            done += 1

    began = time.monotonic()
    await asyncio.gather(*(loop() for _ in range(connections)))
    return done / (time.monotonic() - began)


class Webhooks:
    """SMS webhooks of many people, signed ahead so that signing is not measured."""

    def __init__(self, web: str, account_sid: str, auth_token: str, count: int) -> None:
        self.url = f"{web}/webhooks/twilio"
        validator = RequestValidator(auth_token)
        self._requests = itertools.cycle([self._signed(validator, account_sid, number) for number in range(count)])

    def _signed(self, validator: RequestValidator, account_sid: str, number: int) -> tuple[bytes, dict[str, str]]:
        form = {
            "MessageSid": f"SM{time.time_ns():032x}"[:34],
            "AccountSid": account_sid,
            "From": f"+2547{number % 2000:08}",
            "To": "+254700000001",
            "Body": "hello, is this job offer in the hotel real? " + "x" * 120,
            "NumMedia": "0",
        }
        headers = {
            "X-Twilio-Signature": validator.compute_signature(self.url, form),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return urlencode(form).encode(), headers

    def one(self, session: aiohttp.ClientSession) -> Callable[[], Awaitable[None]]:
        async def post() -> None:
            body, headers = next(self._requests)
            async with session.post(self.url, data=body, headers=headers) as response:
                assert response.status == 200, response.status
                await response.read()

        return post


def bare_loop(uri: str) -> Callable[[], Awaitable[None]]:
    """One majority and journaled insert of a document of the same size."""
    client: AsyncIOMotorClient = AsyncIOMotorClient(uri)
    collection = client.get_default_database("bench").get_collection(
        "bare", write_concern=WriteConcern("majority", j=True)
    )
    numbers = itertools.count()

    async def insert() -> None:
        await collection.insert_one({"_id": f"{time.time_ns()}.{next(numbers)}", "text": b"x" * 300})

    return insert
