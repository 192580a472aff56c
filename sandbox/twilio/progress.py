"""A message's way from queued to delivered, and the status callbacks that tell of it."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from sandbox.gateway import GatewayAwayError
from sandbox.storage import fields
from sandbox.twilio.records import API_VERSION, Message
from sandbox.twilio.webhooks import Webhooks

logger = logging.getLogger(__name__)

# seconds after the message was accepted
DELAYS = {"sent": 0.2, "delivered": 0.6, "undelivered": 0.6, "failed": 0.4, "read": 1.8}
RETRY_SECONDS = (1.0, 3.0, 9.0)


@dataclass(slots=True)
class Step:
    """One status that a message will reach at `due` (Unix time), and whom to tell."""

    sid: str
    status: str
    error_code: int | None
    due: float
    url: str
    attempts: int = 0
    token: str = field(default_factory=lambda: str(uuid4()))


def plan(message: Message, failure: int | None, pace: float, reverse: bool, silent: bool) -> list[Step]:
    """The steps of a message that was accepted now. `failure` is the error it will end in.

    `reverse` tells them in the wrong order, `silent` tells nobody: both happen.
    """
    if failure is not None:
        statuses = ["failed"] if message.is_whatsapp else ["sent", "undelivered"]
    else:
        statuses = ["sent", "delivered", "read"] if message.is_whatsapp else ["sent", "delivered"]
    url = "" if silent else message.status_callback
    dues = [message.created_at + DELAYS[status] * pace for status in statuses]
    if reverse:
        dues.reverse()
    ends = ("failed", "undelivered")
    return [
        Step(message.sid, status, failure if status in ends else None, due, url)
        for status, due in zip(statuses, dues, strict=True)
    ]


class Progress:
    """Carries the steps out when they are due; what is left survives a restart."""

    def __init__(
        self, account_sid: str, pace: float, webhooks: Webhooks, reached: Callable[[Step], Message | None]
    ) -> None:
        self._account_sid = account_sid
        self._pace = pace
        self._webhooks = webhooks
        self._reached = reached
        self._steps: list[Step] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, steps: list[Step]) -> None:
        """Carry these out too. In one task, so that steps due together keep their order."""
        self._steps.extend(steps)
        task = asyncio.create_task(self._run(sorted(steps, key=lambda s: s.due)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, steps: list[Step]) -> None:
        for step in steps:
            await asyncio.sleep(max(0.0, step.due - time.time()))
            message = self._reached(step)
            if message is not None and step.url:
                await self._tell(step, message)
            self._steps.remove(step)

    async def _tell(self, step: Step, message: Message) -> None:
        """Post the callback, again after a while when the gateway is away, then give up."""
        form = self._form(step, message)
        while True:
            try:
                answer = await self._webhooks.post(step.url, form, step.token)
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return
            except GatewayAwayError as error:
                logger.info("status callback not delivered: %s", error)
            if step.attempts >= len(RETRY_SECONDS):
                return
            delay = RETRY_SECONDS[step.attempts] * self._pace
            step.attempts += 1
            await asyncio.sleep(delay)

    def _form(self, step: Step, message: Message) -> dict[str, str]:
        form = {
            "SmsSid": message.sid,
            "SmsStatus": step.status,
            "MessageStatus": step.status,
            "To": message.to,
            "MessageSid": message.sid,
            "AccountSid": self._account_sid,
            "From": message.sender,
            "ApiVersion": API_VERSION,
        }
        if message.messaging_service_sid:
            form["MessagingServiceSid"] = message.messaging_service_sid
        if step.error_code is not None:
            form["ErrorCode"] = str(step.error_code)
        if message.is_whatsapp:
            form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to.removeprefix("whatsapp:")}
            form |= {"StructuredMessage": "false", "EventType": step.status.upper()}
        elif step.status in ("delivered", "undelivered"):
            form["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime())
        return form

    def dump(self) -> list[dict[str, Any]]:
        """What is left, as JSON values."""
        return [fields(step) for step in self._steps]

    def load(self, saved: list[dict[str, Any]]) -> None:
        """Go on with what an earlier run left; needs a running loop."""
        by_message: dict[str, list[Step]] = {}
        for record in saved:
            by_message.setdefault(record["sid"], []).append(Step(**record))
        for steps in by_message.values():
            self.add(steps)
