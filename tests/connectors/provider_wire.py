"""A provider on loopback that answers as told and remembers what it was asked."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """Answers are taken from `answers` in turn, then from `otherwise`."""

    otherwise: Answer
    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fields = {name: str(value) for name, value in (await request.post()).items()} or dict(request.query)
        self.asked.append(Asked(request.method, request.path, dict(request.headers), fields, body))
        answer = self.answers.popleft() if self.answers else self.otherwise
        return await answer(request)

    def then(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    async def silence(self, request: web.Request) -> web.StreamResponse:
        """Take the request and say nothing until the test is over."""
        await self.released.wait()
        return web.Response(status=500)


def says(status: int, body: object, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)

    return answer


async def hangs_up(request: web.Request) -> web.StreamResponse:
    """Take the request and break the connection."""
    request.transport.abort()
    return web.Response()
