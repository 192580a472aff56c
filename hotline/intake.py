"""Intake: one durable insert per batch of messages, and nothing else inside a request."""

import asyncio
import contextlib

import structlog

from hotline.core.errors import HotlineError, Unavailable
from hotline.core.message import Inbound
from hotline.core.ports import Clock, IntakeStore

log = structlog.get_logger()

CONFIRM_WITHIN = 3.0  # seconds: then the webhook is answered 503 and the provider's own retry or fallback takes over
_BATCH = 256


class Intake:
    """Group commit: while one batch is being written the next one gathers, so that load makes batches, not queues."""

    def __init__(self, store: IntakeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[Inbound, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def accept(self, message: Inbound) -> bool:
        """Return once the message is on the disks of a majority: True if it is new, False if we had it.

        Raise `Unavailable` when that is not confirmed within `CONFIRM_WITHIN` seconds.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            return await asyncio.wait_for(kept, CONFIRM_WITHIN)
        except TimeoutError:
            raise Unavailable("database") from None

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            batch = [(message, kept) for message, kept in batch if not kept.done()]
            # the same message twice in one batch must find itself a duplicate
            unique = {(message.channel, message.provider_id): message for message, _ in batch}
            outcomes = dict(zip(unique, await self._add(list(unique.values())), strict=True))
            for message, kept in batch:
                if kept.done():
                    continue
                key = (message.channel, message.provider_id)
                outcome = outcomes[key]
                if isinstance(outcome, HotlineError):
                    kept.set_exception(outcome)
                else:
                    kept.set_result(outcome)
                    outcomes[key] = False

    async def _add(self, messages: list[Inbound]) -> list[bool | HotlineError]:
        """What became of each message. One that cannot be kept is found by halves and refused alone."""
        try:
            return list(await self._store.add(messages, self._clock()))
        except Unavailable as error:
            return [error for _ in messages]
        except Exception as error:  # noqa: BLE001 -- a defect must not leave those who wait without an answer
            if len(messages) > 1:
                half = len(messages) // 2
                return await self._add(messages[:half]) + await self._add(messages[half:])
            log.error("intake_defect", error=type(error).__name__)  # noqa: TRY400 -- a trace may quote text
            return [error if isinstance(error, HotlineError) else Unavailable("database")]

    async def close(self) -> None:
        """Finish what is being written."""
        if self._writer:
            with contextlib.suppress(HotlineError):
                await self._writer
