"""Errors that carry what the caller should do. None of them holds a person's text, name or address."""

from enum import Enum


class HotlineError(Exception):
    """Base of everything this project raises on purpose."""


class Refused(HotlineError):
    """A webhook with a wrong or missing signature or secret: 403, counted, nothing stored."""


class Malformed(HotlineError):
    """A webhook that is signed but makes no sense: 400."""


class Unavailable(HotlineError):
    """Something we depend on is away or too slow; try again later. `part` names it (database, assistant, …)."""

    def __init__(self, part: str) -> None:
        super().__init__(f"{part} is not available")
        self.part = part


class LeaseLost(HotlineError):
    """Another worker holds this conversation now: drop what was computed, write nothing."""


class Conflict(HotlineError):
    """The thing is in another state than the caller believed. `holder` is the user who has it, where one has."""

    def __init__(self, reason: str, holder: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.holder = holder


class NotFound(HotlineError):
    pass


class Forbidden(HotlineError):
    """The user's role does not allow it."""


class Undeliverable(HotlineError):
    """The channel cannot carry this message now (too long, contact stopped, …). `reason` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Fate(Enum):
    """What to do with a message that a provider did not take."""

    RETRY = "retry"  # not accepted; try again later
    GIVE_UP = "give up"  # not accepted; will never be
    STOP_CONTACT = "stop contact"  # the address wants or takes no more messages
    AMBIGUOUS = "ambiguous"  # perhaps accepted: settle it, never re-send blindly


class SendError(HotlineError):
    """A provider did not confirm a message.

    `code` is the provider's own code or a short word of ours ("timeout"); `retry_after` in seconds where the provider
    names it.
    """

    def __init__(self, fate: Fate, code: str, retry_after: float | None = None) -> None:
        super().__init__(f"{fate.value}: {code}")
        self.fate = fate
        self.code = code
        self.retry_after = retry_after


class FetchError(HotlineError):
    """An attachment could not be fetched. `gone`: it will never be."""

    def __init__(self, code: str, *, gone: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.gone = gone
