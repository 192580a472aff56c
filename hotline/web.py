"""The web process: webhooks, console, API, health and metrics in one aiohttp application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hotline import api, console, keys, metrics
from hotline.app import Parts, clock
from hotline.core.errors import HotlineError, SendError
from hotline.core.message import Blocked
from hotline.core.ports import Connector
from hotline.core.queueing import wait
from hotline.intake import Intake
from hotline.webhooks import MAX_BODY, Webhooks

log = structlog.get_logger()

_CHECK = 2.0  # seconds that a part has to show that it is ready
_REGISTER_AGAIN = 30.0  # seconds until a provider that was away is told our webhook again


def make_app(parts: Parts, sandbox_url: str | None = None) -> web.Application:
    app = web.Application(client_max_size=MAX_BODY)
    intake = Intake(parts.store.intake, clock)
    outbox = parts.outbox()

    async def block(event: Blocked) -> None:
        await outbox.blocked(parts.vault.pseudonym(event.channel, event.address), event)

    app[keys.ACCOUNTS] = parts.accounts
    app[keys.CAMPAIGNS] = parts.campaigns
    app[keys.CHANGES] = parts.store.changes
    app[keys.DESK] = parts.desk
    app[keys.LOOKUP] = parts.lookup
    app[keys.SITE] = keys.Site(
        clock=clock,
        origin=parts.settings.origin,
        sign_labels=parts.labels(),
        unreviewed=frozenset(parts.catalogues.unreviewed),
        timezone=parts.settings.timezone,
        sandbox_url=sandbox_url,
        limits=parts.limits,
    )
    webhooks = Webhooks(parts.connectors, parts.settings.origin, intake.accept, outbox.delivered, block)
    app.add_routes(webhooks.routes())
    app.add_routes(Health(parts).routes())
    console.setup(app)
    api.setup(app)

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(parts.store.changes.run(pages=True)),
            *(asyncio.create_task(_register(connector, parts.settings.origin)) for connector in parts.connectors),
        ]
        yield
        await intake.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app.cleanup_ctx.append(lifetime)
    return app


async def _register(connector: Connector, origin: str) -> None:
    """Tell the provider where we are, until it has understood; messages in flight are not touched."""
    while True:
        try:
            await connector.register(origin)
        except SendError as error:
            log.warning("not_registered", provider=connector.name, code=error.code)
            await asyncio.sleep(error.retry_after or _REGISTER_AGAIN)
        else:
            log.info("registered", provider=connector.name)
            return


class Health:
    """Liveness, readiness with each part, metrics."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/health/live", self.live),
            web.get("/health/ready", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def live(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(self, _: web.Request) -> web.Response:
        """200 when database, keys and assistant are there; 503 otherwise. The keys were read or we would not run."""
        database, assistant = await asyncio.gather(
            _works(self._parts.store.database.ping()), _works(self._parts.assistant.check())
        )
        found = {"database": database, "keys": True, "rasa": assistant}
        status = 200 if all(found.values()) else 503
        parts = {name: "ok" if good else "unavailable" for name, good in found.items()}
        return web.json_response({"status": "ready" if status == 200 else "not ready", "parts": parts}, status=status)  # noqa: PLR2004 -- OK

    async def metrics(self, _: web.Request) -> web.Response:
        with contextlib.suppress(HotlineError):
            await self._count_queue()
        return web.Response(body=generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _count_queue(self) -> None:
        for priority, count in (await self._parts.store.conversations.waiting_counts()).items():
            metrics.WAITING.labels(priority.name).set(count)
        now = clock()
        waits = [
            wait(item, now).waited.total_seconds() for item in await self._parts.store.conversations.waiting(None, 500)
        ]
        metrics.OLDEST_WAIT.set(max(waits, default=0.0))


async def _works(check: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(_CHECK):
            await check
    except (HotlineError, TimeoutError):
        return False
    return True
