"""Server-sent events: what happens on the phones, as it happens."""

import asyncio
import json
from typing import Any

from aiohttp import web

from sandbox.phones import Phone

HEARTBEAT_SECONDS = 15.0
BACKLOG = 1000  # events a slow browser may lag behind before it has to reconnect

Event = tuple[str, str, str, dict[str, Any]]


class Events:
    """Fans events out to every open stream."""

    def __init__(self) -> None:
        self._streams: set[asyncio.Queue[Event | None]] = set()

    def publish(self, event: str, phone: Phone, data: dict[str, Any]) -> None:
        """Tell every stream that `event` happened on `phone`."""
        for queue in list(self._streams):
            try:
                queue.put_nowait((event, phone.channel, phone.address, data))
            except asyncio.QueueFull:
                self._end(queue)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for queue in list(self._streams):
            self._end(queue)

    def _end(self, queue: asyncio.Queue[Event | None]) -> None:
        self._streams.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    async def stream(self, request: web.Request, only: Phone | None = None) -> web.StreamResponse:
        """Answer `request` with the events of one phone, or of all."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        queue: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG)
        self._streams.add(queue)
        try:
            await response.write(b"retry: 1000\n: open\n\n")
            while (chunk := await self._next(queue, only)) is not None:
                await response.write(chunk)
        except ConnectionResetError:
            pass  # the browser has gone
        finally:
            self._streams.discard(queue)
        return response

    async def _next(self, queue: asyncio.Queue[Event | None], only: Phone | None) -> bytes | None:
        """The next bytes to write; None when the stream is over."""
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                return b": still here\n\n"
            if event is None:
                return None
            name, channel, address, data = event
            if only is None or (channel, address) == (only.channel, only.address):
                body = json.dumps({"channel": channel, "address": address, **data}, ensure_ascii=False)
                return f"event: {name}\ndata: {body}\n\n".encode()
