"""Everything that a person reads: in every language, short, and without what must not be said."""

import re
from pathlib import Path

import phonenumbers
import pytest
import yaml
from babel.messages.pofile import read_po

from hotline.app import LOCALES, ROOT
from hotline.core.language import NAMES
from hotline.core.region import EMERGENCY_NUMBERS, emergency_number
from hotline.core.wording import Wording
from hotline.texts import Catalogues

LONGEST_TEXT = 300
LONGEST_TITLE = 20  # WhatsApp quick replies
CATALOGUES = Catalogues(LOCALES)
DOMAIN = yaml.safe_load((ROOT / "bot/domain.yml").read_text("utf-8"))
TITLES = sorted(
    {b["title"] for r in DOMAIN["responses"].values() for v in r for b in v.get("buttons", ())} | {"Yes", "No"}
)
SPOKEN = sorted(
    {v["text"] for r in DOMAIN["responses"].values() for v in r} | {str(w) for w in Wording} - {"Yes", "No"}
)
TRANSLATED = sorted(set(NAMES) - {"en"})
# "I will": nothing is promised that people may not be able to keep
FORBIDDEN = re.compile(
    r"traffick|\bslave|\bvictim|\brescue|\bsave you\b|"
    r"\bwe will (save|free|find|get you|come)|\bpromise you|\bguarantee|"
    r"\bsend (us )?(a |your )?(photo|picture|passport|papers|document)",
    re.IGNORECASE,
)
PLACEHOLDER = re.compile(r"\{[^}]*\}|%\([^)]*\)s|%s")


def test_every_language_that_the_assistant_speaks_has_a_catalogue():
    assert CATALOGUES.languages == set(NAMES)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str):
    missing = [text for text in (*SPOKEN, *TITLES) if not _catalogue(language).get(text)]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_just_the_english(language: str):
    same = [text for text in SPOKEN if CATALOGUES.get(language, text) == text]
    assert same == []


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_text_fits_two_short_messages(language: str):
    long = {text: len(said) for text in SPOKEN if len(said := CATALOGUES.get(language, text)) > LONGEST_TEXT}
    assert long == {}


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_button_fits_a_button_and_no_two_of_a_question_read_the_same(language: str):
    titles = {title: CATALOGUES.get(language, title) for title in TITLES}
    assert {title: said for title, said in titles.items() if not 0 < len(said) <= LONGEST_TITLE} == {}
    for response in DOMAIN["responses"].values():
        for variant in response:
            said = [titles[button["title"]] for button in variant.get("buttons", ())]
            assert len(set(said)) == len(said)


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_are_kept(language: str):
    changed = [
        text
        for text in (*SPOKEN, *TITLES)
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(CATALOGUES.get(language, text)))
    ]
    assert changed == []


@pytest.mark.parametrize("language", sorted(NAMES))
def test_the_words_to_write_are_words_that_work(language: str):
    """STOP, START and HELP stand in the texts as orders: they must not be translated into words that do nothing."""
    for text in SPOKEN:
        for word in ("STOP", "START", "HELP"):
            if re.search(rf"\b{word}\b", text):
                assert word in CATALOGUES.get(language, text), (language, text)


@pytest.mark.parametrize("text", [*SPOKEN, *TITLES])
def test_nothing_names_trafficking_or_promises_rescue(text: str):
    assert not FORBIDDEN.search(text), text


def test_only_the_emergency_text_has_something_filled_in():
    assert [text for text in SPOKEN if "{" in text] == [str(Wording.EMERGENCY)]
    assert PLACEHOLDER.findall(Wording.EMERGENCY) == ["{emergency}"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_one_that_translators_edit(language: str):
    differing = [text for text, said in _catalogue(language).items() if CATALOGUES.get(language, text) != said]
    assert differing == []


def test_a_machine_made_translation_is_known_as_not_reviewed():
    fuzzy = {language for language in TRANSLATED if any(message.fuzzy for message in _read(language) if message.id)}
    assert CATALOGUES.unreviewed == fuzzy


def test_an_unknown_language_or_text_reads_in_english(tmp_path: Path):
    assert CATALOGUES.get("xx", Wording.CLOSED) == Wording.CLOSED
    assert CATALOGUES.get("es", "never written") == "never written"
    assert Catalogues(tmp_path).languages == {"en"}


@pytest.mark.parametrize(("region", "number"), EMERGENCY_NUMBERS.items())
def test_the_emergency_number_reaches_the_emergency_services(region: str, number: str):
    assert phonenumbers.is_emergency_number(number, region)


@pytest.mark.parametrize("region", ["AF", "ER", "SO", "SD", "YE", "XX", ""])
def test_where_no_number_can_be_trusted_none_is_shown(region: str):
    assert emergency_number(region) is None


def _read(language: str):
    with (LOCALES / language / "LC_MESSAGES/hotline.po").open("rb") as file:
        return read_po(file, locale=language)


def _catalogue(language: str) -> dict[str, str]:
    return {message.id: message.string for message in _read(language) if isinstance(message.id, str) and message.id}
