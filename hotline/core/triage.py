"""From findings to a priority, and why. Source of the scale: ``docs/screening.md``.

Priority rises by machine and falls only by a human.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotline.core.screening import Finding, Sign


class Priority(IntEnum):
    """How soon a human must answer; the smaller, the sooner."""

    P0 = 0  # life or limb now
    P1 = 1  # captive or serious harm
    P2 = 2  # exploitation signs, or needs a service
    P3 = 3  # information


ANSWER_WITHIN = {
    Priority.P0: timedelta(minutes=2),
    Priority.P1: timedelta(minutes=15),
    Priority.P2: timedelta(hours=4),
    Priority.P3: timedelta(hours=24),
}
"""Time to the first human reply while the helpline is staffed."""


class Reason:
    """Reasons to call a human that are not signs in the text; `REASON_LABELS` says each to the operator."""

    HELP = "help"
    ASKS_HUMAN = "asks_human"
    DANGER = "danger"
    REPORT = "report"
    BOT_UNAVAILABLE = "bot_unavailable"
    NOT_UNDERSTOOD = "not_understood"
    UNKNOWN_LANGUAGE = "unknown_language"
    MEDIA = "media"
    VOICE = "voice"
    LOCATION = "location"
    SHARED_CONTACT = "shared_contact"
    STOPPED = "stopped"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    UNDELIVERED = "undelivered"
    UNCONFIRMED = "unconfirmed"


REASON_LABELS = {
    Reason.HELP: "Wrote HELP",
    Reason.ASKS_HUMAN: "Asks for a person",
    Reason.DANGER: "Sounds like danger",
    Reason.REPORT: "Report",
    Reason.BOT_UNAVAILABLE: "The assistant could not answer",
    Reason.NOT_UNDERSTOOD: "The assistant did not understand",
    Reason.UNKNOWN_LANGUAGE: "Distress in a language we do not know",
    Reason.MEDIA: "Sent a picture or a file",
    Reason.VOICE: "Sent a voice message",
    Reason.LOCATION: "Sent a location",
    Reason.SHARED_CONTACT: "Sent a contact",
    Reason.STOPPED: "Wrote STOP in mid-conversation",
    Reason.RETURNED: "Came back: the operator was silent",
    Reason.TRANSFERRED: "Passed on by a colleague",
    Reason.UNDELIVERED: "Our answer did not arrive",
    Reason.UNCONFIRMED: "Unclear whether our answer arrived",
    "child_and_exploitation": "A child and exploitation",
    "child_and_captivity": "A child held",
    "child_and_danger": "A child in danger",
    "child_at_risk": "A child, and it sounds like harm",
    "several_signs": "Several signs",
}


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the assistant's classifier made of a message."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`priority` None: nothing calls for a human. `reasons` are ids: signs, combinations, `Reason`."""

    priority: Priority | None
    reasons: tuple[str, ...] = ()


NOTHING = Verdict(None)

# Intents that call for a human by themselves, with the least confidence that does.
_INTENTS = {
    "danger": (Priority.P1, Reason.DANGER, 0.5),
    "report": (Priority.P2, Reason.REPORT, 0.35),
    "ask_human": (Priority.P2, Reason.ASKS_HUMAN, 0.35),
}
_PERHAPS_DANGER = 0.3  # from here on it is worth a human's look, if not a quarter of an hour's
_SEVERAL = 3  # different signs of exploitation over the conversation: "several signs", at least P1


def judge(
    findings: Iterable["Finding"],
    signs: Mapping[str, "Sign"],
    understanding: Understanding | None = None,
    *,
    language_known: bool = True,
) -> Verdict:
    """The priority of all that is known of a conversation, and the ids of what raised it, gravest first."""
    raised: dict[str, Priority] = {}
    groups: dict[str, int] = {}
    for finding in findings:
        sign = signs.get(finding.sign)
        if sign is None:  # a sign that a newer lexicon no longer has
            continue
        groups[sign.group] = groups.get(sign.group, 0) + 1
        if sign.priority is not None:
            raised[sign.id] = sign.priority
        if sign.id == "distress" and not language_known:
            raised[Reason.UNKNOWN_LANGUAGE] = Priority.P1
    raised |= _combined(groups)
    if understanding and understanding.intent in _INTENTS:
        priority, reason, least = _INTENTS[understanding.intent]
        if understanding.confidence >= least:
            raised.setdefault(reason, priority)
            if "child" in groups and understanding.intent != "ask_human":
                raised["child_at_risk"] = Priority.P1
        elif understanding.intent == "danger" and understanding.confidence >= _PERHAPS_DANGER:
            raised.setdefault(reason, Priority.P2)
    if not raised:
        return NOTHING
    ordered = sorted(raised, key=lambda reason: raised[reason])
    return Verdict(raised[ordered[0]], tuple(ordered))


def _combined(groups: Mapping[str, int]) -> dict[str, Priority]:
    raised = {}
    if "child" in groups:
        # for a child the means are not needed: any exploitation, captivity or danger is enough
        for group in ("exploitation", "captivity", "danger"):
            if group in groups:
                raised[f"child_and_{group}"] = Priority.P0
    if groups.get("exploitation", 0) >= _SEVERAL:
        raised["several_signs"] = Priority.P1
    return raised
