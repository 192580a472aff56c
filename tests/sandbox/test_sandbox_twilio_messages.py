"""The Messages resource, asked by Twilio's own client."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import encode_basic_auth
from sandbox_rig import ACCOUNT_SID, BASIC, MESSAGES, PERSON, SMS_FROM, config_for, running
from twilio.base.exceptions import TwilioRestException

from sandbox.twilio.segments import count_segments


async def test_a_message_is_queued_and_reaches_the_phone(twilio, sandbox):
    message = await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="Habari 👋")
    assert re.fullmatch("SM[0-9a-f]{32}", message.sid)
    assert (message.status, message.direction, message.num_segments) == ("queued", "outbound-api", "1")
    assert datetime.now(UTC) - message.date_created < timedelta(minutes=1)
    assert (await sandbox.thread("sms", PERSON))[0]["text"] == "Habari 👋"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "", "body": "x", "from_": SMS_FROM}, 21604),
        ({"to": "not a number", "body": "x", "from_": SMS_FROM}, 21211),
        ({"to": PERSON, "body": "x"}, 21603),
        ({"to": PERSON, "body": "x", "from_": "+15005550006"}, 21606),
        ({"to": f"whatsapp:{PERSON}", "body": "x", "from_": SMS_FROM}, 63007),
        ({"to": PERSON, "from_": SMS_FROM}, 21619),
        ({"to": PERSON, "body": "x" * 1601, "from_": SMS_FROM}, 21617),
        ({"to": PERSON, "body": "x", "from_": SMS_FROM, "status_callback": "nowhere"}, 21609),
        ({"to": PERSON, "from_": SMS_FROM, "content_sid": "HX" + "0" * 32}, 21655),
        ({"to": PERSON, "body": "x", "messaging_service_sid": "MG" + "0" * 32}, 21701),
        ({"to": PERSON, "body": "x", "from_": SMS_FROM, "validity_period": 36001}, 20001),
    ],
)
async def test_what_twilio_refuses(twilio, fields, code):
    with pytest.raises(TwilioRestException) as refusal:
        await twilio.messages.create_async(**fields)
    assert (refusal.value.status, refusal.value.code) == (400, code)


async def test_1600_characters_are_the_most(twilio):
    message = await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="x" * 1600)
    assert message.num_segments == "11"


async def test_wrong_credentials_and_other_accounts(sandbox):
    wrong = {"Authorization": encode_basic_auth(ACCOUNT_SID, "guess")}
    response = await sandbox.get(MESSAGES, headers=wrong)
    assert response.status == 401
    assert (await response.json())["code"] == 20003
    assert (await sandbox.get(MESSAGES)).status == 401
    other = MESSAGES.replace(ACCOUNT_SID, "AC" + "f" * 32)
    assert (await sandbox.get(other, headers=BASIC)).status == 404


async def test_the_list_is_filtered_and_paged(twilio):
    for number in range(5):
        await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body=str(number))
    await twilio.messages.create_async(to="+254711000002", from_=SMS_FROM, body="other")
    listed = await twilio.messages.list_async(to=PERSON, page_size=2)
    assert [m.body for m in listed] == ["4", "3", "2", "1", "0"]
    now = datetime.now(UTC)
    assert len(await twilio.messages.list_async(date_sent_after=now - timedelta(hours=1))) == 6
    assert await twilio.messages.list_async(date_sent_after=now + timedelta(hours=1)) == []
    assert await twilio.messages.list_async(date_sent_before=now - timedelta(days=1)) == []
    assert len(await twilio.messages.list_async(date_sent=now.replace(hour=0, minute=0, second=0, microsecond=0))) == 0


async def test_a_day_as_filter_takes_the_whole_day(twilio, sandbox):
    await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="today")
    today = datetime.now(UTC).date().isoformat()
    for name, count in (("DateSent", 1), ("DateSent>", 1), ("DateSent<", 1)):
        response = await sandbox.get(MESSAGES, params={name: today}, headers=BASIC)
        assert len((await response.json())["messages"]) == count


async def test_what_is_under_way_cannot_be_deleted_or_redacted(gateway):
    async with running(config_for(gateway, pace=100)) as slow:
        form = {"To": PERSON, "From": SMS_FROM, "Body": "secret"}
        message = await (await slow.post(MESSAGES, data=form, headers=BASIC)).json()
        delete = slow.delete(message["uri"], headers=BASIC)
        redact = slow.post(message["uri"], data={"Body": ""}, headers=BASIC)
        for response in (await delete, await redact):
            assert (response.status, (await response.json())["code"]) == (409, 20009)


async def test_redaction_and_deletion_reach_the_account_but_not_the_phone(twilio, sandbox):
    message = await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="secret")
    await sandbox.shows("sms", PERSON, lambda e: e["status"] == "delivered")
    redacted = await message.update_async(body="")
    assert redacted.body == ""
    assert await message.delete_async()
    with pytest.raises(TwilioRestException) as gone:
        await message.fetch_async()
    assert gone.value.status == 404
    assert (await sandbox.thread("sms", PERSON))[0]["text"] == "secret"


async def test_stop_blocks_the_number_and_start_opens_it(twilio, sandbox, gateway):
    await sandbox.says("sms", PERSON, "Stop", wait=True)
    assert gateway.delivered[-1].body["Body"] == "Stop"  # it reaches the gateway all the same
    with pytest.raises(TwilioRestException) as refusal:
        await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="hello?")
    assert (refusal.value.status, refusal.value.code) == (400, 21610)
    assert [e["automatic"] for e in await sandbox.thread("sms", PERSON)] == [False, True]
    await sandbox.says("sms", PERSON, "START", wait=True)
    assert (await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body="welcome")).status == "queued"


async def test_help_gets_no_automatic_answer(sandbox):
    await sandbox.says("sms", PERSON, "HELP", wait=True)
    assert len(await sandbox.thread("sms", PERSON)) == 1


async def test_the_account_can_be_looked_up(twilio):
    account = await twilio.api.v2010.accounts(ACCOUNT_SID).fetch_async()
    assert (account.sid, account.status) == (ACCOUNT_SID, "active")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 307, 3),
        ("न" * 71, 2),
        ("न" * 135, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_segments(text, segments):
    assert count_segments(text) == segments
