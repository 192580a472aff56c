"""The worker process: loops that turn due work into done work, woken by the change stream, made sure by polling."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from hotline import metrics
from hotline.app import Parts, clock
from hotline.core.errors import Unavailable

log = structlog.get_logger()

_PATIENCE = 45.0  # seconds that people's messages wait for an assistant that is still starting
_POLL = 1.0  # seconds between looks for work that no change event told of
_SWEEP = 5.0  # seconds between sweeps for flags that a crash lost
_SWEEP_AGE = timedelta(seconds=10)
_AWAY = 1.0  # seconds to wait when the database is away
_DOWNLOADS = 3  # a slow one must not hold up a voice note behind it
_CONCURRENCY = 8  # conversations that are answered at the same time by one worker

Step = Callable[[], Awaitable[bool]]


class Wake:
    """Rouses idle loops, one for each piece of news: what one loop can do must not cost all of them a look."""

    def __init__(self, loops: int) -> None:
        self._loops = loops
        self._news = asyncio.Semaphore(0)
        self._pending = 0

    def rouse(self, loops: int = 1) -> None:
        for _ in range(min(loops, self._loops - self._pending)):
            self._pending += 1
            self._news.release()

    async def wait(self) -> None:
        """Return at news, or when it is time to look all the same."""
        try:
            async with asyncio.timeout(_POLL):
                await self._news.acquire()
        except TimeoutError:
            return
        self._pending -= 1


class Worker:
    """Runs until `stop`; then finishes what is in hand and takes nothing new."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = asyncio.Event()
        self._inbox, self._outbox = Wake(_CONCURRENCY), Wake(_CONCURRENCY)
        self._rest = Wake(_DOWNLOADS + 1)

    def stop(self) -> None:
        self._stopping.set()
        for wake in (self._inbox, self._outbox, self._rest):
            wake.rouse(_CONCURRENCY)

    async def run(self) -> None:
        parts = self._parts
        inbox, outbox, media = parts.inbox(), parts.outbox(), parts.media()
        background = [
            asyncio.create_task(parts.store.changes.run(pages=False)),
            asyncio.create_task(self._listen()),
        ]
        loops = [
            *(self._answering(inbox.step) for _ in range(_CONCURRENCY)),
            *(self._loop("outbox", outbox.step, self._outbox) for _ in range(_CONCURRENCY)),
            *(self._loop("media", media.step, self._rest) for _ in range(_DOWNLOADS)),
            self._loop("campaigns", self._then_send(parts.campaigns.step), self._rest),
            self._every(_SWEEP, "sweep", self._sweep),
            self._every(_SWEEP, "lapsed", parts.desk.return_lapsed),
        ]
        log.info("ready")
        await asyncio.gather(*loops)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)

    async def _answering(self, step: Step) -> None:
        """Answer as soon as the assistant is there: after a restart it comes up later than we do.

        What was written meanwhile is kept. After `_PATIENCE` seconds messages go to humans without it.
        """
        until = time.monotonic() + _PATIENCE
        while not self._stopping.is_set() and time.monotonic() < until and not await self._has_assistant():
            await asyncio.sleep(_AWAY)
        await self._loop("inbox", self._then_send(step), self._inbox)

    async def _has_assistant(self) -> bool:
        try:
            await self._parts.assistant.check()
        except Unavailable:
            return False
        return True

    def _then_send(self, step: Step) -> Step:
        """What this has put into the outbox is sent now: no need to wait for the change stream."""

        async def stepped() -> bool:
            done = await step()
            if done:
                self._outbox.rouse()
            return done

        return stepped

    async def _listen(self) -> None:
        async with self._parts.store.changes.subscribe() as changes:
            while True:
                change = await changes.get()
                if change.inbox:
                    self._inbox.rouse()
                    self._rest.rouse()  # it may have brought a file
                if change.outbox:
                    self._outbox.rouse()

    async def _loop(self, name: str, step: Step, wake: Wake) -> None:
        while not self._stopping.is_set():
            try:
                if await step():
                    metrics.STEPS.labels(name).inc()
                    continue
            except Unavailable:
                await asyncio.sleep(_AWAY)
            except Exception as error:  # noqa: BLE001 -- one defect must not end the worker; a trace may quote text
                metrics.FAILURES.labels(name).inc()
                log.error("step_failed", loop=name, error=type(error).__name__)  # noqa: TRY400
                await asyncio.sleep(_AWAY)
            else:
                await wake.wait()

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
