"""The Messages resource of api.twilio.com, as HTTP."""

import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from sandbox.faults import FaultBook
from sandbox.journal import Journal
from sandbox.media import MediaShelf
from sandbox.twilio.errors import TwilioError, error_response, refuse
from sandbox.twilio.records import API_VERSION, Message, rfc2822
from sandbox.twilio.service import Twilio

PAGE_SIZE, MAX_PAGE_SIZE = 50, 1000

Work = Callable[[], Awaitable[web.StreamResponse]]


class TwilioDoor:
    """Every call of the gateway comes through here: checked, written down, subject to faults."""

    def __init__(self, twilio: Twilio, faults: FaultBook, journal: Journal, heard: Callable[[str], None]) -> None:
        self._twilio = twilio
        self._faults = faults
        self._journal = journal
        self._heard = heard

    async def answer(
        self,
        request: web.Request,
        method: str,
        work: Work,
        *,
        phone: str = "",
        body: Mapping[str, object] | None = None,
    ) -> web.StreamResponse:
        """Answer one call named `method` by doing `work`, or as a fault or an error of its own demands."""
        note = self._journal.note(("twilio", method, phone), request.method, request.path_qs, dict(body or {}))
        try:
            self._check(request)
            self._heard(str(request.url.origin()))
            call = ("twilio", method, phone)
            response = await self._faults.around(request, call, work, refuse)
        except TwilioError as error:
            response = error_response(error.code)
        note.status = response.status
        return response

    def _check(self, request: web.Request) -> None:
        """Raises TwilioError 20003 for wrong credentials, 20404 for another account's address."""
        config = self._twilio.config
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            given = b""
        expected = f"{config.account_sid}:{config.auth_token}".encode()
        if scheme.lower() != "basic" or not hmac.compare_digest(given, expected):
            raise TwilioError(20003)
        if request.match_info.get("account", config.account_sid) != config.account_sid:
            raise TwilioError(20404)


class MessagesApi:
    """Create, list, fetch, redact, delete; media and the account."""

    def __init__(self, twilio: Twilio, door: TwilioDoor, media: MediaShelf) -> None:
        self._twilio = twilio
        self._door = door
        self._media = media
        self._account_sid = twilio.config.account_sid

    def routes(self) -> list[web.RouteDef]:
        """Paths below /2010-04-01."""
        account = f"/{API_VERSION}/Accounts/{{account}}"
        one = f"{account}/Messages/{{sid:[A-Z]{{2}}[0-9a-f]{{32}}}}"
        return [
            web.get(f"{account}.json", self.account),
            web.post(f"{account}/Messages.json", self.create),
            web.get(f"{account}/Messages.json", self.list),
            web.get(f"{one}.json", self.fetch),
            web.post(f"{one}.json", self.update),
            web.delete(f"{one}.json", self.delete),
            web.get(f"{one}/Media.json", self.media_list),
            web.get(f"{one}/Media/{{media}}", self.media),
            web.get(f"{one}/Media/{{media}}.json", self.media),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages.json"""
        raw = await request.post()
        form = {name: value for name, value in raw.items() if isinstance(value, str)}
        urls = [value for value in raw.getall("MediaUrl", []) if isinstance(value, str)]

        async def work() -> web.StreamResponse:
            message = self._twilio.accept(form, urls)
            view = message.view(self._account_sid)
            if message.messaging_service_sid:
                view |= {"from": None, "num_segments": "0"}  # not known before the service has chosen
            view["num_media"] = str(len(urls))
            return web.json_response(view, status=201)

        return await self._door.answer(request, "create", work, phone=form.get("To", ""), body=form)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """GET Messages.json, newest first"""

        async def work() -> web.StreamResponse:
            query = request.query
            size = min(max(_whole(query.get("PageSize"), PAGE_SIZE), 1), MAX_PAGE_SIZE)
            page = max(_whole(query.get("Page"), 0), 0)
            found = [m for m in reversed(self._twilio.messages.values()) if _fits(m, query)]
            start = page * size
            chosen = found[start : start + size]

            def uri(number: int) -> str:
                fields = {k: v for k, v in query.items() if k not in ("Page", "PageSize", "PageToken")}
                return f"{request.path}?{urlencode({**fields, 'PageSize': size, 'Page': number})}"

            return web.json_response(
                {
                    "messages": [m.view(self._account_sid) for m in chosen],
                    "page": page,
                    "page_size": size,
                    "start": start,
                    "end": start + max(len(chosen) - 1, 0),
                    "uri": uri(page),
                    "first_page_uri": uri(0),
                    "next_page_uri": uri(page + 1) if start + size < len(found) else None,
                    "previous_page_uri": uri(page - 1) if page else None,
                }
            )

        return await self._door.answer(request, "list", work, phone=request.query.get("To", ""))

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{sid}.json"""

        async def work() -> web.StreamResponse:
            return web.json_response(self._message(request).view(self._account_sid))

        return await self._door.answer(request, "fetch", work)

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Messages/{sid}.json with Body="" redacts"""
        form = {name: str(value) for name, value in (await request.post()).items()}

        async def work() -> web.StreamResponse:
            message = self._message(request)
            if form.get("Body") != "":
                raise TwilioError(20001)
            self._twilio.redact(message)
            return web.json_response(message.view(self._account_sid))

        return await self._door.answer(request, "update", work, body=form)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE Messages/{sid}.json"""

        async def work() -> web.StreamResponse:
            self._twilio.delete(self._message(request))
            return web.Response(status=204)

        return await self._door.answer(request, "delete", work)

    async def media_list(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{sid}/Media.json"""

        async def work() -> web.StreamResponse:
            message = self._message(request)
            base = request.path.removesuffix(".json")
            created = rfc2822(message.created_at)
            shown = [
                {
                    "sid": m.id,
                    "account_sid": self._account_sid,
                    "parent_sid": message.sid,
                    "content_type": m.content_type,
                    "date_created": created,
                    "date_updated": created,
                    "uri": f"{base}/{m.id}.json",
                }
                for m in map(self._media.get, message.media)
                if m is not None
            ]
            meta = {"page": 0, "page_size": PAGE_SIZE, "start": 0, "end": max(len(shown) - 1, 0)}
            here = request.path_qs
            uris = {"uri": here, "first_page_uri": here, "next_page_uri": None, "previous_page_uri": None}
            return web.json_response({"media_list": shown, **meta, **uris})

        return await self._door.answer(request, "media", work)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{sid}/Media/{ME…}: the bytes"""

        async def work() -> web.StreamResponse:
            media_id = request.match_info["media"]
            media = self._media.get(media_id) if media_id in self._message(request).media else None
            if media is None:
                raise TwilioError(20404)
            headers = {"Content-Type": media.content_type}  # as the sender named it, odd ones too
            return web.Response(body=media.data, headers=headers)

        return await self._door.answer(request, "media", work)

    async def account(self, request: web.Request) -> web.StreamResponse:
        """GET Accounts/{sid}.json"""

        async def work() -> web.StreamResponse:
            created = rfc2822(time.time())
            base = f"/{API_VERSION}/Accounts/{self._account_sid}"
            view = {
                "sid": self._account_sid,
                "owner_account_sid": self._account_sid,
                "friendly_name": "Sandbox",
                "status": "active",
                "type": "Full",
                "auth_token": "",
                "date_created": created,
                "date_updated": created,
                "uri": f"{base}.json",
                "subresource_uris": {"messages": f"{base}/Messages.json"},
            }
            return web.json_response(view)

        return await self._door.answer(request, "account", work)

    def _message(self, request: web.Request) -> Message:
        message = self._twilio.messages.get(request.match_info["sid"])
        if message is None:
            raise TwilioError(20404)
        return message


def _fits(message: Message, query: Mapping[str, str]) -> bool:
    """Whether a message passes the list's filters. A date is a day or a moment, UTC; both ends count."""
    if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
        return False
    at = datetime.fromtimestamp(message.sent_at or message.created_at, UTC)
    for name in ("DateSent", "DateSent>", "DateSent<"):
        if not (given := query.get(name)):
            continue
        first, last = _moment(given)
        if (name != "DateSent<" and at < first) or (name != "DateSent>" and at >= last):
            return False
    return True


def _moment(text: str) -> tuple[datetime, datetime]:
    """The half-open span that a date or a moment names; a moment lasts a second. Raises TwilioError 20001."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise TwilioError(20001) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return at, at + (timedelta(days=1) if len(text) <= len("2026-01-01") else timedelta(seconds=1))


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default
