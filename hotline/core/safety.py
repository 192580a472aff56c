"""Words that act before any model and without the assistant. A keyword counts only as the whole message."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from hotline.core.text import bare


class Keyword(StrEnum):
    STOP = "stop"  # no more messages
    START = "start"  # messages again
    HELP = "help"  # a cry for help, never a request for a manual
    JOIN = "join"  # safety messages, please
    MENU = "menu"


# Where a word stands in two lists, the one that loses least wins: a cry for help before all, an order to stop last.
_ORDER = (Keyword.HELP, Keyword.START, Keyword.JOIN, Keyword.MENU, Keyword.STOP)


class Keywords:
    """The keyword lists of all languages: a person may write STOP or HELP in any of them."""

    def __init__(self, lists: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        """`lists` is {language: {keyword: [word, …]}}. Raise ValueError for an unknown keyword."""
        self._words: dict[str, Keyword] = {}
        for keyword in reversed(_ORDER):
            for by_keyword in lists.values():
                unknown = set(by_keyword) - set(Keyword)
                if unknown:
                    raise ValueError(f"unknown keywords: {sorted(unknown)}")
                for word in by_keyword.get(keyword, ()):
                    self._words[bare(str(word))] = keyword

    def find(self, text: str) -> Keyword | None:
        """The keyword that `text` is, as a whole; None for anything else."""
        return self._words.get(bare(text)) if len(text) <= 60 else None  # noqa: PLR2004 -- longer is no keyword
