"""What can only be tested in the assistant's own Python: its units, and the written conversations."""

import subprocess

import pytest
from live_assistant import BOT_PYTHON, ROOT


def run(*arguments: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [BOT_PYTHON, "-m", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


def test_the_units(mongo_uri: str):
    """Trackers, texts, decisions: under Python 3.10, with Rasa."""
    folder = ROOT / "tests/bot/inside"
    environment = {"TEST_MONGODB_URI": mongo_uri, "HOME": "/none"}
    run("pytest", "-c", f"{folder}/pytest.ini", str(folder), environment=environment)


@pytest.mark.timeout(300)
def test_the_written_conversations(installation: dict[str, str]):
    """tests/bot/test_stories.yml, word for word, in several languages."""
    run("bot", "test", environment=installation)
