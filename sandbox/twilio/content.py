"""The Content API of content.twilio.com: quick replies, texts, and their approval by WhatsApp."""

from typing import Any

from aiohttp import web

from sandbox.twilio.errors import TwilioError
from sandbox.twilio.records import Content
from sandbox.twilio.routes import TwilioDoor
from sandbox.twilio.service import Twilio, new_sid

MAX_ACTIONS, MAX_TITLE, MAX_QUICK_REPLY_BODY = 10, 25, 1024


class ContentApi:
    """Create, list, fetch, delete; approval, which the pretend WhatsApp grants at once."""

    def __init__(self, twilio: Twilio, door: TwilioDoor) -> None:
        self._twilio = twilio
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """Paths below /v1/Content."""
        one = "/v1/Content/{sid:HX[0-9a-f]{32}}"
        return [
            web.post("/v1/Content", self.create),
            web.get("/v1/Content", self.list),
            web.get(one, self.fetch),
            web.delete(one, self.delete),
            web.post(f"{one}/ApprovalRequests/whatsapp", self.approve),
            web.get(f"{one}/ApprovalRequests", self.approval),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/Content"""
        body = await _json(request)

        async def work() -> web.StreamResponse:
            content = _content(body)
            self._twilio.contents[content.sid] = content
            return web.json_response(self._view(request, content), status=201)

        return await self._door.answer(request, "content", work, body=body)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Content"""

        async def work() -> web.StreamResponse:
            shown = [self._view(request, c) for c in reversed(self._twilio.contents.values())]
            url = str(request.url)
            meta = {"key": "contents", "page": 0, "page_size": len(shown), "url": url, "first_page_url": url}
            return web.json_response(
                {"contents": shown, "meta": {**meta, "next_page_url": None, "previous_page_url": None}}
            )

        return await self._door.answer(request, "content", work)

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Content/{sid}"""

        async def work() -> web.StreamResponse:
            return web.json_response(self._view(request, self._content(request)))

        return await self._door.answer(request, "content", work)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE /v1/Content/{sid}"""

        async def work() -> web.StreamResponse:
            del self._twilio.contents[self._content(request).sid]
            return web.Response(status=204)

        return await self._door.answer(request, "content", work)

    async def approve(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/Content/{sid}/ApprovalRequests/whatsapp"""
        body = await _json(request)

        async def work() -> web.StreamResponse:
            content = self._content(request)
            name, category = body.get("name"), body.get("category")
            if not isinstance(name, str) or category not in ("UTILITY", "MARKETING", "AUTHENTICATION"):
                raise TwilioError(20001)
            kind = next(iter(content.types))
            content.approval = {
                "name": name,
                "category": category,
                "content_type": kind,
                "status": "approved",
                "rejection_reason": "",
                "allow_category_change": True,
            }
            return web.json_response(content.approval, status=201)

        return await self._door.answer(request, "content", work, body=body)

    async def approval(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Content/{sid}/ApprovalRequests"""

        async def work() -> web.StreamResponse:
            content = self._content(request)
            whatsapp = content.approval or {"status": "unsubmitted", "type": "whatsapp"}
            account = self._twilio.config.account_sid
            return web.json_response(
                {"sid": content.sid, "account_sid": account, "url": str(request.url), "whatsapp": whatsapp}
            )

        return await self._door.answer(request, "content", work)

    def _content(self, request: web.Request) -> Content:
        content = self._twilio.contents.get(request.match_info["sid"])
        if content is None:
            raise TwilioError(20404)
        return content

    def _view(self, request: web.Request, content: Content) -> dict[str, Any]:
        return content.view(self._twilio.config.account_sid, str(request.url.origin()))


async def _json(request: web.Request) -> dict[str, Any]:
    """The body; empty when it is no JSON object, which then fails its checks."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _content(body: dict[str, Any]) -> Content:
    """A new Content resource. Raises TwilioError 20001 for what Twilio would not take."""
    given, language = body.get("types"), body.get("language")
    types = {kind: shape for kind, shape in given.items() if shape} if isinstance(given, dict) else {}
    variables = body.get("variables") or {}
    if not isinstance(language, str) or not types or not isinstance(variables, dict):
        raise TwilioError(20001)
    for kind, shape in types.items():
        if kind not in ("twilio/quick-reply", "twilio/text") or not isinstance(shape, dict):
            raise TwilioError(20001)
        text = shape.get("body")
        if not isinstance(text, str) or not text:
            raise TwilioError(20001)
        if kind == "twilio/quick-reply":
            _check_actions(shape.get("actions"), text)
    return Content(new_sid("HX"), body.get("friendly_name") or "", language, variables, types)


def _check_actions(actions: object, text: str) -> None:
    if not isinstance(actions, list) or not 1 <= len(actions) <= MAX_ACTIONS or len(text) > MAX_QUICK_REPLY_BODY:
        raise TwilioError(20001)
    titles = [a.get("title") if isinstance(a, dict) else None for a in actions]
    if not all(isinstance(t, str) and 0 < len(t) <= MAX_TITLE for t in titles) or len(set(titles)) < len(titles):
        raise TwilioError(20001)
