"""Buttons on channels without buttons: a list goes out, a number or a title comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.core.choices import numbered, select
from hotline.core.message import Choice

YES, NO, LATER = Choice("Yes", "/affirm"), Choice("No", "/deny"), Choice("Más tarde…", "/later")
THREE = (YES, NO, LATER)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1", YES), (" 2 ", NO), ("3.", LATER), ("(1)", YES), ("2)", NO), ("#3", LATER), ("02", NO),
        ("٢", NO), ("۲", NO), ("፪", NO), ("二", NO), ("２", NO), ("2️⃣", NO), ("②", NO), ("²", NO), ("1 .", YES),
        ("yes", YES), ("YES!", YES), ("no", NO), ("mas tarde", LATER), ("MÁS TARDE", LATER),
        ("0", None), ("4", None), ("99", None), ("-", None), ("", None), ("   ", None), ("½", None), ("十", None),
        ("1 2", None), ("1000000000000000000000", None), ("yes please", None), ("I have 2", None), ("maybe", None),
    ],
)  # fmt: skip
def test_a_typed_answer_selects_its_choice_or_none(answer: str, expected: Choice | None):
    assert select(THREE, answer) == expected


def test_without_an_open_question_a_number_is_just_text():
    assert select((), "1") is None


@given(
    st.lists(st.builds(Choice, st.text(min_size=1, max_size=20), st.text(max_size=5)), max_size=99), st.text(max_size=6)
)
def test_whatever_is_typed_the_answer_is_one_of_the_choices_or_none(choices: list[Choice], answer: str):
    chosen = select(choices, answer)
    assert chosen is None or chosen in choices


@given(
    st.lists(st.builds(Choice, st.text(min_size=1, max_size=20), st.uuids().map(str)), min_size=1, max_size=99),
    st.data(),
)
def test_the_number_shown_before_a_choice_selects_it(choices: list[Choice], data: st.DataObject):
    index = data.draw(st.integers(0, len(choices) - 1))
    assert select(choices, str(index + 1)) is choices[index]


def test_the_list_says_one_choice_to_a_line():
    assert numbered("How?", THREE) == "How?\n1 Yes\n2 No\n3 Más tarde…"
    assert numbered("Hello", ()) == "Hello"
