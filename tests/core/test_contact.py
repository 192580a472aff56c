"""What operators call a person, and ids that sort by time."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotline.core.contact import Contact, code
from hotline.core.ids import new_id
from hotline.core.message import Channel

PSEUDONYM = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(PSEUDONYM)
def test_a_code_is_six_letters_and_digits_that_are_not_mistaken_for_one_another(pseudonym: str):
    assert re.fullmatch(r"[A-HJKMNP-Z2-9]{3}-[A-HJKMNP-Z2-9]{3}", code(pseudonym))
    assert not set(code(pseudonym)) & set("IL01O")


@given(PSEUDONYM)
def test_a_person_keeps_the_same_code(pseudonym: str):
    assert Contact(pseudonym, Channel.SMS).code == code(pseudonym)


def test_ten_thousand_people_hardly_share_a_code():
    codes = {code(f"{number * 2654435761 % 2**128:032x}"[::-1]) for number in range(10_000)}
    assert len(codes) >= 9_990


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1)), st.integers(1, 10**9))  # noqa: DTZ001 -- made aware below
def test_later_ids_sort_after_earlier_ones(moment: datetime, later: int):
    moment = moment.replace(tzinfo=UTC)
    assert new_id("o", moment) < new_id("o", moment + timedelta(milliseconds=later))


def test_two_ids_of_the_same_moment_differ_and_fit_a_url():
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    ids = {new_id("k", moment) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"k[0-9a-f]{31}", one) for one in ids)


def test_somebody_is_stopped_from_the_moment_they_said_so():
    contact = Contact("0" * 32, Channel.SMS)
    assert not contact.stopped
    assert Contact("0" * 32, Channel.SMS, stopped_at=datetime(2026, 1, 1, tzinfo=UTC)).stopped
