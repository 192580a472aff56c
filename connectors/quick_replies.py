"""WhatsApp buttons through Twilio: a content template per set of choices, made when it is first needed."""

import asyncio
import hashlib
import json
import logging
from typing import Any

from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from connectors.twilio_client import UNREADABLE
from hotline.core.errors import SendError
from hotline.core.message import Choice, Outbound

# WhatsApp's limits for a message with buttons.
_MOST_CHOICES = 3
_LONGEST_TITLE = 20
_LONGEST_PAYLOAD = 200
_LONGEST_BODY = 1024

_PATIENCE = 5.0  # seconds for the Content API: buttons are not worth a late answer
_REST = 300.0  # seconds before a set of choices that failed is tried again
_MOST_TEMPLATES = 1000  # looked through for one that an earlier process made

# A template's language matters only to WhatsApp's approval, which nothing inside the 24-hour window needs; and WhatsApp
# has no code for Somali, Pashto, Amharic or Tigrinya.
_LANGUAGE = "en"

_logger = logging.getLogger(__name__)


class QuickReplies:
    """Finds or makes the template for a message's choices, and remembers it."""

    def __init__(self, client: Client) -> None:
        self._contents = client.content.v1.contents
        self._sids: dict[str, str] = {}
        self._failed: dict[str, float] = {}
        self._one_at_a_time = asyncio.Lock()

    async def find(self, message: Outbound) -> str | None:
        """The ContentSid that shows the choices as buttons, its one variable being the text; None where none can."""
        if not fits(message):
            return None
        name = _name(message.choices)
        if name in self._sids:
            return self._sids[name]
        try:
            async with asyncio.timeout(_PATIENCE):  # waiting for others included
                async with self._one_at_a_time:
                    return await self._find(name, message.choices)
        except TimeoutError:
            _logger.warning("no quick replies for now: it takes too long")
            return None

    def forget(self, message: Outbound) -> None:
        """The provider does not take the template of this message: rest before another is made."""
        name = _name(message.choices)
        self._sids.pop(name, None)
        self._failed[name] = asyncio.get_running_loop().time() + _REST

    async def _find(self, name: str, choices: tuple[Choice, ...]) -> str | None:
        if name in self._sids:  # made while we waited
            return self._sids[name]
        now = asyncio.get_running_loop().time()
        if now < self._failed.get(name, now):
            return None
        self._failed[name] = now + _REST  # also where our time ends before the answer comes
        try:
            self._sids[name] = await self._look_up(name) or await self._make(name, choices)
        except (SendError, *UNREADABLE) as error:
            _logger.warning("no quick replies for now: %s", error if isinstance(error, SendError) else type(error))
            return None
        del self._failed[name]
        return self._sids[name]

    async def _look_up(self, name: str) -> str | None:
        for content in await self._contents.list_async(limit=_MOST_TEMPLATES, page_size=100):
            if content.friendly_name == name:
                return str(content.sid)
        return None

    async def _make(self, name: str, choices: tuple[Choice, ...]) -> str:
        actions = [{"type": "QUICK_REPLY", "title": choice.title, "id": choice.payload} for choice in choices]
        request: dict[str, Any] = {
            "friendly_name": name,
            "language": _LANGUAGE,
            "variables": {"1": "…"},
            "types": ContentList.Types({"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}),
        }
        content = await self._contents.create_async(ContentList.ContentCreateRequest(request))
        if not content.sid:
            raise ValueError("content without sid")
        return str(content.sid)


def fits(message: Outbound) -> bool:
    """May this message have WhatsApp buttons? A variable holds no line break, tab or run of spaces."""
    return (
        0 < len(message.choices) <= _MOST_CHOICES
        and all(
            0 < len(choice.title) <= _LONGEST_TITLE and 0 < len(choice.payload) <= _LONGEST_PAYLOAD
            for choice in message.choices
        )
        and len({choice.title for choice in message.choices}) == len(message.choices)
        and len(message.text) <= _LONGEST_BODY
        and message.text == " ".join(message.text.split())
    )


def variables(message: Outbound) -> str:
    """The ContentVariables of a message sent with such a template."""
    return json.dumps({"1": message.text}, ensure_ascii=False)


def _name(choices: tuple[Choice, ...]) -> str:
    pairs = json.dumps([[choice.title, choice.payload] for choice in choices])
    return f"hotline_{hashlib.sha256(pairs.encode()).hexdigest()[:24]}"
