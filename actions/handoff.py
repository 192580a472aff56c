"""Bringing a person of the team in."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.commands import Reason, hand_off

Events = list[dict[str, Any]]


class Danger(Action):
    """Immediate danger: what can be said at once, and a person."""

    def name(self) -> str:
        return "action_danger"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(response="utter_danger")
        hand_off(dispatcher, Reason.DANGER)
        return []


class AskHuman(Action):
    """A wish for a person. No text: the gateway says whether somebody is there."""

    def name(self) -> str:
        return "action_ask_human"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        hand_off(dispatcher, Reason.ASKS_HUMAN)
        return []
