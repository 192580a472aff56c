"""Pictures, voice notes and files that phones send: built-in samples, or what the visitor attaches.

The built-in photo carries a place and a camera in its EXIF, as a real one would, so that cleaning can be seen to work.
"""

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT_BYTES = 5 * 1024 * 1024  # what Twilio carries in one MMS
KEEP_BYTES = 30 * 1024 * 1024

_FOLDER = Path(__file__).parent / "media"
_SILENT_AMR = b"#!AMR\n" + b"\x7c" * 150  # three seconds of AMR-NB frames without data

# kind -> content type, file name
SAMPLES = {
    "photo": ("image/jpeg", "photo.jpg"),
    "voice": ("audio/ogg", "voice.ogg"),
    "sticker": ("image/webp", "sticker.webp"),
    "document": ("application/pdf", "document.pdf"),
}


@dataclass(frozen=True, slots=True)
class Media:
    """One file, with the content type its sender gave."""

    id: str
    content_type: str
    name: str
    data: bytes


def vcard(name: str, number: str) -> bytes:
    """A contact as phones share it."""
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nTEL;TYPE=CELL:{number}\r\nEND:VCARD\r\n".encode()


def sample(kind: str, channel: str) -> tuple[str, str, bytes]:
    """(content type, file name, bytes) of the built-in file of a kind. Raises KeyError for a kind without a file."""
    content_type, name = SAMPLES[kind]
    if kind == "voice" and channel == "sms":
        return "audio/amr", "voice.amr", _SILENT_AMR
    return content_type, name, (_FOLDER / name).read_bytes()


class MediaShelf:
    """The newest files, by id."""

    def __init__(self) -> None:
        self._media: dict[str, Media] = {}
        self._size = 0

    def add(self, content_type: str, name: str, data: bytes) -> Media:
        """Keep a file; the oldest makes room."""
        media = Media("ME" + secrets.token_hex(16), content_type, name, data)
        self._media[media.id] = media
        self._size += len(data)
        while self._size > KEEP_BYTES:
            self._size -= len(self._media.pop(next(iter(self._media))).data)
        return media

    def get(self, media_id: str) -> Media | None:
        """The file, or None."""
        return self._media.get(media_id)

    def dump(self) -> list[dict[str, Any]]:
        """The shelf as JSON values."""
        return [
            {"id": m.id, "content_type": m.content_type, "name": m.name, "data": base64.b64encode(m.data).decode()}
            for m in self._media.values()
        ]

    def load(self, saved: list[dict[str, Any]]) -> None:
        """The reverse of `dump`."""
        for record in saved:
            media = Media(**{**record, "data": base64.b64decode(record["data"])})
            self._media[media.id] = media
            self._size += len(media.data)
