"""A person's acts in Telegram, as the updates that the bot gets."""

import asyncio
import json
import time
from typing import Any

from sandbox.gateway import Answer
from sandbox.media import Media, MediaShelf, sample
from sandbox.phones import Entry, Phone
from sandbox.telegram.errors import TelegramError
from sandbox.telegram.methods import Methods
from sandbox.telegram.records import (
    SentMessage,
    bot_user,
    group_chat,
    group_id,
    now,
    person_user,
    private_chat,
)
from sandbox.telegram.service import Telegram
from sandbox.writing import CannotWriteError, Writing

Statuses = asyncio.Future[list[int | None]]
Sent = tuple[Entry, Statuses]


class TelegramPhones:
    """Lets people write, tap, edit, block and bring the bot into a group."""

    def __init__(self, telegram: Telegram, methods: Methods, media: MediaShelf) -> None:
        self._telegram = telegram
        self._methods = methods
        self._media = media

    def write(self, phone: Phone, writing: Writing) -> Sent:
        """Show the act on the phone and queue its update; the future gives the gateway's HTTP statuses.

        Raises CannotWriteError for what Telegram would not let a person do.
        """
        if phone.blocked:
            raise CannotWriteError("this person has blocked the bot: unblock it first")
        if writing.edit:
            return self._edit(phone, writing)
        if writing.choice:
            return self._choose(phone, writing)
        return self._send(phone, writing.text, writing)

    def _send(self, phone: Phone, text: str, writing: Writing) -> Sent:
        phone.last_inbound_at = time.time()
        if writing.group:
            self._join_group(phone)
        chat_id = group_id(phone) if writing.group else int(phone.address)
        media = self._attach(writing)
        kept = self._telegram.keep(chat_id, text, False)
        shown = text if writing.kind != "location" else f"{writing.latitude}, {writing.longitude}"
        entry = self._telegram.phones.write(
            phone,
            "in",
            shown,
            kind=writing.kind,
            media=media.id if media else "",
            provider_id=str(kept.message_id),
            group=writing.group,
        )
        message = self._envelope(phone, kept, writing.group) | _content(writing, text, media)
        return entry, self._telegram.delivery.put("message", message, writing.copies)

    def _edit(self, phone: Phone, writing: Writing) -> Sent:
        entry = phone.entry(writing.edit)
        if entry is None or entry.direction != "in" or entry.kind != "text" or entry.deleted:
            raise CannotWriteError("only a text that this person wrote can be edited")
        chat_id = group_id(phone) if entry.group else int(phone.address)
        try:
            kept = self._telegram.message(chat_id, int(entry.provider_id), "message to edit not found")
        except TelegramError as error:
            raise CannotWriteError(error.description) from None
        kept.text = writing.text
        self._telegram.phones.update(phone, entry, text=writing.text, edited=True, status="sending")
        message = self._envelope(phone, kept, entry.group) | {"edit_date": now(), "text": writing.text}
        return entry, self._telegram.delivery.put("edited_message", message, writing.copies)

    def _choose(self, phone: Phone, writing: Writing) -> Sent:
        if (found := phone.button(writing.choice)) is not None:
            shown, button = found
            if shown.keyboard == "reply":
                return self._send(phone, button["title"], writing)
            return self._tap(phone, shown, button, writing.copies)
        raise CannotWriteError("no message on this phone has such a button")

    def _tap(self, phone: Phone, shown: Entry, button: dict[str, str], copies: int) -> Sent:
        """A tap on an inline button: no message, but a callback query."""
        chat_id = group_id(phone) if shown.group else int(phone.address)
        try:
            kept = self._telegram.message(chat_id, int(shown.provider_id), "message not found")
        except TelegramError as error:
            raise CannotWriteError(error.description) from None
        phone.last_inbound_at = time.time()
        query = {
            "id": self._telegram.new_query_id(),
            "from": person_user(phone),
            "message": self._telegram.view(kept, phone),
            "chat_instance": str(7 * 10**17 + abs(chat_id)),
            "data": button["payload"],
        }
        entry = self._telegram.phones.write(
            phone, "in", button["title"], kind="tap", provider_id=query["id"], group=shown.group
        )
        return entry, self._telegram.delivery.put("callback_query", query, copies)

    def set_blocked(self, phone: Phone, blocked: bool) -> Statuses:
        """The person blocks or unblocks the bot, which is told."""
        self._telegram.phones.set_blocked(phone, blocked)
        statuses = ("member", "kicked") if blocked else ("kicked", "member")
        return self._membership(phone, private_chat(phone), *statuses)

    def _join_group(self, phone: Phone) -> None:
        if not phone.in_group:
            phone.in_group = True
            self._membership(phone, group_chat(phone), "left", "member")

    def _membership(self, phone: Phone, chat: dict[str, Any], before: str, after: str) -> Statuses:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": bot_user(self._telegram.config.bot_id), "status": status, **until}

        change = {
            "chat": chat,
            "from": person_user(phone),
            "date": now(),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        return self._telegram.delivery.put("my_chat_member", change)

    def _envelope(self, phone: Phone, kept: SentMessage, group: bool) -> dict[str, Any]:
        chat = group_chat(phone) if group else private_chat(phone)
        return {"message_id": kept.message_id, "from": person_user(phone), "chat": chat, "date": kept.date}

    def _attach(self, writing: Writing) -> Media | None:
        if writing.attachment is not None:
            a = writing.attachment
            return self._media.add(a.content_type, a.name, a.data)
        if writing.kind in ("photo", "voice", "sticker", "document"):
            return self._media.add(*sample(writing.kind, "telegram"))
        return None

    def answered(self, update: dict[str, Any], answer: Answer) -> None:
        """An update was taken: tick it, and do the method that the answer may name."""
        self._mark(update, status="delivered", error="")
        if not answer.body.lstrip().startswith("{"):
            return
        try:
            params = json.loads(answer.body)
            name = params.pop("method", "")
            if name:
                self._methods.call(str(name), params)
        except (ValueError, AttributeError, TelegramError):
            return  # the real one says nothing either

    def failed(self, update: dict[str, Any], sentence: str) -> None:
        """An attempt was not taken: it will be made again."""
        self._mark(update, status="sending", error=sentence)

    def _mark(self, update: dict[str, Any], **changes: str) -> None:
        for kind in ("message", "edited_message", "callback_query"):
            if (content := update.get(kind)) is not None:
                phone = self._telegram.phones.find("telegram", str(content["from"]["id"]))
                provider_id = content["id"] if kind == "callback_query" else str(content["message_id"])
                entry = phone.by_provider_id(provider_id) if phone else None
                if phone and entry:
                    self._telegram.phones.update(phone, entry, **changes)


def _content(writing: Writing, text: str, media: Media | None) -> dict[str, Any]:
    """The part of a Message object that depends on its kind."""
    caption = {"caption": text} if text else {}
    file: dict[str, Any] = {}
    if media is not None:
        file = {
            "file_id": media.id,
            "file_unique_id": f"AgAD{media.id[-12:]}",
            "file_size": len(media.data),
        }
    match writing.kind:
        case "photo":
            return {"photo": [file | {"width": 960, "height": 720}], **caption}
        case "voice":
            return {"voice": file | {"duration": 3, "mime_type": "audio/ogg"}, **caption}
        case "document":
            assert media is not None
            return {"document": file | {"file_name": media.name, "mime_type": media.content_type}, **caption}
        case "sticker":
            size = {"width": 512, "height": 512, "is_animated": False, "is_video": False}
            return {"sticker": file | size | {"type": "regular", "emoji": "🙂", "set_name": "sandbox"}}
        case "location":
            return {"location": {"latitude": writing.latitude, "longitude": writing.longitude}}
        case "contact":
            return {"contact": {"phone_number": writing.contact_number, "first_name": writing.contact_name}}
        case _:
            command = text.partition(" ")[0]
            if command.startswith("/") and len(command) > 1:
                return {"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": len(command)}]}
            return {"text": text}
