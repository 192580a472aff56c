"""A helpline for each test, over one database that is emptied instead of made anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline.embedded import Mongod
from hotline.store import Store
from tests.store.prepared import emptied, prepare
from tests.usecases.parts import Helpline

DATABASE = "usecase_tests"


@pytest.fixture(scope="package")
async def ring(mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ring") / "keyring.json"
    await prepare(mongod, DATABASE, path)
    return path


@pytest.fixture
async def store(mongod: Mongod, ring: Path) -> AsyncIterator[Store]:
    async with emptied(mongod, DATABASE, ring) as opened:
        yield opened


@pytest.fixture
def helpline(store: Store) -> Helpline:
    return Helpline(store)
