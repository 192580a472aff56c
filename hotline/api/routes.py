"""From the table of calls to routes: who asks, may they, what do they ask, and every error as a problem document."""

import contextlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from pydantic import BaseModel

from hotline.api import problems, views
from hotline.api.calls import Call
from hotline.api.operations import BASE, CONVERSATION_ID, OPERATIONS, Operation
from hotline.api.problems import Problem
from hotline.api.request import body, caller, query
from hotline.core.access import User
from hotline.core.errors import HotlineError
from hotline.keys import ACCOUNTS, DESK, LOOKUP, SITE
from hotline.logs import where

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def routes(prefix: str) -> list[web.RouteDef]:
    """A route for each call of the table, for an application that is mounted at `prefix`."""
    return [
        web.route(operation.method, route_path(operation).removeprefix(prefix), _handler(operation))
        for operation in OPERATIONS
    ]


def route_path(operation: Operation) -> str:
    return BASE + operation.path.replace("{id}", f"{{id:{CONVERSATION_ID}}}")


def _handler(operation: Operation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        parts = request.config_dict
        user = await caller(request, parts[ACCOUNTS])
        if user is None:
            return _unauthorized(given="Authorization" in request.headers)
        user.require(operation.permission)
        call = Call(
            user=user,
            conversation=request.match_info.get("id", ""),
            desk=parts[DESK],
            accounts=parts[ACCOUNTS],
            lookup=parts[LOOKUP],
            labels=parts[SITE].sign_labels,
        )
        if operation.about_one:  # whatever comes of the call: the holder is there
            await call.desk.renew(user, call.conversation)
        found = await _run(operation, request, call)
        if _answers(user, found):
            with contextlib.suppress(HotlineError):  # the call is done, whatever becomes of this note
                await parts[ACCOUNTS].token_answers(user)
        return _answer(operation, found)

    return handle


def _answers(user: User, found: BaseModel | None) -> bool:
    """Whether a call shows that somebody is at the desk.

    They hold a conversation, have said something or have just let one go. Looking at the queue shows nobody: a wall
    display does that as well.
    """
    match found:
        case views.Conversation():
            return found.holder == user.name
        case views.Accepted() | views.Standing():
            return True
    return False


async def _run(operation: Operation, request: web.Request, call: Call) -> BaseModel | None:
    if operation.takes is None:
        return await operation.run(call)
    if operation.method == "GET":
        return await operation.run(call, query(request, operation.takes))
    return await operation.run(call, await body(request, operation.takes))


def _answer(operation: Operation, found: BaseModel | None) -> web.Response:
    if found is None:
        return web.Response(status=204)
    return web.Response(status=operation.status, text=found.model_dump_json(), content_type="application/json")


def _unauthorized(*, given: bool) -> web.Response:
    """RFC 6750: the reason is told only to a caller who has tried."""
    challenge = 'Bearer realm="hotline"' + (', error="invalid_token"' if given else "")
    detail = "This token is not valid." if given else "Send the header Authorization: Bearer, followed by your token."
    return problems.respond(Problem.UNAUTHORIZED, detail, {"WWW-Authenticate": challenge})


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong leaves as a problem document that quotes nobody."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return problems.of_http(error)
    except HotlineError as error:
        translated = problems.translate(error)
        if translated is not None:
            return translated
        return _defect(error)
    except Exception as error:  # noqa: BLE001 -- the last resort: its text may quote a person and must not get out
        return _defect(error)


def _defect(error: Exception) -> web.Response:
    """Say where it happened, never what it says: an exception's text can hold a person's."""
    log.error("api_defect", error=type(error).__name__, part=where(error))
    return problems.respond(Problem.INTERNAL, "This is a defect on our side. It has been noted.")


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
