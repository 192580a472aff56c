"""Notes that the processes of one installation leave for each other in ``<data dir>/run``."""

import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.environment import data_dir

TOKEN_BYTES = 32


def run_dir() -> Path:
    """The folder of notes, made with mode 700 where it is missing."""
    path = data_dir() / "run"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def publish(name: str, port: int) -> None:
    """Note under ``<name>.json`` that this process answers on ``port``; readers never see half a note."""
    _write(run_dir() / f"{name}.json", json.dumps({"port": port, "pid": os.getpid()}), os.replace)


def withdraw(name: str) -> None:
    """Remove this process's own note; one that a successor has written stays."""
    note = read(name)
    if note and note.get("pid") == os.getpid():
        (run_dir() / f"{name}.json").unlink(missing_ok=True)


def read(name: str) -> dict[str, Any] | None:
    """The note ``{"port", "pid"}`` of a process; None where there is none."""
    try:
        note = json.loads((data_dir() / "run" / f"{name}.json").read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return note if isinstance(note, dict) and isinstance(note.get("port"), int) else None


def rasa_token() -> str:
    """The bearer token between gateway and assistant: HOTLINE_RASA_TOKEN, else the installation's own.

    The file ``run/rasa.token`` is made by whichever process comes first; the others read it.

    Raises RuntimeError where the file stays empty.
    """
    if given := os.environ.get("HOTLINE_RASA_TOKEN"):
        return given
    path = run_dir() / "rasa.token"
    if not path.exists():
        with suppress(FileExistsError):  # another process was first
            _write(path, secrets.token_urlsafe(TOKEN_BYTES), os.link)
    for _ in range(20):
        if token := path.read_text("ascii").strip():
            return token
        time.sleep(0.1)  # made by a process that has not written to it yet
    raise RuntimeError(f"The token file {path} is empty: remove it and start again.")


def _write(path: Path, text: str, place: Callable[[Path, Path], object]) -> None:
    """Write a file of mode 600 whole and then put it in its place with ``os.replace`` or ``os.link``."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    try:
        place(draft, path)
    finally:
        draft.unlink(missing_ok=True)
