"""Messages as bubbles: who wrote, when, in which direction the text runs, what became of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hotline.console.times import day
from hotline.console.words import AUTHORS, KINDS, TICKS, Tick
from hotline.core.message import Author, Direction, Kind, Status
from hotline.core.records import Shown, Stored

PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
SOUNDS = frozenset({"audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/webm", "audio/wav", "audio/x-wav"})
FILMS = frozenset({"video/mp4", "video/webm", "video/3gpp"})
"""What a browser may show by itself; everything else is a download."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. `shape` is picture, sound, film or download."""

    id: str
    shape: str
    content_type: str
    state: str
    kilobytes: int | None


@dataclass(frozen=True, slots=True)
class Bubble:
    """`side` is in or out; `who` a user's name, or None: then `author` says it."""

    id: str
    side: str
    author: str
    who: str | None
    role: str  # the author's id: a class
    at: datetime
    text: str
    language: str | None
    kind: str | None
    tick: Tick | None
    code: str | None
    failed: bool
    files: tuple[File, ...]
    day: str | None  # set on the first message of a day


def bubbles(messages: Iterable[Shown], language: str | None, now: datetime, zone: ZoneInfo) -> Iterator[Bubble]:
    last_day = ""
    for message in messages:
        on = day(message.at, now, zone)
        yield Bubble(
            id=message.id,
            side="in" if message.direction is Direction.IN else "out",
            author=AUTHORS[message.author],
            who=message.user if message.author is Author.OPERATOR else None,
            role=message.author.value,
            at=message.at,
            text=message.text,
            language=language,
            kind=KINDS.get(message.kind) if message.kind is not Kind.TEXT else None,
            tick=TICKS[message.status] if message.status else None,
            code=message.code,
            failed=message.status is Status.FAILED,
            files=tuple(_file(stored) for stored in message.attachments),
            day=on if on != last_day else None,
        )
        last_day = on


def _file(stored: Stored) -> File:
    return File(
        stored.id,
        shape(stored.content_type),
        bare_type(stored.content_type),
        stored.state,
        None if stored.size is None else max(1, stored.size // 1000),
    )


def bare_type(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def shape(content_type: str) -> str:
    kind = bare_type(content_type)
    if kind in PICTURES:
        return "picture"
    if kind in SOUNDS:
        return "sound"
    return "film" if kind in FILMS else "download"
