"""What Telegram does with messages: keeps chats, sends, edits and deletes."""

import html
import itertools
import re
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.config import SandboxConfig
from sandbox.phones import Phone, PhoneBook
from sandbox.storage import fields
from sandbox.telegram.delivery import Delivery
from sandbox.telegram.errors import TelegramError
from sandbox.telegram.records import SentMessage, bot_user, group_chat, group_id, now, private_chat

TEXT_LIMIT = 4096
CALLBACK_DATA_LIMIT_BYTES = 64
DELETE_LIMIT_SECONDS = 48 * 3600
KEEP_MESSAGES = 10_000
_TAG = re.compile(r"<[^>]+>")


class Telegram:
    """The chats of one bot."""

    def __init__(
        self, config: SandboxConfig, phones: PhoneBook, delivery: Delivery, changed: Callable[[], None]
    ) -> None:
        self.config = config
        self.phones = phones
        self.delivery = delivery
        self._changed = changed
        self._messages: dict[tuple[int, int], SentMessage] = {}
        self._serial = 0
        self.open_queries: set[str] = set()
        self.commands: list[dict[str, Any]] = []

    def keep(self, chat_id: int, text: str, from_bot: bool, markup: dict[str, Any] | None = None) -> SentMessage:
        """File a new message of a chat under the next message id."""
        self._serial += 1
        message = SentMessage(chat_id, self._serial, text, now(), from_bot, markup)
        self._messages[chat_id, message.message_id] = message
        while len(self._messages) > KEEP_MESSAGES:
            del self._messages[next(iter(self._messages))]
        self._changed()
        return message

    def message(self, chat_id: int, message_id: int, missing: str) -> SentMessage:
        """A message of a chat. Raises TelegramError with the sentence `missing`."""
        found = self._messages.get((chat_id, message_id))
        if found is None:
            raise TelegramError(400, f"Bad Request: {missing}")
        return found

    def new_query_id(self) -> str:
        """The id of a tap on an inline button, open until it is answered."""
        query_id = str(secrets.randbelow(9 * 10**17) + 10**17)
        self.open_queries.add(query_id)
        return query_id

    def chat(self, chat_id: int) -> Phone:
        """The phone behind a private chat or a group. Raises TelegramError where there is none, or it is closed."""
        if chat_id < 0:
            phone = next((p for p in self.phones if p.channel == "telegram" and group_id(p) == chat_id), None)
            if phone is not None and not phone.in_group:
                raise TelegramError(403, "Forbidden: bot is not a member of the supergroup chat")
        else:
            phone = self.phones.find("telegram", str(chat_id))
        if phone is None or phone.last_inbound_at is None:
            raise TelegramError(400, "Bad Request: chat not found")
        if chat_id > 0 and phone.blocked:
            raise TelegramError(403, "Forbidden: bot was blocked by the user")
        return phone

    def send(self, chat_id: int, text: str, markup: dict[str, Any] | None, parse_mode: str) -> dict[str, Any]:
        """sendMessage: show the text on the phone, and give the Message object."""
        phone = self.chat(chat_id)
        if parse_mode.lower() == "html":
            text = html.unescape(_TAG.sub("", text))
        if not text.strip():
            raise TelegramError(400, "Bad Request: message text is empty")
        if len(text) > TEXT_LIMIT:
            raise TelegramError(400, "Bad Request: message is too long")
        buttons, keyboard = read_markup(markup)
        message = self.keep(chat_id, text, True, markup if keyboard == "inline" else None)
        self.phones.write(
            phone,
            "out",
            text,
            status="delivered",
            buttons=buttons,
            keyboard=keyboard,
            provider_id=str(message.message_id),
            group=chat_id < 0,
        )
        return self.view(message, phone)

    def edit(self, message: SentMessage, *, text: str | None = None, markup: dict[str, Any] | None) -> dict[str, Any]:
        """editMessageText and editMessageReplyMarkup."""
        phone = self.chat(message.chat_id)
        if not message.from_bot:
            raise TelegramError(400, "Bad Request: message can't be edited")
        markup = markup if markup and markup.get("inline_keyboard") else None
        new_text = message.text if text is None else text
        if (new_text, markup) == (message.text, message.markup):
            raise TelegramError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        buttons, keyboard = read_markup(markup)
        message.text, message.markup = new_text, markup
        if (entry := phone.by_provider_id(str(message.message_id))) is not None:
            edited = entry.edited or text is not None
            self.phones.update(phone, entry, text=new_text, buttons=buttons, keyboard=keyboard, edited=edited)
        return self.view(message, phone) | {"edit_date": now()}

    def delete(self, message: SentMessage) -> None:
        """deleteMessage: for both sides, in a private chat also what the person wrote."""
        phone = self.chat(message.chat_id)
        if now() - message.date > DELETE_LIMIT_SECONDS:
            raise TelegramError(400, "Bad Request: message can't be deleted")
        del self._messages[message.chat_id, message.message_id]
        if (entry := phone.by_provider_id(str(message.message_id))) is not None:
            self.phones.update(phone, entry, deleted=True, text="", buttons=[], keyboard="")

    def leave(self, chat_id: int) -> None:
        """leaveChat."""
        if chat_id > 0:
            raise TelegramError(400, "Bad Request: chat member status can't be changed in private chats")
        self.chat(chat_id).in_group = False
        self._changed()

    def view(self, message: SentMessage, phone: Phone) -> dict[str, Any]:
        """A message of the bot's as a Message object."""
        chat = group_chat(phone) if message.chat_id < 0 else private_chat(phone)
        shown = {
            "message_id": message.message_id,
            "from": bot_user(self.config.bot_id),
            "chat": chat,
            "date": message.date,
            "text": message.text,
        }
        return shown | ({"reply_markup": message.markup} if message.markup else {})

    def dump(self) -> dict[str, Any]:
        """The chats as JSON values."""
        return {
            "serial": self._serial,
            "messages": [fields(m) for m in self._messages.values()],
            "commands": self.commands,
            "delivery": self.delivery.dump(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """The reverse of `dump`."""
        self._serial, self.commands = saved["serial"], saved["commands"]
        for record in saved["messages"]:
            message = SentMessage(**record)
            self._messages[message.chat_id, message.message_id] = message
        self.delivery.load(saved["delivery"])


def read_markup(markup: dict[str, Any] | None) -> tuple[list[dict[str, str]], str]:
    """(buttons, "inline" or "reply" or "") of a reply_markup. Raises TelegramError for one that makes no sense."""
    if not markup:
        return [], ""
    inline, reply = markup.get("inline_keyboard"), markup.get("keyboard")
    if inline is None and reply is None:
        return [], "remove" if markup.get("remove_keyboard") else ""
    rows = reply if inline is None else inline
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise TelegramError(400, "Bad Request: object expected as reply markup")
    buttons = []
    for cell in itertools.chain.from_iterable(rows):
        button = {"text": cell} if isinstance(cell, str) else cell
        title = str(button.get("text", "")) if isinstance(button, dict) else ""
        if not title:
            raise TelegramError(400, 'Bad Request: can\'t parse keyboard button: Field "text" must be of type String')
        payload = title
        if inline is not None:
            payload = str(button.get("callback_data") or button.get("url") or "")
            if not 1 <= len(payload.encode()) <= CALLBACK_DATA_LIMIT_BYTES and "url" not in button:
                raise TelegramError(400, "Bad Request: BUTTON_DATA_INVALID")
        buttons.append({"title": title, "payload": payload})
    return buttons, "inline" if inline is not None else "reply"
