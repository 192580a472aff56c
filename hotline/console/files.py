"""Attachments: shown only where a browser cannot be harmed by them, in a box without rights; else downloaded."""

import re

from aiohttp import web

from hotline.console.bubbles import bare_type, shape
from hotline.console.sessions import user_of
from hotline.keys import DESK

_BOX = "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; sandbox"
_ENDING = re.compile(r"[a-z0-9]{1,8}\Z")


async def show(request: web.Request) -> web.Response:
    """The bytes; that they were opened is in the audit log (`Desk.file`)."""
    own_id = request.match_info["id"]
    content_type, content = await request.config_dict[DESK].file(user_of(request), own_id)
    kind = bare_type(content_type)
    harmless = shape(kind) != "download"
    disposition = "inline" if harmless else "attachment"
    return web.Response(
        body=content,
        content_type=kind if harmless else "application/octet-stream",
        headers={
            "Content-Security-Policy": _BOX,
            "Content-Disposition": f'{disposition}; filename="attachment-{_short(own_id)}{_ending(kind)}"',
        },
    )


def _short(own_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", own_id)[-8:]


def _ending(kind: str) -> str:
    """A file ending where the type has a plain one; nothing that a system would run."""
    _, _, ending = kind.partition("/")
    known = kind.startswith(("image/", "audio/", "video/")) or kind == "application/pdf"
    return f".{ending}" if known and _ENDING.match(ending) else ""
