"""Telegram's side of things: the bot, its webhook, chats and messages."""

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.phones import Phone

GROUP_BASE = -1_000_000_000_000  # a group's id, from the id of the person who brought the bot into it
DEFAULT_UPDATES_LEFT_OUT = ("chat_member", "message_reaction", "message_reaction_count")


@dataclass(slots=True)
class Webhook:
    """What setWebhook has set. `secret` goes into the header of every update."""

    url: str = ""
    secret: str = ""
    allowed_updates: list[str] = field(default_factory=list)
    max_connections: int = 40
    last_error_date: int | None = None
    last_error_message: str = ""

    def wants(self, kind: str) -> bool:
        """Whether updates of this kind are delivered."""
        return kind in self.allowed_updates if self.allowed_updates else kind not in DEFAULT_UPDATES_LEFT_OUT


@dataclass(slots=True)
class SentMessage:
    """A message of a private chat or a group, by either side, as far as methods ask for it."""

    chat_id: int
    message_id: int
    text: str
    date: int
    from_bot: bool
    markup: dict[str, Any] | None = None


def bot_user(bot_id: int) -> dict[str, Any]:
    """The bot as a User object."""
    return {"id": bot_id, "is_bot": True, "first_name": "Helpline", "username": "sandbox_helpline_bot"}


def person_user(phone: Phone) -> dict[str, Any]:
    """A person as a User object."""
    user: dict[str, Any] = {"id": int(phone.address), "is_bot": False, "first_name": phone.name}
    if phone.language:
        user["language_code"] = phone.language
    return user


def private_chat(phone: Phone) -> dict[str, Any]:
    """The person's chat with the bot as a Chat object."""
    return {"id": int(phone.address), "first_name": phone.name, "type": "private"}


def group_id(phone: Phone) -> int:
    """The id of the group into which this person brings the bot."""
    return GROUP_BASE - int(phone.address)


def group_chat(phone: Phone) -> dict[str, Any]:
    """That group as a Chat object."""
    return {"id": group_id(phone), "title": f"Friends of {phone.name}", "type": "supergroup"}


def now() -> int:
    """Unix time in whole seconds, as Telegram writes dates."""
    return int(time.time())
