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

INTERACTIVE, CAMPAIGN = 0, 9
"""Priorities of the outbox; the smaller goes first: a campaign stands behind every answer to a person."""

MAX_ATTEMPTS = 24
_FIRST_DELAY = 2.0  # seconds; doubles with each attempt
_LONGEST_DELAY = 900.0  # seconds: all attempts span about four hours
_MOST_DOUBLINGS = 16  # far beyond the longest delay, and no number that grows for days

# What says nothing about the message: wrong or inactive credentials (Twilio's 20003 and 20005, a 401), too many
# requests. The message is kept until somebody has mended the settings, or until the rush is over.
_UNCOUNTED = frozenset({"20003", "20005", "401", "429", "20429"})


def merge(current: Status, reported: Status) -> Status:
    """The status after a report: the one that says more."""
    return reported if _RANK[reported] > _RANK[current] else current


def lower_than(status: Status) -> list[Status]:
    """The statuses that `status` may replace: the filter of a database update that never moves backwards."""
    return [other for other, rank in _RANK.items() if rank < _RANK[status]]


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at `at`. `counts`: this attempt is one of the `MAX_ATTEMPTS`."""

    at: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Fail:
    code: str
    stop_contact: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Perhaps accepted: ask the provider at `at`, and wait for its callback until then."""

    at: datetime


SETTLE_AFTER = timedelta(seconds=5)
LISTED_WITHIN = timedelta(seconds=60)
"""A message that a provider took is in its list by then."""
_LOOKS = 2  # into the list without finding it, before it counts as not taken
MAX_UNCLEAR = 3
"""Attempts of one message whose outcome nobody told; then a human decides."""


def next_attempt(error: SendError, attempts: int, now: datetime, uncounted: int = 0) -> Retry | Fail | Settle:
    """What follows a failed attempt. `attempts` are those made, this one included; `uncounted` of them do not count."""
    if error.fate is Fate.AMBIGUOUS:
        return Settle(now + SETTLE_AFTER)
    if error.fate is Fate.STOP_CONTACT:
        return Fail(error.code, stop_contact=True)
    counts = error.code not in _UNCOUNTED
    if error.fate is Fate.GIVE_UP or (counts and attempts - uncounted >= MAX_ATTEMPTS):
        return Fail(error.code)
    return Retry(now + max(_pause(attempts), timedelta(seconds=error.retry_after or 0.0)), counts)


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(_FIRST_DELAY * 2 ** min(attempts - 1, _MOST_DOUBLINGS), _LONGEST_DELAY))


def not_listed(attempted_at: datetime, looks: int, unclear: int, attempts: int, now: datetime) -> Retry | Fail | Settle:
    """What follows when the provider does not list an attempt, asked for the `looks`-th time.

    `unclear` are the message's attempts with an unknown outcome, `attempts` those that count, both with this one.
    A list may lag behind, so one empty answer, or an early one, does not say that the message was not taken.
    """
    if looks < _LOOKS or now - attempted_at < LISTED_WITHIN:
        return Settle(max(attempted_at + LISTED_WITHIN, now + SETTLE_AFTER))
    if unclear >= MAX_UNCLEAR or attempts >= MAX_ATTEMPTS:
        return Fail("unclear")
    return Retry(now + _pause(attempts))


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
