"""One normal form of text: any text can be read, and what is quoted are the person's own words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.core.text import bare, clean, fold, normalise

# every code point: lone surrogates, NUL, bidirectional marks, unassigned ones
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60) | st.text(
    st.sampled_from("aأ\u202e\u200c\u200f\x00\ud800\udfffée\u0301ﷺﬁ½٣፪🆘\ufe0f\u20e3ስሥ\n"), max_size=40
)


@given(ANY_TEXT)
def test_any_text_at_all_is_folded_without_error(text: str):
    folded = fold(text)
    assert folded.original == text
    assert folded.normal == normalise(text)
    assert len(folded.origin) == len(folded.normal)


@given(ANY_TEXT, st.data())
def test_a_quote_is_a_piece_of_the_original_that_means_the_matched_words(text: str, data: st.DataObject):
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded.normal)))
    end = data.draw(st.integers(start, len(folded.normal)))
    words = folded.words(start, end)
    assert words in text
    assert folded.normal[start:end] in normalise(words)


@given(ANY_TEXT)
def test_normal_form_is_stable(text: str):
    assert normalise(normalise(text)) == normalise(text)


@given(ANY_TEXT)
def test_what_is_kept_of_a_text_can_always_be_encoded_and_loses_only_what_cannot_be_seen(text: str):
    kept = clean(text)
    kept.encode("utf-8")
    assert "\x00" not in kept
    seen = [char for char in text if unicodedata.category(char) != "Cs" and char != "\x00"]
    assert [char for char in kept if char != "?"] == [char for char in seen if char != "?"]


@given(ANY_TEXT)
def test_the_bare_form_has_single_spaces_and_none_at_the_ends(text: str):
    assert bare(text) == " ".join(bare(text).split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HELP", "help"),
        ("ＨＥＬＰ", "help"),  # full width
        ("au sécours", "au secours"),
        ("année", "anne\u0301e"),  # composed and decomposed
        ("مُساعَدة", "مساعده"),  # vowel marks, ta marbuta
        ("أحمد", "احمد"),
        ("كتاب", "کتاب"),  # Arabic and Persian kaf
        ("ساعدوني", "ساعدونی"),
        ("h\u200bel\u00adp", "help"),  # zero-width space, soft hyphen
        ("\u202ehelp\u202c", "help"),  # bidirectional override
        ("don’t", "dont"),
        ("ሥራ", "ስራ"),  # Ethiopic letters of one sound
        ("ኃይል", "ሀይል"),
    ],
)
def test_ways_of_writing_the_same_word_are_one(one: str, other: str):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Stop!! ", "stop"),
        ("¡Ayuda!", "ayuda"),
        ("…", ""),
        ("/start", "/start"),
        ("🆘", "🆘"),
        ("s.o.s.", "s o s"),
        ("توقف.", "توقف"),
        ("救命！", "救命"),
        ("", ""),
    ],
)
def test_whole_messages_compare_without_punctuation(text: str, expected: str):
    assert bare(text) == expected


def test_the_words_of_a_match_keep_the_accents_and_marks_of_the_person():
    folded = fold("Il m'a frappée hier")
    start = folded.normal.index("frappee")
    assert folded.words(start, start + len("frappee")) == "frappée"
    assert folded.words(3, 3) == ""
