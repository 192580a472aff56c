"""Training the assistant, and trying it against written conversations."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import tempfile
import time
from pathlib import Path

from bot.environment import MODELS, ROOT

MODEL_NAME = "assistant"
# nlu/ also holds files that are not Rasa's: keywords.yml, indicators.yml, indicators/
_LANGUAGE_FILE = re.compile(r"[a-z]{2,3}\.yml")


class NothingToLearn(RuntimeError):
    """There is no training data; the sentence says where it belongs."""


def data_files() -> list[Path]:
    """The examples of every language, and the rules, in a fixed order."""
    languages = [path for path in (ROOT / "nlu").glob("*.yml") if _LANGUAGE_FILE.fullmatch(path.name)]
    return [*sorted(languages), ROOT / "bot/rules.yml"]


def train() -> Path:
    """Train into ``models/assistant.tar.gz``, saying what is being done; what has not changed is not done again.

    Raises NothingToLearn, rasa.shared.exceptions.RasaException.
    """
    files = data_files()
    languages = [path.stem for path in files[:-1]]
    if not languages:
        raise NothingToLearn("No training data: nlu/<language>.yml is missing.")
    print(f"training the assistant in {len(languages)} languages: {' '.join(languages)}", flush=True)
    _tell_progress()
    began = time.monotonic()
    from rasa.model_training import train as rasa_train

    result = rasa_train(
        domain=str(ROOT / "bot/domain.yml"),
        config=str(ROOT / "config.yml"),
        training_files=[str(path) for path in files],
        output=str(MODELS),
        fixed_model_name=MODEL_NAME,
    )
    if result.code or not result.model:
        raise RuntimeError("training ended without a model")
    print(f"trained in {time.monotonic() - began:.0f} s: {Path(result.model).name}", flush=True)
    return Path(result.model)


def test(stories: Path | None = None) -> int:
    """Play the conversations of ``tests/bot/test_stories.yml`` against the newest model.

    Returns 0 if all went as written, else 1; what went otherwise is printed.

    Raises ModelMissing.
    """
    from rasa.core.agent import Agent
    from rasa.core.test import test as play

    from bot.server import newest_model

    stories = stories or ROOT / "tests/bot/test_stories.yml"
    agent = Agent.load(str(newest_model()))
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(play(str(stories), agent, out_directory=folder, e2e=True, disable_plotting=True))
        count = result["report"].get("conversation_accuracy", {"correct": 0, "total": 0})
        print(f"{count['correct']} of {count['total']} conversations went as written", flush=True)
        if count["correct"] == count["total"] > 0:
            return 0
        print((Path(folder) / "failed_test_stories.yml").read_text("utf-8"))
        return 1


def _tell_progress() -> None:
    """Rasa's own lines on what it trains, plainly: the repository's examples are nobody's messages."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("  %(message)s"))
    hooks = logging.getLogger("rasa.engine.training.hooks")
    hooks.setLevel(logging.INFO)
    hooks.addHandler(handler)
    hooks.propagate = False
