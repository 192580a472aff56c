"""Twilio's calls to the gateway: signed forms, and how patient Twilio is."""

from collections.abc import Mapping
from uuid import uuid4

from twilio.request_validator import RequestValidator

from sandbox.gateway import Answer, Gateway, GatewayAwayError

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0

# E.164 prefix -> country, for the From… and To… fields; the longest that fits counts
COUNTRIES = {
    "+1": "US", "+20": "EG", "+211": "SS", "+212": "MA", "+216": "TN", "+218": "LY", "+221": "SN", "+223": "ML",
    "+225": "CI", "+227": "NE", "+234": "NG", "+249": "SD", "+250": "RW", "+251": "ET", "+252": "SO", "+253": "DJ",
    "+254": "KE", "+255": "TZ", "+256": "UG", "+257": "BI", "+27": "ZA", "+291": "ER", "+33": "FR", "+34": "ES",
    "+39": "IT", "+44": "GB", "+49": "DE", "+51": "PE", "+55": "BR", "+57": "CO", "+58": "VE", "+593": "EC",
    "+60": "MY", "+62": "ID", "+63": "PH", "+66": "TH", "+84": "VN", "+855": "KH", "+856": "LA", "+86": "CN",
    "+880": "BD", "+90": "TR", "+91": "IN", "+92": "PK", "+93": "AF", "+95": "MM", "+961": "LB", "+965": "KW",
    "+966": "SA", "+968": "OM", "+971": "AE", "+974": "QA", "+977": "NP", "+98": "IR",
}  # fmt: skip


def country(number: str) -> str:
    """The ISO country of an E.164 number; empty when it is not known."""
    return next((COUNTRIES[number[:size]] for size in (4, 3, 2) if number[:size] in COUNTRIES), "")


def place_fields(sender: str, to: str) -> dict[str, str]:
    """The geographic fields of an SMS webhook. Most are blank, as for most numbers of the world."""
    fields: dict[str, str] = {}
    for side, number in (("From", sender), ("To", to)):
        fields |= {f"{side}Country": country(number), f"{side}State": "", f"{side}City": "", f"{side}Zip": ""}
    return fields


class Webhooks:
    """Signs and posts, and tries again once where no connection stood."""

    def __init__(self, auth_token: str, gateway: Gateway) -> None:
        self._validator = RequestValidator(auth_token)
        self._gateway = gateway

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        """The value of X-Twilio-Signature for `form` posted to `url`, its query included."""
        signature: str = self._validator.compute_signature(url, form)
        return signature

    async def post(self, url: str, form: dict[str, str], token: str | None = None) -> Answer:
        """Deliver one webhook. Raises GatewayAwayError when the gateway has not answered.

        `token` is the idempotency token, the same for every attempt at one event.
        """
        headers = {
            "X-Twilio-Signature": self.sign(url, form),
            "I-Twilio-Idempotency-Token": token or str(uuid4()),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        try:
            return await self._once(url, form, headers)
        except GatewayAwayError as error:
            if error.connected:
                raise
            return await self._once(url, form, headers)

    async def _once(self, url: str, form: dict[str, str], headers: dict[str, str]) -> Answer:
        return await self._gateway.post(url, form=form, headers=headers, total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
