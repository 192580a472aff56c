"""`hotline triage` and `hotline detect`: what the gateway makes of a text, by code and model of live traffic."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable
from typing import Any, TextIO

from hotline import local, logs, vault
from hotline.app import LOCALES, NLU, ROOT, assistant_endpoint
from hotline.commands import database
from hotline.config import Settings
from hotline.core import language, triage
from hotline.core.errors import HotlineError
from hotline.core.language import NAMES
from hotline.core.safety import Keyword, Keywords
from hotline.core.screening import Lexicon
from hotline.core.triage import Reason, Understanding
from hotline.detect import LanguageDetector
from hotline.lexicon import load_keywords, load_lexicon
from hotline.rasa import RasaAssistant
from hotline.texts import Catalogues

_BATCH = 50
_CALLS = {Keyword.HELP: Reason.HELP, Keyword.HUMAN: Reason.ASKS_HUMAN}  # keywords that call a human
_STARTS_WITHIN = 180.0  # seconds for the assistant to load its model


def detect_lines(source: TextIO, out: TextIO) -> int:
    """{"id","text"} → {"id","language","confidence"}, a line each, in order."""
    detector = LanguageDetector()
    for item in _read(source):
        guess = detector.guess(item["text"])
        _write(out, {"id": item["id"], "language": guess.language, "confidence": round(guess.confidence, 3)})
    return 0


async def triage_lines(settings: Settings, source: TextIO, out: TextIO) -> int:
    """{"id","text","language"?} → what would happen to such a first message, a line each, in order."""
    logs.setup("triage")
    lexicon, keywords, detector = load_lexicon(NLU), load_keywords(NLU), LanguageDetector()
    spoken = frozenset(NAMES) & Catalogues(LOCALES).languages
    items = list(_read(source))
    async with assistant(settings) as rasa:
        for start in range(0, len(items), _BATCH):
            batch = items[start : start + _BATCH]
            known = await rasa.understand({str(index): item["text"] for index, item in enumerate(batch)})
            for index, item in enumerate(batch):
                _write(out, judge(item, known[str(index)], lexicon, keywords, detector, spoken))
    return 0


def judge(
    item: dict[str, Any],
    understanding: Understanding,
    lexicon: Lexicon,
    keywords: Keywords,
    detector: LanguageDetector,
    spoken: frozenset[str],
) -> dict[str, Any]:
    """One message by the rules of `hotline.inbox`, as a JSON object of INTERFACES."""
    text = item["text"]
    settled = language.settle(keywords.guess(text, detector.guess), item.get("language"), "en", spoken)
    findings = lexicon.find(text, settled.language)
    keyword = keywords.find(text)
    verdict = triage.judge(findings, lexicon.signs, None if keyword else understanding, language_known=settled.known)
    by_sign = {finding.sign: finding for finding in findings}
    reasons = [
        {
            "indicator": reason,
            "words": by_sign[reason].words if reason in by_sign else "",
            "confidence": by_sign[reason].confidence if reason in by_sign else round(understanding.confidence, 3),
        }
        for reason in verdict.reasons
    ]
    priority = verdict.priority
    if keyword in _CALLS:
        priority = triage.Priority.P2 if priority is None else min(priority, triage.Priority.P2)
        reasons.insert(0, {"indicator": _CALLS[keyword], "words": text.strip(), "confidence": 1.0})
    stop = keyword is Keyword.STOP
    return {
        "id": item["id"],
        "language": settled.language,
        "intent": understanding.intent,
        "confidence": round(understanding.confidence, 3),
        "flagged": priority is not None and not stop,
        "priority": None if priority is None or stop else priority.name,
        "reasons": [] if stop else reasons,
        "opt_out": stop,
        "child": "child" in by_sign or "child_alone" in by_sign,
    }


@contextlib.asynccontextmanager
async def assistant(settings: Settings) -> AsyncIterator[RasaAssistant]:
    """The assistant of this DATA_DIR: the one that runs, else one of our own for as long as the context lasts."""
    rasa = RasaAssistant(lambda: assistant_endpoint(settings))
    try:
        if settings.rasa_url or local.find(settings.data_dir, "rasa"):
            yield rasa
            return
        print("starting the assistant, about half a minute …", file=sys.stderr)  # noqa: T201 -- for the person waiting
        vault.create(settings.keyring_path)
        async with database(settings), _started(settings):
            yield rasa
    finally:
        await rasa.close()


@contextlib.asynccontextmanager
async def _started(settings: Settings) -> AsyncIterator[None]:
    environment = os.environ | {
        "HOTLINE_DATA_DIR": str(settings.data_dir.resolve()),
        "HOTLINE_KEYRING": str(settings.keyring_path.resolve()),
    }
    process = await asyncio.create_subprocess_exec(
        str(ROOT / ".venv-bot/bin/python"), "-m", "bot", cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        ready = asyncio.create_task(local.wait_for(settings.data_dir, "rasa", _STARTS_WITHIN))
        died = asyncio.create_task(process.wait())
        await asyncio.wait({ready, died}, return_when=asyncio.FIRST_COMPLETED)
        if died.done():
            raise HotlineError("the assistant did not start: run `make train`, then `make up` to see its messages")
        await ready
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _read(source: TextIO) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            yield {**item, "id": item["id"], "text": str(item.get("text") or "")}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise HotlineError(f'line {number} is not a JSON object with "id" and "text"') from None


def _write(out: TextIO, item: dict[str, Any]) -> None:
    out.write(json.dumps(item, ensure_ascii=False) + "\n")
    out.flush()
