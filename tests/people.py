"""Conversation tests that read like a script: `phone.says(...)`, `phone.hears(...)`, `operator.waits_for(...)`."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

HEARS_WITHIN = 20.0  # seconds


@dataclass
class Phone:
    """One person's phone on the sandbox."""

    session: aiohttp.ClientSession
    sandbox: str
    channel: str
    address: str
    heard: int = 0  # messages of ours that the script has listened to
    last_status: int = 0

    @property
    def url(self) -> str:
        return f"{self.sandbox}/sandbox/phones/{self.channel}/{self.address}"

    async def says(self, text: str, **options: Any) -> list[int]:
        """Write; the HTTP statuses that the gateway acknowledged with."""
        return await self.sends(text=text, **options)

    async def taps(self, title: str) -> list[int]:
        return await self.sends(choice=title)

    async def sends(self, **body: Any) -> list[int]:
        async with self.session.post(f"{self.url}/messages", json=body | {"wait": True}) as response:
            answer = await response.json()
            assert response.status < 300, answer
            return answer.get("statuses", [answer.get("status")])

    async def inbox(self) -> list[dict[str, Any]]:
        async with self.session.get(self.url) as response:
            if response.status == 404:
                return []
            return [item for item in (await response.json())["thread"] if item["direction"] == "out"]

    async def hears(self, pattern: str, seconds: float = HEARS_WITHIN) -> dict[str, Any]:
        """The next message that matches; those before it are passed over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    for index, item in enumerate((await self.inbox())[self.heard :], self.heard):
                        if re.search(pattern, item["text"], re.IGNORECASE | re.DOTALL):
                            self.heard = index + 1
                            return item
                    await asyncio.sleep(0.05)
        missed = [item["text"][:60] for item in (await self.inbox())[self.heard :]]
        raise AssertionError(f"nothing like {pattern!r} within {seconds} s; heard {missed}")

    async def hears_nothing_more(self, seconds: float = 1.5) -> None:
        """Nothing new within the time: the only place where a test waits for nothing."""
        await asyncio.sleep(seconds)
        new = [item["text"][:60] for item in (await self.inbox())[self.heard :]]
        assert new == [], f"heard {new}"

    async def hears_the_last(self, seconds: float = 1.5) -> None:
        """Listen until nothing new has come for a while."""
        while self.heard < (heard := len(await self.inbox())):
            self.heard = heard
            await asyncio.sleep(seconds)

    async def catches_up(self) -> None:
        """Pass over everything heard so far."""
        self.heard = len(await self.inbox())


@dataclass
class Operator:
    """Somebody at the API with a bearer token."""

    session: aiohttp.ClientSession
    api: str
    token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"}

    async def call(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        async with self.session.request(
            method, f"{self.api}{path}", headers=self.headers, json=body or None
        ) as response:
            text = await response.text()
            return response.status, (await response.json(content_type=None)) if text else None

    async def queue(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            path = f"/queue?cursor={cursor}" if cursor else "/queue"
            status, page = await self.call("GET", path)
            assert status == 200, page
            items += page["items"]
            cursor = page["cursor"]
            if not cursor:
                return items

    async def waits_for(self, conversation: str, seconds: float = HEARS_WITHIN, **expected: Any) -> dict[str, Any]:
        """The conversation as soon as it is as expected."""
        seen: Any = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    status, seen = await self.call("GET", f"/conversations/{conversation}")
                    if status == 200 and all(seen.get(name) == value for name, value in expected.items()):
                        return seen
                    await asyncio.sleep(0.1)
        shown = {name: (seen or {}).get(name) for name in expected}
        raise AssertionError(f"expected {expected}, found {shown}")

    async def finds(self, phone: Phone) -> str:
        """The conversation of a phone, by a supervisor's look-up."""
        address = f"whatsapp:{phone.address}" if phone.channel == "whatsapp" else phone.address
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARS_WITHIN):
                while True:
                    status, found = await self.call(
                        "POST", "/lookup", channel=phone.channel, address=address, reason="a scripted test"
                    )
                    if status == 200:
                        return str(found["conversation"])
                    assert status == 404, found
                    await asyncio.sleep(0.1)
        raise AssertionError("no such conversation")


PhoneOf = Callable[..., Phone]


def fresh_address(channel: str) -> str:
    number = secrets.randbelow(10**8)
    return f"{5 * 10**9 + number}" if channel == "telegram" else f"+2547{number:08}"
