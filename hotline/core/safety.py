"""Words that act before any model and without the assistant. A keyword counts only as the whole message."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from hotline.core.language import Guess
from hotline.core.text import bare


class Keyword(StrEnum):
    STOP = "stop"  # no more messages
    START = "start"  # messages again
    HELP = "help"  # a cry for help, never a request for a manual
    HUMAN = "human"  # a person, please
    JOIN = "join"  # safety messages, please
    MENU = "menu"


# Where a word stands in two lists, the one that loses least wins: a cry for help before all, an order to stop last.
_ORDER = (Keyword.HELP, Keyword.HUMAN, Keyword.START, Keyword.JOIN, Keyword.MENU, Keyword.STOP)


class Keywords:
    """The keyword lists of all languages: a person may write STOP or HELP in any of them."""

    def __init__(self, lists: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        """`lists` is {language: {keyword: [word, …]}}. Raise ValueError for an unknown keyword."""
        self._words: dict[str, Keyword] = {}
        self._languages: dict[str, set[str]] = {}
        for keyword in reversed(_ORDER):
            for language, by_keyword in lists.items():
                unknown = set(by_keyword) - set(Keyword)
                if unknown:
                    raise ValueError(f"unknown keywords: {sorted(unknown)}")
                for word in by_keyword.get(keyword, ()):
                    self._words[bare(str(word))] = keyword
                    self._languages.setdefault(bare(str(word)), set()).add(language)

    def find(self, text: str) -> Keyword | None:
        """The keyword that `text` is, as a whole; None for anything else."""
        return self._words.get(bare(text)) if len(text) <= 60 else None  # noqa: PLR2004 -- longer is no keyword

    def guess(self, text: str, detect: Callable[[str], Guess]) -> Guess:
        """The language of `text`: of a keyword the one whose list holds it, of anything else what `detect` says.

        Letter statistics say nothing of one word: they take JOIN for French. A word of the list "any" has no language.
        """
        languages = self._languages.get(bare(text), set()) if self.find(text) else set()
        if "any" in languages:
            return Guess(None, 0.0, 0)
        if len(languages) == 1:
            return Guess(next(iter(languages)), 1.0, 1)
        return detect(text)
