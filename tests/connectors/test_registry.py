"""Which connectors there are, by the accounts that are set."""

from dataclasses import dataclass

import pytest
from provider_recordings import ACCOUNT_SID, AUTH_TOKEN, SMS_FROM, TELEGRAM_SECRET, TELEGRAM_TOKEN, twilio

from connectors.registry import build, by_channel
from hotline.core.message import Channel


@dataclass(frozen=True)
class Settings:
    public_url: str = "https://helpline.example/"
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = None
    twilio_sms_from: str | None = None
    twilio_whatsapp_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_api_url: str | None = None
    telegram_token: str | None = None
    telegram_secret: str | None = None
    telegram_api_url: str | None = None


TWILIO = {"twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN, "twilio_sms_from": SMS_FROM}
TELEGRAM = {"telegram_token": TELEGRAM_TOKEN, "telegram_secret": TELEGRAM_SECRET}


@pytest.mark.parametrize(
    ("accounts", "channels"),
    [
        ({}, {}),
        (TWILIO, {Channel.SMS: "twilio"}),
        (TELEGRAM, {Channel.TELEGRAM: "telegram"}),
        (TWILIO | TELEGRAM, {Channel.SMS: "twilio", Channel.TELEGRAM: "telegram"}),
        (
            TWILIO | {"twilio_messaging_service_sid": "MG1"},
            {Channel.SMS: "twilio", Channel.WHATSAPP: "twilio"},
        ),
    ],
)
def test_accounts_make_connectors(accounts, channels):
    found = by_channel(build(Settings(**accounts)))
    assert {channel: connector.name for channel, connector in found.items()} == channels


@pytest.mark.parametrize(
    "half",
    [TWILIO | {"twilio_auth_token": None}, TELEGRAM | {"telegram_secret": ""}, TWILIO | {"twilio_api_url": "sandbox"}],
)
def test_half_an_account_is_an_error_that_tells_no_secret(half):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are for people
        build(Settings(**half))
    assert AUTH_TOKEN not in str(caught.value)
    assert TELEGRAM_TOKEN not in str(caught.value)


def test_two_connectors_cannot_send_on_one_channel():
    with pytest.raises(ValueError, match="sms"):
        by_channel([twilio(whatsapp_from=None), twilio(whatsapp_from=None)])
