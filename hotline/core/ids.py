"""Ids that sort by time."""

import secrets
from datetime import datetime


def new_id(prefix: str, now: datetime) -> str:
    """A fresh id: `prefix`, milliseconds since 1970 in hexadecimal, 80 random bits; never guessable."""
    return f"{prefix}{int(now.timestamp() * 1000):011x}{secrets.token_hex(10)}"
