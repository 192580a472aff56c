"""The only way in: the gateway's HTTP channel, ``/webhooks/gateway``.

``POST messages`` one message of a person, answered; idempotent by ``message_id``
``POST parse``    understanding only, no dialogue
``GET  health``   200 and the model's id once messages can be answered, else 503

Errors are ``application/problem+json`` and never hold a person's text.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.dialogue import Dialogue, user_message
from bot.nlg import LANGUAGE, SOURCE_LANGUAGE
from bot.quiet import describe
from bot.trackers import TrackerConflict
from bot.turns import Answer

log = logging.getLogger(__name__)

NAME = "gateway"
MAX_MESSAGE_BYTES = 64 * 1024
MAX_TEXT = 10_000
MAX_ID = 200
MAX_PARSED = 500
PAYLOAD = re.compile(r"/[a-z_]+")


class Refused(ValueError):
    """A request that is not as agreed; the sentence says which part, never its content."""


class GatewayInput(InputChannel):
    """Takes messages from the gateway alone, behind a bearer token."""

    def __init__(self, token: str) -> None:
        """Raises ValueError for an empty token: a channel open to anybody would be worse than none."""
        if not token:
            raise ValueError("the gateway channel needs a token")
        self._token = token.encode()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def name(cls) -> str:
        return NAME

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayInput:
        return cls(str((credentials or {}).get("token") or ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The three routes. Messages go to ``app.ctx.dialogue``, since the answer to them is what counts."""
        routes = Blueprint("gateway")

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            dialogue = _dialogue(request)
            if dialogue is None:
                return problem(503, "The assistant is still starting.")
            if not await dialogue.action_endpoint.alive():
                return problem(503, "The action server does not answer.")
            return json({"model": dialogue.model_metadata.model_id})

        @routes.post("/messages")
        async def messages(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._answer)

        @routes.post("/parse")
        async def parse(request: Request) -> HTTPResponse:
            return await self._guarded(request, _parse)

        return routes

    async def _guarded(
        self, request: Request, handle: Callable[[Dialogue, Request], Awaitable[dict[str, Any]]]
    ) -> HTTPResponse:
        """Authenticate, handle, and turn whatever goes wrong into a status; an answer is never invented."""
        if not self._authentic(request):
            return problem(401, "A valid bearer token is needed.", {"WWW-Authenticate": "Bearer"})
        dialogue = _dialogue(request)
        if dialogue is None:
            return problem(503, "The assistant is still starting.")
        try:
            return json(await handle(dialogue, request))
        except Refused as refusal:
            return problem(400, str(refusal))
        except Exception as error:
            log.error("a request to %s failed: %s", request.path, describe(error))
            return problem(500, "The assistant could not complete this. Nothing was saved: send it again.")

    def _authentic(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self._token) and scheme.lower() == "bearer"

    async def _answer(self, dialogue: Dialogue, request: Request) -> Answer:
        body = _body(request, MAX_MESSAGE_BYTES)
        sender = _text(body, "sender", MAX_ID, required=True)
        message_id = _text(body, "message_id", MAX_ID, required=True)
        text = _text(body, "text", MAX_TEXT)
        payload = _payload(body, dialogue)
        language = _language(body)
        in_report = _flag(body, "in_report")
        # the gateway sends one person's messages in order; this holds that order should it ever repeat one meanwhile
        turn = self._turns.setdefault(sender, asyncio.Lock())
        async with turn:
            try:
                return await dialogue.answer(user_message(sender, message_id, text, language, payload, NAME, in_report))
            except TrackerConflict:
                # another process has just answered this person: read again what was said there
                return await dialogue.answer(user_message(sender, message_id, text, language, payload, NAME, in_report))


async def _parse(dialogue: Dialogue, request: Request) -> dict[str, Any]:
    texts = _body(request).get("texts")
    if not isinstance(texts, list) or len(texts) > MAX_PARSED:
        raise Refused(f"texts: a list of at most {MAX_PARSED} is expected")
    results = []
    for item in texts:
        if not isinstance(item, dict) or not isinstance(item.get("id"), (str, int)):
            raise Refused("texts: each needs an id and a text")
        results.append({"id": item["id"], "intent": dialogue.understand(_text(item, "text", MAX_TEXT))["intent"]})
        await asyncio.sleep(0)  # a long list must not keep a person waiting
    return {"results": results}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> HTTPResponse:
    """An RFC 9457 answer."""
    body = {"status": status, "title": _TITLES[status], "detail": detail}
    return json(body, status=status, headers=headers, content_type="application/problem+json")


_TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    500: "Could not be completed",
    503: "Not ready",
}


def _dialogue(request: Request) -> Dialogue | None:
    return getattr(request.app.ctx, "dialogue", None)


def _body(request: Request, limit: int | None = None) -> dict[str, Any]:
    if limit is not None and len(request.body) > limit:
        raise Refused(f"a message has at most {limit} bytes")
    try:
        body = request.json
    except SanicException:
        body = None
    if not isinstance(body, dict):
        raise Refused("a JSON object is expected")
    return body


def _text(body: dict[str, Any], field: str, limit: int, *, required: bool = False) -> str:
    value = body.get(field)
    if not isinstance(value, str) or len(value) > limit or (required and not value):
        raise Refused(f"{field}: text of at most {limit} characters is expected")
    # half a surrogate pair is valid JSON but no text: nothing after this could store it
    return value.encode("utf-8", "replace").decode("utf-8")


def _payload(body: dict[str, Any], dialogue: Dialogue) -> str | None:
    payload = body.get("payload")
    if payload is None:
        return None
    if not isinstance(payload, str) or not PAYLOAD.fullmatch(payload) or payload[1:] not in dialogue.intents():
        raise Refused("payload: null or a slash and an intent of the assistant is expected")
    return payload


def _flag(body: dict[str, Any], name: str) -> bool | None:
    flag = body.get(name)
    if flag is not None and not isinstance(flag, bool):
        raise Refused(f"{name}: true or false is expected")
    return flag


def _language(body: dict[str, Any]) -> str:
    language = body.get("language") or SOURCE_LANGUAGE
    if not isinstance(language, str) or len(language) > 20 or not LANGUAGE.fullmatch(language):
        raise Refused("language: a language code such as sw is expected")
    return language
