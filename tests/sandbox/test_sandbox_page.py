"""The page in a real browser: three phones that a newcomer can type into."""

import os
import shutil

import pytest
from playwright.async_api import async_playwright, expect
from sandbox_rig import SMS_FROM, TELEGRAM_SECRET, WHATSAPP_FROM

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SMS, WHATSAPP, TELEGRAM = "+254711000001", "+254722000001", "1000001"


@pytest.fixture
async def page(sandbox):
    """The open page; the test fails if it logs an error, as a breach of its content policy would."""
    complaints = []
    chromium = os.environ.get("HOTLINE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        await page.goto(sandbox.url)
        await page.wait_for_selector("html[data-ready=yes]")
        yield page
        await browser.close()
    assert complaints == []


async def test_writing_and_being_answered(page, gateway, twilio):
    await page.fill("#sms-text", "أخذوا جواز سفري")
    await page.press("#sms-text", "Enter")
    (webhook,) = await gateway.hears(1)
    assert (webhook.body["From"], webhook.body["Body"]) == (SMS, "أخذوا جواز سفري")
    await twilio.messages.create_async(to=SMS, from_=SMS_FROM, body="You are not alone.\n1. Yes\n2. No")
    own = page.locator("#sms .bubble.own")
    await expect(own).to_contain_text("أخذوا جواز سفري")
    await expect(own.locator(".text")).to_have_css("direction", "rtl")
    await expect(own.locator(".foot")).to_contain_text("taken by the helpline")
    await expect(page.locator("#sms .bubble:not(.own)")).to_contain_text("1. Yes")


async def test_tapping_a_telegram_button(page, gateway, bot):
    await page.click("#telegram .keys .start")
    (webhook,) = await gateway.hears(1)
    assert webhook.body["message"]["text"] == "/start"
    assert webhook.headers["X-Telegram-Bot-Api-Secret-Token"] == TELEGRAM_SECRET
    markup = {"inline_keyboard": [[{"text": "I am safe", "callback_data": "/affirm"}]]}
    await bot.send_message(int(TELEGRAM), "Are you safe?", reply_markup=markup)
    await page.get_by_role("button", name="I am safe").click()
    assert (await gateway.hears(2))[-1].body["callback_query"]["data"] == "/affirm"


async def test_attaching_with_the_keyboard_alone(page, gateway):
    await page.focus("#whatsapp .attach")
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    (webhook,) = await gateway.hears(1)
    assert webhook.body["MediaContentType0"] == "audio/ogg"
    await expect(page.locator("#whatsapp audio")).to_be_visible()
    loaded = "a => a.duration || new Promise(done => a.addEventListener('loadedmetadata', () => done(a.duration)))"
    assert await page.locator("#whatsapp audio").evaluate(loaded) > 2


async def test_a_picture_is_seen(page):
    await page.click("#sms .attach")
    await page.click("#sms [data-kind=photo]")
    await expect(page.locator("#sms img")).to_have_js_property("naturalWidth", 960)


async def test_a_new_person_has_an_empty_phone_and_the_old_one_keeps_theirs(page, gateway):
    await page.fill("#sms-text", "first")
    await page.press("#sms-text", "Enter")
    await expect(page.locator("#sms .bubble")).to_have_count(1)
    await page.click("#sms .new-person")
    await expect(page.locator("#sms .bubble")).to_have_count(0)
    await page.fill("#sms-text", "second")
    await page.press("#sms-text", "Enter")
    assert len({w.body["From"] for w in await gateway.hears(2)}) == 2
    await page.select_option("#sms .person", SMS)
    await expect(page.locator("#sms .bubble .text")).to_have_text(["first"])


async def test_a_hint_goes_into_the_phone_used_last(page):
    await page.focus("#whatsapp-text")
    await page.click(".chip >> nth=2")
    assert await page.input_value("#whatsapp-text") == await page.get_attribute(".chip >> nth=2", "data-text")


async def test_what_did_not_arrive_is_explained(page, twilio):
    await twilio.messages.create_async(to=f"whatsapp:{WHATSAPP}", from_=WHATSAPP_FROM, body="too late")
    await expect(page.locator("#whatsapp .bubble.lost")).to_contain_text("24 hours")


async def test_making_trouble(page, sandbox):
    await page.click("#trouble-button")
    await page.select_option("#t-kind", "5xx")
    await page.click("#trouble-form .primary")
    await expect(page.locator("#trouble-list li")).to_have_count(1)
    (fault,) = (await (await sandbox.get("/sandbox/faults")).json())["faults"]
    assert (fault["provider"], fault["kind"], fault["times"]) == ("twilio", "5xx", 1)
    await page.click("#trouble-clear")
    await expect(page.locator("#trouble-count")).to_be_hidden()


async def test_no_sideways_scrolling_on_a_small_screen(page):
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
