"""The providers' way in: verify, parse, keep (a message) or merge (a delivery report), acknowledge."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from hotline import metrics
from hotline.core.errors import HotlineError, Malformed, Refused
from hotline.core.message import Blocked, DeliveryReport, Event, Ignored, Inbound, WebhookRequest
from hotline.core.ports import Connector

log = structlog.get_logger()

MAX_BODY = 256 * 1024  # bytes; the largest real webhook has a few kilobytes
_BODY_WITHIN = 10.0  # seconds: Twilio gives up after 15
RETRY_AFTER = "5"  # seconds, told to a provider when we could not keep its message

Keep = Callable[[Inbound], Awaitable[bool]]
Merge = Callable[[DeliveryReport], Awaitable[bool]]
Block = Callable[[Blocked], Awaitable[None]]


class Webhooks:
    """Routes /webhooks/<connector> and /webhooks/<connector>/status."""

    def __init__(self, connectors: Iterable[Connector], origin: str, keep: Keep, merge: Merge, block: Block) -> None:
        self._connectors = {connector.name: connector for connector in connectors}
        self._origin = origin
        self._keep = keep
        self._merge = merge
        self._block = block

    def routes(self) -> list[web.RouteDef]:
        return [
            route
            for name in self._connectors
            for route in (
                web.post(f"/webhooks/{name}", self._handler(name, "messages")),
                web.post(f"/webhooks/{name}/status", self._handler(name, "status")),
            )
        ]

    def _handler(self, name: str, hook: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        connector = self._connectors[name]

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._receive(connector, hook, request)

        return handle

    async def _receive(self, connector: Connector, hook: str, request: web.Request) -> web.Response:
        started = time.monotonic()
        try:
            webhook = await self._read(request, hook)
            connector.verify(webhook)
            events = connector.parse(webhook)
            for event in events:
                await self._take(connector, event)
        except Refused:
            return _answer(connector, "refused", 403)
        except Malformed:
            return _answer(connector, "malformed", 400)
        except TimeoutError:
            return _answer(connector, "too_slow", 408)
        except web.HTTPRequestEntityTooLarge:
            return _answer(connector, "too_large", 413)
        except HotlineError:
            # never a lost 200: Telegram sends again, Twilio goes to the fallback URL
            response = _answer(connector, "unavailable", 503)
            response.headers["Retry-After"] = RETRY_AFTER
            return response
        metrics.WEBHOOKS.labels(connector.name, "accepted").inc()
        metrics.INTAKE_SECONDS.observe(time.monotonic() - started)
        ack = connector.ack(events)
        return web.Response(text=ack.body, content_type=ack.content_type)

    async def _read(self, request: web.Request, hook: str) -> WebhookRequest:
        async with asyncio.timeout(_BODY_WITHIN):
            body = await request.read()
        raw_path = request.raw_path  # as it was signed: quoted as it came
        return WebhookRequest(
            hook=hook,
            url=self._origin + raw_path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(parse_qsl(request.query_string, keep_blank_values=True)),
            body=body,
        )

    async def _take(self, connector: Connector, event: Event) -> None:
        match event:
            case Inbound():
                if not await self._keep(event):
                    metrics.WEBHOOKS.labels(connector.name, "duplicate").inc()
            case DeliveryReport():
                if not await self._merge(event):
                    metrics.IGNORED.labels(connector.name, "unknown_message").inc()
            case Blocked():
                await self._block(event)
            case Ignored(reason):
                metrics.IGNORED.labels(connector.name, reason).inc()


def _answer(connector: Connector, outcome: str, status: int) -> web.Response:
    metrics.WEBHOOKS.labels(connector.name, outcome).inc()
    log.info("webhook", provider=connector.name, outcome=outcome)
    return web.Response(status=status, text=outcome)
