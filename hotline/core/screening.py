"""Signs in a person's words, found by rules alone: what each is, where it was said, how sure we are.

The data are ``nlu/indicators.yml`` (signs) and ``nlu/indicators/<language>.yml`` (phrases); ``docs/screening.md`` tells
how to write a phrase. Advisory only: a finding ranks the queue and explains itself, it never decides anything.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline.core.text import Folded, fold, normalise
from hotline.core.triage import Priority

_GAP = r"[^\w.!?؟።۔]+(?:\w+[^\w.!?؟።۔]+){0,2}?"  # up to two other words, within one sentence
_GAP_UNSPACED = r"[^.!?。！？\n]{0,6}?"
_UNSPACED = {"zh"}
_AFFIX = 24  # letters before or behind a starred word

SURE = 0.9  # a phrase in the language of the conversation
LONGEST = 4000  # characters that are screened: more is no message that a person typed
LESS_SURE = 0.7  # a phrase of another language: people mix languages, and words are shared between them


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing to look for. `priority` None: counts only together with others."""

    id: str
    label: str
    group: str
    priority: Priority | None
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A sign that was found: the very words that raised it and how sure that is, 0 to 1."""

    sign: str
    words: str
    language: str
    confidence: float


class _Phrase:
    """One phrase of one language, compiled when its rarest word is first met: thousands are never needed."""

    __slots__ = ("_compiled", "harmless", "language", "line", "sign")

    def __init__(self, sign: str, language: str, line: str) -> None:
        self.sign = sign
        self.language = language
        self.harmless = line.startswith("!")
        self.line = line.removeprefix("!")
        self._compiled: re.Pattern[str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(_pattern(self.line, self.language))
        return self._compiled


class Lexicon:
    """All phrases of all languages. `signs` by id; `find` is pure.

    Every phrase is filed under the letters of its most telling word, so that a text is compared with the few phrases
    whose word it holds instead of with all of them.
    """

    def __init__(self, signs: Iterable[Sign], phrases: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        """`phrases` is {language: {sign: [phrase, …]}}. Raise ValueError for an unknown sign or a bad phrase."""
        self.signs = {sign.id: sign for sign in signs}
        self._by_letters: dict[str, list[_Phrase]] = {}
        for language, by_sign in phrases.items():
            for sign, lines in by_sign.items():
                if sign not in self.signs:
                    raise ValueError(f"{language}: unknown sign {sign}")
                for line in lines:
                    phrase = _Phrase(sign, language, line)
                    for letters in _telling(phrase.line, language):
                        self._by_letters.setdefault(letters, []).append(phrase)

    def find(self, text: str, language: str | None) -> tuple[Finding, ...]:
        """Every sign in `text`, at most once each, the surest first. `language` is that of the conversation."""
        folded = fold(text[:LONGEST])
        met = {
            phrase: None
            for letters, phrases in self._by_letters.items()
            if letters in folded.normal
            for phrase in phrases
        }
        covered: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for phrase in met:
            if phrase.harmless:
                spans = [match.span() for match in phrase.pattern.finditer(folded.normal)]
                covered.setdefault((phrase.language, phrase.sign), []).extend(spans)
        best: dict[str, Finding] = {}
        for phrase in met:
            if phrase.harmless:
                continue
            span = _first(phrase, folded, covered.get((phrase.language, phrase.sign), ()))
            confidence = SURE if phrase.language == language else LESS_SURE
            known = best.get(phrase.sign)
            if span and (known is None or known.confidence < confidence):
                best[phrase.sign] = Finding(phrase.sign, folded.words(*span), phrase.language, confidence)
        return tuple(sorted(best.values(), key=lambda finding: -finding.confidence))


def _first(phrase: _Phrase, folded: Folded, covered: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The first match that touches no harmless phrase."""
    for match in phrase.pattern.finditer(folded.normal):
        start, end = match.span()
        if not any(low < end and start < high for low, high in covered):
            return start, end
    return None


def _telling(line: str, language: str) -> list[str]:
    """Letters of which at least one must be in a text that holds the phrase: the alternatives of its longest word."""
    slots = []
    for word in line.split():
        if "<age>" in word:
            parts = [normalise(part) for part in word.split("<age>", 1)]
            slots.append([max(parts, key=len)])
        else:
            slots.append([normalise(part.strip("*")) for part in word.split("|") if part])
    best = max(slots, key=lambda slot: min(map(len, slot), default=0), default=[""])
    if not all(best):
        raise ValueError(f"{language}: the phrase {line!r} needs a word")
    return best


def _pattern(line: str, language: str) -> str:
    """A phrase as a regular expression over normal form."""
    unspaced = language in _UNSPACED and not _is_latin(line)
    return (_GAP_UNSPACED if unspaced else _GAP).join(_word(word, unspaced=unspaced) for word in line.split())


_MINOR = r"(?<!\d)(?:1[0-7]|[1-9])(?!\d)"  # 1 to 17; \d covers the digits of every script, NFKC folds none of ours


def _word(word: str, *, unspaced: bool) -> str:
    if "<age>" in word:
        before, after = (re.escape(normalise(part)) for part in word.split("<age>", 1))
        return f"{before}{_minor()}{after}"
    alternatives = "|".join(_affixes(part, unspaced=unspaced) for part in word.split("|") if part)
    return f"(?:{alternatives})"


def _affixes(word: str, *, unspaced: bool) -> str:
    core = re.escape(normalise(word.strip("*")))
    if unspaced:
        return core
    # an affix is anchored and short: without that a key held down makes the search take minutes
    before = rf"(?<!\w)\w{{0,{_AFFIX}}}" if word.startswith("*") else r"(?<!\w)"
    after = rf"\w{{0,{_AFFIX}}}(?!\w)" if word.endswith("*") else r"(?!\w)"
    return f"{before}{core}{after}"


def _minor() -> str:
    """1 to 17 in the digits of every script that people here type."""
    scripts = [[unicodedata.lookup(f"{name} {digit}") for digit in _DIGITS] for name in _DIGIT_NAMES]
    tens = [_MINOR, *(f"(?:{ds[1]}[{ds[0]}-{ds[7]}]|[{ds[1]}-{ds[9]}])(?![{ds[0]}-{ds[9]}])" for ds in scripts)]
    return f"(?:{'|'.join(tens)})"


_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_DIGIT_NAMES = ("ARABIC-INDIC DIGIT", "EXTENDED ARABIC-INDIC DIGIT")


_LATIN_END = 0x250  # the first code point after the Latin blocks


def _is_latin(line: str) -> bool:
    """Whether a phrase is written in Latin letters only (as romanised Amharic is)."""
    return all(ord(char) < _LATIN_END for char in normalise(line) if char.isalpha())
