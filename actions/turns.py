"""What the tracker says about the turn at hand and the ones before it."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker

Event = dict[str, Any]


NEAR = 0.2
"""What an intent must at least have to be leant towards."""


@dataclass(frozen=True)
class Heard:
    """A person's latest message as understood; ``button`` where it was chosen, not typed."""

    text: str
    intent: str
    confidence: float
    button: bool
    language: str
    leaning: tuple[str, ...] = ()
    """Where nothing was understood: what it came nearest to, the nearest first."""

    def sure(self, enough: float) -> bool:
        """Whether the intent can be acted on: chosen, or understood with this confidence."""
        return self.button or self.confidence >= enough


def heard(tracker: Tracker) -> Heard:
    message = tracker.latest_message
    intent, metadata = message.get("intent") or {}, message.get("metadata") or {}
    return Heard(
        text=(message.get("text") or "").strip(),
        intent=intent.get("name") or "nlu_fallback",
        confidence=float(intent.get("confidence") or 0.0),
        button=bool(metadata.get("button")),
        language=metadata.get("language") or "en",
        leaning=tuple(
            ranked["name"]
            for ranked in message.get("intent_ranking") or ()
            if ranked.get("name") not in (None, "nlu_fallback") and (ranked.get("confidence") or 0.0) >= NEAR
        ),
    )


def open_question(tracker: Tracker) -> str | None:
    """The yes-or-no question asked in the turn just before this one; older ones are no longer open."""
    question = None
    for event in next(_turns_before(tracker.events), []):
        if event["event"] == "session_started":
            return None
        if event["event"] == "slot" and event.get("name") == "question":
            question = event.get("value")
    return question


def not_understood_in_a_row(tracker: Tracker) -> int:
    """How many turns just before this one were not understood either."""
    count = 0
    for turn in _turns_before(tracker.events):
        if not any(event["event"] == "action" and event.get("name") == "action_fallback" for event in turn):
            break
        count += 1
    return count


def times_said(tracker: Tracker, response: str) -> int:
    """How often a response was said since the active form began (or in all, where none is active)."""
    count = 0
    for event in reversed(tracker.events):
        if event["event"] == "active_loop" and event.get("name"):
            break
        if event["event"] == "bot" and (event.get("metadata") or {}).get("utter_action") == response:
            count += 1
    return count


def asides(tracker: Tracker, question: str, intents: Container[str]) -> list[str]:
    """What was typed to the active form's ``question`` (a response), before the latest message, with these intents."""
    typed: list[str] = []
    asked, messages = None, sum(event["event"] == "user" for event in tracker.events)
    for event in tracker.events:
        if event["event"] == "active_loop" and event.get("name"):
            asked, typed = None, []
        elif event["event"] == "bot" and (said := (event.get("metadata") or {}).get("utter_action")):
            asked = said if said.startswith("utter_ask_") else asked
        elif event["event"] == "user":
            messages -= 1
            parsed, metadata = event.get("parse_data") or {}, event.get("metadata") or {}
            text = (event.get("text") or "").strip()
            known = (parsed.get("intent") or {}).get("name") in intents and not metadata.get("button")
            if messages and text and known and asked == question:
                typed.append(text)
    return typed


def _turns_before(events: list[Event]) -> Iterator[list[Event]]:
    """The turns before the latest message, newest first; each a list of events in their order."""
    ends = [i for i, event in enumerate(events) if event["event"] == "user"]
    for start, end in zip(reversed(ends[:-1]), reversed(ends[1:]), strict=True):
        yield events[start:end]
