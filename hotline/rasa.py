"""The assistant over HTTP: one question, one answer, or none within the deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog

from hotline.core.errors import HotlineError, Unavailable
from hotline.core.message import Choice
from hotline.core.records import Received
from hotline.core.routing import Answer, Reply
from hotline.core.triage import Understanding

log = structlog.get_logger()

ANSWER_WITHIN = 10.0  # seconds; then a human takes over
_CONNECT = 2.0
_KEEP = 3.0  # seconds: shorter than the assistant's server keeps an idle connection

Endpoint = Callable[[], Awaitable[tuple[str, str]]]
"""Finds (base URL, token) of the assistant; raises `Unavailable` where it does not run."""


class RasaAssistant:
    """Client of the channel in ``bot/channel.py``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, received: Received, payload: str | None, language: str, *, in_report: bool) -> Answer | None:
        """One turn of the dialogue, idempotent by message id. None: it failed, was late or said nothing.

        `in_report`: a report's question is open here; where it is not, the assistant ends one that it still has open.
        """
        body = {
            "sender": received.contact,
            "message_id": received.id,
            "text": received.text,
            "payload": payload if payload and payload.startswith("/") else None,
            "language": language,
            "in_report": in_report,
        }
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return _answer(await self._post("messages", body))
        except (TimeoutError, HotlineError, aiohttp.ClientError, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("assistant_unavailable", message=received.id, error=type(error).__name__)
            return None

    async def understand(self, texts: dict[str, str]) -> dict[str, Understanding]:
        """The intent of each text, without a dialogue. Raise `Unavailable`."""
        body = {"texts": [{"id": key, "text": text} for key, text in texts.items()]}
        try:
            data = await self._post("parse", body)
            return {item["id"]: _understanding(item["intent"]) for item in data["results"]}
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, KeyError, TypeError):
            raise Unavailable("assistant") from None

    async def check(self) -> str:
        """The model that answers; raise `Unavailable`."""
        try:
            url, _ = await self._endpoint()
            async with asyncio.timeout(_CONNECT), self._client().get(f"{url}/webhooks/gateway/health") as response:
                if response.status != 200:  # noqa: PLR2004 -- OK
                    raise Unavailable("assistant")
                return str((await response.json())["model"])
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, KeyError, TypeError):
            raise Unavailable("assistant") from None

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        url, token = await self._endpoint()
        headers = {"Authorization": f"Bearer {token}"}
        target = f"{url}/webhooks/gateway/{path}"
        try:
            return await self._once(target, body, headers)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            # a kept connection that the other side has just closed; asking again is safe, a message id is answered once
            return await self._once(target, body, headers)

    async def _once(self, target: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        async with self._client().post(target, json=body, headers=headers) as response:
            if response.status != 200:  # noqa: PLR2004 -- OK
                raise Unavailable("assistant")
            return await response.json()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=60, sock_connect=_CONNECT),
                connector=aiohttp.TCPConnector(keepalive_timeout=_KEEP),
            )
        return self._session

    async def close(self) -> None:
        if self._session:
            await self._session.close()


def _understanding(intent: dict[str, Any]) -> Understanding:
    return Understanding(str(intent["name"] or "nlu_fallback"), float(intent["confidence"]))


def _answer(data: dict[str, Any]) -> Answer | None:
    """A silent answer without a command is no answer: Rasa's way to say that something broke."""
    replies = tuple(
        Reply(str(item["text"]), tuple(Choice(str(b["title"]), str(b["payload"])) for b in item.get("buttons", ())))
        for item in data["replies"]
        if item["text"]
    )
    commands = tuple(dict(command) for command in data["commands"])
    if not replies and not commands:
        return None
    return Answer(replies, _understanding(data["intent"]), commands, data.get("form"))
