"""Delivery: status callbacks, the 24-hour window, failures."""

import asyncio

import pytest
from sandbox_rig import BASIC, MESSAGES, PERSON, SMS_FROM, WHATSAPP_FROM, config_for, running


def statuses(webhooks):
    return [w.body["MessageStatus"] for w in webhooks]


async def test_callbacks_carry_our_query_and_its_signature(twilio, gateway, is_signed):
    callback = f"{gateway.url}/webhooks/twilio/status?m=a%20b&n=%2F"
    message = await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="x", status_callback=callback)
    heard = await gateway.hears(2, "/status")
    assert statuses(heard) == ["sent", "delivered"]
    assert all(w.url == callback and is_signed(w) for w in heard)
    assert {w.body["MessageSid"] for w in heard} == {message.sid}
    assert (await message.fetch_async()).status == "delivered"


async def test_whatsapp_also_says_read(sandbox, twilio, gateway):
    await sandbox.says("whatsapp", PERSON, "hello", wait=True)
    callback = f"{gateway.url}/webhooks/twilio/status"
    await twilio.messages.create_async(to=f"whatsapp:{PERSON}", from_=WHATSAPP_FROM, body="x", status_callback=callback)
    assert statuses(await gateway.hears(3, "/status")) == ["sent", "delivered", "read"]


@pytest.mark.parametrize("has_written", [False, True])
async def test_free_text_outside_the_window_fails_later(sandbox, twilio, gateway, has_written):
    if has_written:
        await sandbox.says("whatsapp", PERSON, "hello", wait=True)
        await sandbox.post(f"/sandbox/phones/whatsapp/{PERSON}/silence", json={"hours": 24.1})
    callback = f"{gateway.url}/webhooks/twilio/status"
    message = await twilio.messages.create_async(
        to=f"whatsapp:{PERSON}", from_=WHATSAPP_FROM, body="x", status_callback=callback
    )
    assert message.status == "queued"
    (heard,) = await gateway.hears(1, "/status")
    assert (heard.body["MessageStatus"], heard.body["ErrorCode"]) == ("failed", "63016")
    fetched = await message.fetch_async()
    assert (fetched.status, fetched.error_code) == ("failed", 63016)


async def test_a_blocking_person_on_whatsapp(sandbox, twilio, gateway):
    await sandbox.says("whatsapp", PERSON, "hello", wait=True)
    await sandbox.post(f"/sandbox/phones/whatsapp/{PERSON}/block")
    callback = f"{gateway.url}/webhooks/twilio/status"
    await twilio.messages.create_async(to=f"whatsapp:{PERSON}", from_=WHATSAPP_FROM, body="x", status_callback=callback)
    (heard,) = await gateway.hears(1, "/status")
    assert heard.body["ErrorCode"] == "63024"


async def test_scripted_failures_and_disorder(sandbox, twilio, gateway):
    callback = f"{gateway.url}/webhooks/twilio/status"

    async def send():
        return await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="x", status_callback=callback)

    await sandbox.fault(provider="twilio", kind="undelivered", code=30005)
    await send()
    heard = await gateway.hears(2, "/status")
    assert (statuses(heard), heard[-1].body["ErrorCode"]) == (["sent", "undelivered"], "30005")
    await sandbox.fault(provider="twilio", kind="shuffle")
    message = await send()
    heard = await gateway.hears(4, "/status")
    assert statuses(heard[2:]) == ["delivered", "sent"]
    assert (await message.fetch_async()).status == "delivered"  # never backwards
    await sandbox.fault(provider="twilio", kind="callback_lost")
    message = await send()
    await sandbox.shows("sms", PERSON, lambda e: e["provider_id"] == message.sid and e["status"] == "delivered")
    assert len(await gateway.hears(4, "/status")) == 4


async def test_a_callback_is_tried_again_when_the_gateway_fails(twilio, gateway):
    gateway.answers = [503, 503]
    callback = f"{gateway.url}/webhooks/twilio/status"
    await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="x", status_callback=callback)
    heard = await gateway.hears(4, "/status")
    assert statuses(heard) == ["sent", "sent", "sent", "delivered"]
    assert len({w.headers["I-Twilio-Idempotency-Token"] for w in heard[:3]}) == 1


async def test_a_message_on_its_way_arrives_after_a_restart(gateway, tmp_path):
    slow = config_for(gateway, tmp_path / "state.json", pace=5)
    form = {"To": PERSON, "From": SMS_FROM, "Body": "x", "StatusCallback": f"{gateway.url}/webhooks/twilio/status"}
    async with running(slow) as first:
        assert (await first.post(MESSAGES, data=form, headers=BASIC)).status == 201
    assert gateway.delivered == []
    async with running(slow) as second:
        assert statuses(await gateway.hears(2, "/status")) == ["sent", "delivered"]
        await asyncio.wait_for(second.shows("sms", PERSON, lambda e: e["status"] == "delivered"), 5)
