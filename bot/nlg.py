"""What the assistant says, in the person's language.

A response's English text in the domain is the key into ``locales/<language>/LC_MESSAGES/hotline.mo``. Nothing is ever
filled in: a response has no placeholder, so a person's words cannot come back out of one.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.environment import ROOT

LOCALES = ROOT / "locales"
SOURCE_LANGUAGE = "en"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class CatalogueNLG(NaturalLanguageGenerator):
    """Looks a response up in the domain and translates its text and its buttons' titles; payloads stay."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        self._responses = domain.responses if domain else {}

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """The message ``{"text", "buttons"?}`` for a response; None where the domain has no such response.

        ``language=`` among the arguments wins over the language of the person's latest message.
        """
        variants = kwargs.get("domain_responses", {}).get(utter_action) or self._responses.get(utter_action)
        if not variants:
            return None
        said = sum(isinstance(e, BotUttered) and e.metadata.get("utter_action") == utter_action for e in tracker.events)
        # told once more, the next variant: the person asked again because the first was not enough
        variant = variants[said % len(variants)]
        translate = translator(kwargs.get("language") or language_of(tracker.events))
        message: dict[str, Any] = {"text": translate(variant["text"])}
        if buttons := variant.get("buttons"):
            message["buttons"] = [{"title": translate(b["title"]), "payload": b["payload"]} for b in buttons]
        return message


def language_of(events: Iterable[Event]) -> str:
    """The language to answer in: one chosen in this very turn, else the latest message's, else English."""
    for event in reversed(list(events)):
        if isinstance(event, SlotSet) and event.key == "language" and event.value:
            return str(event.value)
        if isinstance(event, UserUttered):
            return str(event.metadata.get("language") or SOURCE_LANGUAGE)
    return SOURCE_LANGUAGE


@lru_cache(maxsize=64)
def translator(language: str, locales: Path = LOCALES) -> Callable[[str], str]:
    """A function from English text to ``language``; to the same English text where no catalogue has it."""
    if not LANGUAGE.fullmatch(language):
        return str
    names = [language.replace("-", "_"), language.split("-", 1)[0]]
    catalogue = gettext.translation("hotline", locales, languages=names, fallback=True)
    return lambda text: catalogue.gettext(text) if text else text
