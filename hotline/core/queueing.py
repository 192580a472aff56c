"""The queue's order and its clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.core.conversation import Conversation
from hotline.core.triage import ANSWER_WITHIN

QueueKey = tuple[int, datetime, str]


def key(conversation: Conversation) -> QueueKey:
    """Most urgent first; among equals who has waited longest; then a stable order for paging."""
    assert conversation.waiting_since is not None, "only waiting conversations are in the queue"
    return (conversation.rank, conversation.waiting_since, conversation.id)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long somebody has waited and how that stands to what was promised."""

    waited: timedelta
    allowed: timedelta

    @property
    def overdue(self) -> bool:
        return self.waited > self.allowed


def wait(conversation: Conversation, now: datetime) -> Wait:
    return Wait(now - (conversation.waiting_since or now), ANSWER_WITHIN[conversation.rank])
