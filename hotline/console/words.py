"""The words of the interface for the values of the core. English is the msgid; templates pass each through ``_()``."""

from dataclasses import dataclass
from gettext import NullTranslations

from hotline.core.access import Role
from hotline.core.campaign import CampaignState
from hotline.core.conversation import State
from hotline.core.message import Author, Channel, Kind, Status
from hotline.core.triage import Priority

TRANSLATIONS = NullTranslations()
"""The catalogue of the interface; English until an office brings another."""

_ = TRANSLATIONS.gettext
ngettext = TRANSLATIONS.ngettext


def N_(text: str) -> str:  # noqa: N802 -- gettext's own name for "translate me later"
    """Mark a text for extraction; it is translated where it is shown."""
    return text


PRIORITIES = {
    Priority.P0: N_("Life at risk"),
    Priority.P1: N_("Serious harm"),
    Priority.P2: N_("Needs help"),
    Priority.P3: N_("Information"),
}

CHANNELS = {Channel.SMS: N_("SMS"), Channel.WHATSAPP: N_("WhatsApp"), Channel.TELEGRAM: N_("Telegram")}

STATES = {
    State.BOT: N_("With the assistant"),
    State.WAITING: N_("Waiting for a person"),
    State.OPERATOR: N_("With an operator"),
    State.CLOSED: N_("Closed"),
}

AUTHORS = {
    Author.CONTACT: N_("Person"),
    Author.BOT: N_("Assistant"),
    Author.SYSTEM: N_("Automatic notice"),
    Author.OPERATOR: N_("Operator"),
    Author.CAMPAIGN: N_("Safety message"),
}

KINDS = {
    Kind.CHOICE: N_("Tapped a button"),
    Kind.EDITED: N_("Changed an earlier message"),
    Kind.IMAGE: N_("Picture"),
    Kind.VOICE: N_("Voice message"),
    Kind.VIDEO: N_("Video"),
    Kind.DOCUMENT: N_("File"),
    Kind.STICKER: N_("Sticker"),
    Kind.LOCATION: N_("Location"),
    Kind.CONTACT: N_("Shared contact"),
    Kind.GROUP: N_("Written in a group: the text is not kept"),
    Kind.UNSUPPORTED: N_("A kind of message that cannot be shown"),
}


@dataclass(frozen=True, slots=True)
class Tick:
    """How a delivery status looks and reads."""

    icon: str
    word: str
    tone: str = ""  # a class: good, bad, unsure


TICKS = {
    Status.QUEUED: Tick("clock", N_("Queued")),
    Status.SENDING: Tick("clock", N_("Sending")),
    Status.UNCONFIRMED: Tick("unsure", N_("Not confirmed: it may or may not have arrived"), "unsure"),
    Status.SENT: Tick("tick", N_("Sent")),
    Status.DELIVERED: Tick("ticks", N_("Delivered")),
    Status.READ: Tick("ticks", N_("Read"), "good"),
    Status.FAILED: Tick("alert", N_("Not delivered"), "bad"),
    Status.CANCELLED: Tick("unsure", N_("Withdrawn before sending"), "unsure"),
}

OUTCOMES = {
    "helped": N_("Helped here"),
    "referred": N_("Referred to a service"),
    "no_answer": N_("No answer from the person"),
    "not_for_us": N_("Not for this helpline"),
    "other": N_("Something else"),
}

HISTORY = {
    "claim": N_("took the conversation"),
    "release": N_("gave it back to the assistant"),
    "close": N_("closed it"),
    "transfer": N_("passed it on"),
    "return": N_("was silent: it went back to the queue"),
    "looked into": N_("looked into it"),
    "file opened": N_("opened a file"),
}

ROLES = {
    Role.OPERATOR: N_("Operator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.CAMPAIGNS: N_("Campaign manager"),
    Role.ADMIN: N_("Administrator"),
}

CAMPAIGN_STATES = {
    CampaignState.DRAFT: N_("Draft"),
    CampaignState.SENDING: N_("Sending"),
    CampaignState.SENT: N_("Sent"),
    CampaignState.CANCELLED: N_("Cancelled"),
}

DONE = {
    "released": N_("Given back to the assistant. The person was told."),
    "closed": N_("Closed. The person was told, and may write again at any time."),
    "passed": N_("Passed on to your colleague."),
    "queued": N_("Back in the queue."),
    "empty": N_("Nobody is waiting right now."),
    "password": N_("Your new password is set."),
    "disabled": N_("The user is shut out; open sessions have ended."),
    "enabled": N_("The user may sign in again."),
    "cancelled": N_("Cancelled. What had not gone out yet is withdrawn."),
    "saved": N_("Draft saved. Nothing has been sent."),
}
"""What a page says after a change, by the word in its address."""
