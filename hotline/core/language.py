"""Which language a conversation is in: what was detected, against what is already known."""

from collections.abc import Collection
from dataclasses import dataclass

NAMES = {
    "am": "አማርኛ",
    "ar": "العربية",
    "en": "English",
    "es": "Español",
    "fa": "دری",
    "fr": "Français",
    "ps": "پښتو",
    "so": "Soomaali",
    "sw": "Kiswahili",
    "zh": "中文",
}
"""The languages that the assistant speaks, each by its own name."""

RIGHT_TO_LEFT = frozenset({"ar", "fa", "ps"})

SURE = 0.8  # from here on a single message may change the language of a conversation
_SHORT = 3  # words: below this only a clear script changes a language


@dataclass(frozen=True, slots=True)
class Guess:
    """What a detector says of one text: language (ISO 639-1) or None, confidence 0 to 1, number of words."""

    language: str | None
    confidence: float
    words: int
    by_script: bool = False  # the writing system alone decides it


@dataclass(frozen=True, slots=True)
class Settled:
    """The language to answer in; `known` is False where nothing we speak was recognised."""

    language: str
    known: bool


def settle(guess: Guess, memory: str | None, default: str, spoken: Collection[str], *, chosen: bool = False) -> Settled:
    """The language of a conversation after one more message.

    `memory` is the language so far; `chosen`: the person named it, then only another script changes it. A short text
    keeps the earlier language. A language that we do not speak keeps the earlier one and is told as not known.
    """
    if guess.language is None:
        return Settled(memory or default, known=guess.words == 0 or memory is not None)
    if guess.language not in spoken:
        return Settled(memory or default, known=guess.confidence < SURE and memory is not None)
    if memory is None or guess.language == memory:
        return Settled(guess.language, known=True)
    if guess.by_script:
        return Settled(guess.language, known=True)
    if chosen or guess.words < _SHORT or guess.confidence < SURE:
        return Settled(memory, known=True)
    return Settled(guess.language, known=True)
