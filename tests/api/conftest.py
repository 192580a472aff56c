from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from api_client import Api
from api_fakes import (
    Audit,
    Contacts,
    Conversations,
    Database,
    Files,
    Messages,
    Reports,
    Texts,
    Time,
    Users,
    populate,
    pseudonym,
)

from hotline import api as hotline_api
from hotline import keys
from hotline.accounts import Accounts
from hotline.core.message import Channel
from hotline.desk import Desk
from hotline.lookup import Lookup

LIMITS = {Channel.SMS: 160, Channel.WHATSAPP: 1600, Channel.TELEGRAM: 4096}


@pytest.fixture(scope="session")
def accounts() -> Accounts:
    """One for all tests, since its first hash of a password takes long; each test lays its own database under it."""
    return Accounts(Users(Database()), Audit(Database()), Time())


@pytest.fixture
async def api(accounts: Accounts) -> AsyncIterator[Api]:
    """The API over a helpline in memory, as a caller sees it."""
    time, database = Time(), Database()
    populate(database)
    conversations, audit = Conversations(database), Audit(database)
    messages = Messages(database, conversations, audit)
    app = web.Application(client_max_size=2**26)
    accounts._store = Users(database)
    app[keys.ACCOUNTS] = accounts
    app[keys.DESK] = Desk(
        conversations, Contacts(database), messages, messages, audit, Files(), Reports(), Texts(), LIMITS, time
    )
    app[keys.LOOKUP] = Lookup(pseudonym, conversations, audit, time)
    labels = {"captivity": "Held against their will"}
    app[keys.SITE] = keys.Site(time, "http://127.0.0.1", labels, frozenset(), "UTC", LIMITS)
    hotline_api.setup(app)
    client = TestClient(TestServer(app))
    await client.start_server()
    yield Api(client, database, time)
    await client.close()
