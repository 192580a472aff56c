"""An anonymous report: five short questions, or four where the first message has told what happens."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.commands import Reason, file_report, hand_off, hint_opt_out
from actions.conversation import change_language
from actions.questions import FIELDS, INFORMATION, Take, judge, tells
from actions.turns import asides, heard, times_said

Events = list[dict[str, Any]]

REQUESTED = "requested_slot"
SLOTS = {field: f"report_{field}" for field in FIELDS}


class ReportStart(Action):
    """Say how many questions come, and keep what has been told already."""

    def name(self) -> str:
        return "action_report_start"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        said = heard(tracker)
        told = said.text if not said.button and tells(said.text) else None
        dispatcher.utter_message(response="utter_report_start_told" if told else "utter_report_start")
        return [*_emptied(), SlotSet(SLOTS["what"], told), SlotSet(REQUESTED, None)]


class ValidateReportForm(Action):
    """Take, answer or turn away what was said to the form's question."""

    def name(self) -> str:
        return "validate_report_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        asked = tracker.get_slot(REQUESTED)
        field = next((field for field, slot in SLOTS.items() if slot == asked), None)
        if field is None:
            return []  # the form is only beginning: nothing was asked yet
        said = heard(tracker)
        taken = judge(field, said, times_said(tracker, f"utter_ask_{asked}"))
        events: Events = [SlotSet(asked, taken.value)]
        if taken.take is Take.INFORM:
            for response in INFORMATION[said.intent]:
                dispatcher.utter_message(response=response)
        elif taken.take is Take.LANGUAGE:
            events += change_language(dispatcher, said.text)
        elif taken.take in (Take.END, Take.END_TOLD):
            if taken.take is Take.END_TOLD and not said.button:
                what = None if field == "what" else tracker.get_slot(SLOTS["what"])
                events.append(SlotSet(SLOTS["what"], _joined(what, said.text)))
            events.append(SlotSet(REQUESTED, None))
        return events


class ReportDone(Action):
    """The questions have ended: file what was told, and say so or go on to what ended them."""

    def name(self) -> str:
        return "action_report_done"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        told = {field: tracker.get_slot(slot) for field, slot in SLOTS.items()}
        # what was told in words that looked like a question was answered as one: it is part of the report all the same
        told["what"] = _joined(*asides(tracker, f"utter_ask_{SLOTS['what']}", INFORMATION), told["what"])
        complete = all(told.values())
        filed = any(told.values())
        if filed:
            file_report(dispatcher, told, complete=complete)
        if complete:
            dispatcher.utter_message(response="utter_report_done")
        else:
            _stop(dispatcher, heard(tracker).intent, filed=filed)
        return _emptied()


def _stop(dispatcher: CollectingDispatcher, intent: str, *, filed: bool) -> None:
    """Go on to what broke the report off."""
    if intent == "danger":
        dispatcher.utter_message(response="utter_danger")
        hand_off(dispatcher, Reason.DANGER)
    elif intent == "ask_human":
        hand_off(dispatcher, Reason.ASKS_HUMAN)
    else:
        # "what you wrote is saved" is said only where something was written
        dispatcher.utter_message(response="utter_report_stopped" if filed else "utter_all_right")
        if intent == "opt_out":
            dispatcher.utter_message(response="utter_opt_out")
            hint_opt_out(dispatcher)
        elif intent == "goodbye" and filed:
            dispatcher.utter_message(response="utter_goodbye")


def _joined(*parts: str | None) -> str | None:
    return "\n".join(part for part in parts if part) or None


def _emptied() -> Events:
    return [SlotSet(slot, None) for slot in SLOTS.values()]
