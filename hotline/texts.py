"""The message catalogues under ``locales/``."""

import gettext
import re
from pathlib import Path

DOMAIN = "hotline"


class Catalogues:
    """All languages at once; English is the source and needs no catalogue."""

    def __init__(self, folder: Path) -> None:
        self._languages: dict[str, gettext.NullTranslations] = {}
        self.unreviewed: set[str] = set()
        for compiled in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
            language = compiled.parts[-3]
            with compiled.open("rb") as file:
                self._languages[language] = gettext.GNUTranslations(file)
            if _has_fuzzy(compiled.with_suffix(".po")):
                self.unreviewed.add(language)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en", *self._languages})

    def get(self, language: str, text: str) -> str:
        """`text` in `language`; the English where there is no translation."""
        catalogue = self._languages.get(language)
        return catalogue.gettext(text) if catalogue else text


def _has_fuzzy(source: Path) -> bool:
    """Whether some text is a machine's draft that no speaker has read."""
    return source.exists() and re.search(r"^#,.*\bfuzzy\b", source.read_text("utf-8"), re.MULTILINE) is not None
