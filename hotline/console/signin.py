"""Sign in, the first password of one's own, sign out."""

from aiohttp import web

from hotline.accounts import MIN_PASSWORD, Busy, SignInRefused, WeakPassword
from hotline.console.pages import page, render
from hotline.console.sessions import drop_session, keep_session, secret_of, user_of, way_back
from hotline.console.words import _
from hotline.keys import ACCOUNTS


async def ask(request: web.Request) -> web.Response:
    """The sign-in page; somebody who is signed in goes on at once."""
    secret = secret_of(request)
    if secret and await request.config_dict[ACCOUNTS].session(secret):
        raise web.HTTPSeeOther(way_back(request.query.get("next", "")))
    return _form(request, request.query.get("next", ""))


def _form(
    request: web.Request, back: str, problem: str | None = None, name: str = "", status: int = 200
) -> web.Response:
    return render(request, "signin.html", status, back=back, problem=problem, name=name)


async def sign_in(request: web.Request) -> web.Response:
    form = await request.post()
    name, back = str(form.get("name", "")).strip(), str(form.get("next", ""))
    accounts = request.config_dict[ACCOUNTS]
    try:
        secret = await accounts.sign_in(name, str(form.get("password", "")))
    except Busy as busy:
        answer = _form(request, back, _(str(busy)), name, web.HTTPTooManyRequests.status_code)
        answer.headers["Retry-After"] = str(busy.retry_after)
        return answer
    except SignInRefused as refused:
        return _form(request, back, _(str(refused)), name, web.HTTPUnauthorized.status_code)
    if old := secret_of(request):
        await accounts.sign_out(old)  # a session of somebody else in this browser
    response = web.HTTPSeeOther(way_back(back))
    keep_session(request, response, secret)
    raise response


async def sign_out(request: web.Request) -> web.Response:
    await request.config_dict[ACCOUNTS].sign_out(secret_of(request))
    response = web.HTTPSeeOther("/console/signin")
    drop_session(request, response)
    raise response


async def ask_password(request: web.Request) -> web.Response:
    return await page(request, "password.html", least=MIN_PASSWORD, problem=None)


async def change_password(request: web.Request) -> web.Response:
    """A new password ends every session of the user; this browser gets a fresh one."""
    form = await request.post()
    old, new = str(form.get("old", "")), str(form.get("new", ""))
    user, accounts = user_of(request), request.config_dict[ACCOUNTS]
    if new != form.get("again"):
        return await _password_again(request, _("The two new passwords are not the same."))
    try:
        await accounts.change_password(user, old, new)
    except (SignInRefused, WeakPassword) as refused:
        return await _password_again(request, _(str(refused)))
    try:
        secret = await accounts.sign_in(user.name, new)
    except SignInRefused:  # somebody else is trying this name: the password is changed, the way in takes a while
        raise web.HTTPSeeOther("/console/signin") from None
    response = web.HTTPSeeOther("/console/?done=password")
    keep_session(request, response, secret)
    raise response


async def _password_again(request: web.Request, problem: str) -> web.Response:
    return await page(request, "password.html", 422, least=MIN_PASSWORD, problem=problem)
