"""Awareness messages: who may get one, in which words, and how far it has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hotline.core.contact import Contact
from hotline.core.conversation import Conversation, State
from hotline.core.message import Channel


class CampaignState(StrEnum):
    DRAFT = "draft"  # being written; nothing is sent
    SENDING = "sending"  # the worker is putting messages into the outbox
    SENT = "sent"  # every message is in the outbox; delivery goes on
    CANCELLED = "cancelled"  # stopped by a manager: what was not yet sent is withdrawn


@dataclass(frozen=True, slots=True)
class Campaign:
    """One awareness message. `texts` is {language: text}; a language without text is not reached."""

    id: str
    title: str
    channel: Channel
    texts: dict[str, str]
    author: str
    created_at: datetime
    state: CampaignState = CampaignState.DRAFT
    started_at: datetime | None = None
    reached: int = 0  # messages put into the outbox


WHATSAPP_SESSION = timedelta(hours=24)
"""WhatsApp carries free text only this long after the person's last message."""


def may_receive(campaign: Campaign, contact: Contact, conversation: Conversation | None, now: datetime) -> bool:
    """Whether `contact` gets `campaign`: opted in, not stopped, never a reporter, no open conversation, right language.

    Checked when the audience is counted, when the message enters the outbox and once more just before it is sent.
    """
    return (
        contact.channel is campaign.channel
        and contact.language in campaign.texts
        and contact.opted_in_at is not None
        and not contact.stopped
        and not contact.reporter
        and not (conversation and is_open(conversation))
        and (contact.channel is not Channel.WHATSAPP or _in_session(contact, now))
    )


def is_open(conversation: Conversation) -> bool:
    """A conversation that an awareness message must not break into."""
    return (
        conversation.state in {State.WAITING, State.OPERATOR}
        or conversation.report_open
        or conversation.priority is not None
    )


def _in_session(contact: Contact, now: datetime) -> bool:
    return contact.last_seen is not None and now - contact.last_seen < WHATSAPP_SESSION
