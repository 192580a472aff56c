from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from tests.flows.people import Operator, Phone, fresh_address
from tests.stack import Stack, command

PhoneOf = Callable[..., Phone]


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
