"""Which connectors there are, by the accounts that are set."""

from collections.abc import Iterable
from typing import Protocol

from connectors.telegram_bot import TelegramBot
from connectors.twilio_messaging import TwilioMessaging
from hotline.core.message import Channel
from hotline.core.ports import Connector


class Accounts(Protocol):
    """The settings that name provider accounts; None or empty means not set."""

    @property
    def public_url(self) -> str: ...
    @property
    def twilio_account_sid(self) -> str | None: ...
    @property
    def twilio_auth_token(self) -> str | None: ...
    @property
    def twilio_sms_from(self) -> str | None: ...
    @property
    def twilio_whatsapp_from(self) -> str | None: ...
    @property
    def twilio_messaging_service_sid(self) -> str | None: ...
    @property
    def twilio_api_url(self) -> str | None: ...
    @property
    def telegram_token(self) -> str | None: ...
    @property
    def telegram_secret(self) -> str | None: ...
    @property
    def telegram_api_url(self) -> str | None: ...


def build(settings: Accounts) -> tuple[Connector, ...]:
    """A connector per account. Raise ValueError where an account is set by half."""
    connectors: list[Connector] = []
    if settings.twilio_account_sid:
        connectors.append(
            TwilioMessaging(
                account_sid=settings.twilio_account_sid,
                auth_token=settings.twilio_auth_token or "",
                sms_from=settings.twilio_sms_from,
                whatsapp_from=settings.twilio_whatsapp_from,
                messaging_service_sid=settings.twilio_messaging_service_sid,
                status_url=f"{settings.public_url.rstrip('/')}/webhooks/twilio/status",
                api_url=settings.twilio_api_url,
            )
        )
    if settings.telegram_token:
        connectors.append(
            TelegramBot(
                token=settings.telegram_token,
                secret=settings.telegram_secret or "",
                api_url=settings.telegram_api_url,
            )
        )
    return tuple(connectors)


def by_channel(connectors: Iterable[Connector]) -> dict[Channel, Connector]:
    """The connector that sends on each channel. Raise ValueError where two want the same."""
    found: dict[Channel, Connector] = {}
    for connector in connectors:
        for channel in connector.channels:
            if channel in found:
                raise ValueError(f"both {found[channel].name} and {connector.name} send on {channel}")
            found[channel] = connector
    return found
