"""The phones API: what tests and the page use to write, tap, block and look."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.events import Events
from sandbox.media import MediaShelf
from sandbox.phones import Phone, PhoneBook, normalise
from sandbox.telegram.inbound import TelegramPhones
from sandbox.twilio.inbound import TwilioPhones
from sandbox.writing import CannotWriteError, read_writing

WAIT_SECONDS = 90.0
SHOWN_INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "audio/ogg", "audio/amr", "audio/mpeg"})


class PhonesApi:
    """`/sandbox/phones/{channel}/{address}` and below."""

    def __init__(
        self,
        *,
        phones: PhoneBook,
        twilio: TwilioPhones,
        telegram: TelegramPhones,
        media: MediaShelf,
        events: Events,
        origin: Callable[[web.Request], str],
    ) -> None:
        self._phones = phones
        self._twilio = twilio
        self._telegram = telegram
        self._media = media
        self._events = events
        self._origin = origin

    def routes(self) -> list[web.RouteDef]:
        """Paths below /sandbox."""
        one = "/sandbox/phones/{channel}/{address}"
        return [
            web.get("/sandbox/phones", self.list),
            web.get("/sandbox/events", self.all_events),
            web.get("/sandbox/media/{media}", self.media),
            web.get(one, self.thread),
            web.get(f"{one}/events", self.events),
            web.post(f"{one}/messages", self.write),
            web.post(f"{one}/block", self.block),
            web.post(f"{one}/unblock", self.unblock),
            web.post(f"{one}/clear", self.clear),
            web.post(f"{one}/silence", self.silence),
        ]

    async def list(self, _request: web.Request) -> web.Response:
        """Every phone that has been used."""
        return web.json_response({"phones": [phone.summary() for phone in self._phones]})

    async def thread(self, request: web.Request) -> web.Response:
        """One phone's screen."""
        phone = self._phone(request)
        return web.json_response(phone.summary() | {"thread": [entry.view() for entry in phone.thread]})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What happens on one phone, as server-sent events."""
        return await self._events.stream(request, self._phone(request))

    async def all_events(self, request: web.Request) -> web.StreamResponse:
        """What happens on every phone, in one stream: browsers open few connections to one host."""
        return await self._events.stream(request)

    async def write(self, request: web.Request) -> web.Response:
        """Let the person write, tap a button, send a file, edit.

        202 with the entry's id; with `"wait": true` 200 and the gateway's HTTP status, null when it gave none.
        """
        phone = self._phone(request)
        try:
            writing = await read_writing(request)
            if phone.channel == "telegram":
                entry, delivery = self._telegram.write(phone, writing)
            else:
                entry, delivery = self._twilio.write(phone, writing, self._origin(request))
        except CannotWriteError as error:
            return web.json_response({"error": str(error)}, status=400)
        body: dict[str, Any] = {"id": entry.id, "provider_id": entry.provider_id}
        if not writing.wait:
            return web.json_response(body, status=202)
        try:
            statuses = await asyncio.wait_for(asyncio.shield(delivery), WAIT_SECONDS)
        except TimeoutError:
            statuses = []
        status = next((s for s in statuses if s is not None), None)
        return web.json_response(body | {"status": status, "statuses": statuses})

    async def block(self, request: web.Request) -> web.Response:
        """The person blocks the helpline."""
        return self._set_blocked(request, True)

    async def unblock(self, request: web.Request) -> web.Response:
        """The person lets the helpline write again."""
        return self._set_blocked(request, False)

    def _set_blocked(self, request: web.Request, blocked: bool) -> web.Response:
        phone = self._phone(request)
        if phone.channel == "telegram":
            self._telegram.set_blocked(phone, blocked)
        else:
            self._phones.set_blocked(phone, blocked)
        return web.json_response(phone.summary())

    async def clear(self, request: web.Request) -> web.Response:
        """Wipe the screen."""
        phone = self._phone(request)
        self._phones.clear(phone)
        return web.json_response(phone.summary())

    async def silence(self, request: web.Request) -> web.Response:
        """`{"hours": 25}`: as if the person had last written so long ago, which closes WhatsApp's window."""
        phone = self._phone(request)
        try:
            hours = float((await request.json())["hours"])
        except (ValueError, TypeError, KeyError):
            return web.json_response({"error": "say how many hours"}, status=400)
        phone.last_inbound_at = time.time() - hours * 3600
        return web.json_response(phone.summary())

    async def media(self, request: web.Request) -> web.Response:
        """A file on a phone, for the page; what a browser might run is only offered for download."""
        media = self._media.get(request.match_info["media"])
        if media is None:
            raise web.HTTPNotFound
        if media.content_type in SHOWN_INLINE:
            return web.Response(body=media.data, headers={"Content-Type": media.content_type})
        headers = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
        return web.Response(body=media.data, headers=headers)

    def _phone(self, request: web.Request) -> Phone:
        channel = request.match_info["channel"]
        try:
            return self._phones.get(channel, normalise(channel, request.match_info["address"]))
        except ValueError as error:
            raise web.HTTPNotFound(text=str(error)) from None
