"""What a Telegram update means: Update → Event. Pure."""

import math
import re
from typing import Any

from telegram import CallbackQuery, Chat, ChatMemberUpdated, Location, Message, Sticker, Update, Venue
from telegram.constants import ChatMemberStatus, ChatType

from hotline.core.message import Attachment, Blocked, Channel, Event, Ignored, Inbound, Kind

_START = "/start"
_BOT_NAME = re.compile(r"^(/\w+)@\w+")

# Field, kind, usual type. The first that a message has names its kind: an animation comes as a document as well.
_FILES = (
    ("animation", Kind.VIDEO, "video/mp4"),
    ("video", Kind.VIDEO, "video/mp4"),
    ("video_note", Kind.VIDEO, "video/mp4"),
    ("voice", Kind.VOICE, "audio/ogg"),
    ("audio", Kind.VOICE, "audio/mpeg"),
    ("document", Kind.DOCUMENT, "application/octet-stream"),
)

# What is read of a message.
_FIELDS = frozenset(
    {"message_id", "date", "edit_date", "chat", "text", "caption", "photo", "sticker", "location", "venue", "contact"}
    | {"reply_markup"}
    | {name for name, _, _ in _FILES}
)
_SPOKEN = ("message", "edited_message")
_READ = (*_SPOKEN, "callback_query", "my_chat_member")

# What the app writes into a chat by itself: no words of a person, no answer.
_SERVICE = (
    "channel_chat_created",
    "chat_background_set",
    "connected_website",
    "delete_chat_photo",
    "forum_topic_closed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_reopened",
    "group_chat_created",
    "left_chat_member",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_members",
    "new_chat_photo",
    "new_chat_title",
    "pinned_message",
    "proximity_alert_triggered",
    "supergroup_chat_created",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
    "write_access_allowed",
)


def read(raw: dict[str, Any]) -> Event:
    """What an update means. Raise whatever an odd value leads to, for the library promises no exception of its own."""
    if type(raw["update_id"]) is not int:
        raise TypeError
    for name in _SPOKEN:
        if _is_service(raw.get(name)):
            return Ignored("service_message")
    update = Update.de_json(_lean(raw), None)
    key = str(update.update_id)
    if update.message is not None:
        return _message(update.message, key)
    if update.edited_message is not None:
        return _edited(update.edited_message, key)
    if update.callback_query is not None:
        return _tapped(update.callback_query, key)
    if update.my_chat_member is not None:
        return _member(update.my_chat_member, key)
    if any(name in raw for name in _READ):
        raise ValueError("an empty update")
    return Ignored(next((str(name) for name in Update.ALL_TYPES if name in raw), "unknown_update"))


def _is_service(message: Any) -> bool:
    return isinstance(message, dict) and any(name in message for name in _SERVICE)


def _lean(raw: dict[str, Any]) -> dict[str, Any]:
    """An update without what nobody reads here.

    A message may carry others (a reply, a poll, a gift) whose fields change with each version of the Bot API: one that
    the library does not know yet must not cost the words beside it.
    """
    kept = {name: raw[name] for name in ("update_id", *_READ) if name in raw}
    for name in _SPOKEN:
        if name in kept:
            kept[name] = _lean_message(kept[name])
    if "callback_query" in kept:
        query = dict(kept["callback_query"])
        query["message"] = _lean_message(query["message"]) if query.get("message") else None
        kept["callback_query"] = query
    return kept


def _lean_message(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name in _FIELDS}


def _message(message: Message, key: str) -> Event:
    if message.chat.type != ChatType.PRIVATE:
        return _elsewhere(message.chat, key)
    kind, text, attachments = _content(message)
    return Inbound(Channel.TELEGRAM, key, _address(message.chat), kind, text, attachments=attachments)


def _edited(message: Message, key: str) -> Event:
    """A changed text or caption. The steps of a live location come several times a minute: the first place is kept."""
    if message.chat.type != ChatType.PRIVATE:
        return Ignored("edited_group_message")
    kind, text, attachments = _content(message)
    if kind is Kind.LOCATION:
        return Ignored("live_location")
    return Inbound(Channel.TELEGRAM, key, _address(message.chat), Kind.EDITED, text, attachments=attachments)


def _tapped(query: CallbackQuery, key: str) -> Event:
    if query.data is None or query.message is None:
        return Ignored("callback_of_another_kind")  # a game, or a button of an inline message
    chat = query.message.chat
    if chat.type != ChatType.PRIVATE:
        return _elsewhere(chat, key)
    return Inbound(
        Channel.TELEGRAM,
        key,
        _address(chat),
        Kind.CHOICE,
        _title(query),
        payload=_words(query.data),
        callback=_words(query.id),
    )


def _title(query: CallbackQuery) -> str:
    """What stood on the tapped button; empty where the message is too old for Telegram to show."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    buttons = [button for row in markup.inline_keyboard for button in row] if markup else []
    return next((_words(button.text) for button in buttons if button.callback_data == query.data), "")


def _member(change: ChatMemberUpdated, key: str) -> Event:
    """In a private chat, "kicked" is Telegram's word for: the person has blocked the bot."""
    status = change.new_chat_member.status
    blocked = status == ChatMemberStatus.BANNED
    if change.chat.type != ChatType.PRIVATE or not (blocked or status == ChatMemberStatus.MEMBER):
        return Ignored("my_chat_member")
    return Blocked(Channel.TELEGRAM, key, _address(change.chat), blocked)


def _elsewhere(chat: Chat, key: str) -> Event:
    """Written where others read along: the words are dropped."""
    if chat.type == ChatType.GROUP or chat.type == ChatType.SUPERGROUP:  # noqa: PLR1714 - their hash is not the text's
        return Inbound(Channel.TELEGRAM, key, _address(chat), Kind.GROUP)
    return Ignored("unknown_chat")


def _content(message: Message) -> tuple[Kind, str, tuple[Attachment, ...]]:
    """Kind, words (a caption too) and files of a message."""
    words = _words(message.text or message.caption)
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return Kind.IMAGE, words, (_attachment(largest.file_id, "image/jpeg", largest.file_size),)
    if message.sticker is not None:
        sticker = message.sticker
        return Kind.STICKER, _words(sticker.emoji), (_attachment(sticker.file_id, _format(sticker), sticker.file_size),)
    for name, kind, usual in _FILES:
        file = getattr(message, name)
        if file is not None:
            content_type = _words(getattr(file, "mime_type", None)) or usual
            return kind, words, (_attachment(file.file_id, content_type, file.file_size),)
    if message.location is not None:
        return Kind.LOCATION, _place(message.location, message.venue), ()
    if message.contact is not None:
        contact = message.contact
        names = (contact.first_name, contact.last_name, contact.phone_number)
        return Kind.CONTACT, " ".join(_words(name) for name in names if name), ()
    if words.strip():
        return Kind.TEXT, _command(words), ()
    return Kind.UNSUPPORTED, "", ()


def _attachment(file_id: object, content_type: str, size: object) -> Attachment:
    ref = _words(file_id)
    if not ref:
        raise ValueError("file without id")
    return Attachment(ref, content_type, size if isinstance(size, int) else None)


def _format(sticker: Sticker) -> str:
    if sticker.is_video:
        return "video/webm"
    return "application/x-tgsticker" if sticker.is_animated else "image/webp"


def _place(location: Location, venue: Venue | None) -> str:
    """The coordinates on the first line; below, the name and address of a venue."""
    latitude, longitude = float(location.latitude), float(location.longitude)
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise ValueError("no place on earth")
    words = (_words(venue.title), _words(venue.address)) if venue is not None else ()
    return "\n".join([f"{latitude},{longitude}", *(word for word in words if word)])


def _command(text: str) -> str:
    """Commands without the bot's own name; "/start" without what a link has put behind it: it is not the person's."""
    text = _BOT_NAME.sub(r"\1", text)
    return _START if text.split(maxsplit=1)[0] == _START else text


def _address(chat: Chat) -> str:
    if type(chat.id) is not int:
        raise TypeError
    return str(chat.id)


def _words(value: object) -> str:
    """A string that can be encoded: JSON can carry half of a surrogate pair, UTF-8 cannot."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
