"""Logging that cannot carry a person's words.

Rasa, rasa_sdk and their libraries put message text into log lines, warnings and exceptions. So a foreign record is
reduced to where it came from and the kinds of exception behind it; only the assistant's own loggers (``bot``,
``actions``), which are given ids and lengths alone, keep their wording.
"""

import logging
import sys
import traceback
import warnings
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

OWN = ("bot", "actions")
_MAX_FRAMES = 12


class PlaceFormatter(logging.Formatter):
    """``time level logger: message`` for our own records, ``time level logger: file:line function`` for all others."""

    def format(self, record: logging.LogRecord) -> str:
        own = record.name.split(".")[0] in OWN
        what = record.getMessage() if own else f"{record.filename}:{record.lineno} {record.funcName}"
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {what}"
        error = record.exc_info[1] if record.exc_info else None
        return f"{line} | {describe(error)}" if error else line


def describe(error: BaseException) -> str:
    """The kinds of an exception and of its causes, and where it was raised: never its message."""
    kinds, seen = [], set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return f"{' from '.join(kinds)} at {places or 'an unknown place'}"


def install(level: int = logging.INFO) -> None:
    """Route logging, structlog, warnings and uncaught exceptions of this process through the formatter.

    Our own records from ``level`` up, all others from WARNING.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlaceFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OWN:
        logging.getLogger(name).setLevel(level)
    # warnings quote what they are about and name no place of ours
    warnings.showwarning = _ignore
    logging.captureWarnings(False)
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda args: _uncaught(type(args.exc_value), args.exc_value, args.exc_traceback)
    _install_structlog()


def _ignore(*_: Any, **__: Any) -> None:
    """Drop a warning."""


def _uncaught(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("stopped by an error: %s", describe(error))


def _install_structlog() -> None:
    try:
        import structlog
    except ImportError:  # the action server may run without it
        return

    def event_only(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
        return str(event.get("event", ""))

    structlog.configure(
        processors=[event_only],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
