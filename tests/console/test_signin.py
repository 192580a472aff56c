"""Who gets in, and what the browser is told about its session."""

import asyncio
import re

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from hotline.console.sessions import way_back
from hotline.core.access import Role

from . import people


async def test_nobody_sees_a_page_without_signing_in(evening, visit):
    browser = visit()
    for path in ("/", "/console", "/console/", "/console/c/cgrace", "/console/users", "/console/campaigns"):
        status, body, _ = await browser.get(path)
        assert status == 200
        assert 'action="/console/signin"' in body
        assert "N67" not in body


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(helpline, visit):
    browser = visit()
    wrong = await browser.sign_in("amina", "not the password")
    unknown = await browser.sign_in("nobody", "not the password")
    assert wrong[0] == unknown[0] == 401
    assert "The name or the password is wrong." in wrong[1]
    assert "The name or the password is wrong." in unknown[1]


async def test_after_many_wrong_passwords_the_page_says_how_long_to_wait(helpline, visit):
    browser = visit()
    for _ in range(5):
        await browser.sign_in("amina", "not the password")
    status, body = await browser.sign_in("amina")
    assert status == 401
    assert re.search(r"Try again in \d seconds", body)


async def test_a_flood_of_sign_ins_is_told_to_come_back_and_holds_nobody_up(helpline, visit, monkeypatch):
    monkeypatch.setattr("hotline.accounts._WAITING", 3)
    hashing, go_on = 0, asyncio.Event()

    async def verify(password_hash, password):
        nonlocal hashing
        hashing += 1
        await go_on.wait()
        return False

    monkeypatch.setattr(helpline.accounts, "_verify", verify)
    browser = visit()
    waiting = [asyncio.create_task(browser.post("/console/signin", {"name": f"n{n}"})) for n in range(3)]
    while hashing < 3:
        await asyncio.sleep(0.01)
    status, body, headers = await browser.post("/console/signin", {"name": "amina", "password": "guess"})
    assert (status, "Try again in a few seconds" in body, int(headers["Retry-After"]) > 0) == (429, True, True)
    assert "amina" not in helpline.db.failures, "what was not tried does not count"
    go_on.set()
    assert [status for status, _, _ in await asyncio.gather(*waiting)] == [401] * 3
    status, _, _ = await browser.post("/console/signin", {"name": "amina", "password": "guess"})
    assert status == 401, "there is room again"


async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(helpline, visit):
    browser = visit()
    data = {"name": "amina", "password": people.PASSWORD}
    _, _, headers = await browser.post("/console/signin", data, follow=False)
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("hotline=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(re.split(r";\s*", cookie))


async def test_behind_https_the_cookie_is_bound_to_the_host(helpline):
    data = {"name": "amina", "password": people.PASSWORD}
    async with (
        TestServer(helpline.app("https://help.example.org")) as server,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as session,
        session.post(server.make_url("/console/signin"), data=data, allow_redirects=False) as answer,
    ):
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-hotline=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


async def test_a_one_time_password_must_be_changed_before_anything_else(helpline, visit):
    once = await helpline.accounts.add("newcomer", Role.OPERATOR)
    browser = visit()
    _, body = await browser.sign_in("newcomer", once)
    assert "Choose a password" in body
    _, body, _ = await browser.get("/console/")
    assert "Choose a password" in body

    short = {"old": once, "new": "short", "again": "short"}
    status, body, _ = await browser.post("/console/password", short)
    assert (status, "12 to 200 characters" in body) == (422, True)
    twice = {"old": once, "new": "a long new password", "again": "another long password"}
    status, body, _ = await browser.post("/console/password", twice)
    assert (status, "not the same" in body) == (422, True)

    good = {"old": once, "new": "a long new password", "again": "a long new password"}
    status, body, _ = await browser.post("/console/password", good)
    assert status == 200
    assert "Your new password is set." in body
    assert "Nobody is waiting." in body


async def test_signing_out_ends_the_session_on_the_server(evening, amina):
    cookies = {cookie.key: cookie.value for cookie in amina.session.cookie_jar}
    await amina.post("/console/signout")
    status, body, _ = await amina.get("/console/", cookies=cookies)
    assert status == 200
    assert 'action="/console/signin"' in body


async def test_a_form_without_the_token_changes_nothing(evening, amina):
    for token in ("", "wrong"):
        status, body, _ = await amina.post("/console/c/clayla/claim", csrf=token)
        assert status == 403
        assert "earlier sign-in" in body
    assert evening.db.conversations["clayla"][0].holder is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ],
)
async def test_a_form_that_another_site_sends_changes_nothing(evening, amina, headers):
    status, _, _ = await amina.post("/console/c/clayla/claim", headers=headers)
    assert status == 403
    assert evening.db.conversations["clayla"][0].holder is None


async def test_reading_changes_nothing(evening, amina):
    before = dict(evening.db.conversations)
    for path in ("claim", "release", "close", "transfer", "messages"):
        status, _, _ = await amina.get(f"/console/c/cgrace/{path}")
        assert status == 405
    assert evening.db.conversations == before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/console/c/c1", "/console/c/c1"),
        ("https://evil.example/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/console/\\evil.example", "/console/"),
        ("/console//evil.example", "/console/"),
        ("", "/console/"),
    ],
)
def test_after_signing_in_one_only_goes_to_our_own_pages(given, kept):
    assert way_back(given) == kept
