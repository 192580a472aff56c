"""Administrators: who may sign in."""

import re

from aiohttp import web

from hotline.console.errors import trouble
from hotline.console.pages import page
from hotline.console.sessions import user_of
from hotline.core.access import Permission, Role
from hotline.core.errors import Conflict, HotlineError, Undeliverable
from hotline.core.language import NAMES
from hotline.keys import ACCOUNTS

_NAME = re.compile(r"[^/?#]{1,64}\Z")


async def show(request: web.Request) -> web.Response:
    return await _list(request)


async def _list(
    request: web.Request, status: int = 200, problem: HotlineError | None = None, told: tuple[str, str] | None = None
) -> web.Response:
    """`told` is (name, one-time password): in this one answer and nowhere else."""
    users = await request.config_dict[ACCOUNTS].all(user_of(request))
    return await page(
        request, "users.html", status, users=users, roles=list(Role), told=told,
        problem=trouble(problem) if problem else None,
    )  # fmt: skip


async def add(request: web.Request) -> web.Response:
    admin = user_of(request)
    admin.require(Permission.ADMINISTER)
    form = await request.post()
    name = str(form.get("name", "")).strip()
    try:
        role = Role(str(form.get("role", "")))
    except ValueError:
        return await _list(request, 422, Undeliverable("choose a role from the list"))
    languages = tuple(str(code) for code in form.getall("languages", []) if code in NAMES)
    try:
        password = await request.config_dict[ACCOUNTS].add(name, role, languages, by=admin.name)
    except Conflict as conflict:
        return await _list(request, 409, conflict)
    return await _list(request, told=(name, password))


async def reset(request: web.Request) -> web.Response:
    name = await _named(request)
    password = await request.config_dict[ACCOUNTS].reset(user_of(request), name)
    return await _list(request, told=(name, password))


async def disable(request: web.Request) -> web.Response:
    name, disabled = await _named(request), (await request.post()).get("disabled") == "yes"
    try:
        await request.config_dict[ACCOUNTS].disable(user_of(request), name, disabled=disabled)
    except Conflict as conflict:
        return await _list(request, 409, conflict)
    raise web.HTTPSeeOther(f"/console/users?done={'disabled' if disabled else 'enabled'}")


async def _named(request: web.Request) -> str:
    """The user that a form is about. In its body: a name has no place in an address that a proxy logs."""
    name = str((await request.post()).get("name", ""))
    if not _NAME.match(name):
        raise web.HTTPNotFound
    return name
