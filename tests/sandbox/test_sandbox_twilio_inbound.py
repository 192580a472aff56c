"""What people write by SMS and WhatsApp, as signed webhooks."""

import pytest
from sandbox_rig import ACCOUNT_SID, BASIC, PERSON, SMS_FROM

TWIML = "<?xml version='1.0'?><Response><Message>One</Message><Message><Body>Two</Body></Message></Response>"
SMS_FIELDS = {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "NumSegments", "SmsStatus",
    "ApiVersion", "FromCountry", "FromCity", "FromState", "FromZip", "ToCountry", "ToCity", "ToState", "ToZip",
}  # fmt: skip


async def test_an_sms_is_signed_and_complete(sandbox, gateway, is_signed):
    answer = await sandbox.says("sms", PERSON, "They took my passport & phone ?=%", wait=True)
    (webhook,) = gateway.delivered
    assert answer["status"] == 200
    assert is_signed(webhook)
    assert set(webhook.body) == SMS_FIELDS
    assert webhook.body["Body"] == "They took my passport & phone ?=%"
    assert (webhook.body["From"], webhook.body["To"]) == (PERSON, "+254700000001")
    assert (webhook.body["FromCountry"], webhook.body["FromCity"]) == ("KE", "")
    assert webhook.body["MessageSid"] == webhook.body["SmsSid"] == answer["provider_id"]
    assert webhook.headers["I-Twilio-Idempotency-Token"]


async def test_a_changed_field_breaks_the_signature(sandbox, gateway, is_signed):
    await sandbox.says("sms", PERSON, "hello", wait=True)
    (webhook,) = gateway.delivered
    webhook.body["Body"] = "hullo"
    assert not is_signed(webhook)


async def test_whatsapp_tells_who_writes(sandbox, gateway, is_signed):
    await sandbox.says("whatsapp", PERSON, "سلام", wait=True)
    (webhook,) = gateway.delivered
    assert is_signed(webhook)
    assert webhook.body["From"] == f"whatsapp:{PERSON}"
    assert webhook.body["To"] == "whatsapp:+254700000002"
    assert webhook.body["WaId"] == PERSON.removeprefix("+")
    assert webhook.body["ProfileName"]
    assert "FromCountry" not in webhook.body


async def test_whatsapp_without_a_number(sandbox, gateway):
    await sandbox.says("whatsapp", "KE.13491208655302741918", "hello", wait=True)
    assert gateway.delivered[0].body["From"] == "whatsapp:KE.13491208655302741918"


@pytest.mark.parametrize(
    ("sent", "content_type", "magic"),
    [
        ("sms photo", "image/jpeg", b"\xff\xd8\xff\xe1"),
        ("sms voice", "audio/amr", b"#!AMR"),
        ("whatsapp photo", "image/jpeg", b"\xff\xd8\xff\xe1"),
        ("whatsapp voice", "audio/ogg", b"OggS"),
        ("whatsapp sticker", "image/webp", b"RIFF"),
        ("whatsapp document", "application/pdf", b"%PDF"),
        ("whatsapp contact", "text/vcard", b"BEGIN:VCARD"),
    ],
)
async def test_media_is_fetched_with_the_accounts_password(sandbox, gateway, sent, content_type, magic):
    channel, kind = sent.split()
    await sandbox.says(channel, PERSON, kind=kind, caption="look", wait=True)
    (webhook,) = gateway.delivered
    assert webhook.body["MessageSid"].startswith("MM")
    assert (webhook.body["NumMedia"], webhook.body["Body"]) == ("1", "look")
    assert webhook.body["MediaContentType0"] == content_type
    url = webhook.body["MediaUrl0"]
    assert url.startswith(f"{sandbox.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{webhook.body['MessageSid']}/")
    assert (await sandbox.session.get(url)).status == 401
    response = await sandbox.session.get(url, headers=BASIC)
    assert response.headers["Content-Type"] == content_type
    assert (await response.read()).startswith(magic)


async def test_media_belongs_to_its_message(sandbox, gateway):
    await sandbox.says("whatsapp", PERSON, kind="photo", wait=True)
    await sandbox.says("whatsapp", PERSON, kind="voice", wait=True)
    one, two = (d.body["MediaUrl0"] for d in gateway.delivered)
    crossed = one.rpartition("/")[0] + "/" + two.rpartition("/")[2]
    assert (await sandbox.session.get(crossed, headers=BASIC)).status == 404


async def test_a_file_of_the_visitors_own(sandbox, gateway):
    await sandbox.says("whatsapp", PERSON, kind="document", data="aGVsbG8=", content_type="text/plain", wait=True)
    response = await sandbox.session.get(gateway.delivered[0].body["MediaUrl0"], headers=BASIC)
    assert await response.read() == b"hello"
    assert response.headers["Content-Type"] == "text/plain"


async def test_a_place(sandbox, gateway):
    await sandbox.says("whatsapp", PERSON, kind="location", latitude=2.05, longitude=45.32, wait=True)
    (webhook,) = gateway.delivered
    assert (webhook.body["Latitude"], webhook.body["Longitude"], webhook.body["Body"]) == ("2.05", "45.32", "")


@pytest.mark.parametrize(
    ("channel", "body"),
    [
        ("sms", {"kind": "sticker"}),
        ("sms", {"kind": "location"}),
        ("sms", {"edit": "e1", "text": "x"}),
        ("whatsapp", {"group": True, "text": "x"}),
        ("whatsapp", {"choice": "nothing like that"}),
        ("sms", {"kind": "smell"}),
        ("sms", {}),
        ("sms", {"text": "x", "copies": 0}),
        ("sms", {"text": "x", "surprise": 1}),
    ],
)
async def test_what_a_phone_cannot_do(sandbox, gateway, channel, body):
    assert await sandbox.refuses(channel, PERSON, **body)
    assert gateway.delivered == []


async def test_five_copies_at_once_are_one_message(sandbox, gateway, is_signed):
    answer = await sandbox.says("sms", PERSON, "hello", copies=5, wait=True)
    assert answer["statuses"] == [200] * 5
    assert len(gateway.delivered) == 5
    assert len({d.body["MessageSid"] for d in gateway.delivered}) == 1
    assert len({d.headers["I-Twilio-Idempotency-Token"] for d in gateway.delivered}) == 1
    assert all(map(is_signed, gateway.delivered))
    assert len(await sandbox.thread("sms", PERSON)) == 1


async def test_a_refused_webhook_is_lost_as_with_twilio(sandbox, gateway):
    gateway.answers = [503]
    answer = await sandbox.says("sms", PERSON, "hello", wait=True)
    assert answer["status"] == 503
    (entry,) = await sandbox.thread("sms", PERSON)
    assert (entry["status"], entry["error"]) == ("failed", "the gateway answered 503")
    assert len(gateway.delivered) == 1


async def test_twiml_in_the_answer_is_sent(sandbox, gateway):
    gateway.answers = [TWIML]
    await sandbox.says("sms", PERSON, "hello", wait=True)
    assert [e["text"] for e in await sandbox.thread("sms", PERSON)] == ["hello", "One", "Two"]


@pytest.mark.parametrize("mark", [".", ")", ""])
async def test_a_choice_on_sms_types_its_number(sandbox, gateway, twilio, mark):
    body = f"What would help?\n1{mark} Check a job offer\n2{mark} Talk to a person"
    await twilio.messages.create_async(to=PERSON, from_=SMS_FROM, body=body)
    await sandbox.says("sms", PERSON, choice="Talk to a person", wait=True)
    assert gateway.delivered[-1].body["Body"] == "2"
    assert await sandbox.refuses("sms", PERSON, choice="Something else")


async def test_addresses_that_cannot_be(sandbox):
    for path in ("sms/hello", "whatsapp/12", "telegram/-5", "pigeon/1"):
        assert (await sandbox.get(f"/sandbox/phones/{path}")).status == 404
