"""What tests share: a real mongod, a store on it, and the whole installation."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hotline.embedded import Mongod
from hotline.store import Store
from tests.people import Operator, Phone, PhoneOf, fresh_address
from tests.stack import Stack, command
from tests.store.prepared import emptied, prepare

DATABASE = "store_tests"

# settings of whoever runs the tests must not leak into them
for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
    del os.environ[name]


@pytest.fixture(scope="session")
async def mongod(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mongod]:
    database = Mongod(tmp_path_factory.mktemp("mongod"))
    await database.start()
    yield database
    await database.stop()


@pytest.fixture(scope="session")
async def ring(mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ring") / "keyring.json"
    await prepare(mongod, DATABASE, path)
    return path


@pytest.fixture
async def store(mongod: Mongod, ring: Path) -> AsyncIterator[Store]:
    """A store for each test, over one database that is emptied instead of made anew."""
    async with emptied(mongod, DATABASE, ring) as opened:
        yield opened


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole installation, shared: every test is somebody else's phone."""
    whole = Stack(tmp_path_factory.mktemp("stack"))
    try:
        await whole.start_all()
        yield whole
    finally:
        await whole.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as opened:
        yield opened


@pytest.fixture
def phone(session: aiohttp.ClientSession, stack: Stack) -> PhoneOf:
    """Somebody's phone: `phone("sms")`. Every call is another person unless an address is given."""

    def make(channel: str, address: str | None = None) -> Phone:
        return Phone(session, stack.sandbox, channel, address or fresh_address(channel))

    return make


@pytest.fixture(scope="session")
async def tokens(stack: Stack) -> dict[str, str]:
    """Bearer tokens by user name, made by the `hotline` command."""
    made = {}
    for name, role in (("amina", "operator"), ("berhane", "operator"), ("sol", "supervisor")):
        status, out = await command(stack, "token", "create", name, "--role", role)
        assert status == 0, out
        made[name] = out.strip().splitlines()[-1]
    return made


@pytest.fixture
def amina(session: aiohttp.ClientSession, stack: Stack, tokens: dict[str, str]) -> Operator:
    return Operator(session, f"{stack.web}/api/v1", tokens["amina"])


@pytest.fixture
def berhane(session: aiohttp.ClientSession, stack: Stack, tokens: dict[str, str]) -> Operator:
    return Operator(session, f"{stack.web}/api/v1", tokens["berhane"])


@pytest.fixture
def sol(session: aiohttp.ClientSession, stack: Stack, tokens: dict[str, str]) -> Operator:
    """The supervisor."""
    return Operator(session, f"{stack.web}/api/v1", tokens["sol"])
