"""The way from the assistant to its action server."""

from __future__ import annotations

import os
from typing import Any

import aiohttp
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot import rundir

# the gateway waits ten seconds for an answer, and one turn may run two actions
SECONDS = 4.0


class ActionServer(EndpointConfig):
    """HOTLINE_ACTIONS_URL, else the port noted in ``run/actions.json``, read anew for each call.

    The action server may start after the assistant and come back on another port. Rasa's own client allows five
    minutes a call; this one gives up in seconds.
    """

    def __init__(self) -> None:
        # Rasa then leaves the domain out of each call; no action needs it
        super().__init__(url="", enable_selective_domain=True)
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call an action and return its JSON.

        Raises ClientResponseError (status only, no body), aiohttp.ClientError, TimeoutError.
        """
        if self._session is None:
            # a kept connection may be closed by the server just as it is used again: on loopback a new one costs nothing
            fresh = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(connector=fresh, timeout=aiohttp.ClientTimeout(total=SECONDS))
        self.url = _url()
        async with self._session.request(method, self.url, json=kwargs["json"]) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason or "", "")
            return await response.json()

    async def alive(self) -> bool:
        """Whether the action server answers: without it most turns fail."""
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1.5)) as session:
                async with session.get(f"{_base()}/health") as response:
                    return response.status == 200
        except (aiohttp.ClientError, TimeoutError, RuntimeError):
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _url() -> str:
    return f"{_base()}/webhook"


def _base() -> str:
    base = os.environ.get("HOTLINE_ACTIONS_URL")
    if not base:
        note = rundir.read("actions")
        if note is None:
            raise aiohttp.ClientConnectionError("the action server is not running")
        base = f"http://127.0.0.1:{note['port']}"
    return base.rstrip("/")
