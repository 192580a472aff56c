"""What each update of Telegram becomes."""

import json

import pytest
from provider_recordings import TELEGRAM

from hotline.core.errors import Malformed
from hotline.core.message import Blocked, Channel, Ignored, Inbound, Kind

PERSON = "4503599627370101"
GROUP = "-1004503599627"


def update(name: str) -> dict:
    return json.loads(TELEGRAM.recorded(name).body)


def parsed(body: dict):
    (event,) = TELEGRAM.connector.parse(TELEGRAM.request(json.dumps(body).encode()))
    return event


MESSAGES = [
    ("text", Kind.TEXT, "እርዳታ እፈልጋለሁ", []),
    ("emoji", Kind.TEXT, "👩🏾‍👦 🆘", []),
    ("lone_surrogate", Kind.TEXT, "help \ufffd", []),
    ("start", Kind.TEXT, "/start", []),
    ("start_from_link", Kind.TEXT, "/start", []),
    ("command_with_bot_name", Kind.TEXT, "/help now", []),
    ("edited_text", Kind.EDITED, "I am not safe", []),
    ("edited_caption", Kind.EDITED, "new words", ["image/jpeg"]),
    ("photo", Kind.IMAGE, "the contract", ["image/jpeg"]),
    ("voice", Kind.VOICE, "", ["audio/ogg"]),
    ("audio", Kind.VOICE, "listen", ["audio/mp4"]),
    ("video", Kind.VIDEO, "", ["video/mp4"]),
    ("video_note", Kind.VIDEO, "", ["video/mp4"]),
    ("animation", Kind.VIDEO, "", ["video/mp4"]),
    ("document", Kind.DOCUMENT, "is this visa real?", ["application/pdf"]),
    ("document_without_type", Kind.DOCUMENT, "", ["application/octet-stream"]),
    ("sticker", Kind.STICKER, "😢", ["image/webp"]),
    ("sticker_animated", Kind.STICKER, "👍", ["application/x-tgsticker"]),
    ("location", Kind.LOCATION, "-1.286389,36.817223", []),
    ("venue", Kind.LOCATION, "-1.286389,36.817223\nBus park\nRiver Road", []),
    ("contact", Kind.CONTACT, "Recruiter B +447700900789", []),
    ("poll_message", Kind.UNSUPPORTED, "", []),
    ("dice", Kind.UNSUPPORTED, "", []),
    ("kind_of_tomorrow", Kind.UNSUPPORTED, "", []),
]


@pytest.mark.parametrize(("name", "kind", "text", "files"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_messages(name, kind, text, files):
    (event,) = TELEGRAM.connector.parse(TELEGRAM.recorded(name))
    assert isinstance(event, Inbound)
    assert (event.channel, event.address, event.kind, event.text) == (Channel.TELEGRAM, PERSON, kind, text)
    assert [file.content_type for file in event.attachments] == files
    assert event.provider_id == str(update(name)["update_id"])


def test_the_largest_of_a_photos_sizes_is_kept():
    (event,) = TELEGRAM.connector.parse(TELEGRAM.recorded("photo"))
    largest = max(update("photo")["message"]["photo"], key=lambda size: size["width"])
    assert (event.attachments[0].ref, event.attachments[0].size) == (largest["file_id"], 98213)


def test_a_tap_is_a_choice_and_is_answered_in_the_acknowledgement():
    events = TELEGRAM.connector.parse(TELEGRAM.recorded("tap"))
    (event,) = events
    assert (event.kind, event.text, event.payload, event.address) == (Kind.CHOICE, "Yes", "/affirm", PERSON)
    assert event.provider_id == str(update("tap")["update_id"])
    ack = TELEGRAM.connector.ack(events)
    assert ack.content_type == "application/json"
    assert json.loads(ack.body) == {
        "method": "answerCallbackQuery",
        "callback_query_id": update("tap")["callback_query"]["id"],
    }


def test_a_tap_on_a_message_too_old_to_show_still_counts():
    (event,) = TELEGRAM.connector.parse(TELEGRAM.recorded("tap_on_old_message"))
    assert (event.kind, event.payload, event.text) == (Kind.CHOICE, "/deny", "")


def test_other_updates_are_acknowledged_with_nothing():
    assert TELEGRAM.connector.ack(TELEGRAM.connector.parse(TELEGRAM.recorded("text"))).body == ""


@pytest.mark.parametrize("name", ["group_text", "tap_in_group"])
def test_words_in_a_group_are_dropped(name):
    (event,) = TELEGRAM.connector.parse(TELEGRAM.recorded(name))
    assert (event.kind, event.address, event.text, event.payload) == (Kind.GROUP, GROUP, "", None)
    assert not event.attachments


@pytest.mark.parametrize(("name", "blocked"), [("blocked", True), ("unblocked", False)])
def test_blocking_the_bot(name, blocked):
    key = str(update(name)["update_id"])
    assert TELEGRAM.connector.parse(TELEGRAM.recorded(name)) == (Blocked(Channel.TELEGRAM, key, PERSON, blocked),)


def test_any_other_change_of_membership_is_no_block():
    body = update("blocked")
    body["my_chat_member"]["new_chat_member"]["status"] = "left"
    assert parsed(body) == Ignored("my_chat_member")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("added_to_group", "my_chat_member"),
        ("channel_post", "channel_post"),
    ("edited_live_location", "live_location"),
        ("inline_query", "inline_query"),
        ("poll", "poll"),
        ("pinned", "service_message"),
        ("group_joined", "service_message"),
        ("group_edited", "edited_group_message"),
        ("tap_game", "callback_of_another_kind"),
        ("update_of_tomorrow", "unknown_update"),
    ],
)
def test_what_is_not_for_us_is_ignored_by_name(name, reason):
    assert TELEGRAM.connector.parse(TELEGRAM.recorded(name)) == (Ignored(reason),)


def test_a_part_that_the_library_cannot_read_does_not_cost_the_words_beside_it():
    body = update("text")
    body["message"]["reply_to_message"] = {"message_id": 3, "poll": {"new": "shape"}}
    body["message"]["entities"] = "odd"
    assert parsed(body).text == "እርዳታ እፈልጋለሁ"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"message": {}},
        {"update_id": "1", "message": {}},
        {"update_id": True, "poll": {}},
        {"update_id": 7, "message": {}},
        {"update_id": 7, "message": "text"},
        {"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"type": "private"}, "text": "x"}},
        {"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"id": "x", "type": "private"}, "text": "x"}},
        {"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": 5}},
        {"update_id": 7, "message": {"message_id": 1, "date": 1e99, "chat": {"id": 5, "type": "private"}}},
        {"update_id": 7, "callback_query": {"id": "1"}},
    ],
)
def test_what_makes_no_sense_is_malformed(body):
    with pytest.raises(Malformed):
        parsed(body)
