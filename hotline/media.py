"""Fetches what came with messages while the provider still has it, and keeps it sealed."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

import structlog

from hotline.core.errors import FetchError
from hotline.core.message import Attachment, Channel
from hotline.core.ports import Clock, Connector

log = structlog.get_logger()

_FIRST_DELAY = 5  # seconds; doubles up to an hour: a provider keeps files for days
_LONGEST = 3600
_MOST_TRIES = 82  # with these pauses, three days
_FETCH_WITHIN = 75.0  # seconds, below the lease of an attachment: then another one's turn comes


class AttachmentStore(Protocol):
    async def next(self, now: Any) -> Any: ...
    async def keep(self, item: Any, content: bytes) -> None: ...
    async def again(self, item: Any, at: Any) -> None: ...
    async def gone(self, item: Any) -> None: ...


class MediaWorker:
    def __init__(self, store: AttachmentStore, connectors: Mapping[Channel, Connector], clock: Clock) -> None:
        self._store = store
        self._connectors = connectors
        self._clock = clock

    async def step(self) -> bool:
        """Fetch one attachment; False when none is due."""
        item = await self._store.next(self._clock())
        if item is None:
            return False
        connector = self._connectors.get(item.channel)
        try:
            content = await _fetch(connector, item.attachment)
        except FetchError as error:
            log.info("not_fetched", attachment=item.id, code=error.code, gone=error.gone)
            if error.gone or item.attempts >= _MOST_TRIES:
                await self._store.gone(item)
            else:
                delay = min(_FIRST_DELAY * 2 ** (item.attempts - 1), _LONGEST)
                await self._store.again(item, self._clock() + timedelta(seconds=delay))
            return True
        await self._store.keep(item, content)
        return True


async def _fetch(connector: Connector | None, attachment: Attachment) -> bytes:
    if connector is None:
        raise FetchError("no_account")
    try:
        async with asyncio.timeout(_FETCH_WITHIN):
            return await connector.fetch(attachment)
    except TimeoutError:
        raise FetchError("timeout") from None
