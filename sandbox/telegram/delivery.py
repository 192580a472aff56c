"""Updates on their way to the bot: in order, again and again until they are taken, for a day."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.gateway import Answer, Gateway, GatewayAwayError
from sandbox.storage import fields
from sandbox.telegram.records import Webhook, now

ANSWER_SECONDS = 60.0
KEEP_SECONDS = 24 * 3600
FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 1.0, 60.0


@dataclass(slots=True)
class Pending:
    """One update that has not been taken yet. `ticket` names the first attempt, for whoever waits for it."""

    body: dict[str, Any]
    ticket: int
    since: float
    copies: int = 1
    attempts: int = 0


class Observer(Protocol):
    """Who wants to know how updates fare."""

    def answered(self, update: dict[str, Any], answer: Answer) -> None:
        """The update was taken, with this answer."""

    def failed(self, update: dict[str, Any], sentence: str) -> None:
        """One attempt was not taken; there will be another."""


class Delivery:
    """The bot's queue of updates."""

    def __init__(self, gateway: Gateway, pace: float, changed: Callable[[], None]) -> None:
        self.webhook = Webhook()
        self.observer: Observer | None = None
        self._gateway = gateway
        self._pace = pace
        self._changed = changed
        self._queue: deque[Pending] = deque()
        self._waiting: dict[int, asyncio.Future[list[int | None]]] = {}
        self._next_update_id = secrets.randbelow(10**8) + 10**8
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def pending_count(self) -> int:
        """Updates that wait."""
        return len(self._queue)

    def start(self) -> None:
        """Begin to deliver; needs a running loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def release(self) -> None:
        """Let those who wait for a first attempt go, with no statuses."""
        for future in self._waiting.values():
            if not future.done():
                future.set_result([])
        self._waiting.clear()

    def put(self, kind: str, content: dict[str, Any], copies: int = 1) -> asyncio.Future[list[int | None]]:
        """Queue an update; the future gives the HTTP statuses of its first attempt (None: no answer).

        An update that the bot does not want, or that nobody could take, gives an empty list.
        """
        future: asyncio.Future[list[int | None]] = asyncio.get_running_loop().create_future()
        if not self.webhook.wants(kind):
            future.set_result([])
            return future
        update_id = self._next_update_id
        self._next_update_id += 1
        self._queue.append(Pending({"update_id": update_id, kind: content}, update_id, time.time(), copies))
        if self.webhook.url:
            self._waiting[update_id] = future
        else:
            future.set_result([])
        self._wake.set()
        self._changed()
        return future

    def set_webhook(self, webhook: Webhook, drop_pending: bool) -> None:
        """Deliver to another address from now on, at once."""
        self.webhook = webhook
        if drop_pending:
            self.drop()
        self._wake.set()
        self._changed()

    def drop(self) -> None:
        """Forget the updates that wait."""
        for pending in self._queue:
            self._settle(pending, [])
        self._queue.clear()

    async def _run(self) -> None:
        while True:
            if not self._queue or not self.webhook.url:
                self._wake.clear()
                await self._wake.wait()
                continue
            head = self._queue[0]
            taken = await self._attempt(head)
            if taken or time.time() - head.since > KEEP_SECONDS:
                if self._queue and self._queue[0] is head:  # it may have been dropped meanwhile
                    self._queue.popleft()
                self._changed()
                continue
            delay = min(FIRST_DELAY_SECONDS * 2 ** (head.attempts - 1), LONGEST_DELAY_SECONDS) * self._pace
            await self._pause(delay)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond a new setWebhook: that address is tried at once."""
        self._wake.clear()
        url = self.webhook.url
        end = time.monotonic() + max(seconds, 0.02)
        while (left := end - time.monotonic()) > 0 and self.webhook.url == url:
            try:
                await asyncio.wait_for(self._wake.wait(), left)
            except TimeoutError:
                return
            self._wake.clear()

    async def _attempt(self, pending: Pending) -> bool:
        """Post the update once, or its copies at once; True when it was taken."""
        pending.attempts += 1
        outcomes = await asyncio.gather(*(self._post(pending.body) for _ in range(pending.copies)))
        pending.copies = 1
        answers = [o for o in outcomes if isinstance(o, Answer)]
        good = [a for a in answers if a.is_good]
        self._settle(pending, [o.status if isinstance(o, Answer) else None for o in outcomes])
        if good:
            if self.observer is not None:
                self.observer.answered(pending.body, good[0])
            return True
        if answers:
            sentence = f"Wrong response from the webhook: {answers[0].status} {answers[0].reason}"
        else:
            sentence = str(outcomes[0])
        self.webhook.last_error_date, self.webhook.last_error_message = now(), sentence
        if self.observer is not None:
            self.observer.failed(pending.body, sentence)
        self._changed()
        return False

    async def _post(self, body: dict[str, Any]) -> Answer | GatewayAwayError:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.secret} if self.webhook.secret else {}
        try:
            return await self._gateway.post(
                self.webhook.url, json=body, headers=headers, total=ANSWER_SECONDS, connect=10.0
            )
        except GatewayAwayError as error:
            return error

    def _settle(self, pending: Pending, statuses: list[int | None]) -> None:
        future = self._waiting.pop(pending.ticket, None)
        if future is not None and not future.done():
            future.set_result(statuses)

    def dump(self) -> dict[str, Any]:
        """The webhook and the queue as JSON values."""
        return {
            "webhook": fields(self.webhook),
            "queue": [fields(p) for p in self._queue],
            "next_update_id": self._next_update_id,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """The reverse of `dump`."""
        self.webhook = Webhook(**saved["webhook"])
        self._queue = deque(Pending(**p) for p in saved["queue"])
        self._next_update_id = saved["next_update_id"]
