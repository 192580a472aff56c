"""What each webhook of Twilio becomes, and what its signature covers."""

import base64
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from provider_recordings import ACCOUNT_SID, PUBLIC_URL, TWILIO, sign_twilio

from hotline.core.errors import Malformed, Refused
from hotline.core.message import Channel, DeliveryReport, Ignored, Inbound, Kind, Status

PERSON = "+447700900123"
WHATSAPP_PERSON = "whatsapp:+447700900456"


def form(name: str) -> dict[str, str]:
    return dict(parse_qsl(TWILIO.recorded(name).body.decode(), keep_blank_values=True))


def parsed(fields: dict[str, str], *, hook: str = "messages"):
    (event,) = TWILIO.connector.parse(TWILIO.request(urlencode(fields).encode(), hook=hook))
    return event


MESSAGES = [
    ("sms_text", Channel.SMS, Kind.TEXT, "Naomba msaada, mwajiri amechukua pasipoti yangu"),
    ("sms_blank_fields", Channel.SMS, Kind.TEXT, "hello"),
    ("sms_emoji", Channel.SMS, Kind.TEXT, "🆘🙏🏽 ነፍሰ ጡር ነኝ"),
    ("sms_empty", Channel.SMS, Kind.UNSUPPORTED, ""),
    ("sms_help_advanced_opt_out", Channel.SMS, Kind.TEXT, "HELP"),
    ("mms_pictures", Channel.SMS, Kind.IMAGE, "this is the contract"),
    ("mms_vcard", Channel.SMS, Kind.CONTACT, ""),
    ("mms_pdf", Channel.SMS, Kind.DOCUMENT, ""),
    ("whatsapp_text", Channel.WHATSAPP, Kind.TEXT, "لا أستطيع الخروج من البيت"),
    ("whatsapp_voice", Channel.WHATSAPP, Kind.VOICE, ""),
    ("whatsapp_video", Channel.WHATSAPP, Kind.VIDEO, "look"),
    ("whatsapp_sticker", Channel.WHATSAPP, Kind.STICKER, ""),
    ("whatsapp_contact", Channel.WHATSAPP, Kind.CONTACT, ""),
    ("whatsapp_location", Channel.WHATSAPP, Kind.LOCATION, "-1.286389,36.817223"),
    ("whatsapp_named_location", Channel.WHATSAPP, Kind.LOCATION, "-1.286389,36.817223\nBus park\nRiver Road"),
    ("whatsapp_quick_reply", Channel.WHATSAPP, Kind.CHOICE, "Yes"),
    ("whatsapp_list_reply", Channel.WHATSAPP, Kind.CHOICE, "Rights"),
]


@pytest.mark.parametrize(("name", "channel", "kind", "text"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_messages(name, channel, kind, text):
    (event,) = TWILIO.connector.parse(TWILIO.recorded(name))
    assert isinstance(event, Inbound)
    assert (event.channel, event.kind, event.text) == (channel, kind, text)
    assert event.address == (PERSON if channel is Channel.SMS else WHATSAPP_PERSON)
    assert event.provider_id == form(name)["MessageSid"]
    assert not event.opt_out


def test_a_person_without_a_number_is_answered_under_the_id_that_came():
    (event,) = TWILIO.connector.parse(TWILIO.recorded("whatsapp_without_number"))
    assert event.channel is Channel.WHATSAPP
    assert event.address == "whatsapp:US.13491208655302741918"


def test_several_files_are_all_kept():
    (event,) = TWILIO.connector.parse(TWILIO.recorded("mms_pictures"))
    assert [file.content_type for file in event.attachments] == ["image/jpeg", "image/png"]
    assert [file.ref for file in event.attachments] == [form("mms_pictures")[f"MediaUrl{n}"] for n in (0, 1)]


def test_more_files_than_the_count_says_are_kept_too():
    assert len(parsed(form("mms_pictures") | {"NumMedia": "1"}).attachments) == 2


def test_the_format_of_whatsapp_stickers_is_a_picture_elsewhere():
    assert parsed(form("mms_pdf") | {"MediaContentType0": "image/webp"}).kind is Kind.IMAGE


def test_a_tap_carries_its_payload():
    (event,) = TWILIO.connector.parse(TWILIO.recorded("whatsapp_quick_reply"))
    assert event.payload == "/affirm"
    bare = form("whatsapp_quick_reply")
    del bare["ButtonPayload"]
    assert parsed(bare).payload == "Yes"


def test_a_stop_that_twilio_has_already_obeyed_is_marked():
    (event,) = TWILIO.connector.parse(TWILIO.recorded("sms_stop_advanced_opt_out"))
    assert event.opt_out
    assert event.text == "STOP"


REPORTS = [
    ("status_sent", Channel.SMS, Status.SENT, None, False),
    ("status_delivered", Channel.SMS, Status.DELIVERED, None, False),
    ("status_whatsapp_read", Channel.WHATSAPP, Status.READ, None, False),
    ("status_undelivered_unknown_handset", Channel.SMS, Status.FAILED, "30005", True),
    ("status_undelivered_filtered", Channel.SMS, Status.FAILED, "30007", False),
    ("status_whatsapp_outside_window", Channel.WHATSAPP, Status.FAILED, "63016", False),
]


@pytest.mark.parametrize(("name", "channel", "status", "code", "stop"), REPORTS, ids=[row[0] for row in REPORTS])
def test_status_callbacks(name, channel, status, code, stop):
    (event,) = TWILIO.connector.parse(TWILIO.recorded(name))
    sid = form(name)["MessageSid"]
    assert event == DeliveryReport(channel, sid, status, message_id="msg-1", code=code, stop_contact=stop)


@pytest.mark.parametrize("code", ["21610", "21614", "30005", "30006", "63024"])
def test_codes_that_stop_the_contact(code):
    assert parsed(form("status_sent") | {"MessageStatus": "failed", "ErrorCode": code}, hook="status").stop_contact


@pytest.mark.parametrize("code", ["30003", "30008", "63016", "99999", "", "x", "9" * 5000])
def test_codes_that_do_not(code):
    fields = form("status_sent") | {"MessageStatus": "failed", "ErrorCode": code}
    assert not parsed(fields, hook="status").stop_contact


def test_a_status_on_the_messages_webhook_is_a_report_not_a_message():
    event = parsed(form("status_delivered"))
    assert isinstance(event, DeliveryReport)
    assert event.status is Status.DELIVERED


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("voice_call", "voice_call"),
        ("conversations_event", "unknown_event"),
        ("messenger_text", "unknown_channel"),
        ("status_of_tomorrow", "unknown_status"),
        ("status_of_inbound", "inbound_status"),
    ],
)
def test_what_is_not_for_us_is_ignored_by_name(name, reason):
    assert TWILIO.connector.parse(TWILIO.recorded(name)) == (Ignored(reason),)


def test_a_message_without_a_sender_is_malformed():
    with pytest.raises(Malformed):
        parsed(form("sms_text") | {"From": ""})


def test_more_fields_than_any_webhook_has_are_malformed():
    with pytest.raises(Malformed):
        parsed(form("sms_text") | {f"Field{number}": "" for number in range(1000)})


# -- signature


def resigned(fields: dict[str, str]):
    return sign_twilio(TWILIO.request(urlencode(fields).encode()))


@pytest.mark.parametrize("change", [{"Body": "other"}, {"From": "+447700900999"}, {"New": "field"}])
def test_a_changed_field_breaks_the_signature(change):
    signed = TWILIO.recorded("sms_blank_fields")
    body = urlencode(form("sms_blank_fields") | change).encode()
    with pytest.raises(Refused):
        TWILIO.connector.verify(replace(signed, body=body))


def test_a_dropped_blank_field_breaks_the_signature():
    signed = TWILIO.recorded("sms_blank_fields")
    fields = form("sms_blank_fields")
    assert fields.pop("FromCity") == ""
    with pytest.raises(Refused):
        TWILIO.connector.verify(replace(signed, body=urlencode(fields).encode()))


@pytest.mark.parametrize(
    "url",
    ["http://helpline.example/webhooks/twilio", "https://helpline.example/webhooks/twilio/", "https://evil.example/x"],
)
def test_another_url_breaks_the_signature(url):
    with pytest.raises(Refused):
        TWILIO.connector.verify(replace(TWILIO.recorded("sms_text"), url=url))


def test_the_query_is_signed_so_a_report_cannot_be_turned_to_another_message():
    request = TWILIO.recorded("status_delivered")
    TWILIO.connector.verify(request)
    other = replace(request, url=f"{PUBLIC_URL}/webhooks/twilio/status?id=msg-2", query={"id": "msg-2"})
    with pytest.raises(Refused):
        TWILIO.connector.verify(other)


def test_another_account_is_refused_though_signed():
    with pytest.raises(Refused):
        TWILIO.connector.verify(resigned(form("sms_text") | {"AccountSid": ACCOUNT_SID[:-1] + "0"}))


def test_fields_that_appear_unannounced_are_signed_and_do_no_harm():
    request = resigned(form("sms_text") | {"Aura": "", "ZodiacSign": "♏"})
    TWILIO.connector.verify(request)
    assert TWILIO.connector.parse(request) == TWILIO.connector.parse(TWILIO.recorded("sms_text"))


def test_a_replay_cut_anew_has_no_id_of_its_own():
    """The signature joins names and values without separator: a field moved into its neighbour is still "signed"."""
    request = TWILIO.recorded("sms_text")
    fields = form("sms_text")
    names = sorted(fields)
    after = names[names.index("MessageSid") + 1]
    glued = dict(fields)
    glued["MessageSid"] += after + glued.pop(after)
    swallowed = {name: value for name, value in fields.items() if name <= "MessageSid"}
    rest = "".join(name + fields[name] for name in names if name > "MessageSid")
    head, tail = fields["MessageSid"][:-1], fields["MessageSid"][-1]
    swallowed |= {"MessageSid": head, tail + rest: ""}
    for forged in (glued, swallowed):
        copy = replace(request, body=urlencode(forged).encode())
        TWILIO.connector.verify(copy)  # this is why the id's shape is checked
        with pytest.raises(Malformed):
            TWILIO.connector.parse(copy)


# -- concatenated SMS in base64


def sms(body: str) -> str:
    return parsed(form("sms_text") | {"Body": body}).text


@pytest.mark.parametrize(
    "text",
    [
        "We are nine people in one room and the door is locked at night, please.",
        "ዘጠኝ ሰዎች በአንድ ክፍል ውስጥ ነን፣ በሩ ሌሊት ይቆለፋል፣ እባካችሁ እርዱን",
        "我们九个人住在一个房间里门晚上被锁上了请帮帮我们老板拿走了护照",
        "می‌خواهم فرار کنم، لطفاً کمک کنید، در شب قفل است",
    ],
)
def test_a_long_sms_in_base64_is_read(text):
    assert sms(base64.b64encode(text.encode()).decode()) == text


@pytest.mark.parametrize(
    "body",
    [
        base64.b64encode(b"we are at the bus park").decode(),
        "HELP" * 20,
        "a" * 64,
        "A" * 64,
        "https://example.org/" + "a" * 44,
        base64.b64encode(b"withoutanyspaceitmaybeapasswordorakeythatsomebodywantstokeep").decode(),
        base64.b64encode(bytes(range(60))).decode(),
        "We are nine people in one room and the door is locked at night!!",
    ],
)
def test_anything_doubtful_stays_as_it_came(body):
    assert sms(body) == body


def test_twilio_is_acknowledged_with_an_empty_answer():
    ack = TWILIO.connector.ack(())
    assert (ack.body, ack.content_type) == ("<Response/>", "text/xml")
