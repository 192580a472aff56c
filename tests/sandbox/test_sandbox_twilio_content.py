"""Quick replies: made with the Content API, tapped on a WhatsApp phone."""

import json

import pytest
from sandbox_rig import BASIC, PERSON, SMS_FROM, WHATSAPP_FROM
from twilio.base.exceptions import TwilioRestException
from twilio.rest.content.v1.content import ContentList


def quick_reply(*titles, body="What would help, {{1}}?"):
    actions = [{"id": f"/choice_{n}", "title": title} for n, title in enumerate(titles)]
    types = {"twilio/quick-reply": {"body": body, "actions": actions}}
    return ContentList.ContentCreateRequest({"friendly_name": "menu", "language": "en", "types": types})


async def send(twilio, content, to=f"whatsapp:{PERSON}", sender=WHATSAPP_FROM, **more):
    variables = json.dumps({"1": "friend"})
    return await twilio.messages.create_async(
        to=to, from_=sender, content_sid=content.sid, content_variables=variables, **more
    )


async def test_a_tap_comes_back_with_text_and_payload(sandbox, twilio, gateway, is_signed):
    await sandbox.says("whatsapp", PERSON, "hello", wait=True)
    content = await twilio.content.v1.contents.create_async(quick_reply("Check a job", "Talk to a person"))
    assert content.sid.startswith("HX")
    message = await send(twilio, content)
    shown = (await sandbox.thread("whatsapp", PERSON))[-1]
    assert shown["text"] == "What would help, friend?"
    assert [b["title"] for b in shown["buttons"]] == ["Check a job", "Talk to a person"]
    for choice in ("Talk to a person", "/choice_1"):
        await sandbox.says("whatsapp", PERSON, choice=choice, wait=True)
        tap = gateway.delivered[-1]
        assert is_signed(tap)
        assert (tap.body["ButtonText"], tap.body["ButtonPayload"]) == ("Talk to a person", "/choice_1")
        assert (tap.body["Body"], tap.body["OriginalRepliedMessageSid"]) == ("Talk to a person", message.sid)


async def test_on_sms_only_the_text_arrives(sandbox, twilio):
    content = await twilio.content.v1.contents.create_async(quick_reply("Yes", "No"))
    await send(twilio, content, to=PERSON, sender=SMS_FROM)
    (shown,) = await sandbox.thread("sms", PERSON)
    assert (shown["text"], shown["buttons"]) == ("What would help, friend?", [])


async def test_contents_are_listed_fetched_and_deleted(twilio):
    content = await twilio.content.v1.contents.create_async(quick_reply("Yes"))
    assert [c.sid for c in await twilio.content.v1.contents.list_async()] == [content.sid]
    fetched = await twilio.content.v1.contents(content.sid).fetch_async()
    assert fetched.types["twilio/quick-reply"]["actions"][0]["title"] == "Yes"
    assert await twilio.content.v1.contents(content.sid).delete_async()
    with pytest.raises(TwilioRestException) as gone:
        await twilio.content.v1.contents(content.sid).fetch_async()
    assert gone.value.status == 404


@pytest.mark.parametrize(
    "content",
    [
        quick_reply(),
        quick_reply("x" * 26),
        quick_reply("Yes", "Yes"),
        quick_reply(*map(str, range(11))),
        quick_reply("Yes", body=""),
        ContentList.ContentCreateRequest({"types": {"twilio/text": {"body": "no language"}}}),
        ContentList.ContentCreateRequest({"language": "en", "types": {}}),
    ],
)
async def test_contents_that_twilio_would_not_take(twilio, content):
    with pytest.raises(TwilioRestException) as refusal:
        await twilio.content.v1.contents.create_async(content)
    assert refusal.value.status == 400


async def test_only_an_approved_template_leaves_the_window(sandbox, twilio, gateway):
    callback = f"{gateway.url}/webhooks/twilio/status"
    content = await twilio.content.v1.contents.create_async(quick_reply("Yes", "No"))
    await send(twilio, content, status_callback=callback)
    (heard,) = await gateway.hears(1, "/status")
    assert heard.body["ErrorCode"] == "63016"
    approval = await sandbox.post(
        f"/v1/Content/{content.sid}/ApprovalRequests/whatsapp",
        json={"name": "menu", "category": "UTILITY"},
        headers=BASIC,
    )
    assert (await approval.json())["status"] == "approved"
    await send(twilio, content, status_callback=callback)
    heard = await gateway.hears(4, "/status")
    assert [w.body["MessageStatus"] for w in heard[1:]] == ["sent", "delivered", "read"]


async def test_a_missing_variable_and_a_wrong_one(sandbox, twilio, gateway):
    await sandbox.says("whatsapp", PERSON, "hello", wait=True)
    content = await twilio.content.v1.contents.create_async(quick_reply("Yes"))
    with pytest.raises(TwilioRestException) as refusal:
        await twilio.messages.create_async(
            to=f"whatsapp:{PERSON}", from_=WHATSAPP_FROM, content_sid=content.sid, content_variables="[1]"
        )
    assert refusal.value.code == 21656
    callback = f"{gateway.url}/webhooks/twilio/status"
    await twilio.messages.create_async(
        to=f"whatsapp:{PERSON}", from_=WHATSAPP_FROM, content_sid=content.sid, status_callback=callback
    )
    (heard,) = await gateway.hears(1, "/status")
    assert heard.body["ErrorCode"] == "63028"


async def test_a_fourth_button_needs_approval(sandbox, twilio, gateway):
    await sandbox.says("whatsapp", PERSON, "hello", wait=True)
    content = await twilio.content.v1.contents.create_async(quick_reply("1", "2", "3", "4"))
    await send(twilio, content, status_callback=f"{gateway.url}/webhooks/twilio/status")
    (heard,) = await gateway.hears(1, "/status")
    assert heard.body["ErrorCode"] == "63013"
