"""What is said: from the catalogue, in the person's language, with nothing of theirs in it."""

import asyncio
import gettext
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

import bot.nlg
from bot.nlg import CatalogueNLG, language_of, translator


@pytest.fixture
def locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of one language in which every text of the menu is marked."""
    catalogue = Catalog(locale="fr")
    catalogue.add("Is it safe for you to write now?", "Est-ce sûr ? {question}")
    catalogue.add("Yes", "Oui")
    folder = tmp_path / "fr/LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "hotline.mo").open("wb") as out:
        write_mo(out, catalogue)
    return tmp_path


def said(domain: Domain, response: str, language: str | None = "fr", *events) -> dict:
    metadata = {"language": language} if language else {}
    tracker = DialogueStateTracker.from_events("p", [UserUttered("hi", metadata=metadata), *events], domain.slots)
    return asyncio.run(CatalogueNLG(domain=domain).generate(response, tracker, "gateway"))


def test_translated_with_its_buttons(locales: Path):
    translate = translator("fr", locales)
    assert translate("Yes") == "Oui"
    assert translate("not in the catalogue") == "not in the catalogue"
    assert translate("") == "", "the empty msgid is the catalogue's header"


@pytest.mark.parametrize("language", ["xx", "", "../fr", "FR", "f" * 40])
def test_unknown_languages_are_english(locales: Path, language: str):
    assert translator(language, locales)("Yes") == "Yes"


@pytest.mark.parametrize("language", ["fr-CA", "fr-Latn-CA"])
def test_a_region_falls_back_to_its_language(locales: Path, language: str):
    assert translator(language, locales)("Yes") == "Oui"


def test_nothing_is_filled_in(domain: Domain, locales: Path, monkeypatch: pytest.MonkeyPatch):
    """Not even where a translation has braces by mistake: a slot holds a person's words."""
    monkeypatch.setattr(bot.nlg, "translator", lambda language: translator(language, locales))
    message = said(domain, "utter_ask_safe", "fr", SlotSet("question", "secret"))
    assert message["text"] == "Est-ce sûr ? {question}"
    assert [b["payload"] for b in message["buttons"]] == ["/affirm", "/deny"]
    assert message["buttons"][0]["title"] == "Oui"


def test_unknown_responses_are_none(domain: Domain):
    assert said(domain, "utter_nothing") is None


def test_no_language_is_english(domain: Domain):
    assert said(domain, "utter_thank", None)["text"] == domain.responses["utter_thank"][0]["text"]


def test_variants_take_turns(domain: Domain):
    first = said(domain, "utter_migration", "en")
    told = BotUttered(first["text"], metadata={"utter_action": "utter_migration"})
    assert said(domain, "utter_migration", "en", told) != first


def test_a_language_chosen_counts_for_its_own_turn():
    before, now = UserUttered("a", metadata={"language": "en"}), UserUttered("b", metadata={"language": "so"})
    assert language_of([before, SlotSet("language", "fr")]) == "fr"
    assert language_of([before, SlotSet("language", "fr"), now]) == "so"
    assert language_of([]) == "en"


def test_gettext_is_what_reads_them(locales: Path):
    assert gettext.find("hotline", locales, ["fr"])
