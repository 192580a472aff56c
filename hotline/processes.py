"""One function per process of the Procfile; each runs in the foreground until SIGTERM or SIGINT."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from hotline import demo, local, logs, vault
from hotline.app import assemble
from hotline.config import Settings
from hotline.core.errors import HotlineError
from hotline.embedded import Mongod

log = structlog.get_logger()

_GRACE = 4.0  # seconds for requests in flight when the web process ends
_CLIENTS = ("web", "worker", "rasa")
_LINGER = 8.0  # seconds that the database outlives its clients at most
MAX_HEADER = 16 * 1024


async def serve_web(settings: Settings) -> None:
    """Webhooks, console, API, health."""
    from hotline.web import make_app  # noqa: PLC0415 -- the other processes need not load it

    logs.setup("web")
    async with assemble(demo.with_sandbox(settings)) as parts:
        app = make_app(parts, demo.sandbox_url(settings))
        async with listening(app, settings.host, settings.port):
            local.note(settings.data_dir, "web", settings.port)
            log.info("ready", listens_at=settings.bind)
            await stopped()
        local.forget(settings.data_dir, "web")


async def run_worker(settings: Settings) -> None:
    """Inbox, assistant, outbox, attachments, campaigns, timers."""
    from hotline import worker  # noqa: PLC0415 -- as above

    logs.setup("worker")
    async with assemble(demo.with_sandbox(settings)) as parts:
        local.note(settings.data_dir, "worker", 0)
        await worker.run(parts)
        local.forget(settings.data_dir, "worker")


async def run_mongo(settings: Settings) -> None:
    """The embedded database, until its clients have ended."""
    logs.setup("mongo")
    if running := local.find(settings.data_dir, "mongo"):
        raise HotlineError(f"a database of this DATA_DIR runs already, on port {running}")
    mongod = Mongod(settings.data_dir)
    stop = asyncio.create_task(stopped())
    await asyncio.sleep(0)  # the signal handlers are in place before there is anything to stop
    await mongod.start()
    local.note(settings.data_dir, "mongo", mongod.port)
    log.info("ready", listens_at=f"127.0.0.1:{mongod.port}")
    died = asyncio.create_task(mongod.wait())
    await asyncio.wait({stop, died}, return_when=asyncio.FIRST_COMPLETED)
    if died.done():
        local.forget(settings.data_dir, "mongo")
        raise HotlineError(f"mongod ended by itself: see {settings.data_dir / 'mongo' / 'mongod.log'}")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while any(local.find(settings.data_dir, process) is not None for process in _CLIENTS):
                await asyncio.sleep(0.1)
    local.forget(settings.data_dir, "mongo")
    await mongod.stop()


async def serve_sandbox(settings: Settings) -> None:
    """Pretend Twilio and Telegram with three phones, on loopback; never beside a real account."""
    from sandbox.app import SandboxConfig, make_app  # noqa: PLC0415 -- not needed in production

    logs.setup("sandbox")
    if settings.has_account:
        raise HotlineError("a provider account is set: the sandbox starts only where there is none")
    vault.create(settings.keyring_path)
    if demo.accounts(settings) is None:
        demo.make_accounts(settings, demo.PORT)
    pretend = demo.accounts(settings)
    assert pretend is not None, "just made"
    port = int(pretend["port"])
    config = SandboxConfig(
        account_sid=pretend["account_sid"],
        auth_token=pretend["auth_token"],
        telegram_token=pretend["telegram_token"],
        sms_from=pretend["sms_from"],
        whatsapp_from=pretend["whatsapp_from"],
        gateway_url=settings.origin,
        origin=f"http://127.0.0.1:{port}",
        data_file=settings.data_dir / "sandbox" / "state.json",
    )
    async with listening(make_app(config), "127.0.0.1", port):
        local.note(settings.data_dir, "sandbox", port)
        log.info("ready", listens_at=f"127.0.0.1:{port}")
        await stopped()
    local.forget(settings.data_dir, "sandbox")


@contextlib.asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Serve `app` for as long as the context lasts, without a line per request."""
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_GRACE,
        keepalive_timeout=75.0,
        lingering_time=5.0,
        max_line_size=MAX_HEADER,
        max_field_size=MAX_HEADER,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise HotlineError(
                f"{host}:{port} cannot be used ({error.strerror}): stop what listens there, or set HOTLINE_BIND"
            ) from None
        yield
    finally:
        await runner.cleanup()


async def stopped() -> None:
    """Return on SIGTERM or SIGINT."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    await event.wait()
