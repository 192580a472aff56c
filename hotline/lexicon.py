"""Reads the rules' data from ``nlu/``: signs and their phrases, and the keywords."""

from pathlib import Path
from typing import Any

import yaml

from hotline.core.safety import Keywords
from hotline.core.screening import Lexicon, Sign
from hotline.core.triage import Priority


def load_lexicon(folder: Path) -> Lexicon:
    """Signs of ``indicators.yml``, phrases of every ``indicators/<language>.yml``. Raise ValueError if wrong."""
    phrases = {path.stem: _read(path) for path in sorted((folder / "indicators").glob("*.yml"))}
    return Lexicon(load_signs(folder), phrases)


def load_signs(folder: Path) -> list[Sign]:
    """The signs alone, for those who only name them."""
    data = _read(folder / "indicators.yml")["signs"]
    return [
        Sign(
            id=name,
            label=sign["label"],
            group=sign["group"],
            priority=None if sign["priority"] == "none" else Priority[sign["priority"]],
            indicators=tuple(sign.get("indicators", ())),
        )
        for name, sign in data.items()
    ]


def load_keywords(folder: Path) -> Keywords:
    return Keywords(_read(folder / "keywords.yml"))


def _read(path: Path) -> Any:
    # a keyword such as `no` or `0` must stay a word: the base loader makes everything text
    return yaml.load(path.read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 -- it builds strings only
