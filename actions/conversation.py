"""Greeting, yes and no, job offers, language, opt-out and what was not understood."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.commands import Reason, hand_off, hint_opt_out, set_language
from actions.languages import named_language
from actions.turns import heard, not_understood_in_a_row, open_question

Events = list[dict[str, Any]]

URGENT = frozenset({"danger", "ask_human", "report"})


class Greet(Action):
    """Say what this is, then ask whether it is safe to write."""

    def name(self) -> str:
        return "action_greet"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(response="utter_greet")
        return ask(dispatcher, "safe", "utter_ask_safe")


class Answer(Action):
    """Yes or no: to the question that is open, else to nothing in particular."""

    def name(self) -> str:
        return "action_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        yes = heard(tracker).intent == "affirm"
        question = open_question(tracker)
        if yes and question in ("job", "human"):
            hand_off(dispatcher, Reason.ASKS_HUMAN)
        elif yes:
            dispatcher.utter_message(response="utter_menu")
        else:
            dispatcher.utter_message(response="utter_safe_no" if question == "safe" else "utter_all_right")
        return [SlotSet("question", None)]


class JobOffer(Action):
    """How to check a job offer, and whether a person should look at it too."""

    def name(self) -> str:
        return "action_job_offer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(response="utter_job_offer")
        dispatcher.utter_message(response="utter_job_offer_signs")
        return ask(dispatcher, "job", "utter_job_offer_ask")


class ChangeLanguage(Action):
    """Acknowledge a wish for another language, in that language where the person has named one."""

    def name(self) -> str:
        return "action_change_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        return change_language(dispatcher, heard(tracker).text)


class OptOut(Action):
    """Say how to stop all messages: only the word itself does it, so that nobody is cut off by a mistake."""

    def name(self) -> str:
        return "action_opt_out"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(response="utter_opt_out")
        hint_opt_out(dispatcher)
        return []


class Fallback(Action):
    """Not understood: ask once for other words, then offer a person, then bring one.

    What may have been a cry for help is offered a person at once.
    """

    def name(self) -> str:
        return "action_fallback"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        before = not_understood_in_a_row(tracker)
        if before == 0 and not URGENT.isdisjoint(heard(tracker).leaning):
            return ask(dispatcher, "human", "utter_ask_human_again")
        if before == 0:
            dispatcher.utter_message(response="utter_fallback")
            return []
        if before == 1:
            dispatcher.utter_message(response="utter_fallback_again")
            return ask(dispatcher, "human", "utter_ask_human_again")
        hand_off(dispatcher, Reason.NOT_UNDERSTOOD)
        return []


def ask(dispatcher: CollectingDispatcher, question: str, response: str) -> Events:
    """Ask a yes-or-no question and remember which one is open."""
    dispatcher.utter_message(response=response)
    return [SlotSet("question", question)]


def change_language(dispatcher: CollectingDispatcher, text: str) -> Events:
    """Acknowledge; where a language is named, in it, and for the rest of this turn."""
    language = named_language(text)
    if language is None:
        dispatcher.utter_message(response="utter_language")
        return []
    set_language(dispatcher, language)
    dispatcher.utter_message(response="utter_language", language=language)
    return [SlotSet("language", language)]
