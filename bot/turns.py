"""Reading one turn of a dialogue out of a tracker's events.

The answer to a message is never kept apart from the tracker: it is read from the events themselves, so the first
answer and every repetition of it come from the same place, in any process, after any restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.shared.core.events import ActiveLoop, BotUttered, Event, UserUttered

Answer = dict[str, Any]


def answer_to(message_id: str, events: Sequence[Event]) -> Answer | None:
    """What was answered to a message; None where the events do not hold it.

    ``{"replies": [{"text", "buttons": [{"title", "payload"}]}], "intent": {"name", "confidence"},
    "commands": [{"name", ...}], "form": "report_form" | None}``
    """
    start = next((i for i, e in enumerate(events) if isinstance(e, UserUttered) and e.message_id == message_id), None)
    if start is None:
        return None
    message = events[start]
    assert isinstance(message, UserUttered)
    end = next((i for i in range(start + 1, len(events)) if isinstance(events[i], UserUttered)), len(events))
    uttered = [event for event in events[start:end] if isinstance(event, BotUttered)]
    return {
        "replies": [_reply(event) for event in uttered if event.text],
        "intent": {
            "name": message.intent.get("name"),
            "confidence": float(message.intent.get("confidence") or 0.0),
        },
        "commands": [command for event in uttered if (command := _command(event))],
        "form": _form(events[:end]),
    }


def _reply(event: BotUttered) -> dict[str, Any]:
    buttons = event.data.get("buttons") or []
    return {"text": event.text, "buttons": [{"title": b["title"], "payload": b["payload"]} for b in buttons]}


def _command(event: BotUttered) -> dict[str, Any] | None:
    custom = event.data.get("custom")
    command = custom.get("command") if isinstance(custom, dict) else None
    return command if isinstance(command, dict) else None


def _form(events: Sequence[Event]) -> str | None:
    return next((event.name for event in reversed(events) if isinstance(event, ActiveLoop)), None)
