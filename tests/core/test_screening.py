"""How a phrase is read: words in order within a sentence, harmless phrases, ages, quotes of the person's own words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.core.screening import LESS_SURE, LONGEST, SURE, Lexicon, Sign
from hotline.core.triage import Priority

SIGNS = [
    Sign("captive", "Held", "captivity", Priority.P1),
    Sign("child", "A child", "child", None),
]
LEXICON = Lexicon(
    SIGNS,
    {
        "en": {
            "captive": ["lock* me|us in", "!lock* me in my office"],
            "child": ["<age> years old", "child"],
        },
        "es": {"captive": ["encerrad*"]},
        "ar": {"captive": ["*محبوس*"], "child": ["عمري <age>"]},
        "zh": {"captive": ["锁 房间"], "child": ["<age>岁"]},
        "am": {"captive": ["ቆልፈውብ*"]},
    },
)


def _found(text: str, language: str = "en") -> dict[str, str]:
    return {finding.sign: finding.words for finding in LEXICON.find(text, language)}


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("He LOCKED me in!", "en", {"captive": "LOCKED me in"}),
        ("they lock us all in here", "en", {"captive": "lock us all in"}),  # one other word between
        ("lock me up and down in", "en", {}),  # three are too many
        ("I lost my lock. Me in trouble", "en", {}),  # another sentence
        ("he locks me in my office", "en", {}),  # a harmless phrase
        ("he locks me in my office. and he locks me in here", "en", {"captive": "locks me in"}),
        ("clock me in please", "en", {}),  # the start of a word counts
        ("ENCERRADA", "es", {"captive": "ENCERRADA"}),
        ("انا محبوسة هنا", "ar", {"captive": "محبوسة"}),
        ("他们把我锁在房间里", "zh", {"captive": "锁在房间"}),
        ("ቆልፈውብኛል", "am", {"captive": "ቆልፈውብኛል"}),
        ("I am 16 years old", "en", {"child": "16 years old"}),
        ("I am 17 years old", "en", {"child": "17 years old"}),
        ("I am 18 years old", "en", {}),
        ("I am 116 years old", "en", {}),
        ("عمري ١٥ سنة", "ar", {"child": "عمري ١٥"}),
        ("عمري ٢٥ سنة", "ar", {}),
        ("我15岁", "zh", {"child": "15岁"}),
        ("", "en", {}),
    ],
)
def test_a_phrase_is_found_where_it_is_meant(text: str, language: str, expected: dict[str, str]):
    assert _found(text, language) == expected


def test_a_phrase_of_another_language_counts_but_less():
    (mixed,) = LEXICON.find("hello, estoy encerrada", "en")
    (own,) = LEXICON.find("estoy encerrada", "es")
    assert (mixed.confidence, own.confidence) == (LESS_SURE, SURE)
    assert mixed.language == "es"


@settings(max_examples=300)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=80))
def test_any_text_can_be_screened_and_every_finding_quotes_it(text: str):
    for finding in LEXICON.find(text, "en"):
        assert finding.words
        assert finding.words in text


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(["lock", "me", "in", "my", "office", "child", "15", "years", "old", ".", "encerrada"]),
        max_size=14,
    )
)
def test_words_in_any_order_are_screened_and_quoted(words: list[str]):
    text = " ".join(words)
    assert all(finding.words in text for finding in LEXICON.find(text, "en"))


def test_a_text_of_absurd_length_is_screened_up_to_its_limit():
    assert _found("lock me in. " + "a " * 100_000) == {"captive": "lock me in"}
    assert _found("a " * LONGEST + "lock me in") == {}


@pytest.mark.parametrize(
    ("phrases", "part"),
    [
        ({"en": {"unheard_of": ["x"]}}, "unheard_of"),
        ({"en": {"captive": ["*"]}}, "en"),
        ({"en": {"captive": [""]}}, "en"),
    ],
)
def test_a_wrong_phrase_is_refused_when_the_data_are_read(phrases, part: str):
    with pytest.raises(ValueError, match=part):
        Lexicon(SIGNS, phrases)
