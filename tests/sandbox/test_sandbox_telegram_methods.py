"""The Bot API, asked by python-telegram-bot."""

import json

import pytest
from aiohttp import FormData
from sandbox_rig import TELEGRAM_TOKEN
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter

CHAT = 1001


@pytest.fixture
async def chat(sandbox, bot):
    """A person who has tapped START."""
    await sandbox.says("telegram", str(CHAT), "/start", wait=True)
    return CHAT


async def last(sandbox):
    return (await sandbox.thread("telegram", str(CHAT)))[-1]


async def test_the_bot_knows_itself(bot):
    assert (bot.id, bot.bot.is_bot, bot.username) == (123456, True, "sandbox_helpline_bot")


async def test_a_wrong_token_is_unauthorized(sandbox):
    with pytest.raises(InvalidToken):
        await Bot("123456:other", base_url=f"{sandbox.url}/bot").initialize()
    response = await sandbox.post("/bot123456:other/getMe")
    assert await response.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_the_webhook_is_set_looked_up_and_deleted(sandbox, bot, gateway):
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (f"{gateway.url}/webhooks/telegram", 0)
    with pytest.raises(BadRequest):
        await bot.set_webhook("ftp://127.0.0.1/")
    with pytest.raises(BadRequest):
        await bot.set_webhook(f"{gateway.url}/webhooks/telegram", secret_token="not allowed!")
    response = await sandbox.post(f"/bot{TELEGRAM_TOKEN}/setWebhook", json={"url": "http://127.0.0.1:1/x"})
    assert (await response.json())["description"] == "Webhook was set"
    await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""


async def test_a_text_with_an_inline_keyboard(sandbox, bot, chat):
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Ndiyo", callback_data="/affirm")]])
    sent = await bot.send_message(chat, "Je, uko salama?", reply_markup=keyboard)
    assert (sent.text, sent.chat.id, sent.chat.type) == ("Je, uko salama?", chat, "private")
    shown = await last(sandbox)
    assert (shown["text"], shown["provider_id"]) == ("Je, uko salama?", str(sent.message_id))
    assert shown["buttons"] == [{"title": "Ndiyo", "payload": "/affirm"}]
    edited = await bot.edit_message_reply_markup(chat, sent.message_id, reply_markup=None)
    assert edited.reply_markup is None
    assert (await last(sandbox))["buttons"] == []
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(chat, sent.message_id, reply_markup=None)


async def test_a_reply_keyboard_stays_until_it_is_removed(sandbox, bot, chat, gateway):
    await bot.send_message(chat, "Choose", reply_markup=ReplyKeyboardMarkup([["Yes", "No"]]))
    await bot.send_message(chat, "Well?")
    await sandbox.says("telegram", str(chat), choice="Yes", wait=True)
    assert gateway.delivered[-1].body["message"]["text"] == "Yes"
    await bot.send_message(chat, "Thank you", reply_markup=ReplyKeyboardRemove())
    assert await sandbox.refuses("telegram", str(chat), choice="No")


async def test_limits_and_missing_chats(bot, chat):
    assert len((await bot.send_message(chat, "x" * 4096)).text) == 4096
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message(chat, "x" * 4097)
    with pytest.raises(BadRequest, match="text is empty"):
        await bot.send_message(chat, " ")
    with pytest.raises(BadRequest, match=r"[Cc]hat not found"):
        await bot.send_message(999, "who?")
    long = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x" * 65)]])
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(chat, "x", reply_markup=long)


async def test_markup_becomes_plain_text(sandbox, bot, chat):
    await bot.send_message(chat, "<b>Call</b> 112 &amp; wait", parse_mode="HTML")
    assert (await last(sandbox))["text"] == "Call 112 & wait"


async def test_deleting_also_what_the_person_wrote(sandbox, bot, chat, gateway):
    theirs = gateway.delivered[-1].body["message"]["message_id"]
    sent = await bot.send_message(chat, "x")
    assert await bot.delete_message(chat, theirs)
    assert await bot.delete_message(chat, sent.message_id)
    assert [e["deleted"] for e in await sandbox.thread("telegram", str(chat))] == [True, True]
    with pytest.raises(BadRequest, match="to delete not found"):
        await bot.delete_message(chat, sent.message_id)


async def test_editing_a_text(sandbox, bot, chat):
    sent = await bot.send_message(chat, "before")
    assert (await bot.edit_message_text("after", chat, sent.message_id)).text == "after"
    shown = await last(sandbox)
    assert (shown["text"], shown["edited"]) == ("after", True)


async def test_typing_and_commands(bot, chat):
    assert await bot.send_chat_action(chat, "typing")
    with pytest.raises(BadRequest):
        await bot.send_chat_action(chat, "sleeping")
    assert await bot.set_my_commands([("help", "A person to talk to")])
    assert [c.command for c in await bot.get_my_commands()] == ["help"]


@pytest.mark.parametrize(
    ("kind", "magic"),
    [("photo", b"\xff\xd8\xff\xe1"), ("voice", b"OggS"), ("sticker", b"RIFF"), ("document", b"%PDF")],
)
async def test_a_file_is_downloaded(sandbox, bot, gateway, kind, magic):
    await sandbox.says("telegram", str(CHAT), kind=kind, wait=True)
    content = gateway.delivered[-1].body["message"][kind]
    content = content[-1] if kind == "photo" else content
    file = await bot.get_file(content["file_id"])
    data = bytes(await file.download_as_bytearray())
    assert data.startswith(magic)
    assert len(data) == content["file_size"] == file.file_size
    wrong = file.file_path.replace(TELEGRAM_TOKEN, "123456:other")
    assert (await sandbox.session.get(wrong)).status == 401


async def test_unknown_files_and_methods(sandbox, bot):
    with pytest.raises(BadRequest, match="file_id"):
        await bot.get_file("nothing")
    response = await sandbox.post(f"/bot{TELEGRAM_TOKEN}/makeCoffee")
    assert (response.status, (await response.json())["description"]) == (404, "Not Found")


@pytest.mark.parametrize("encoding", ["json", "form", "multipart", "query"])
async def test_parameters_in_every_encoding(sandbox, chat, encoding):
    markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    fields = {"chat_id": str(chat), "text": "hi", "reply_markup": json.dumps(markup)}
    path = f"/bot{TELEGRAM_TOKEN}/sendMessage"
    if encoding == "json":
        response = await sandbox.post(path, json=fields | {"reply_markup": markup})
    elif encoding == "query":
        response = await sandbox.get(path, params=fields)
    else:
        form = FormData(default_to_multipart=encoding == "multipart")
        for name, value in fields.items():
            form.add_field(name, value)
        response = await sandbox.post(path, data=form)
    assert (await response.json())["result"]["reply_markup"]["inline_keyboard"][0][0]["text"] == "A"


async def test_after_a_block_sending_is_forbidden(sandbox, bot, chat, gateway):
    await sandbox.post(f"/sandbox/phones/telegram/{chat}/block")
    change = (await gateway.hears(2))[-1].body["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat, "hello?")
    await sandbox.post(f"/sandbox/phones/telegram/{chat}/unblock")
    assert await bot.send_message(chat, "welcome back")


async def test_too_many_requests(sandbox, bot, chat):
    await sandbox.fault(provider="telegram", kind="429", retry_after=7)
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(chat, "x")
    assert refusal.value._retry_after.total_seconds() == 7
    assert await bot.send_message(chat, "x")
