"""Runs under the assistant's Python (3.10, Rasa): see ../test_inside.py."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import environment

environment.prepare()
sys.path.insert(0, str(Path(__file__).parent))

from pymongo import MongoClient  # noqa: E402 - the environment comes first
from rasa.shared.core.domain import Domain  # noqa: E402


@pytest.fixture(scope="session")
def domain() -> Domain:
    return Domain.from_file(str(environment.ROOT / "bot/domain.yml"))


@pytest.fixture
def client() -> Iterator[MongoClient]:
    """The database of this run, emptied of dialogues."""
    with MongoClient(os.environ["TEST_MONGODB_URI"], tz_aware=True) as client:
        client["hotline"]["trackers"].drop()
        yield client


@pytest.fixture
def key() -> bytes:
    return secrets.token_bytes(32)
