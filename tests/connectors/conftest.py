from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from provider_wire import Wire, says


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire(otherwise=says(404, {"code": 20404}))
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", wire.handle)
    server = TestServer(app)
    await server.start_server(access_log=None)  # its log is not ours
    wire.url = str(server.make_url("/")).rstrip("/")
    yield wire
    wire.released.set()
    await server.close()
