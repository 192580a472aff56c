"""A shift in a real browser over the real processes: sign in, see someone in danger appear, take her, answer, end."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.people import PhoneOf
from tests.stack import ROOT, Stack, command

PASSWORD = "a long enough password"
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder for pictures of what the test sees


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=QUIET)
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, stack: Stack) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 860}, bypass_csp=True)
    opened = await context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    await context.close()
    assert problems == []


async def sign_in(page: Page, stack: Stack, name: str, role: str) -> None:
    status, out = await command(stack, "user", "add", name, "--role", role, "--languages", "en,sw", "--password-stdin",
                                stdin=f"{PASSWORD}\n")  # fmt: skip
    assert status == 0, out
    await page.goto(f"{stack.web}/console/")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Waiting for a person")).to_be_visible()


async def no_serious_barriers(page: Page) -> None:
    """axe-core finds nothing serious on the page."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}"
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert serious == []


async def picture(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


async def test_a_shift(page: Page, stack: Stack, phone: PhoneOf):
    await sign_in(page, stack, "zawadi", "operator")
    await no_serious_barriers(page)
    person, calm = phone("whatsapp"), phone("sms")
    await calm.says("naomba kuongea na mtu tafadhali")
    await calm.hears("Mtu wa timu|timu yetu")
    await person.says("he locked me in and took my phone, he will kill me tonight")
    await person.hears("A person from our team will read this")  # somebody is at the desk

    first = page.locator("#rows li[data-row]").filter(has_text="WhatsApp").filter(has_text="threat to kill").first
    await expect(first).to_be_visible(timeout=15_000)  # it has come without a reload
    await expect(first).to_contain_text("P0")
    await picture(page, "queue")
    await first.get_by_role("button", name=re.compile("^Take")).click()

    thread = page.locator("#thread")
    await expect(thread).to_contain_text("he will kill me tonight")
    await no_serious_barriers(page)
    await page.get_by_label(re.compile("Your answer to")).fill("I am here with you. Can you talk?")
    await page.keyboard.press("Control+Enter")
    await expect(thread).to_contain_text("I am here with you")
    await person.hears("I am here with you")
    await person.says("yes, he is outside")
    await expect(thread).to_contain_text("yes, he is outside", timeout=10_000)
    await expect(thread.get_by_text(re.compile("delivered|read", re.IGNORECASE)).last).to_be_attached(timeout=15_000)
    await picture(page, "console")

    await page.get_by_role("button", name="End", exact=True).click()
    await page.get_by_label("Helped").check()
    await page.get_by_role("button", name="Close the conversation").click()
    await person.hears("now closed")
    await expect(page.get_by_role("heading", name="Waiting for a person")).to_be_visible()


async def test_a_campaign_reaches_those_who_joined_and_nobody_who_stopped(page: Page, stack: Stack, phone: PhoneOf):
    joined, stopped, reporter = phone("telegram"), phone("telegram"), phone("telegram")
    for person in (joined, stopped, reporter):
        await person.says("join")
        await person.hears("safety messages")
    await stopped.says("stop")
    await stopped.hears("no more messages")
    await reporter.says("my boss keeps my passport and has not paid me for eight months")
    await reporter.hears("emergency number")
    await reporter.hears_the_last()
    for person in (joined, stopped, reporter):
        await person.catches_up()

    status, out = await command(
        stack, "user", "add", "wanjiru", "--role", "campaigns", "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert status == 0, out
    await page.goto(f"{stack.web}/console/")
    await page.get_by_label("Name").fill("wanjiru")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{stack.web}/console/campaigns/new")
    await no_serious_barriers(page)
    await page.get_by_label("Title").fill("Job offers")
    await page.get_by_label("Channel").select_option("telegram")
    await page.locator("#text-en").fill("A real job lets you take time to think.")
    await page.get_by_role("button", name="Save and see whom it reaches").click()
    await picture(page, "campaign")
    await page.locator("[data-dialog='send-dialog']").click()
    await page.locator("#send-dialog").get_by_role("button", name=re.compile("^Send")).click()
    await joined.hears("take time to think")
    await stopped.hears_nothing_more()
    await reporter.hears_nothing_more()
