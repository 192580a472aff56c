"""Who is asking, and whether they meant to: the session cookie, the CSRF token, the sender of the request."""

import hmac
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from hotline.core.access import Session, User
from hotline.core.errors import Forbidden
from hotline.keys import ACCOUNTS, SITE

SESSION = web.RequestKey("session", Session)

_SAFE = {"GET", "HEAD", "OPTIONS"}
_OPEN = ("/console/signin", "/console/static/")
_PASSWORD = ("/console/password", "/console/signout")
_UNKNOWN = {None, "null"}  # a form under no-referrer says "null"


class SignedOut(Exception):
    """Nobody is signed in; a page goes to the sign-in, a fragment says so in place."""


def user_of(request: web.Request) -> User:
    return request[SESSION].user


def secure(request: web.Request) -> bool:
    return request.config_dict[SITE].origin.startswith("https://")


def cookie_name(request: web.Request) -> str:
    """`__Host-` binds the cookie to this very host, where the browser allows it."""
    return "__Host-hotline" if secure(request) else "hotline"


def secret_of(request: web.Request) -> str:
    return request.cookies.get(cookie_name(request), "")


def keep_session(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """Hand the browser its session: unreadable for scripts, never sent from another site, gone with the browser."""
    response.set_cookie(
        cookie_name(request), secret, path="/", secure=secure(request), httponly=True, samesite="Strict"
    )


def drop_session(request: web.Request, response: web.StreamResponse) -> None:
    response.del_cookie(cookie_name(request), path="/", secure=secure(request), httponly=True, samesite="Strict")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody in without a session, and no change without the token that only our own pages hold."""
    if request.method not in _SAFE:
        check_sender(request)
    if request.path.startswith(_OPEN):
        return await handler(request)
    secret = secret_of(request)
    session = await request.config_dict[ACCOUNTS].session(secret) if secret else None
    if session is None:
        raise SignedOut
    request[SESSION] = session
    if request.method not in _SAFE:
        await _check_token(request, session)
    if session.user.must_change_password and not request.path.startswith(_PASSWORD):
        raise web.HTTPSeeOther("/console/password")
    return await handler(request)


def check_sender(request: web.Request) -> None:
    """Refuse a change that another site asks for. Tools that send neither header carry no cookie of a browser."""
    fetched_from = request.headers.get("Sec-Fetch-Site")
    if fetched_from is not None:
        if fetched_from != "same-origin":
            raise Forbidden("this request came from another site")
        return
    origin = request.headers.get("Origin")
    if origin in _UNKNOWN:
        return
    assert origin is not None, "checked above"
    if origin != request.config_dict[SITE].origin and urlsplit(origin).netloc != request.host:
        raise Forbidden("this request came from another site")


async def _check_token(request: web.Request, session: Session) -> None:
    token = request.headers.get("X-CSRF-Token")
    if token is None:
        token = str((await request.post()).get("csrf", ""))
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise Forbidden("this page is from an earlier sign-in: reload it and try again")


def signin_address(request: web.Request) -> str:
    """The sign-in page, and the way back from it."""
    back = request.rel_url.path if request.method == "GET" else ""
    return f"/console/signin?next={quote(back)}" if back not in {"", "/console/"} else "/console/signin"


def way_back(address: str) -> str:
    """`address` where it is a page of ours, else the start page."""
    good = address.startswith("/console/") and "//" not in address and "\\" not in address and address.isprintable()
    return address if good else "/console/"
