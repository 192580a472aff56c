"""Faults by script: the next calls of the gateway fail as a provider's would."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

PROVIDERS = ("twilio", "telegram")
DEFAULT_METHOD = {"twilio": "create", "telegram": "sendMessage"}
# what the provider answers instead of doing its work
REFUSALS = ("429", "403", "5xx", "21610", "error")
# what happens around the work
TIMINGS = ("latency", "timeout_before", "timeout_after_accepting")
# what goes wrong after Twilio has accepted a message
AFTERMATHS = ("undelivered", "shuffle", "callback_lost")
POLL_SECONDS = 0.05
LONGEST_SECONDS = 300


@dataclass(slots=True)
class Fault:
    """One scripted fault.

    `method` is Twilio's create, list, fetch, update, delete, media, content, or a Telegram method; "*" is any.
    Left out, it is the call that sends a message. `phone` narrows it to one recipient. `times` counts down, None
    lasts until cleared. `seconds` is the length of a latency or a held connection. `code` is Twilio's error code,
    or an HTTP status for "5xx" and for Telegram. `retry_after` is in seconds.
    """

    provider: str
    kind: str
    phone: str = ""
    method: str = ""
    times: int | None = 1
    seconds: float = 5.0
    code: int | None = None
    description: str = ""
    retry_after: int = 1

    def __post_init__(self) -> None:
        if self.provider not in PROVIDERS:
            raise ValueError("provider must be twilio or telegram")
        if self.kind not in (*REFUSALS, *TIMINGS, *AFTERMATHS):
            raise ValueError(f"kind must be one of {', '.join((*TIMINGS, *REFUSALS, *AFTERMATHS))}")
        if self.kind in ("21610", *AFTERMATHS) and self.provider != "twilio":
            raise ValueError(f"{self.kind} is Twilio's")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or null for ever")
        if not 0 <= self.seconds <= LONGEST_SECONDS:
            raise ValueError("seconds must be between 0 and 300")
        if self.kind == "error" and self.code is None:
            raise ValueError("error needs a code")
        self.phone = str(self.phone).strip().removeprefix("whatsapp:")
        self.method = self.method or DEFAULT_METHOD[self.provider]

    def fits(self, provider: str, method: str, phone: str) -> bool:
        """Whether this fault is meant for that call."""
        return (
            self.provider == provider
            and self.method.lower() in ("*", method.lower())
            and self.phone in ("", phone.removeprefix("whatsapp:"))
        )


class FaultBook:
    """The faults still to come, in the order they were scripted."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._is_closed = False

    def add(self, record: dict[str, Any]) -> Fault:
        """Script one fault. Raises ValueError or TypeError for a field that does not exist or cannot be."""
        fault = Fault(**{**record, "kind": str(record.get("kind", ""))})
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Everything works again."""
        self._faults.clear()

    def close(self) -> None:
        """Let go of the connections that a scripted time-out holds, so that the server can stop."""
        self._is_closed = True

    def view(self) -> list[dict[str, Any]]:
        """The faults that are still to come."""
        return [asdict(fault) for fault in self._faults]

    def take(self, kinds: tuple[str, ...], provider: str, method: str, phone: str) -> Fault | None:
        """Use up one turn of the first fitting fault of these kinds."""
        for fault in self._faults:
            if fault.kind in kinds and fault.fits(provider, method, phone):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault
        return None

    async def around(
        self,
        request: web.Request,
        call: tuple[str, str, str],
        work: Callable[[], Awaitable[web.StreamResponse]],
        refuse: Callable[[Fault], web.StreamResponse],
    ) -> web.StreamResponse:
        """Do `work` for `call` (provider, method, phone) unless a fault says otherwise.

        A latency comes before whatever else is scripted; a time-out holds the connection and then breaks it.
        """
        if (fault := self.take(("latency",), *call)) is not None:
            await asyncio.sleep(fault.seconds)
        fault = self.take((*REFUSALS, "timeout_before", "timeout_after_accepting"), *call)
        if fault is None:
            return await work()
        if fault.kind in REFUSALS:
            return refuse(fault)
        if fault.kind == "timeout_after_accepting":
            await work()
        return await self._hold(request, fault.seconds)

    async def _hold(self, request: web.Request, seconds: float) -> web.StreamResponse:
        """Say nothing for `seconds`, or until the caller gives up, then break the connection."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end and not self._is_closed and not _is_gone(request):
            await asyncio.sleep(POLL_SECONDS)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=504)


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
