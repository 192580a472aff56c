"""The sandbox's state in one JSON file, so that a restart forgets nothing."""

import asyncio
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = 1
LEAST_PAUSE_SECONDS = 0.5
DUTY = 20  # pause at least this many times as long as the last save took, so that a load test is not spent on saving


def fields(record: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots, not copied deeply: `dataclasses.asdict` would hold a load test up.

    So values that are saved are replaced, never changed in place.
    """
    return {name: getattr(record, name) for name in record.__slots__}


def read(path: Path) -> dict[str, Any] | None:
    """The saved state; None when there is none.

    Raises ValueError, with what to do, when the file is not ours.
    """
    try:
        state = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{path} is not a sandbox state file: delete it to begin anew") from error
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise ValueError(f"{path} is from another version of the sandbox: delete it to begin anew")
    return state


def write(path: Path, state: dict[str, Any]) -> None:
    """Replace the file in one step; a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")  # made with mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": VERSION, **state}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Saver:
    """Writes the state a moment after it has changed, and once more at the end."""

    def __init__(self, path: Path, dump: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._dump = dump
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writing = threading.Lock()  # a cancelled save still ends in its thread, before the last one

    def touch(self) -> None:
        """Something has changed."""
        self._changed.set()

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Save for the last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._write(self._dump())

    def _write(self, state: dict[str, Any]) -> None:
        with self._writing:
            write(self._path, state)

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = time.monotonic()
            await asyncio.to_thread(self._write, self._dump())
            await asyncio.sleep(max(LEAST_PAUSE_SECONDS, DUTY * (time.monotonic() - began)))
