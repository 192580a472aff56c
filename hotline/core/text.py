"""One normal form of text for every rule, with the way back to the person's own words."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Letters that people type for one another; patterns and texts are folded the same way.
_FOLD = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ی", "ي": "ی", "ې": "ی", "ۍ": "ی", "ئ": "ی",
    "ة": "ه", "ۀ": "ه", "ك": "ک", "ګ": "گ", "ؤ": "و", "ـ": "",
    "\u200c": " ",  # zero-width non-joiner separates the parts of Persian words
    "'": "", "’": "", "‘": "", "`": "", "´": "", "ʼ": "", "ʻ": "",
    "ß": "ss", "ø": "o", "đ": "d", "ł": "l",
}  # fmt: skip

# Ethiopic letters of one sound, series of seven: Amharic writers choose freely among them.
_HOMOPHONES = ((0x1210, 0x1200), (0x1280, 0x1200), (0x1220, 0x1230), (0x12D0, 0x12A0), (0x1340, 0x1338))
_FOLD |= {chr(start + i): chr(base + i) for start, base in _HOMOPHONES for i in range(8)}
_FOLD |= {"ሃ": "ሀ", "ሓ": "ሀ", "ኃ": "ሀ", "ኣ": "አ", "ዓ": "አ"}


@lru_cache(maxsize=8192)
def _normal(char: str) -> str:
    if char in _FOLD:
        return _FOLD[char]
    category = unicodedata.category(char)
    if category in {"Cs", "Cn", "Co", "Cf"}:  # lone surrogates, unassigned, bidi marks, zero-width tricks
        return ""
    if category == "Cc":
        return " "
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    kept = "".join(_FOLD.get(c, c) for c in decomposed if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", kept)


_PREFIXES = {"می", "نمی"}  # of Persian verbs: written joined, apart, or with a zero-width non-joiner


def _pieces(text: str) -> list[str]:
    """The normal form of each character; the space behind a Persian verb's prefix is none."""
    pieces = []
    word = ""
    for char in text:
        piece = _normal(char)
        if piece == " " and word in _PREFIXES:
            piece = ""
        word = "" if piece.isspace() else word + piece
        pieces.append(piece)
    return pieces


def normalise(text: str) -> str:
    """Fold case, width, diacritics and letter variants; drop marks that nobody sees."""
    return "".join(_pieces(text))


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in normal form that can quote the original: `words(start, end)` of normal-form positions."""

    original: str
    normal: str
    origin: tuple[int, ...]  # for each normal-form character, the index of the character it came from

    def words(self, start: int, end: int) -> str:
        if start >= end:
            return ""
        return self.original[self.origin[start] : self.origin[end - 1] + 1]


def fold(text: str) -> Folded:
    pieces = _pieces(text)
    origin = tuple(index for index, piece in enumerate(pieces) for _ in piece)
    return Folded(text, "".join(pieces), origin)


def clean(text: str) -> str:
    """What we keep of a person's text: valid Unicode without NUL; everything that can be seen stays."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def bare(text: str) -> str:
    """Normal form without punctuation at the ends and with single spaces: for comparing whole messages."""
    normal = normalise(text)
    kept = "".join(c if c.isalnum() or unicodedata.category(c) == "So" or c == "/" else " " for c in normal)
    return " ".join(kept.split())
