"""Pictures for the README: people in five languages on three phones, and the console that answers them.

``python -m ops.screenshots`` starts an installation of its own, plays a short evening on it and writes
``docs/screenshots/console.png``, ``queue.png`` and ``phones.png``.
"""

import asyncio
import tempfile
from pathlib import Path

import aiohttp
from playwright.async_api import Page, async_playwright

from tests.people import Phone
from tests.stack import ROOT, Stack, command

FOLDER = ROOT / "docs" / "screenshots"
PASSWORD = "pretend password of a picture"  # noqa: S105 -- of an installation that lives for a minute
EVENING = (
    ("sms", "+254711000001", ("habari", "1", "boss amechukua pasipoti yangu na hanilipi miezi tano")),
    ("whatsapp", "+254722000001", ("السلام عليكم", "قفلوا علينا الباب ومعهم سلاح، بدهم ياخدونا الليلة")),
    ("telegram", "1000001", ("hola, me ofrecen trabajo en otro país, ¿es de verdad?",)),
    ("sms", "+254712000044", ("ሰላም", "ከሰው ጋር መነጋገር እፈልጋለሁ")),
    ("telegram", "5712000045", ("我在园区，护照被收走，不让我走",)),
)


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            await stack.start_all()
            languages = ("--languages", "en,ar,sw", "--password-stdin")
            await command(stack, "user", "add", "amina", "--role", "operator", *languages, stdin=f"{PASSWORD}\n")
            async with async_playwright() as playwright, aiohttp.ClientSession() as session:
                browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
                page = await browser.new_page(viewport={"width": 1280, "height": 800})
                await sign_in(page, stack)
                for channel, address, lines in EVENING:
                    await talk(Phone(session, stack.sandbox, channel, address), lines)
                await page.locator("#rows li[data-row]").nth(3).wait_for()
                await page.screenshot(path=FOLDER / "queue.png")
                await answer(page)
                await page.screenshot(path=FOLDER / "console.png")
                phones = await browser.new_page(viewport={"width": 1280, "height": 860})
                await phones.goto(stack.sandbox)
                await phones.wait_for_load_state("load")
                await phones.wait_for_timeout(1500)
                await phones.screenshot(path=FOLDER / "phones.png")
                await browser.close()
        finally:
            await stack.stop()


async def sign_in(page: Page, stack: Stack) -> None:
    await page.goto(f"{stack.web}/console/")
    await page.get_by_label("Name").fill("amina")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.locator("#rows").wait_for()


async def talk(phone: Phone, lines: tuple[str, ...]) -> None:
    for line in lines:
        await phone.says(line)
        await phone.hears(".")
        await phone.hears_the_last()


async def answer(page: Page) -> None:
    """Take the most urgent one and answer."""
    await page.locator("#rows li[data-row]").first.get_by_role("button", name="Take").click()
    await page.locator("#reply").fill("أنا هنا معك. هل تستطيع الكتابة الآن دون خطر؟")
    await page.keyboard.press("Control+Enter")
    await page.get_by_text("Delivered").last.wait_for()
    await page.wait_for_timeout(2500)


if __name__ == "__main__":
    asyncio.run(main())
