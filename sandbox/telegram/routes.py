"""api.telegram.org, as HTTP."""

import hmac
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.faults import FaultBook
from sandbox.journal import Journal
from sandbox.media import MediaShelf
from sandbox.telegram.errors import TelegramError, error_response, refuse
from sandbox.telegram.methods import Methods, Params, folder, from_form, suffix


class BotApi:
    """`/bot<token>/<method>` and `/file/bot<token>/<path>`."""

    def __init__(
        self,
        *,
        token: str,
        methods: Methods,
        media: MediaShelf,
        faults: FaultBook,
        journal: Journal,
        heard: Callable[[str], None],
    ) -> None:
        self._token = token
        self._methods = methods
        self._media = media
        self._faults = faults
        self._journal = journal
        self._heard = heard

    def routes(self) -> list[web.RouteDef]:
        """Paths at the root, as there."""
        return [
            web.get("/file/bot{token}/{folder}/{name}", self.file),
            web.get("/bot{token}/{method}", self.call),
            web.post("/bot{token}/{method}", self.call),
        ]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Any method."""
        method = request.match_info["method"]
        try:
            params = await _params(request)
        except TelegramError as error:
            return error_response(error.code, error.description)
        chat = str(params.get("chat_id", ""))
        path = f"/bot<token>/{method}"
        note = self._journal.note(("telegram", method, chat), request.method, path, _printable(params))

        async def work() -> web.StreamResponse:
            result = self._methods.call(method, params)
            body: dict[str, Any] = {"ok": True, "result": result.value}
            if result.description:
                body["description"] = result.description
            return web.json_response(body)

        try:
            self._check(request)
            self._heard(str(request.url.origin()))
            response = await self._faults.around(request, ("telegram", method, chat), work, refuse)
        except TelegramError as error:
            response = error_response(error.code, error.description)
        note.status = response.status
        return response

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file whose path getFile gave."""
        note = self._journal.note(("telegram", "file", ""), "GET", f"/file/bot<token>/{request.match_info['name']}", {})

        async def work() -> web.StreamResponse:
            given = request.match_info["folder"], request.match_info["name"]
            media = self._media.get(given[1].partition(".")[0])
            if media is None or given != (folder(media.content_type), f"{media.id}{suffix(media.name)}"):
                raise TelegramError(404, "Not Found")
            return web.Response(body=media.data, headers={"Content-Type": "application/octet-stream"})

        try:
            self._check(request)
            response = await self._faults.around(request, ("telegram", "file", ""), work, refuse)
        except TelegramError as error:
            response = error_response(error.code, error.description)
        note.status = response.status
        return response

    def _check(self, request: web.Request) -> None:
        if not hmac.compare_digest(request.match_info["token"].encode(), self._token.encode()):
            raise TelegramError(401, "Unauthorized")


async def _params(request: web.Request) -> Params:
    """Parameters of the query, and of a JSON, urlencoded or multipart body."""
    params: Params = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        try:
            body = await request.json()
        except ValueError:
            raise TelegramError(400, "Bad Request: can't parse request body as JSON") from None
        return params | (body if isinstance(body, dict) else {})
    return from_form(params | dict(await request.post()))


def _printable(params: Params) -> dict[str, Any]:
    """The parameters without uploaded files."""
    return {k: v for k, v in params.items() if not isinstance(v, web.FileField)}
