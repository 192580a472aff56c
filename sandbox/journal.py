"""What the gateway has asked the pretend providers, for tests to look at."""

import itertools
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

LIMIT = 5000


@dataclass(slots=True)
class Call:
    """One request of the gateway. `verb` is HTTP's, `method` the provider's name for what was asked."""

    n: int
    provider: str
    method: str
    verb: str
    path: str
    phone: str
    body: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    status: int | None = None


class Journal:
    """The newest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=LIMIT)
        self._numbers = itertools.count(1)

    def note(self, call: tuple[str, str, str], verb: str, path: str, body: dict[str, Any]) -> Call:
        """Write a call (provider, method, phone) down as it arrives; its status is filled in once it is answered."""
        provider, method, phone = call
        noted = Call(next(self._numbers), provider, method, verb, path, phone, body, time.time())
        self._calls.append(noted)
        return noted

    def view(self, wanted: dict[str, str]) -> dict[str, Any]:
        """`{"count", "requests"}` of the calls whose fields equal those wanted."""
        found = [asdict(c) for c in self._calls if all(str(getattr(c, k)) == v for k, v in wanted.items())]
        return {"count": len(found), "requests": found}

    def clear(self) -> None:
        """Forget the calls; numbering goes on."""
        self._calls.clear()
