"""One turn of the dialogue: understand, decide, answer, save once, or fail as a whole.

Rasa's own processor goes on when an action fails and answers with what is left; and its tracker store falls back to
memory when the database is away. Either would let a person's message vanish behind an ordinary answer. Here a turn
that cannot be completed raises, nothing of it is saved, and the same message can be sent again.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

from bot.reports import end_report, unfinished_report
from bot.turns import Answer, answer_to

# Rasa takes a text that begins with a slash for an order ("/restart"); from a person it is only a text
_ORDER = re.compile(r"^[\s/]+")
# what the classifier reads of a very long message
MAX_UNDERSTOOD = 2000
RANKED_INTENTS = 3
NOT_UNDERSTOOD = {"name": "nlu_fallback", "confidence": 0.0}
INTERNAL_INTENTS = frozenset({"restart", "back", "session_start", "nlu_fallback"})


class TurnFailed(RuntimeError):
    """A turn could not be completed; nothing was saved. The message names an action, never a text."""


class Dialogue(MessageProcessor):
    """Rasa's processor, made to answer completely or not at all."""

    def intents(self) -> frozenset[str]:
        """The intents that a button may stand for."""
        return frozenset(self.domain.intents) - INTERNAL_INTENTS

    def understand(self, text: str) -> dict[str, Any]:
        """``{"intent": {"name", "confidence"}, "intent_ranking", "entities", "text"}`` of a person's text."""
        plain = _ORDER.sub("", text)[:MAX_UNDERSTOOD]
        if not _says_something(plain):
            return {"text": text, "intent": dict(NOT_UNDERSTOOD), "intent_ranking": [], "entities": []}
        tracker = DialogueStateTracker.from_events("nobody", [])
        parsed = self._parse_message_with_graph(UserMessage(plain), tracker)
        ranking = [_intent(i) for i in parsed.get("intent_ranking", [])[:RANKED_INTENTS]]
        # only what is used later: the tracker is read and written with every message
        return {"text": text, "intent": _intent(parsed["intent"]), "intent_ranking": ranking, "entities": []}

    async def answer(self, message: UserMessage) -> Answer:
        """The answer to a message (see ``bot.turns.answer_to``); to one answered before, the same again.

        ``message`` carries its own output channel and, for a button, its ``parse_data``.

        Raises TurnFailed, TrackerConflict, TrackerUnreadable, pymongo.errors.PyMongoError.
        """
        tracker = await self.get_tracker(message.sender_id)
        if told := answer_to(message.message_id, list(tracker.events)):
            return told
        if message.parse_data is None:
            message.parse_data = self.understand(message.text or "")
        if message.metadata and message.metadata.get("in_report") is False:
            end_report(tracker)
        expired = unfinished_report(tracker) if self._has_session_expired(tracker) else None
        await self._update_tracker_session(tracker, message.output_channel)
        await self._handle_message_with_tracker(message, tracker)
        if expired is not None:
            tracker.update(expired, self.domain)
        tracker = await self.run_action_extract_slots(message.output_channel, tracker)
        await self._run_prediction_loop(message.output_channel, tracker)
        answer = answer_to(message.message_id, list(tracker.events))
        if answer is None or not (answer["replies"] or _hands_off(answer)):
            raise TurnFailed("a turn ended without a reply or a handoff")
        await self.save_tracker(tracker)
        return answer

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        watched = _Watched(action)
        again = await super()._run_action(watched, tracker, output_channel, nlg, prediction)
        if watched.error is not None:
            raise TurnFailed(f"{action.name()} failed") from watched.error
        return again


class _Watched(Action):
    """An action whose failure is remembered, since the processor goes on after it."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.error: Exception | None = None

    def name(self) -> str:
        return self._action.name()

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        try:
            return await self._action.run(output_channel, nlg, tracker, domain)
        except ActionExecutionRejection:
            raise  # a form that leaves the turn to a rule: part of the dialogue, not a failure
        except Exception as error:
            self.error = error
            raise

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Event:
        return self._action.event_for_successful_execution(prediction)


def user_message(
    sender: str,
    message_id: str,
    text: str,
    language: str,
    payload: str | None,
    channel: str,
    in_report: bool | None = None,
) -> UserMessage:
    """A person's message as Rasa takes it; ``payload`` is the intent that a chosen button stands for.

    ``in_report``: whether the gateway still takes a report; False ends one that a human has taken over, None says
    nothing.
    """
    chosen = None
    if payload is not None:
        intent = {"name": payload.lstrip("/"), "confidence": 1.0}
        chosen = {"text": text, "intent": intent, "intent_ranking": [intent], "entities": []}
    return UserMessage(
        text=text,
        output_channel=CollectingOutputChannel(),
        sender_id=sender,
        parse_data=chosen,
        input_channel=channel,
        message_id=message_id,
        metadata={"language": language, "button": payload is not None, "in_report": in_report},
    )


def _intent(found: dict[str, Any]) -> dict[str, Any]:
    return {"name": found.get("name"), "confidence": float(found.get("confidence") or 0.0)}


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit or a picture: the classifier would take an empty text for a "yes"."""
    return any(kind[0] in "LN" or kind == "So" for kind in map(unicodedata.category, text))


def _hands_off(answer: Answer) -> bool:
    return any(command.get("name") == "handoff" for command in answer["commands"])
