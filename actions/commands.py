"""Commands: what the gateway is asked to do, returned as data beside the replies.

``{"name": "handoff", "reason": "asks_human" | "danger" | "not_understood"}``
``{"name": "report", "what", "where", "who", "now", "reply": str | None, "complete": bool}``
``{"name": "set_language", "language": "sw"}``
``{"name": "opt_out_hint"}`` the person wants no more messages, but has not written STOP
"""

from enum import Enum

from rasa_sdk.executor import CollectingDispatcher


class Reason(str, Enum):
    """Why a person from the team is asked for."""

    ASKS_HUMAN = "asks_human"
    DANGER = "danger"
    NOT_UNDERSTOOD = "not_understood"


def hand_off(dispatcher: CollectingDispatcher, reason: Reason) -> None:
    """Ask for a person of the team. What happens next is told by the gateway, which knows who is there."""
    _command(dispatcher, "handoff", reason=reason.value)


def file_report(dispatcher: CollectingDispatcher, told: dict[str, str | None], *, complete: bool) -> None:
    """Hand over a report: its fields as told, None for what was not asked or not answered."""
    _command(dispatcher, "report", **told, complete=complete)


def set_language(dispatcher: CollectingDispatcher, language: str) -> None:
    """Answer this person in a language from now on (ISO 639 code)."""
    _command(dispatcher, "set_language", language=language)


def hint_opt_out(dispatcher: CollectingDispatcher) -> None:
    """The person seems to want no more messages; only STOP itself ends them."""
    _command(dispatcher, "opt_out_hint")


def _command(dispatcher: CollectingDispatcher, name: str, **fields: str | bool | None) -> None:
    dispatcher.utter_message(json_message={"command": {"name": name, **fields}})
