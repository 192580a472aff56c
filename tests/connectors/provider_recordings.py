"""Recorded webhooks of each provider, and how each provider would sign them.

Numbers are of ranges reserved for drama (+44 7700 900xxx, +1 202 555 01xx); ids are made up.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from connectors.telegram_bot import TelegramBot
from connectors.twilio_messaging import TwilioMessaging
from hotline.core.message import WebhookRequest
from hotline.core.ports import Connector

ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
TELEGRAM_TOKEN = "4503599627370009:AAsecretsecretsecretsecretsecretsecr"
TELEGRAM_SECRET = "webhook-secret_of-the-test"
PUBLIC_URL = "https://helpline.example"
SMS_FROM = "+12025550143"
WHATSAPP_FROM = "whatsapp:+12025550144"

# What must never be seen in a log or an exception.
SECRETS = (AUTH_TOKEN, TELEGRAM_TOKEN, TELEGRAM_TOKEN.partition(":")[2], TELEGRAM_SECRET)

_FOLDER = Path(__file__).parent / "recordings"


def twilio(**changes: Any) -> TwilioMessaging:
    settings: dict[str, Any] = {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "sms_from": SMS_FROM,
        "whatsapp_from": WHATSAPP_FROM,
        "messaging_service_sid": None,
        "status_url": f"{PUBLIC_URL}/webhooks/twilio/status",
    }
    return TwilioMessaging(**settings | changes)


def telegram(**changes: Any) -> TelegramBot:
    return TelegramBot(**{"token": TELEGRAM_TOKEN, "secret": TELEGRAM_SECRET} | changes)


def sign_twilio(request: WebhookRequest, token: str = AUTH_TOKEN) -> WebhookRequest:
    """By Twilio's description, not by its SDK: URL, then each field's name and value in order of names, HMAC-SHA1."""
    fields = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    signed = request.url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return replace(request, headers={**request.headers, "x-twilio-signature": b64encode(digest).decode()})


def sign_telegram(request: WebhookRequest, secret: str = TELEGRAM_SECRET) -> WebhookRequest:
    return replace(request, headers={**request.headers, "x-telegram-bot-api-secret-token": secret})


@dataclass(frozen=True)
class Provider:
    """What the tests that hold for every connector need to know of one."""

    connector: Connector
    sign: Callable[..., WebhookRequest]
    header: str
    path: str
    content_type: str
    suffix: str

    @property
    def name(self) -> str:
        return self.connector.name

    def request(self, body: bytes, *, hook: str = "messages") -> WebhookRequest:
        """An unsigned request."""
        path, query = (f"{self.path}/status", {"id": "msg-1"}) if hook == "status" else (self.path, {})
        url = PUBLIC_URL + path + "".join(f"?{name}={value}" for name, value in query.items())
        return WebhookRequest(hook, url, {"content-type": self.content_type}, query, body)

    def recorded(self, name: str) -> WebhookRequest:
        """A recording, signed."""
        body = (_FOLDER / self.name / f"{name}{self.suffix}").read_bytes()
        return self.sign(self.request(body, hook="status" if name.startswith("status") else "messages"))

    def recordings(self) -> list[str]:
        return sorted(file.stem for file in (_FOLDER / self.name).iterdir())


TWILIO = Provider(
    twilio(),
    sign_twilio,
    "x-twilio-signature",
    "/webhooks/twilio",
    "application/x-www-form-urlencoded; charset=UTF-8",
    ".form",
)
TELEGRAM = Provider(
    telegram(),
    sign_telegram,
    "x-telegram-bot-api-secret-token",
    "/webhooks/telegram",
    "application/json",
    ".json",
)
PROVIDERS = (TWILIO, TELEGRAM)


def every_recording() -> Iterator[tuple[Provider, str]]:
    for provider in PROVIDERS:
        for name in provider.recordings():
            yield provider, name
