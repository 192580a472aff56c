"""The connection, the collections' indexes and the write concerns. motor is imported nowhere outside this folder."""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo import ASCENDING, IndexModel, ReadPreference, WriteConcern
from pymongo.errors import ConnectionFailure, ExecutionTimeout, OperationFailure, PyMongoError, WTimeoutError
from pymongo.read_concern import ReadConcern

from hotline.core.errors import HotlineError, Unavailable

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]
Session = AsyncIOMotorClientSession

DURABLE = WriteConcern(w="majority", j=True, wtimeout=3000)
"""For everything that must not be lost: on the disks of a majority before we say so."""
LOOSE = WriteConcern(w=1, j=False)
"""For hints that a sweep would restore: leases, due flags, renewals."""

_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
_SILENT = 15_000  # milliseconds that a database may take to answer before we say that it is away
_AWAY = 3000  # milliseconds to find a primary before we say that the database is away


class WrongKeyring(HotlineError):
    """The database was written with another key ring."""


_INDEXES: dict[str, list[IndexModel]] = {
    "conversations": [
        IndexModel([("inbox.due_at", ASCENDING)], sparse=True),
        IndexModel([("outbox.priority", ASCENDING), ("outbox.due_at", ASCENDING)], sparse=True),
        IndexModel([("state", ASCENDING), ("priority", ASCENDING), ("waiting_since", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("contact", ASCENDING)], unique=True),
    ],
    "messages": [
        IndexModel([("conversation", ASCENDING), ("at", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("pending", ASCENDING), ("conversation", ASCENDING), ("at", ASCENDING)], sparse=True),
        IndexModel([("provider_id", ASCENDING)], sparse=True),
        IndexModel([("campaign", ASCENDING), ("status", ASCENDING)], sparse=True),
    ],
    "attachments": [
        IndexModel([("due_at", ASCENDING)], sparse=True),
        IndexModel([("message", ASCENDING)]),
    ],
    "contacts": [
        IndexModel(
            [("channel", ASCENDING), ("_id", ASCENDING)], partialFilterExpression={"opted_in_at": {"$type": "date"}}
        )
    ],
    "reports": [IndexModel([("conversation", ASCENDING)])],
    "campaigns": [IndexModel([("state", ASCENDING)])],
    "sessions": [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)],
    # a day after the last try: far longer than the longest pause
    "sign_in_attempts": [IndexModel([("last", ASCENDING)], expireAfterSeconds=86_400)],
    "audit": [IndexModel([("conversation", ASCENDING), ("at", ASCENDING)])],
}


class Database:
    """One connection pool. Every error of the driver leaves this folder as `Unavailable`, without its text."""

    def __init__(self, uri: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            uri,
            serverSelectionTimeoutMS=_AWAY,
            connectTimeoutMS=_AWAY,
            socketTimeoutMS=_SILENT,
            tz_aware=True,
            tzinfo=UTC,
            maxPoolSize=64,
            appname="hotline",
        )
        self.default = self._client.get_default_database("hotline", codec_options=_CODEC)

    def durable(self, name: str) -> Collection:
        return self.default.get_collection(
            name, write_concern=DURABLE, read_concern=ReadConcern("local"), read_preference=ReadPreference.PRIMARY
        )

    def loose(self, name: str) -> Collection:
        return self.default.get_collection(name, write_concern=LOOSE)

    async def prepare(self, fingerprint: str) -> None:
        """Make the indexes, and refuse a key ring that this database was not written with."""
        with translated():
            for name, indexes in _INDEXES.items():
                await self.durable(name).create_indexes(indexes)
            meta = await self.durable("meta").find_one_and_update(
                {"_id": "keyring"},
                {"$setOnInsert": {"fingerprint": fingerprint}},
                upsert=True,
                return_document=pymongo.ReturnDocument.AFTER,
            )
        assert meta is not None, "upserted"
        if meta["fingerprint"] != fingerprint:
            raise WrongKeyring("the key ring is not the one that this database was written with: restore that one")

    async def ping(self) -> None:
        """Raise `Unavailable` unless a primary answers."""
        with translated():
            await self._client.admin.command("ping")

    async def transaction(self, work: Callable[[Session], Coroutine[Any, Any, None]]) -> None:
        """Run `work` in one transaction, majority and journaled; again where another write was in its way."""
        with translated():
            async with await self._client.start_session() as session:
                await session.with_transaction(work, write_concern=DURABLE, read_concern=ReadConcern("local"))

    async def changes(self, pipeline: list[Document]) -> AsyncIterator[Document]:
        """Change events of the whole database from now on; ends, by `Unavailable`, when the database goes away."""
        with translated():
            async with self.default.watch(pipeline, max_await_time_ms=1000) as stream:
                async for change in stream:
                    yield change

    def close(self) -> None:
        self._client.close()


@contextlib.contextmanager
def translated() -> Any:
    """Turn the driver's failures into `Unavailable`; a driver's text can quote documents, so it is dropped."""
    try:
        yield
    except (ConnectionFailure, WTimeoutError, ExecutionTimeout):
        raise Unavailable("database") from None
    except OperationFailure as error:
        if error.has_error_label("TransientTransactionError") or error.has_error_label("RetryableWriteError"):
            raise Unavailable("database") from None
        raise DatabaseError(type(error).__name__, error.code) from None
    except PyMongoError as error:
        raise DatabaseError(type(error).__name__, None) from None


class DatabaseError(HotlineError):
    """The database refused something it should not have: a defect of ours. Names the kind and the code only."""

    def __init__(self, kind: str, code: int | None) -> None:
        super().__init__(f"{kind} {code or ''}".strip())
