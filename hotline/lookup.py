"""Finding the conversation of an address: a supervisor's tool, with a reason, in the audit log, a few times an hour."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

from hotline.core.access import Permission, User
from hotline.core.contact import code
from hotline.core.conversation import Conversation
from hotline.core.errors import HotlineError, NotFound
from hotline.core.message import Channel
from hotline.core.ports import AuditLog, Clock, ConversationStore

LIMIT = 30
"""Look-ups of one user within `WINDOW`: enough for a shift, too few to try out a list of numbers."""
WINDOW = timedelta(hours=1)


class TooManyLookups(HotlineError):
    """This user has looked up enough for now. `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"at most {LIMIT} addresses can be looked up in an hour")
        self.retry_after = retry_after


class Lookup:
    """From an address to a pseudonym; there is no way back, and the address is kept nowhere.

    `pseudonym` is the vault's: (channel, address) → the person's id. The limit is counted in this process.
    """

    def __init__(
        self,
        pseudonym: Callable[[Channel, str], str],
        conversations: ConversationStore,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._pseudonym = pseudonym
        self._conversations = conversations
        self._audit = audit
        self._clock = clock
        self._recent: dict[str, deque[datetime]] = {}

    async def find(self, user: User, channel: Channel, address: str, reason: str) -> tuple[str, str]:
        """(contact code, conversation id) of the person who writes from `address`, as the provider spells it.

        Raise `Forbidden`, `TooManyLookups`, or `NotFound` where nobody has written from there. The audit entry is
        written before anything is told, also where nobody is found; `reason` goes into its sealed note.
        """
        user.require(Permission.LOOK_UP)
        now = self._clock()
        self._count(user.name, now)
        conversation = await self._of(channel, address.strip())
        await self._audit.add(
            "lookup", user.name, now, conversation.id if conversation else None,
            channel=channel.value, found="yes" if conversation else "no", note=reason,
        )  # fmt: skip
        if conversation is None:
            raise NotFound("nobody has written to us from this address")
        return code(conversation.contact), conversation.id

    async def _of(self, channel: Channel, address: str) -> Conversation | None:
        """A WhatsApp number may be given with or without the provider's prefix."""
        found = await self._conversations.of_contact(self._pseudonym(channel, address))
        if found is None and channel is Channel.WHATSAPP and ":" not in address:
            return await self._conversations.of_contact(self._pseudonym(channel, f"whatsapp:{address}"))
        return found

    def _count(self, name: str, now: datetime) -> None:
        """Attempts count, whether they find somebody or not."""
        recent = self._recent.setdefault(name, deque())
        while recent and recent[0] <= now - WINDOW:
            recent.popleft()
        if len(recent) >= LIMIT:
            raise TooManyLookups(ceil((recent[0] + WINDOW - now).total_seconds()))
        recent.append(now)
