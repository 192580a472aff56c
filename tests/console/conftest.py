"""A helpline in memory behind a real HTTP server, and somebody at a keyboard."""

import re

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from . import people
from .fakes import Helpline

TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Browser:
    """An HTTP client that signs in and sends forms as a page would."""

    def __init__(self, session, base):
        self.session = session
        self.base = base
        self.csrf = ""

    async def get(self, path, **options):
        async with self.session.get(f"{self.base}{path}", **options) as answer:
            return answer.status, await answer.text(), answer.headers

    async def post(self, path, data=None, *, csrf=None, headers=None, follow=True):
        form = {"csrf": self.csrf if csrf is None else csrf, **(data or {})}
        async with self.session.post(
            f"{self.base}{path}", data=form, headers=headers, allow_redirects=follow
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    async def sign_in(self, name, password=people.PASSWORD):
        status, body, _ = await self.post("/console/signin", {"name": name, "password": password})
        if found := TOKEN.search(body):
            self.csrf = found[1]
        return status, body


@pytest.fixture
async def helpline():
    """Staff and no person yet."""
    line = Helpline()
    people.staff(line)
    return line


@pytest.fixture
async def evening(helpline):
    """Five people wait, two are with operators, some have asked for safety messages."""
    people.waiting(helpline)
    people.held(helpline)
    people.subscribers(helpline)
    return helpline


@pytest.fixture
async def base(helpline):
    """The address of the console over `helpline`."""
    async with TestServer(helpline.app()) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def visit(base):
    """A fresh browser for each call."""
    sessions = []

    def open_browser():
        sessions.append(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        return Browser(sessions[-1], base)

    yield open_browser
    for session in sessions:
        await session.close()


@pytest.fixture
async def amina(evening, visit):
    """An operator at the start of a shift."""
    browser = visit()
    await browser.sign_in("amina")
    return browser
