"""One change stream per process, handed out to all who watch: open consoles and idle workers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from hotline.core.ports import Change
from hotline.store.database import Database, Document, translated

log = structlog.get_logger()

_QUEUE_FIELDS = {"state", "priority", "waiting_since", "holder"}
_BACKLOG = 1000  # changes that a slow reader may lag behind; pages and workers also look by the clock
_RETRY = 1.0  # seconds

_WORK = ["conversations"]  # what a worker must hear of
_PAGES = ["conversations", "messages", "attachments"]  # what a page shows
_FIELDS: Document = {
    "$project": {
        "ns.coll": 1,
        "operationType": 1,
        "documentKey": 1,
        "fullDocument.conversation": 1,
        "updateDescription.updatedFields": 1,
    }
}


class DatabaseChanges:
    """Call `run` once; `subscribe` any number of times. Survives a database that goes away and comes back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readers: set[asyncio.Queue[Change]] = set()
        self._owners: dict[str, str] = {}  # message or attachment → conversation, where an update does not tell

    @contextlib.asynccontextmanager
    async def subscribe(self) -> AsyncIterator["asyncio.Queue[Change]"]:
        queue: asyncio.Queue[Change] = asyncio.Queue(_BACKLOG)
        self._readers.add(queue)
        try:
            yield queue
        finally:
            self._readers.discard(queue)

    async def run(self, *, pages: bool) -> None:
        """Watch until cancelled. `pages`: also what only somebody looking at a conversation wants to know."""
        pipeline = [{"$match": {"ns.coll": {"$in": _PAGES if pages else _WORK}}}, _FIELDS]
        while True:
            try:
                async for event in self._database.changes(pipeline):
                    await self._publish(event)
            except Exception as error:  # noqa: BLE001 -- whatever it is, pages must come alive again
                log.warning("changes_interrupted", error=type(error).__name__)
            await asyncio.sleep(_RETRY)

    async def _publish(self, event: Document) -> None:
        change = await self._change(event)
        if change is None:
            return
        for queue in self._readers:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(change)

    async def _change(self, event: Document) -> Change | None:
        own_id = str(event["documentKey"]["_id"])
        updated = event.get("updateDescription", {}).get("updatedFields", {})
        if event["ns"]["coll"] == "conversations":
            new = event["operationType"] == "insert"
            change = Change(
                own_id,
                queue=new or bool(_QUEUE_FIELDS & updated.keys()),
                inbox=new or "inbox.flags" in updated,
                outbox="outbox.flags" in updated,
            )
            if change == Change(own_id) and "version" not in updated:
                return None  # a lease or a renewal: nothing that a page shows or a worker does
            return change
        document = event.get("fullDocument")
        conversation = document["conversation"] if document else await self._owner(event["ns"]["coll"], own_id)
        return Change(conversation) if conversation else None

    async def _owner(self, collection: str, own_id: str) -> str | None:
        if own_id not in self._owners:
            with translated():
                found = await self._database.durable(collection).find_one({"_id": own_id}, {"conversation": 1})
            if found is None:
                return None
            if len(self._owners) > _BACKLOG:
                self._owners.clear()
            self._owners[own_id] = found["conversation"]
        return self._owners[own_id]
