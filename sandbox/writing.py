"""What a person does on a phone, as the phones API receives it."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.media import LIMIT_BYTES

KINDS = ("text", "photo", "voice", "sticker", "location", "contact", "document")
MAX_TEXT = 4096
MAX_COPIES = 100


class CannotWriteError(Exception):
    """The phone cannot do that. The sentence is for the person who scripts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that the visitor attached."""

    content_type: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One act of writing. `choice` is a button's title or payload, `edit` the id of an entry to change.

    `copies` are sent at once, as a provider that doubts its own delivery does. `wait` holds the answer until the
    gateway has answered the first delivery.
    """

    text: str = ""
    kind: str = "text"
    choice: str = ""
    edit: str = ""
    group: bool = False
    copies: int = 1
    wait: bool = False
    latitude: float = -1.2864
    longitude: float = 36.8172
    contact_name: str = "Friend"
    contact_number: str = "+254700000099"
    attachment: Attachment | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CannotWriteError(f"kind must be one of {', '.join(KINDS)}")
        if len(self.text) > MAX_TEXT:
            raise CannotWriteError(f"a message holds at most {MAX_TEXT} characters")
        if self.kind == "text" and not (self.text or self.choice):
            raise CannotWriteError("write a text, choose a button, or send something")
        if not 1 <= self.copies <= MAX_COPIES:
            raise CannotWriteError(f"copies must be between 1 and {MAX_COPIES}")


async def read_writing(request: web.Request) -> Writing:
    """The request's JSON or multipart form. Raises CannotWriteError for what makes no sense."""
    if request.content_type.startswith("multipart/"):
        return await _from_form(request)
    try:
        body = await request.json()
    except ValueError:
        raise CannotWriteError("the body must be JSON") from None
    if not isinstance(body, dict):
        raise CannotWriteError("the body must be a JSON object")
    return _from_json(body)


def _from_json(body: dict[str, Any]) -> Writing:
    fields = dict(body)
    caption = fields.pop("caption", None)
    if caption is not None:
        fields["text"] = caption
    if isinstance(contact := fields.pop("contact", None), dict):
        fields["contact_name"] = str(contact.get("name", "Friend"))
        fields["contact_number"] = str(contact.get("phone", ""))
    if (encoded := fields.pop("data", None)) is not None:
        fields["attachment"] = _attachment(encoded, fields.pop("content_type", ""), fields.pop("name", "file"))
    for name in ("text", "choice", "edit", "kind"):
        if not isinstance(fields.get(name, ""), str):
            raise CannotWriteError(f"{name} must be a text")
    for name, types in (("copies", int), ("latitude", (int, float)), ("longitude", (int, float))):
        if not isinstance(fields.get(name, 0), types):
            raise CannotWriteError(f"{name} must be a number")
    try:
        return Writing(**fields)
    except TypeError:
        raise CannotWriteError("unknown field in the body") from None


def _attachment(encoded: object, content_type: str, name: str) -> Attachment:
    try:
        data = base64.b64decode(str(encoded), validate=True)
    except binascii.Error:
        raise CannotWriteError("data must be base64") from None
    if len(data) > LIMIT_BYTES:
        raise CannotWriteError("a file may have 5 MB at most")
    return Attachment(content_type=content_type or "application/octet-stream", name=name, data=data)


async def _from_form(request: web.Request) -> Writing:
    form = await request.post()
    file = form.get("file")
    if not isinstance(file, web.FileField):
        raise CannotWriteError("the form must have a file")
    data = file.file.read()
    if len(data) > LIMIT_BYTES:
        raise CannotWriteError("a file may have 5 MB at most")
    kind = str(form.get("kind") or ("photo" if file.content_type.startswith("image/") else "document"))
    attachment = Attachment(content_type=file.content_type, name=file.filename, data=data)
    return Writing(kind=kind, text=str(form.get("caption", "")), attachment=attachment)
