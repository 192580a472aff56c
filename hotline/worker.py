"""The worker process: loops that turn due work into done work, woken by the change stream, made sure by polling."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from hotline import metrics
from hotline.app import Parts, clock
from hotline.core.errors import HotlineError, Unavailable

log = structlog.get_logger()

_POLL = 1.0  # seconds between looks for work that no change event told of
_SWEEP = 5.0  # seconds between sweeps for flags that a crash lost
_SWEEP_AGE = timedelta(seconds=10)
_AWAY = 1.0  # seconds to wait when the database is away
_DOWNLOADS = 3  # a slow one must not hold up a voice note behind it
_CONCURRENCY = 8  # conversations that are answered at the same time by one worker

Step = Callable[[], Awaitable[bool]]


class Worker:
    """Runs until `stop`; then finishes what is in hand and takes nothing new."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        parts = self._parts
        inbox, outbox, media = parts.inbox(), parts.outbox(), parts.media()
        background = [
            asyncio.create_task(parts.store.changes.run()),
            asyncio.create_task(self._listen()),
        ]
        loops = [
            *(self._loop("inbox", self._then_wake(inbox.step)) for _ in range(_CONCURRENCY)),
            *(self._loop("outbox", outbox.step) for _ in range(_CONCURRENCY)),
            *(self._loop("media", media.step) for _ in range(_DOWNLOADS)),
            self._loop("campaigns", self._then_wake(parts.campaigns.step)),
            self._every(_SWEEP, "sweep", self._sweep),
            self._every(_SWEEP, "lapsed", parts.desk.return_lapsed),
        ]
        log.info("ready")
        await asyncio.gather(*loops)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)

    def _then_wake(self, step: Step) -> Step:
        """What one loop has done may be work for another of this process: no need to wait for the change stream."""

        async def stepped() -> bool:
            done = await step()
            if done:
                self._rouse()
            return done

        return stepped

    async def _listen(self) -> None:
        async with self._parts.store.changes.subscribe() as changes:
            while True:
                await changes.get()
                self._rouse()

    def _rouse(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()
        if self._stopping.is_set():
            self._wake.set()

    async def _loop(self, name: str, step: Step) -> None:
        while not self._stopping.is_set():
            wake = self._wake  # before looking, so that nothing that happens meanwhile is missed
            try:
                if await step():
                    metrics.STEPS.labels(name).inc()
                    continue
            except Unavailable:
                await asyncio.sleep(_AWAY)
                continue
            except HotlineError as error:
                metrics.FAILURES.labels(name).inc()
                log.error("step_failed", loop=name, error=type(error).__name__)  # noqa: TRY400 -- a trace may quote text
                await asyncio.sleep(_AWAY)
                continue
            except Exception as error:  # noqa: BLE001 -- one defect must not end the worker
                metrics.FAILURES.labels(name).inc()
                log.error("step_defect", loop=name, error=type(error).__name__)  # noqa: TRY400
                await asyncio.sleep(_AWAY)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _POLL)

    async def _every(self, seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as error:  # noqa: BLE001 -- one defect must not end the worker
                metrics.FAILURES.labels(name).inc()
                log.error("timer_failed", loop=name, error=type(error).__name__)  # noqa: TRY400
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _sweep(self) -> None:
        now = clock()
        found = await self._parts.store.intake.sweep(now - _SWEEP_AGE, now)
        found += await self._parts.store.outgoing.sweep(now - _SWEEP_AGE, now)
        if found:
            log.info("swept", count=found)


async def run(parts: Parts) -> None:
    """The worker until SIGTERM or SIGINT."""
    worker = Worker(parts)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()
