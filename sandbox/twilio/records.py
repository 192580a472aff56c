"""Twilio's Message and Content resources."""

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sandbox.storage import fields
from sandbox.twilio.errors import DELIVERY_ERRORS, TwilioError

API_VERSION = "2010-04-01"
FINAL = ("sent", "delivered", "undelivered", "failed", "read", "received", "canceled")
RANK = {"accepted": 0, "queued": 1, "sending": 2, "sent": 3, "undelivered": 4, "failed": 4, "delivered": 4, "read": 5}
_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")


def rfc2822(at: float | None) -> str | None:
    """A Unix time as the Messages resource writes it."""
    return None if at is None else format_datetime(datetime.fromtimestamp(at, UTC))


def iso8601(at: float) -> str:
    """A Unix time as the Content resource writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Message:
    """One message, either way. Times are Unix seconds; `media` are the ids of files it brought."""

    sid: str
    direction: str
    sender: str
    to: str
    body: str
    status: str
    segments: int
    messaging_service_sid: str | None = None
    error_code: int | None = None
    media: list[str] = field(default_factory=list)
    status_callback: str = ""
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    sent_at: float | None = None

    @property
    def is_whatsapp(self) -> bool:
        """Whether it travels by WhatsApp."""
        return self.to.startswith("whatsapp:")

    def advance(self, status: str, error_code: int | None) -> bool:
        """Move to a later status; False when the message is there already or beyond."""
        if RANK.get(status, 0) <= RANK.get(self.status, 0):
            return False
        self.status, self.error_code, self.updated_at = status, error_code, time.time()
        if status == "sent" and self.sent_at is None:
            self.sent_at = self.updated_at
        return True

    def view(self, account_sid: str) -> dict[str, Any]:
        """The resource as the API shows it."""
        uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{self.sid}"
        return {
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created_at),
            "date_sent": rfc2822(self.sent_at),
            "date_updated": rfc2822(self.updated_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": DELIVERY_ERRORS.get(self.error_code) if self.error_code else None,
            "from": self.sender or None,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": str(len(self.media)),
            "num_segments": str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


@dataclass(slots=True)
class Content:
    """One Content resource; `types` as it was created, `approval` once WhatsApp has been asked."""

    sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    approval: dict[str, Any] | None = None
    created_at: float = field(default_factory=time.time)

    def view(self, account_sid: str, origin: str) -> dict[str, Any]:
        """The resource as the API shows it."""
        url = f"{origin}/v1/Content/{self.sid}"
        shown = {k: v for k, v in fields(self).items() if k not in ("approval", "created_at")}
        return {
            **shown,
            "account_sid": account_sid,
            "date_created": iso8601(self.created_at),
            "date_updated": iso8601(self.created_at),
            "url": url,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }

    def render(self, variables: str) -> tuple[str, list[dict[str, str]], bool]:
        """(text, buttons, complete) with the values of `variables`, a JSON object; complete = none was missing.

        Raises TwilioError 21656 when `variables` is not an object of texts.
        """
        try:
            given = json.loads(variables or "{}")
        except ValueError:
            raise TwilioError(21656) from None
        if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
            raise TwilioError(21656)
        values = {**self.variables, **given}
        missing: list[str] = []

        def fill(text: str) -> str:
            missing.extend(name for name in _VARIABLE.findall(text) if name not in values)
            return _VARIABLE.sub(lambda m: values.get(m[1], m[0]), text)

        shape = self.types.get("twilio/quick-reply") or self.types.get("twilio/text") or {}
        text = fill(shape.get("body") or "")
        buttons = [
            {"title": fill(a["title"]), "payload": fill(a.get("id") or a["title"])} for a in shape.get("actions") or []
        ]
        return text, buttons, not missing

    @property
    def is_approved(self) -> bool:
        """Whether WhatsApp lets it through outside the 24-hour window."""
        return self.approval is not None and self.approval.get("status") == "approved"
