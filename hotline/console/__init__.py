"""The operators', supervisors' and managers' web pages, under /console/."""

from aiohttp import web

from hotline.console import campaigns, conversation, events, files, queue, signin, users
from hotline.console.assets import Assets
from hotline.console.errors import explain
from hotline.console.headers import defend
from hotline.console.pages import make_environment
from hotline.console.sessions import guard

_MOST = 256 * 1024  # bytes of a form: ten languages of a campaign, with room


def setup(app: web.Application) -> None:
    """Add the console to `app`, which holds the keys of `hotline.keys` by the time it serves.

    Raise `hotline.console.assets.AssetsMissing` where the front-end libraries have not been built.
    """
    assets = Assets()
    console = web.Application(middlewares=[explain, guard], client_max_size=_MOST)
    make_environment(console, assets)
    console[events.STREAMS] = set()
    console.on_response_prepare.append(defend)
    console.on_shutdown.append(events.end_streams)
    console.router.add_routes([*_open(assets), *_answering(), *_managing()])
    app.add_subapp("/console", console)
    app.router.add_get("/", _home)


async def _home(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/console/")


def _open(assets: Assets) -> list[web.RouteDef]:
    return [
        web.get("", _home),
        web.get("/static/{name:.+}", assets.serve),
        web.get("/signin", signin.ask),
        web.post("/signin", signin.sign_in),
        web.post("/signout", signin.sign_out),
        web.get("/password", signin.ask_password),
        web.post("/password", signin.change_password),
    ]


def _answering() -> list[web.RouteDef]:
    return [
        web.get("/", queue.show),
        web.get("/queue", queue.fragment),
        web.get("/counts", queue.header_counts),
        web.get("/mine", queue.mine),
        web.post("/next", queue.take_next),
        web.get("/events", events.events),
        web.get("/c/{id}", conversation.show),
        web.get("/c/{id}/live", conversation.live),
        web.post("/c/{id}/claim", queue.claim),
        web.post("/c/{id}/messages", conversation.answer),
        web.post("/c/{id}/release", conversation.release),
        web.post("/c/{id}/transfer", conversation.transfer),
        web.post("/c/{id}/close", conversation.close),
        web.get("/files/{id}", files.show),
    ]


def _managing() -> list[web.RouteDef]:
    return [
        web.get("/campaigns", campaigns.show),
        web.get("/campaigns/new", campaigns.compose),
        web.post("/campaigns/new", campaigns.save),
        web.get("/campaigns/{id}", campaigns.view),
        web.get("/campaigns/{id}/progress", campaigns.fragment),
        web.get("/campaigns/{id}/edit", campaigns.edit),
        web.post("/campaigns/{id}/edit", campaigns.save),
        web.post("/campaigns/{id}/send", campaigns.send),
        web.post("/campaigns/{id}/cancel", campaigns.cancel),
        web.get("/users", users.show),
        web.post("/users", users.add),
        web.post("/users/reset", users.reset),
        web.post("/users/disable", users.disable),
    ]
