"""A person as the rules see them."""

from dataclasses import dataclass
from datetime import datetime

from hotline.core.message import Channel


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as the rules see them: a pseudonym, no address."""

    id: str
    channel: Channel
    language: str | None = None
    stopped_at: datetime | None = None  # the person, or the provider, ended our messages
    opted_in_at: datetime | None = None  # asked for safety messages
    reporter: bool = False  # has reported or been flagged: never in a campaign
    last_seen: datetime | None = None

    @property
    def stopped(self) -> bool:
        return self.stopped_at is not None

    @property
    def answerable(self) -> bool:
        """Whether a human may write to them: whoever writes again after STOP can be answered, by nobody else."""
        return self.stopped_at is None or (self.last_seen is not None and self.last_seen > self.stopped_at)

    @property
    def code(self) -> str:
        """What operators call this person: six letters and digits of the pseudonym, easy to read aloud."""
        return code(self.id)


_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is mistaken for another


def code(pseudonym: str) -> str:
    """Short name of a pseudonym (hexadecimal), such as "K7Q-2MD": about one in 700 million."""
    value = int(pseudonym[:16], 16)
    letters = []
    for _ in range(6):
        value, index = divmod(value, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return f"{''.join(letters[:3])}-{''.join(letters[3:])}"
