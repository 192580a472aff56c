"""Buttons on channels without buttons: numbered lists out, a number or a title typed back in."""

import re
import unicodedata
from collections.abc import Sequence

from hotline.core.message import Choice
from hotline.core.text import bare

ROOM = 300
"""Characters that a connector keeps free below its provider's limit for such a list."""


def numbered(text: str, choices: Sequence[Choice]) -> str:
    """`text` with its choices as a numbered list: "1 Yes", one to a line."""
    if not choices:
        return text
    lines = [f"{number} {choice.title}" for number, choice in enumerate(choices, 1)]
    return "\n".join([text, *lines])


def select(choices: Sequence[Choice], text: str) -> Choice | None:
    """The choice that a typed answer means: its number in any digits ("2", "2.", "٢", "፪", "二"), or its title."""
    answer = bare(text)
    if not choices or not answer:
        return None
    number = _number(answer)
    if number is not None:
        return choices[number - 1] if 1 <= number <= len(choices) else None
    return next((choice for choice in choices if bare(choice.title) == answer), None)


_KEYCAP = re.compile("[\ufe0f\u20e3]")


def _number(answer: str) -> int | None:
    """A whole number of one or two digits. Ethiopic and Chinese numerals are numeric, not decimal."""
    compact = _KEYCAP.sub("", answer).replace(" ", "")
    if compact.isdecimal() and len(compact) <= 2:  # noqa: PLR2004 -- no menu has a hundred lines
        return int(compact)
    if (len(compact) == 1 and not compact.isalpha()) or compact in {
        "一",
        "二",
        "三",
        "四",
        "五",
        "六",
        "七",
        "八",
        "九",
    }:
        value = unicodedata.numeric(compact, -1)
        return int(value) if value == int(value) and value > 0 else None
    return None
