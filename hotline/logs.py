"""Logs as JSON lines of ids, lengths and kinds. Whatever could be a person's text or address does not get through."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

# Fields that our own code logs; anything else is dropped, so that a careless line cannot leak.
_FIELDS = frozenset({
    "event", "level", "timestamp", "process", "conversation", "message", "attachment", "provider", "outcome", "reason",
    "code", "fate", "error", "part", "loop", "gone", "count", "seconds", "listens_at", "version",
})  # fmt: skip


def setup(process: str) -> None:
    """Route everything to standard output; libraries only from WARNING on and without their text."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_known_fields,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    handler = _Quiet(process)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for chatty in ("httpx", "httpcore", "twilio", "telegram", "aiohttp.access", "pymongo", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def where(error: BaseException) -> str:
    """File and line that an exception comes from, for `part`: all of it that may be logged besides its kind."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _only_known_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in event.items() if name in _FIELDS}


class _Quiet(logging.Handler):
    """A library's warning may quote a request or a document: only where it came from and its kind are kept."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._log = structlog.get_logger(process=process)

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self._log.warning("library", part=f"{record.name}:{record.lineno}", error=kind)
