"""Choices where there are no buttons: a list that is answered with a number."""

from hotline.core.message import Outbound

ROOM = 300
"""Characters that a connector keeps free below its provider's limit for hint and list."""


def numbered(message: Outbound) -> str:
    """The text, then the hint, then one line per choice: "1 Yes"."""
    if not message.choices:
        return message.text
    lines = [f"{number} {choice.title}" for number, choice in enumerate(message.choices, start=1)]
    return "\n".join([message.text, *([message.hint] if message.hint else []), *lines])
