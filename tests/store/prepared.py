"""One database for many tests: its indexes are made once, and each test finds it empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotline import vault
from hotline.embedded import Mongod
from hotline.store import Store, open_store
from hotline.store.embedded_set import uri


def uri_of(mongod: Mongod, name: str) -> str:
    return uri(mongod.port).replace("/hotline?", f"/{name}?")


async def prepare(mongod: Mongod, name: str, ring: Path) -> None:
    """Make the key ring and the indexes of the database `name`, once."""
    vault.create(ring)
    keys = vault.load(ring)
    store = open_store(uri_of(mongod, name), keys)
    await store.database.prepare(keys.fingerprint)
    store.close()


@asynccontextmanager
async def emptied(mongod: Mongod, name: str, ring: Path) -> AsyncIterator[Store]:
    """A store with no cached keys over the emptied database."""
    store = open_store(uri_of(mongod, name), vault.load(ring))
    try:
        for collection in await store.database.default.list_collection_names():
            if collection != "meta":
                await store.database.default[collection].delete_many({})
        yield store
    finally:
        store.close()
