"""Sending as decisions: statuses only move forward, retries grow, long texts lose nothing."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.core.delivery import (
    MAX_ATTEMPTS,
    SETTLE_AFTER,
    Fail,
    Retry,
    Settle,
    lower_than,
    merge,
    next_attempt,
    split,
)
from hotline.core.errors import Fate, SendError
from hotline.core.message import Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATUSES = st.sampled_from(Status)


@given(STATUSES, STATUSES)
def test_the_same_report_twice_changes_nothing(current: Status, reported: Status):
    once = merge(current, reported)
    assert merge(once, reported) == once


@given(STATUSES, st.lists(STATUSES))
def test_a_status_never_goes_back(current: Status, reports: list[Status]):
    for report in reports:
        after = merge(current, report)
        assert after == current or current in lower_than(after)
        current = after


@given(STATUSES, STATUSES)
def test_the_database_update_and_the_rule_agree(current: Status, reported: Status):
    assert (current in lower_than(reported)) == (merge(current, reported) != current)


@given(st.permutations([Status.SENDING, Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ]))
def test_reports_in_any_order_end_in_the_one_that_says_most(reports: list[Status]):
    status = Status.QUEUED
    for report in reports:
        status = merge(status, report)
    assert status is Status.READ


@pytest.mark.parametrize(
    ("current", "reported", "expected"),
    [
        (Status.SENDING, Status.SENT, Status.SENT),
        (Status.DELIVERED, Status.SENT, Status.DELIVERED),  # the callback was faster than our own word
        (Status.UNCONFIRMED, Status.DELIVERED, Status.DELIVERED),
        (Status.SENT, Status.FAILED, Status.FAILED),
        (Status.FAILED, Status.SENT, Status.FAILED),
        (Status.FAILED, Status.DELIVERED, Status.DELIVERED),  # the handset's word beats the carrier's guess
        (Status.CANCELLED, Status.DELIVERED, Status.DELIVERED),
        (Status.READ, Status.DELIVERED, Status.READ),
    ],
)
def test_the_report_that_says_more_wins(current: Status, reported: Status, expected: Status):
    assert merge(current, reported) is expected


def _error(fate: Fate, retry_after: float | None = None) -> SendError:
    return SendError(fate, "code", retry_after)


@pytest.mark.parametrize(
    ("fate", "attempts", "retry_after", "expected"),
    [
        (Fate.RETRY, 1, None, Retry(NOW + timedelta(seconds=2))),
        (Fate.RETRY, 2, None, Retry(NOW + timedelta(seconds=4))),
        (Fate.RETRY, 5, None, Retry(NOW + timedelta(seconds=32))),
        (Fate.RETRY, 11, None, Retry(NOW + timedelta(seconds=900))),
        (Fate.RETRY, 1, 60.0, Retry(NOW + timedelta(seconds=60))),  # the provider's word
        (Fate.RETRY, 6, 1.0, Retry(NOW + timedelta(seconds=64))),  # but never sooner than our own patience
        (Fate.RETRY, MAX_ATTEMPTS, None, Fail("code")),
        (Fate.GIVE_UP, 1, None, Fail("code")),
        (Fate.STOP_CONTACT, 1, None, Fail("code", stop_contact=True)),
        (Fate.STOP_CONTACT, MAX_ATTEMPTS, None, Fail("code", stop_contact=True)),
        (Fate.AMBIGUOUS, 1, None, Settle(NOW + SETTLE_AFTER)),
        (Fate.AMBIGUOUS, MAX_ATTEMPTS, None, Settle(NOW + SETTLE_AFTER)),
    ],
)
def test_what_follows_a_failed_attempt(fate: Fate, attempts: int, retry_after: float | None, expected: object):
    assert next_attempt(_error(fate, retry_after), attempts, NOW) == expected


def test_pauses_grow_and_end_after_about_four_hours():
    decisions = [next_attempt(_error(Fate.RETRY), attempts, NOW) for attempts in range(1, MAX_ATTEMPTS + 1)]
    delays = [item.at - NOW for item in decisions if isinstance(item, Retry)]
    assert all(earlier <= later for earlier, later in pairwise(delays))
    assert isinstance(decisions[-1], Fail)
    assert timedelta(hours=3) < sum(delays, timedelta()) < timedelta(hours=5)


@given(st.text(max_size=400), st.integers(1, 80))
def test_a_split_text_fits_and_loses_nothing_but_white_space_at_the_cuts(text: str, limit: int):
    parts = split(text, limit)
    assert all(0 < len(part) <= limit and part == part.strip() for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


@given(st.text(max_size=200), st.integers(1, 80))
def test_the_parts_stand_in_the_text_in_order_and_between_them_is_only_white_space(text: str, limit: int):
    position = 0
    for part in split(text, limit):
        found = text.index(part, position)
        assert not text[position:found].strip()
        position = found + len(part)
    assert not text[position:].strip()


def test_a_text_that_fits_is_left_alone():
    assert split("Short.", 640) == ["Short."]
    assert split("", 640) == []
    assert split(" \n ", 640) == []


@pytest.mark.parametrize(
    ("text", "limit", "first"),
    [
        ("One sentence is here. Another follows it now.", 30, "One sentence is here."),
        ("لا توجد مشكلة هنا. جملة أخرى تأتي بعدها", 25, "لا توجد مشكلة هنا."),
        ("ሰላም ነው ወይ ዛሬ። ሌላ ዓረፍተ ነገር እዚህ አለ።", 20, "ሰላም ነው ወይ ዛሬ።"),
        ("你现在安全吗？如果安全请回复我们。", 10, "你现在安全吗？"),
        ("no sentence end, only a comma and words", 25, "no sentence end,"),
        ("words without any mark at all", 20, "words without any"),
        ("x" * 50, 20, "x" * 20),
    ],
)
def test_texts_are_cut_where_a_reader_would_pause(text: str, limit: int, first: str):
    assert split(text, limit)[0] == first
