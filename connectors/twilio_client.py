"""Talking to Twilio's REST API: the SDK's asynchronous client made safe, and what each refusal means."""

import json
import logging
from http import HTTPStatus
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

from connectors.http import Hosts, not_confirmed, retry_after
from hotline.core.errors import Fate, SendError

# https://www.twilio.com/docs/api/errors; the same codes come back at once and in status callbacks.
_FATES = {
    14107: Fate.RETRY,  # too many messages
    20003: Fate.RETRY,  # wrong credentials: kept until somebody has mended the settings
    20005: Fate.RETRY,  # account not active: likewise
    20429: Fate.RETRY,  # too many requests
    30001: Fate.RETRY,  # queue overflow
    63018: Fate.RETRY,  # WhatsApp rate limit
    21610: Fate.STOP_CONTACT,  # the person wrote STOP
    21614: Fate.STOP_CONTACT,  # not a mobile number
    30005: Fate.STOP_CONTACT,  # unknown handset
    30006: Fate.STOP_CONTACT,  # landline
    63024: Fate.STOP_CONTACT,  # no WhatsApp there
    21211: Fate.GIVE_UP,  # invalid To
    21408: Fate.GIVE_UP,  # region not permitted
    21617: Fate.GIVE_UP,  # body too long
    21655: Fate.GIVE_UP,  # invalid ContentSid
    21656: Fate.GIVE_UP,  # invalid ContentVariables
    30003: Fate.GIVE_UP,  # handset unreachable: soft, a later message may arrive
    30007: Fate.GIVE_UP,  # filtered by a carrier
    30008: Fate.GIVE_UP,  # unknown to the carrier
    63016: Fate.GIVE_UP,  # outside the 24-hour window
    63033: Fate.GIVE_UP,  # the person has blocked us
}
UNREADABLE = (TwilioException, ValueError, KeyError, TypeError, AttributeError)
"""What the SDK raises over a 2xx that is not what it expects; refusals never come this far."""

_MISCONFIGURED = frozenset({20003, 20005})

_logger = logging.getLogger(__name__)


def fate(code: int) -> Fate:
    """What to do with a message refused with this code of Twilio's; an unknown refusal is final."""
    return _FATES.get(code, Fate.GIVE_UP)


class TwilioHttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # no types shipped
    """The SDK's client with time-outs, another origin, JSON bodies, and every failure as a `SendError`.

    It never retries: a message has no idempotency key. `session` stays the caller's to close.
    """

    def __init__(self, session: aiohttp.ClientSession, hosts: Hosts) -> None:
        super().__init__(pool_connections=False)
        self.session = _Patient(session)
        self._hosts = hosts

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the SDK's signature; the session has its own
        allow_redirects: bool = False,
    ) -> Response:
        target = self._hosts.locate(url)
        if target is None:
            raise SendError(Fate.GIVE_UP, "refused_host")
        if (headers or {}).get("Content-Type") == "application/json":
            data = json.dumps(data).encode()  # the SDK's asynchronous client would send a form
        try:
            response = await super().request(
                method, str(target), params, data, headers, auth, allow_redirects=allow_redirects
            )
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as error:
            raise not_confirmed(error) from None
        finally:
            # The SDK would keep the last number and text in memory.
            self._test_only_last_request = self._test_only_last_response = None
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise _refusal(response)
        return response


class _Patient:
    """A session that keeps its own time-outs: the SDK says `timeout=None`, which means none at all."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, **call: Any) -> aiohttp.ClientResponse:
        del call["timeout"]
        return await self._session.request(**call)


def _refusal(response: Response) -> SendError:
    """By Twilio's own code where it knows better than the HTTP status. A redirect or 5xx did not take the message."""
    status = response.status_code
    try:
        code = int(json.loads(response.text)["code"])
    except (ValueError, KeyError, TypeError):
        code = status
    if code in _MISCONFIGURED or status == HTTPStatus.UNAUTHORIZED:
        _logger.error("Twilio refuses the account (code %s): check the account SID and the auth token", code)
        return SendError(Fate.RETRY, str(code))
    busy = status == HTTPStatus.TOO_MANY_REQUESTS
    final = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not busy
    return SendError(fate(code) if final else Fate.RETRY, str(code), retry_after(response.headers or {}))
