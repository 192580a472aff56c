"""Headers, roles, errors, and how hostile or right-to-left text is shown."""

import re

import pytest
from structlog.testing import capture_logs

from hotline import logs
from hotline.core.message import Kind
from hotline.core.records import Stored

from . import people

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)"> {{ 7*7 }} \' " & </p>'


async def test_every_answer_carries_the_browsers_defences(evening, amina):
    for path in ("/console/", "/console/c/cgrace", "/console/queue", "/console/nowhere", "/console/static/console.css"):
        _, _, headers = await amina.get(path)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_pages_are_never_cached_and_their_hashed_files_for_a_year(evening, amina):
    _, body, headers = await amina.get("/console/")
    assert headers["Cache-Control"] == "no-store"
    address = body.split('rel="stylesheet" href="')[1].split('"')[0]
    _, _, headers = await amina.get(address)
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    _, _, headers = await amina.get(address.partition("?")[0])
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("page", ["/console/", "/console/c/cgrace", "/console/signin"])
async def test_no_page_holds_an_inline_script_style_or_another_host(evening, amina, page):
    _, body, _ = await amina.get(page)
    lowered = body.lower()
    assert "<style" not in lowered
    assert " style=" not in lowered
    assert "<script>" not in lowered
    assert " onclick=" not in lowered
    assert "http" not in lowered.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


async def test_everything_a_page_loads_weighs_little(evening, amina):
    _, body, _ = await amina.get("/console/c/cgrace")
    addresses = [part.split('"')[0] for part in body.split('src="')[1:]]
    addresses += [part.split('"')[0] for part in body.split('rel="stylesheet" href="')[1:]]
    sizes = [len(body.encode())]
    for address in addresses:
        if address.startswith("/console/static/"):
            async with amina.session.get(f"{amina.base}{address}", auto_decompress=False) as answer:
                sizes.append(len(await answer.read()))
    assert len(sizes) > 5
    assert sum(sizes) < 120_000


async def test_hostile_words_are_shown_as_words(evening, amina):
    evening.hear("cgrace", people.said("evil", evening.clock(), HOSTILE))
    _, body, _ = await amina.get("/console/c/cgrace")
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "{{ 7*7 }}" in body


async def test_right_to_left_languages_run_right_to_left(evening, amina):
    _, body, _ = await amina.get("/console/c/clayla")
    assert '<p class="text" dir="auto" lang="ar">' in body
    assert 'class="language" lang="ar" dir="rtl">العربية' in body
    _, body, _ = await amina.get("/console/c/ctigist")
    assert 'class="language" lang="am">አማርኛ' in body


async def test_no_address_is_anywhere(evening, amina):
    """Pages know people by code only: they hold neither pseudonym nor address."""
    _, body, _ = await amina.get("/console/c/cgrace")
    assert people.pseudonym("grace") not in body


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        (
            "amina",
            ["/console/", "/console/c/clayla"],
            ["/console/campaigns", "/console/campaigns/new", "/console/users"],
        ),
        (
            "wanjiru",
            ["/console/campaigns", "/console/campaigns/new"],
            ["/console/c/clayla", "/console/queue", "/console/users"],
        ),
        ("ruth", ["/console/", "/console/c/ccarlos"], ["/console/users", "/console/campaigns"]),
        ("admin", ["/console/", "/console/users", "/console/campaigns"], []),
    ],
)
async def test_each_role_sees_its_own_pages_and_no_others(evening, visit, name, allowed, refused):
    browser = visit()
    await browser.sign_in(name)
    for path in allowed:
        assert (await browser.get(path))[0] == 200, path
    for path in refused:
        assert (await browser.get(path))[0] == 403, path


async def test_an_operator_cannot_read_what_a_colleague_holds(evening, amina):
    status, body, _ = await amina.get("/console/c/ccarlos")
    assert status == 403
    assert "me tienen encerrado" not in body
    assert "not with you" in body


async def test_only_supervisors_see_who_holds_what(evening, amina, visit):
    assert "With colleagues" not in (await amina.get("/console/"))[1]
    ruth = visit()
    await ruth.sign_in("ruth")
    body = (await ruth.get("/console/"))[1]
    assert "With colleagues" in body
    assert "david" in body


async def test_a_missing_page_and_an_absent_database_say_what_to_do(evening, amina):
    status, body, _ = await amina.get("/console/c/nobody")
    assert (status, "Nothing here" in body) == (404, True)
    evening.db.away = True
    status, body, _ = await amina.get("/console/")
    assert (status, "The database does not answer" in body) == (503, True)
    assert "try again in a few seconds" in body


async def test_a_defect_is_told_without_its_text(evening, amina, caplog):
    evening.db.messages["cgrace"] = [people.said("x", "not a time", HOSTILE)]
    with capture_logs() as logged:
        await amina.get("/console/c/cgrace")
    (defect,) = [line for line in logged if line["event"] == "console_defect"]
    assert re.fullmatch(r"\w+\.py:\d+", defect["part"]), "where it happened"
    assert set(defect) - {"log_level"} <= logs._FIELDS, "and nothing that would be dropped"
    status, body, _ = await amina.get("/console/c/cgrace")
    assert status == 500
    assert "A mistake of ours" in body
    assert "alert(1)" not in caplog.text


@pytest.mark.parametrize(
    ("kind", "served", "disposition"),
    [
        ("image/jpeg", "image/jpeg", "inline"),
        ("audio/ogg; codecs=opus", "audio/ogg", "inline"),
        ("image/svg+xml", "application/octet-stream", "attachment"),
        ("text/html", "application/octet-stream", "attachment"),
        ("application/x-msdownload", "application/octet-stream", "attachment"),
    ],
)
async def test_a_file_is_shown_only_where_it_can_do_no_harm(evening, amina, kind, served, disposition):
    evening.db.files["f-1"] = ("cgrace", kind, b"<svg onload=alert(1)>")
    status, _, headers = await amina.get("/console/files/f-1")
    assert status == 200
    assert headers["Content-Type"].partition(";")[0] == served
    assert headers["Content-Disposition"].startswith(disposition)
    assert headers["Content-Security-Policy"].endswith("sandbox")
    assert ".exe" not in headers["Content-Disposition"]
    assert ("file opened", "amina") in [(entry["what"], entry["user"]) for _, entry in evening.db.audit]


async def test_a_file_of_a_conversation_that_one_may_not_read_stays_shut(evening, amina):
    evening.db.files["f-2"] = ("ccarlos", "image/jpeg", b"x")
    assert (await amina.get("/console/files/f-2"))[0] == 403
    assert not evening.db.opened, "nothing is loaded for somebody who may not see it"


async def test_kinds_and_files_are_labelled(evening, amina):
    now = evening.clock()
    gone = (Stored("f-9", "video/mp4", "gone"),)
    evening.hear("cgrace", people.said("e", now, "I meant Jeddah", Kind.EDITED))
    evening.hear("cgrace", people.said("v", now, "", Kind.VIDEO, attachments=gone))
    _, body, _ = await amina.get("/console/c/cgrace")
    assert "Changed an earlier message" in body
    assert "The provider no longer has this file." in body
    assert "24.7136,46.6753" in body


async def test_machine_drafted_languages_are_marked(evening, amina):
    assert "machine drafts" in (await amina.get("/console/c/clayla"))[1]
    assert "machine drafts" not in (await amina.get("/console/c/cgrace"))[1]


async def test_the_queue_says_why_and_how_long(evening, amina):
    _, body, _ = await amina.get("/console/")
    order = [body.index(f'id="q-c{name}"') for name in ("layla", "hodan", "wei", "tigist", "yuleisy")]
    assert order == sorted(order)
    assert "A child held" in body
    assert "Life at risk" in body
    assert "21 min" in body
    assert body.count("overdue") > 1
    assert 'data-waiting="5"' in body


async def test_an_empty_queue_reads_well(helpline, visit):
    browser = visit()
    await browser.sign_in("amina")
    _, body, _ = await browser.get("/console/")
    assert "Nobody is waiting." in body
    _, body, _ = await browser.post("/console/next")
    assert "Nobody is waiting right now." in body
