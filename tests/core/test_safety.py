"""Keywords: whole messages only, in any language, whatever the case and punctuation."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hotline.app import NLU
from hotline.core.language import NAMES
from hotline.core.safety import Keyword, Keywords
from hotline.lexicon import load_keywords

KEYWORDS = load_keywords(NLU)
LISTS = yaml.load((NLU / "keywords.yml").read_text("utf-8"), yaml.CBaseLoader)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", Keyword.STOP),
        ("stop.", Keyword.STOP),
        (" Stop! ", Keyword.STOP),
        ("STOPALL", Keyword.STOP),
        ("Unsubscribe", Keyword.STOP),
        ("PARAR", Keyword.STOP),
        ("arrêt", Keyword.STOP),
        ("arret", Keyword.STOP),
        ("توقف", Keyword.STOP),
        ("إيقاف", Keyword.STOP),
        ("退订", Keyword.STOP),
        ("አቁም", Keyword.STOP),
        ("acha", Keyword.STOP),
        ("jooji", Keyword.STOP),
        ("بند کړه", Keyword.STOP),
        ("/stop", Keyword.STOP),
        ("START", Keyword.START),
        ("unstop", Keyword.START),
        ("comenzar", Keyword.START),
        ("HELP", Keyword.HELP),
        ("help me!!", Keyword.HELP),
        ("S.O.S", None),
        ("sos", Keyword.HELP),
        ("🆘", Keyword.HELP),
        ("ayúdame", Keyword.HELP),
        ("AYUDA!!!", Keyword.HELP),
        ("msaada", Keyword.HELP),
        ("النجدة", Keyword.HELP),
        ("救命", Keyword.HELP),
        ("救命！！", Keyword.HELP),
        ("እርዳታ", Keyword.HELP),
        ("کمک", Keyword.HELP),
        ("caawimo", Keyword.HELP),
        ("مرسته", Keyword.HELP),
        ("au secours", Keyword.HELP),
        ("JOIN", Keyword.JOIN),
        ("jiunge", Keyword.JOIN),
        ("menu", Keyword.MENU),
        ("0", Keyword.MENU),
        ("/start", Keyword.MENU),
        ("don't stop", None),
        ("they will not stop hitting me", None),
        ("I want to stop working here", None),
        ("please help my sister", None),
        ("hello", None),
        ("", None),
        ("stop " * 20, None),
    ],
)
def test_a_keyword_is_the_whole_message(text: str, expected: Keyword | None):
    assert KEYWORDS.find(text) == expected


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=80))
def test_any_text_can_be_looked_up(text: str):
    assert KEYWORDS.find(text) in {None, *Keyword}


@pytest.mark.parametrize("language", sorted(NAMES))
@pytest.mark.parametrize("keyword", [Keyword.STOP, Keyword.HELP, Keyword.JOIN, Keyword.START])
def test_every_language_has_a_word_of_its_own(language: str, keyword: Keyword):
    words = LISTS[language][keyword]
    assert words
    if keyword is Keyword.HELP:
        assert all(KEYWORDS.find(word) is Keyword.HELP for word in words), "a cry for help outranks all"


def test_a_word_in_two_lists_loses_least():
    keywords = Keywords({"xx": {"stop": ["aa"], "help": ["aa"]}, "yy": {"stop": ["bb"], "start": ["bb"]}})
    assert keywords.find("aa") is Keyword.HELP
    assert keywords.find("bb") is Keyword.START


def test_an_unknown_keyword_in_the_data_is_refused():
    with pytest.raises(ValueError, match="panic"):
        Keywords({"en": {"panic": ["now"]}})
