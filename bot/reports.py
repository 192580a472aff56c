"""A report that its teller left open, found when the person writes again after the session has ended."""

from __future__ import annotations

from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.events import ActiveLoop, BotUttered, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

FORM = "report_form"
FIELDS = ("what", "where", "who", "now", "reply")


def unfinished_report(tracker: DialogueStateTracker) -> BotUttered | None:
    """The ``report`` command for what had been told; None where no report was open or nothing had been told."""
    if tracker.active_loop_name != FORM:
        return None
    told = {field: tracker.get_slot(f"report_{field}") for field in FIELDS}
    if not any(told.values()):
        return None
    return BotUttered(data={"custom": {"command": {"name": "report", **told, "complete": False}}})


def end_report(tracker: DialogueStateTracker) -> None:
    """Stop asking: a human has taken the conversation over, and what was told is in the thread that they read."""
    if tracker.active_loop_name != FORM:
        return
    tracker.update(ActiveLoop(None))
    for slot in (REQUESTED_SLOT, *(f"report_{field}" for field in FIELDS)):
        tracker.update(SlotSet(slot, None))
