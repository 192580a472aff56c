"""Pretend phones: who owns one, and what its screen shows."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.storage import fields

CHANNELS = ("sms", "whatsapp", "telegram")
THREAD_LIMIT = 500  # entries a phone remembers; a load test writes many more
NAMES = ("Amina", "Hodan", "Samuel", "Tigist", "Farah", "Marisol", "Zahra", "Wei", "Grace", "Yusuf", "Fatou", "Daniel")

_ADDRESS = {
    "sms": re.compile(r"\+[0-9]{6,15}|[0-9]{3,6}"),
    "whatsapp": re.compile(r"\+[0-9]{6,15}|[A-Z]{2}\.[A-Za-z0-9]{4,128}"),
    "telegram": re.compile(r"[1-9][0-9]{0,14}"),
}


@dataclass(slots=True)
class Entry:
    """One bubble on a phone's screen.

    `direction` is the gateway's: "in" was written by the person, "out" was sent to them. `at` is Unix time.
    `buttons` are `{"title", "payload"}`; `keyboard` says how they hang: "quick_reply", "inline" or "reply".
    `provider_id` is the message SID, or Telegram's message id.
    """

    id: str
    direction: str
    text: str
    at: float
    kind: str = "text"
    status: str = "sending"
    error: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    keyboard: str = ""
    media: str = ""
    provider_id: str = ""
    edited: bool = False
    deleted: bool = False
    group: bool = False
    automatic: bool = False

    def view(self) -> dict[str, Any]:
        """The entry as the phones API shows it: `at` in RFC 3339 UTC."""
        shown = fields(self)
        shown["at"] = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown["media_url"] = f"/sandbox/media/{self.media}" if self.media else ""
        return shown


@dataclass(slots=True)
class Phone:
    """One person on one channel."""

    channel: str
    address: str
    name: str
    language: str = ""
    blocked: bool = False
    last_inbound_at: float | None = None
    in_group: bool = False
    thread: list[Entry] = field(default_factory=list)

    def button(self, choice: str) -> tuple[Entry, dict[str, str]] | None:
        """The newest button that the person can still tap, by title or payload, and the message it hangs on."""
        removed = False
        for entry in reversed(self.thread):
            removed = removed or entry.keyboard == "remove"
            if entry.direction == "in" or entry.status == "failed" or (removed and entry.keyboard == "reply"):
                continue
            for button in entry.buttons:
                if choice in (button["title"], button["payload"]):
                    return entry, button
        return None

    def last_from_helpline(self) -> Entry | None:
        """The newest message sent to this phone."""
        return next((e for e in reversed(self.thread) if e.direction == "out" and not e.deleted), None)

    def entry(self, entry_id: str) -> Entry | None:
        """The entry with this id, or None."""
        return next((e for e in reversed(self.thread) if e.id == entry_id), None)

    def by_provider_id(self, provider_id: str) -> Entry | None:
        """The entry that the provider knows under this id, or None."""
        return next((e for e in reversed(self.thread) if e.provider_id == provider_id), None)

    def summary(self) -> dict[str, Any]:
        """The phone without its thread."""
        return {
            "channel": self.channel,
            "address": self.address,
            "name": self.name,
            "blocked": self.blocked,
            "messages": len(self.thread),
        }


def normalise(channel: str, address: str) -> str:
    """An address as the phone book keeps it: no `whatsapp:` prefix, E.164 where it is a number.

    Raises ValueError for a channel or an address that cannot exist.
    """
    if channel not in CHANNELS:
        raise ValueError("channel must be sms, whatsapp or telegram")
    address = address.strip().removeprefix("whatsapp:")
    if not _ADDRESS[channel].fullmatch(address):
        raise ValueError("no such address on this channel")
    return address


class PhoneBook:
    """Every phone, by channel and address. `tell(event, phone, data)` is called whenever a screen changes."""

    def __init__(self, tell: Callable[[str, Phone, dict[str, Any]], None]) -> None:
        self._tell = tell
        self._phones: dict[tuple[str, str], Phone] = {}
        self._serial = 0

    def __iter__(self) -> Iterator[Phone]:
        return iter(self._phones.values())

    def find(self, channel: str, address: str) -> Phone | None:
        """The phone, if somebody has used it."""
        return self._phones.get((channel, address))

    def get(self, channel: str, address: str) -> Phone:
        """The phone, switched on now if it is new."""
        phone = self._phones.get((channel, address))
        if phone is None:
            name = NAMES[sum(map(ord, address)) % len(NAMES)]
            phone = self._phones[channel, address] = Phone(channel, address, name)
            self._tell("phone", phone, phone.summary())
        return phone

    def write(self, phone: Phone, direction: str, text: str, **details: Any) -> Entry:
        """Put a new bubble on the screen and return it."""
        self._serial += 1
        entry = Entry(f"e{self._serial}", direction, text, time.time(), **details)
        phone.thread.append(entry)
        del phone.thread[:-THREAD_LIMIT]
        self._tell("message", phone, entry.view())
        return entry

    def update(self, phone: Phone, entry: Entry, **changes: Any) -> None:
        """Change a bubble that is already there."""
        for name, value in changes.items():
            setattr(entry, name, value)
        self._tell("message", phone, entry.view())

    def set_blocked(self, phone: Phone, blocked: bool) -> None:
        """The person blocks or unblocks the helpline."""
        phone.blocked = blocked
        self._tell("phone", phone, phone.summary())

    def clear(self, phone: Phone) -> None:
        """Wipe the screen; what the provider and the gateway know stays."""
        phone.thread.clear()
        self._tell("cleared", phone, {})

    def dump(self) -> dict[str, Any]:
        """The book as JSON values."""
        phones = [fields(p) | {"thread": [fields(e) for e in p.thread]} for p in self._phones.values()]
        return {"serial": self._serial, "phones": phones}

    def load(self, saved: dict[str, Any]) -> None:
        """The reverse of `dump`."""
        self._serial = saved["serial"]
        for record in saved["phones"]:
            thread = [Entry(**e) for e in record.pop("thread")]
            phone = Phone(**record, thread=thread)
            self._phones[phone.channel, phone.address] = phone
