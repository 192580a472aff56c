"""Server-sent events: marks that something changed, never what. They also tell that the operator is still there."""

import asyncio
import contextlib
from collections.abc import Iterable

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from hotline.console.sessions import SESSION, secret_of
from hotline.core.access import Permission, Session
from hotline.core.errors import HotlineError
from hotline.core.ports import Change
from hotline.keys import ACCOUNTS, CHANGES, DESK

RENEW_EVERY = 20.0  # seconds; a claim lasts minutes, presence 90 seconds
GATHER = 0.12  # seconds to wait for more of the same before telling the page
PING = 15.0  # seconds; proxies close what is silent

STREAMS = web.AppKey("streams", set[asyncio.Task[None]])


async def events(request: web.Request) -> web.StreamResponse:
    """The stream of one open page; `conversation` in the query is the one that it shows."""
    watched = request.query.get("conversation", "")
    async with request.config_dict[CHANGES].subscribe() as changes:
        async with sse_response(request, ping_interval=PING) as stream:
            talk = asyncio.create_task(_Listener(request, watched).talk(stream, changes))
            request.app[STREAMS].add(talk)
            try:
                with contextlib.suppress(asyncio.CancelledError, ConnectionResetError, TimeoutError):
                    await asyncio.shield(talk)
            finally:
                talk.cancel()
                request.app[STREAMS].discard(talk)
        return stream


async def end_streams(app: web.Application) -> None:
    """At shutdown: open pages must not hold up the end, they come back by themselves."""
    streams = app[STREAMS]
    for talk in list(streams):
        talk.cancel()


class _Listener:
    def __init__(self, request: web.Request, watched: str) -> None:
        self._request = request
        self._session: Session = request[SESSION]
        self._desk = request.config_dict[DESK]
        self._watched = watched
        self._mine: set[str] = set()

    async def talk(self, stream: EventSourceResponse, changes: "asyncio.Queue[Change]") -> None:
        """Until the browser goes, the session ends or the server stops."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._request.transport is not None and stream.is_connected():
            if loop.time() >= due:
                if not await self._renew():
                    await self._tell(stream, ("signedout",))
                    return
                # A change can be missed: between the page's reading and this subscription, while the change stream
                # is broken, by a reader that was too slow. Nobody stays unseen for longer than this.
                await self._tell(stream, ("queue", "mine", "conversation"))
                due = loop.time() + RENEW_EVERY
            await self._tell(stream, await self._marks(changes, due - loop.time()))

    async def _tell(self, stream: EventSourceResponse, marks: Iterable[str]) -> None:
        for mark in marks:
            await stream.send("1", event=mark)

    async def _renew(self) -> bool:
        """Keep the session and this operator's claims alive; False where the session has ended."""
        try:
            session = await self._request.config_dict[ACCOUNTS].session(secret_of(self._request))
            if session is None:
                return False
            await self._look_at_mine(session)
            for own_id in self._mine:
                await self._desk.renew(session.user, own_id)
        except HotlineError:
            pass  # the database is away: a claim outlasts a short absence, and we ask again
        return True

    async def _look_at_mine(self, session: Session) -> None:
        if session.user.may(Permission.ANSWER):
            self._mine = {item.conversation.id for item in await self._desk.mine(session.user)}

    async def _marks(self, changes: "asyncio.Queue[Change]", wait: float) -> list[str]:
        """What to tell after the next burst of changes; nothing where none comes within `wait` seconds."""
        try:
            burst = [await asyncio.wait_for(changes.get(), max(wait, 0.0))]
        except TimeoutError:
            return []
        await asyncio.sleep(GATHER)
        while not changes.empty():
            burst.append(changes.get_nowait())
        about = {change.conversation for change in burst}
        queue = any(change.queue for change in burst)
        if queue:
            with contextlib.suppress(HotlineError):
                await self._look_at_mine(self._session)
        told = {
            "queue": queue,
            "mine": queue or bool(about & self._mine),
            "conversation": self._watched in about,
        }
        return [mark for mark, wanted in told.items() if wanted]
