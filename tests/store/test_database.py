"""A database that is away, that hangs, or that belongs to another key ring: said quickly and plainly."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline import vault
from hotline.core.conversation import Conversation
from hotline.core.errors import Unavailable
from hotline.core.message import Channel, Inbound
from hotline.embedded import Mongod
from hotline.intake import Intake
from hotline.store import Store, open_store
from hotline.store.database import WrongKeyring
from hotline.store.embedded_set import uri
from tests.store.prepared import uri_of

NOW = datetime.now(UTC)
MESSAGE = Inbound(Channel.SMS, "SM1", "+254700000001", text="hello")
QUICKLY = 4.5  # seconds: three to find out, the rest for a busy machine


async def _is_away(call: Callable[[], Awaitable[object]]) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await call()
    assert time.monotonic() - started < QUICKLY
    assert str(refused.value) == "database is not available"


async def test_a_database_that_stops_is_away_and_one_that_comes_back_is_there(tmp_path: Path):
    mongod = Mongod(tmp_path)
    await mongod.start()
    vault.create(tmp_path / "keyring.json")
    keys = vault.load(tmp_path / "keyring.json")
    store = open_store(uri(mongod.port), keys)
    intake = Intake(store.intake, lambda: NOW)
    try:
        await store.database.prepare(keys.fingerprint)
        assert await intake.accept(MESSAGE)

        os.kill(mongod._process.pid, signal.SIGSTOP)  # it hangs: nothing is refused, nothing answers
        await _is_away(lambda: intake.accept(MESSAGE))
        os.kill(mongod._process.pid, signal.SIGCONT)
        assert await intake.accept(MESSAGE) is False

        await mongod.stop()
        await asyncio.gather(*(_is_away(call) for call in _calls(store)))
    finally:
        store.close()
        await mongod.stop()


def _calls(store: Store) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: Intake(store.intake, lambda: NOW).accept(MESSAGE),
        lambda: store.conversations.save(Conversation("c1", "p1", Channel.SMS), 0),
    ]


async def test_a_database_that_was_never_there_is_away(tmp_path: Path):
    vault.create(tmp_path / "keyring.json")
    store = open_store(uri(9), vault.load(tmp_path / "keyring.json"))
    await _is_away(store.database.ping)
    store.close()


async def test_another_key_ring_is_refused_and_the_right_one_still_works(mongod: Mongod, ring: Path, tmp_path: Path):
    vault.create(tmp_path / "other.json")
    other, right = vault.load(tmp_path / "other.json"), vault.load(ring)
    store = open_store(uri_of(mongod, "store_tests"), other)
    try:
        with pytest.raises(WrongKeyring, match="restore that one"):
            await store.database.prepare(other.fingerprint)
        await store.database.prepare(right.fingerprint)
    finally:
        store.close()
