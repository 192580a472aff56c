"""The console in a real browser: live updates, keyboard, accessibility, and text that is never lost."""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from hotline.core.conversation import State
from hotline.core.message import Channel, Status
from hotline.core.triage import Priority

from . import people

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}


@pytest.fixture(scope="session")
async def chromium():
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def look(chromium, base):
    """Open a page as somebody. Any script error or blocked resource fails the test."""
    contexts, complaints = [], []

    async def open_page(name, path="/console/"):
        context = await chromium.new_context(viewport=SIZES["desk"], base_url=base, reduced_motion="reduce")
        contexts.append(context)
        context.set_default_timeout(8000)  # milliseconds
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: complaints.append("a dialog opened") or dialog.dismiss())
        page.complaints = complaints
        await page.goto("/console/signin")
        if name:
            await page.get_by_label("Name").fill(name)
            await page.get_by_label("Password").fill(people.PASSWORD)
            await page.keyboard.press("Enter")
            await page.wait_for_url(lambda url: "signin" not in url)
            await page.goto(path)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert not complaints


async def test_claim_read_answer_and_watch_it_arrive(evening, look):
    page = await look("amina")
    await page.locator("#q-clayla").get_by_role("button", name="Take").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        evening.db.contacts[people.pseudonym("layla")].code
    )
    await expect(page.locator("#thread")).to_contain_text("قال سيقتلنا الليلة")
    await expect(page.locator("#about")).to_contain_text("Attack or weapon now")
    assert await page.locator("#b-il4 .text").evaluate("node => getComputedStyle(node).direction") == "rtl"

    await page.get_by_label("Your answer to").fill("أنا إنسان. هل أنتما وحدكما الآن؟")
    await page.get_by_role("button", name="Send").click()
    mine = page.locator(".bubble.operator").last
    await expect(mine).to_contain_text("هل أنتما وحدكما الآن؟")
    await expect(mine.locator(".status")).to_have_text("Queued")
    await expect(page.locator("#reply")).to_have_value("")

    for status, word in ((Status.SENT, "Sent"), (Status.DELIVERED, "Delivered"), (Status.READ, "Read")):
        evening.report("clayla", status)
        await expect(mine.locator(".status")).to_have_text(word)
    evening.hear("clayla", people.said("l9", evening.clock(), "نعم"))
    await expect(page.locator("#b-il9")).to_be_in_viewport()


async def test_a_double_click_says_it_once(evening, look):
    page = await look("amina", "/console/c/cgrace")
    await page.locator("#reply").fill("Once only")
    await page.get_by_role("button", name="Send").dblclick()
    await expect(page.locator(".bubble.operator").last).to_contain_text("Once only")
    await expect(page.locator("#reply")).to_have_value("")
    assert [m.text for m in evening.db.messages["cgrace"]].count("Once only") == 1


async def test_typed_text_survives_updates_failures_and_is_then_said_once(evening, look):
    page = await look("amina", "/console/c/cgrace")
    reply = page.locator("#reply")
    await reply.fill("I will call the shelter")
    await reply.evaluate("field => field.setSelectionRange(2, 6)")
    evening.hear("cgrace", people.said("g20", evening.clock(), "are you there"))
    await expect(page.locator("#b-ig20")).to_be_visible()
    await expect(reply).to_have_value("I will call the shelter")
    caret = await reply.evaluate("field => [field.selectionStart, field.selectionEnd]")
    assert caret == [2, 6]
    await expect(reply).to_be_focused()

    evening.db.away = True
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#reply-problem")).to_contain_text("try again in a few seconds")
    await expect(reply).to_have_value("I will call the shelter")
    evening.db.away = False

    await page.context.set_offline(True)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#reply-problem")).to_contain_text("cannot be reached")
    await page.context.set_offline(False)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".bubble.operator").last).to_contain_text("I will call the shelter")
    await expect(page.locator("#reply-problem")).to_be_empty()
    assert [m.text for m in evening.db.messages["cgrace"]].count("I will call the shelter") == 1
    page.complaints.clear()  # the browser reports each failed request that this test caused


async def test_a_lost_conversation_says_so_and_shuts_the_box_but_keeps_the_text(evening, look):
    page = await look("amina", "/console/c/cgrace")
    await page.locator("#reply").fill("half a sentence")
    evening.held_by_another("cgrace", "david")
    await expect(page.locator("#standing")).to_contain_text("no longer with you")
    await expect(page.locator("#reply")).to_have_value("half a sentence")
    await expect(page.locator("#reply")).not_to_be_editable()
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await expect(page.get_by_role("button", name="End", exact=True)).to_be_disabled()


async def test_the_queue_changes_under_the_operators_hands_without_moving_them(evening, look):
    page = await look("amina")
    await expect(page).to_have_title("(5) Queue · Helpline")
    button = page.locator("#t-ctigist")
    await button.focus()
    people.person(
        evening,
        "newcomer",
        Channel.SMS,
        "en",
        priority=Priority.P0,
        reasons=("help",),
        minutes=0,
        messages=[people.said("n1", evening.clock(), "help")],
    )
    await expect(page.locator("#q-cnewcomer")).to_be_visible()
    await expect(button).to_be_focused()
    await expect(page).to_have_title("(6) Queue · Helpline")
    await expect(page.locator("#announce")).to_have_text("New in the queue: somebody at risk")
    order = await page.locator("#rows > li").evaluate_all("rows => rows.map((row) => row.id)")
    assert order[:2] == ["q-clayla", "q-cnewcomer"]

    evening.held_by_another("clayla", "david")
    await expect(page.locator("#q-clayla")).to_have_count(0)
    await expect(page.locator("#nav-queue .count")).to_contain_text("5")
    await expect(page.locator("#nav-queue")).to_have_attribute("aria-current", "page")


async def test_waiting_times_run_and_become_overdue_by_themselves(evening, look):
    people.person(evening, "soon", Channel.SMS, "en", priority=Priority.P1, reasons=("captive",), minutes=14)
    page = await look("amina")
    wait = page.locator("#q-csoon .wait")
    await expect(wait).to_contain_text("14 min")
    await expect(wait.get_by_text("overdue")).to_be_hidden()
    # two minutes later, as far as this line can tell
    await wait.evaluate(
        "line => { line.dataset.since = new Date(Date.parse(line.dataset.since) - 120000).toISOString() }"
    )
    await expect(wait.get_by_text("overdue")).to_be_visible()
    await expect(wait).to_contain_text("16 min")


async def test_a_shift_with_the_keyboard_alone(evening, look):
    page = await look("amina")
    press = page.keyboard.press
    await press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    await press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await press("j")
    await press("j")
    await expect(page.locator("#a-chodan")).to_be_focused()
    await press("Enter")
    await page.wait_for_url("**/c/chodan")
    await page.get_by_role("button", name="Take this conversation").press("Enter")
    await expect(page.locator("#composer")).to_be_visible()
    await press("r")
    await page.keyboard.type("Waan ku maqlayaa")
    await press("Control+Enter")
    await expect(page.locator(".bubble.operator").last).to_contain_text("Waan ku maqlayaa")
    await expect(page.locator("#reply")).to_be_focused()
    await press("Escape")
    await press("e")
    await expect(page.get_by_role("dialog")).to_contain_text("How did it end?")
    await page.get_by_label("Referred to a service").press("Space")
    await page.get_by_role("button", name="Close the conversation").press("Enter")
    await page.wait_for_url("**/console/?done=closed")
    assert evening.db.conversations["chodan"][0].state is State.CLOSED


async def test_single_keys_can_be_switched_off(evening, look):
    page = await look("amina")
    await page.keyboard.press("?")
    await page.get_by_label("Use shortcuts of a single key").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.reload()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_hostile_words_run_nothing(evening, look):
    page = await look("amina", "/console/c/cgrace")
    words = "<img src=x onerror=alert(1)><script>alert(2)</script><b hx-get='/console/'>x</b>"
    evening.hear("cgrace", people.said("evil", evening.clock(), words))
    await expect(page.locator("#b-ievil .text")).to_have_text(words)
    assert await page.locator("#thread img, #thread script, #thread b[hx-get]").count() == 0


async def test_a_picture_is_fetched_when_it_is_asked_for_and_stays_open(evening, look):
    evening.held_by_another("ctigist", "amina")
    page = await look("amina", "/console/c/ctigist")
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/files/" in request.url else None)
    evening.hear("ctigist", people.said("t8", evening.clock(), "አለ?"))
    await expect(page.locator("#b-it8")).to_be_visible()
    assert not fetched
    await page.get_by_text("Show the picture").click()
    picture = page.get_by_alt_text("Picture that the person sent")
    await expect(picture).to_be_visible()
    await page.wait_for_function("document.querySelector('.file img').naturalWidth > 0")
    evening.hear("ctigist", people.said("t9", evening.clock(), "እሺ"))
    await expect(page.locator("#b-it9")).to_be_visible()
    await expect(picture).to_be_visible()
    assert len(fetched) == 1


async def test_the_page_says_when_its_session_has_ended(evening, look, monkeypatch):
    monkeypatch.setattr("hotline.console.events.RENEW_EVERY", 0.2)
    page = await look("amina", "/console/c/cgrace")
    await page.locator("#reply").fill("not yet sent")
    evening.db.sessions.clear()
    await expect(page.locator("#offline")).to_contain_text("Your sign-in has ended")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#reply-problem")).to_contain_text("Sign in again in another tab")
    await expect(page.locator("#reply")).to_have_value("not yet sent")
    page.complaints.clear()  # the browser reports the 401 that this test caused


async def test_nothing_of_people_stays_in_the_browser(evening, look):
    page = await look("amina", "/console/c/cgrace")
    await page.locator("#reply").fill("a secret plan")
    await page.locator("#nav-queue").focus()
    kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "secret" not in kept
    assert "passport" not in kept
    assert set(re.findall(r'"([a-z]+)(?:-c\w+)?":', kept)) <= {"seen", "sound"}


async def test_the_count_is_that_of_what_the_channel_carries(evening, look):
    evening.held_by_another("clayla", "amina")
    page = await look("amina", "/console/c/clayla")
    for letters, messages in ((1300, "1 message"), (1301, "2 messages"), (2600, "2 messages")):
        await page.locator("#reply").fill("ا" * letters)
        await expect(page.locator("#reply-count")).to_have_text(f"{letters} characters · {messages}")
    page = await look("amina", "/console/c/cgrace")
    for letters, messages in ((459, "3 messages"), (460, "4 messages"), (918, "6 messages")):  # cut at 459 of SMS
        await page.locator("#reply").fill("a" * letters)
        await expect(page.locator("#reply-count")).to_have_text(f"{letters} characters · {messages}")


async def test_a_campaign_is_written_confirmed_and_watched_live(evening, look):
    page = await look("wanjiru", "/console/campaigns/new")
    await page.get_by_label("Title").fill("Job offers")
    await page.get_by_label("Kiswahili").fill("Angalia ofa ya kazi kabla ya kusafiri.")
    await expect(page.locator("#count-sw")).to_have_text("38 characters · 1 message")
    await page.get_by_label("العربية").fill("ا" * 71)
    await expect(page.locator("#count-ar")).to_have_text("71 characters · 2 messages")
    await page.get_by_label("العربية").fill("")
    await page.get_by_role("button", name="Save and see whom it reaches").click()
    await page.get_by_role("button", name="Send to 14 people…").click()
    await page.get_by_role("button", name="Send to 14 people", exact=True).click()
    await expect(page.locator("#progress")).to_contain_text("Sending")
    await evening.campaigns.step()
    messages = evening.db.campaign_messages[evening.campaign("Job offers").id]
    for message in messages:
        messages[message] = Status.DELIVERED
    await expect(page.locator("#progress dd").nth(2)).to_have_text("14")


PAGES = [
    (None, "/console/signin"),
    ("amina", "/console/"),
    ("amina", "/console/c/cgrace"),
    ("amina", "/console/c/clayla"),
    ("amina", "/console/password"),
    ("amina", "/console/nowhere"),
    ("ruth", "/console/"),
    ("ruth", "/console/c/ccarlos"),
    ("wanjiru", "/console/campaigns"),
    ("wanjiru", "/console/campaigns/new"),
    ("wanjiru", "campaign"),
    ("admin", "/console/users"),
]


@pytest.mark.parametrize(("name", "path"), PAGES)
async def test_every_page_is_accessible_and_fits(evening, look, name, path):
    if path == "campaign":
        draft = await evening.campaigns.write(evening.user("wanjiru"), "Offers", Channel.SMS, {"sw": "Angalia"})
        path = f"/console/campaigns/{draft.id}"
    page = await look(name, path)
    for size, scheme in (("desk", "light"), ("desk", "dark"), ("phone", "light")):
        await page.set_viewport_size(SIZES[size])
        await page.emulate_media(color_scheme=scheme)
        await check(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{size} scrolls sideways"
        for dialog in await page.locator("dialog").all():
            await dialog.evaluate("dialog => dialog.showModal()")
            await check(page)
            await dialog.evaluate("dialog => dialog.close()")
    if path == "/console/nowhere":
        page.complaints.clear()  # the browser reports the 404 that this page is


async def check(page):
    """axe-core finds nothing serious."""
    if not await page.evaluate("typeof axe !== 'undefined'"):
        await page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [
        (violation["id"], [node["target"] for node in violation["nodes"]])
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert not grave
