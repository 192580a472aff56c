"""What tests share: a real mongod, a store on it, and the whole installation."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline import vault
from hotline.embedded import Mongod
from hotline.store import Store, open_store
from hotline.store.embedded_set import uri
from tests.stack import Stack

# settings of whoever runs the tests must not leak into them
for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
    del os.environ[name]


@pytest.fixture(scope="session")
async def mongod(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mongod]:
    database = Mongod(tmp_path_factory.mktemp("mongod"))
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def store(mongod: Mongod, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A store of its own for each test: an empty database and a fresh key ring."""
    ring = tmp_path / "keyring.json"
    vault.create(ring)
    keys = vault.load(ring)
    name = f"t{abs(hash(request.node.nodeid)):x}"
    opened = open_store(uri(mongod.port).replace("/hotline?", f"/{name}?"), keys)
    await opened.database.prepare(keys.fingerprint)
    yield opened
    await opened.database.default.client.drop_database(name)
    opened.close()


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole installation, shared: every test is somebody else's phone."""
    whole = Stack(tmp_path_factory.mktemp("stack"))
    try:
        await whole.start_all()
        yield whole
    finally:
        await whole.stop()
