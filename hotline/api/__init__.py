"""/api: the calls of /api/v1, their OpenAPI document and a page to read it."""

from aiohttp import web

from hotline.api import docs
from hotline.api.routes import add_headers, as_problems, routes

PREFIX = "/api"


def setup(app: web.Application) -> None:
    """Mount the API. `app` holds, by the time it serves, the keys ACCOUNTS, DESK, LOOKUP and SITE."""
    api = web.Application(middlewares=[as_problems])
    api.on_response_prepare.append(add_headers)
    api.add_routes(routes(PREFIX))
    api.add_routes(docs.routes())
    app.add_subapp(PREFIX, api)
