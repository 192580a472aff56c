"""Updates: what a person does in Telegram, delivered in order until it is taken."""

import asyncio

import pytest
from sandbox_rig import TELEGRAM_SECRET, TELEGRAM_TOKEN, config_for, running
from telegram import Update
from telegram.error import BadRequest, Forbidden

CHAT = 1001


def parse(webhook, bot):
    update = Update.de_json(webhook.body, bot)
    assert not update.api_kwargs, "fields that Telegram does not know"
    return update


async def test_a_text_carries_the_secret(sandbox, bot, gateway):
    answer = await sandbox.says("telegram", str(CHAT), "مرحبا", wait=True)
    (webhook,) = gateway.delivered
    update = parse(webhook, bot)
    assert answer["status"] == 200
    assert webhook.headers["X-Telegram-Bot-Api-Secret-Token"] == TELEGRAM_SECRET
    assert (update.message.text, update.effective_chat.id, update.effective_chat.type) == ("مرحبا", CHAT, "private")
    assert (await sandbox.thread("telegram", str(CHAT)))[0]["status"] == "delivered"


async def test_start_is_a_command(sandbox, bot, gateway):
    await sandbox.says("telegram", str(CHAT), "/start", wait=True)
    (entity,) = parse(gateway.delivered[0], bot).message.entities
    assert (entity.type, entity.offset, entity.length) == ("bot_command", 0, 6)


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "document", "location", "contact"])
async def test_every_kind_is_understood(sandbox, bot, gateway, kind):
    await sandbox.says("telegram", str(CHAT), kind=kind, wait=True)
    assert getattr(parse(gateway.delivered[0], bot).message, kind)


async def test_a_caption(sandbox, bot, gateway):
    await sandbox.says("telegram", str(CHAT), kind="photo", caption="the contract", wait=True)
    assert parse(gateway.delivered[0], bot).message.caption == "the contract"


async def test_a_tap_is_a_callback_query_that_is_answered_once(sandbox, bot, gateway):
    await sandbox.says("telegram", str(CHAT), "/start", wait=True)
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "/affirm"}]]}
    sent = await bot.send_message(CHAT, "Safe?", reply_markup=markup)
    await sandbox.says("telegram", str(CHAT), choice="Yes", wait=True)
    query = parse(gateway.delivered[-1], bot).callback_query
    assert (query.data, query.message.message_id, query.from_user.id) == ("/affirm", sent.message_id, CHAT)
    assert await query.answer()
    with pytest.raises(BadRequest, match=r"[Qq]uery is too old"):
        await query.answer()


async def test_an_edit_keeps_its_message_id(sandbox, bot, gateway):
    first = await sandbox.says("telegram", str(CHAT), "helo", wait=True)
    await sandbox.says("telegram", str(CHAT), edit=first["id"], text="hello", wait=True)
    one, two = (parse(w, bot) for w in gateway.delivered)
    assert (two.edited_message.text, two.edited_message.message_id) == ("hello", one.message.message_id)
    assert two.edited_message.edit_date
    (entry,) = await sandbox.thread("telegram", str(CHAT))
    assert (entry["text"], entry["edited"]) == ("hello", True)


async def test_a_group_first_brings_the_bot_in(sandbox, bot, gateway):
    await sandbox.says("telegram", str(CHAT), "hello all", group=True, wait=True)
    joined, said = (parse(w, bot) for w in gateway.delivered)
    assert joined.my_chat_member.new_chat_member.status == "member"
    assert (said.message.chat.type, said.message.text) == ("supergroup", "hello all")
    group = said.message.chat.id
    assert group < 0
    assert (await bot.send_message(group, "I only talk in private")).chat.id == group
    assert await bot.leave_chat(group)
    with pytest.raises(Forbidden):
        await bot.send_message(group, "still there?")


async def test_a_failed_delivery_is_repeated_in_order(sandbox, bot, gateway):
    gateway.answers = [503, 500]
    first = await sandbox.says("telegram", str(CHAT), "one", wait=True)
    assert first["status"] == 503
    await sandbox.says("telegram", str(CHAT), "two", wait=True)
    heard = await gateway.hears(4)
    assert [w.body["message"]["text"] for w in heard] == ["one", "one", "one", "two"]
    assert len({w.body["update_id"] for w in heard[:3]}) == 1
    info = await bot.get_webhook_info()
    assert info.last_error_message.startswith("Wrong response from the webhook: 500")
    assert [e["status"] for e in await sandbox.thread("telegram", str(CHAT))] == ["delivered", "delivered"]


async def test_five_copies_of_one_update(sandbox, bot, gateway):
    answer = await sandbox.says("telegram", str(CHAT), "hello", copies=5, wait=True)
    assert answer["statuses"] == [200] * 5
    assert len({w.body["update_id"] for w in gateway.delivered}) == 1
    assert len(gateway.delivered) == 5


async def test_updates_wait_for_a_webhook(sandbox, gateway):
    await sandbox.says("telegram", str(CHAT), "anybody there?")
    path = f"/bot{TELEGRAM_TOKEN}/setWebhook"
    await sandbox.post(path, json={"url": f"{gateway.url}/webhooks/telegram"})
    (webhook,) = await gateway.hears(1)
    assert webhook.body["message"]["text"] == "anybody there?"
    assert "X-Telegram-Bot-Api-Secret-Token" not in webhook.headers


async def test_pending_updates_can_be_dropped(sandbox, gateway):
    await sandbox.says("telegram", str(CHAT), "old")
    fields = {"url": f"{gateway.url}/webhooks/telegram", "drop_pending_updates": True}
    await sandbox.post(f"/bot{TELEGRAM_TOKEN}/setWebhook", json=fields)
    await sandbox.says("telegram", str(CHAT), "new", wait=True)
    assert [w.body["message"]["text"] for w in gateway.delivered] == ["new"]


async def test_only_allowed_updates_come(sandbox, bot, gateway):
    await bot.set_webhook(f"{gateway.url}/webhooks/telegram", allowed_updates=["message"])
    await sandbox.post(f"/sandbox/phones/telegram/{CHAT}/block")
    await sandbox.post(f"/sandbox/phones/telegram/{CHAT}/unblock")
    await sandbox.says("telegram", str(CHAT), "hello", wait=True)
    assert [list(w.body)[1] for w in gateway.delivered] == ["message"]


async def test_who_has_blocked_the_bot_cannot_write(sandbox, bot):
    await sandbox.post(f"/sandbox/phones/telegram/{CHAT}/block")
    assert "unblock" in await sandbox.refuses("telegram", str(CHAT), text="hello")


async def test_a_method_in_the_webhooks_answer_is_done(sandbox, bot, gateway):
    gateway.answers = [f'{{"method":"sendMessage","chat_id":{CHAT},"text":"by return"}}']
    await sandbox.says("telegram", str(CHAT), "hello", wait=True)
    assert [e["text"] for e in await sandbox.thread("telegram", str(CHAT))] == ["hello", "by return"]


async def test_webhook_and_queue_survive_a_restart(gateway, tmp_path):
    config = config_for(gateway, tmp_path / "state.json")
    gateway.answers = [503] * 3
    async with running(config) as first:
        fields = {"url": f"{gateway.url}/webhooks/telegram", "secret_token": TELEGRAM_SECRET}
        await first.post(f"/bot{TELEGRAM_TOKEN}/setWebhook", json=fields)
        await first.says("telegram", str(CHAT), "one", wait=True)
        await first.says("telegram", str(CHAT), "two")
    gateway.answers = []
    async with running(config) as second:
        async with asyncio.timeout(10):
            await second.shows("telegram", str(CHAT), lambda e: e["text"] == "two" and e["status"] == "delivered")
    texts = [w.body["message"]["text"] for w in gateway.delivered]
    assert texts[0] == "one"
    assert texts.count("two") == 1
    assert gateway.delivered[-1].headers["X-Telegram-Bot-Api-Secret-Token"] == TELEGRAM_SECRET
