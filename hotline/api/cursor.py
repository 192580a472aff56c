"""The opaque cursor of a list: the key of the last item that was given, so that a page neither skips nor repeats."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta

from hotline.core.queueing import QueueKey
from hotline.core.triage import Priority

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursor(ValueError):
    """Not a cursor that we gave."""


def encode(key: QueueKey) -> str:
    """`key` as base64url without padding. Holds a priority, a time and a conversation's id, nothing of a person."""
    priority, since, conversation = key
    plain = json.dumps([int(priority), (since - _START) // _MICROSECOND, conversation], separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decode(cursor: str) -> QueueKey:
    """The key in a cursor; raise `BadCursor`."""
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        priority, since, conversation = json.loads(plain)
        if type(since) is not int or not isinstance(conversation, str):
            raise BadCursor
        return Priority(priority), _START + since * _MICROSECOND, conversation
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise BadCursor("not a cursor of this list") from None
