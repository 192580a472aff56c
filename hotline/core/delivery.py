"""Sending as decisions: retry or not and when, how a status moves, how a long text is split."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.core.errors import Fate, SendError
from hotline.core.message import Status

# Order of knowledge about a message. Callbacks arrive in any order, so a report is merged by rank, never backwards;
# FAILED beats SENT, DELIVERED beats FAILED (a handset's word beats a carrier's guess).
_RANK = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.UNCONFIRMED: 2,
    Status.SENT: 3,
    Status.CANCELLED: 3,
    Status.FAILED: 4,
    Status.DELIVERED: 5,
    Status.READ: 6,
}

MAX_ATTEMPTS = 24
_FIRST_DELAY = 2.0  # seconds; doubles with each attempt
_LONGEST_DELAY = 900.0  # seconds: all attempts span about four hours


def merge(current: Status, reported: Status) -> Status:
    """The status after a report: the one that says more."""
    return reported if _RANK[reported] > _RANK[current] else current


def lower_than(status: Status) -> list[Status]:
    """The statuses that `status` may replace: the filter of a database update that never moves backwards."""
    return [other for other, rank in _RANK.items() if rank < _RANK[status]]


@dataclass(frozen=True, slots=True)
class Retry:
    at: datetime


@dataclass(frozen=True, slots=True)
class Fail:
    code: str
    stop_contact: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Perhaps accepted: ask the provider at `at`, and wait for its callback until then."""

    at: datetime


SETTLE_AFTER = timedelta(seconds=5)


def next_attempt(error: SendError, attempts: int, now: datetime) -> Retry | Fail | Settle:
    """What follows a failed attempt. `attempts` counts those made, this one included."""
    if error.fate is Fate.AMBIGUOUS:
        return Settle(now + SETTLE_AFTER)
    if error.fate is Fate.STOP_CONTACT:
        return Fail(error.code, stop_contact=True)
    if error.fate is Fate.GIVE_UP or attempts >= MAX_ATTEMPTS:
        return Fail(error.code)
    delay = min(_FIRST_DELAY * 2 ** (attempts - 1), _LONGEST_DELAY)
    return Retry(now + timedelta(seconds=max(delay, error.retry_after or 0.0)))


# Sentence ends of the scripts we serve (Latin, Arabic, Ethiopic, Chinese, Burmese, Khmer), then weaker places.
_BREAKS = (re.compile(r"[.!?؟።፧。！？။។]+[\s\u200f]*|\n+"), re.compile(r"[,;:،؛፣፤，；：၊][\s]*"), re.compile(r"\s+"))


def split(text: str, limit: int) -> list[str]:
    """Cut `text` into parts of at most `limit` characters, at sentence ends where there is one in the second half.

    Nothing is lost but white space at the cuts. An empty text has no parts.
    """
    parts = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    head = text[:limit]
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(head) if match.end() > limit // 2]
        if ends:
            return ends[-1]
    return limit
