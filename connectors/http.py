"""What the connectors share when they talk to a provider: whose host it is, how long to wait, how much to read."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from hotline.core.errors import Fate, FetchError, SendError

MAX_BYTES = 20 * 1024 * 1024
"""Largest attachment that is fetched. Telegram's own limit for bots; WhatsApp's is 16 MB."""

PATIENCE = 10.0
"""Seconds that a call of a provider's API may take."""

DOWNLOAD = aiohttp.ClientTimeout(total=60, connect=5, sock_read=15)
"""An attachment, in seconds."""

_LONGEST_WAIT = 24 * 3600.0  # seconds; a provider that names more is mistaken
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of a provider, and the origin, if any, that stands in for all of them (a sandbox, a relay)."""

    domain: str
    stand_in: URL | None = None

    def locate(self, url: str) -> URL | None:
        """Where to ask for `url`, or None if it is not this provider's: no request, no credentials go there."""
        try:
            target = URL(url)
        except ValueError:
            return None
        if target.user is not None or target.password is not None or not target.host:
            return None
        if self.stands_in(target):
            return target
        if not within(target, self.domain):
            return None
        if self.stand_in is None:
            return target
        stand_in = self.stand_in
        return target.with_scheme(stand_in.scheme).with_host(str(stand_in.host)).with_port(stand_in.explicit_port)

    def stands_in(self, url: URL) -> bool:
        """Is `url` at the stand-in?"""
        own = self.stand_in
        return own is not None and (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port)


def origin(url: str | None) -> URL | None:
    """Scheme, host and port of `url`. Raise ValueError where it has none."""
    return URL(url).origin() if url else None


def within(url: URL, *domains: str) -> bool:
    """Is this an https URL, at the usual port, of one of these domains or below?"""
    host = url.host or ""
    return (
        url.scheme == "https"
        and url.is_default_port()
        and url.user is None
        and any(host == domain or host.endswith(f".{domain}") for domain in domains)
    )


def open_session(stand_in: URL | None, patience: float) -> aiohttp.ClientSession:
    """A session without cookies whose calls take `patience` seconds at most, half of it to connect.

    The environment's proxy serves unless a stand-in, usually on loopback, is named.
    """
    timeout = aiohttp.ClientTimeout(total=patience, connect=patience / 2)  # a message leaves after `connect` only
    return aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=stand_in is None)


def quieten(*loggers: str) -> None:
    """Hold libraries that print URLs, parameters or bodies below WARNING to what is safe to keep."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.WARNING)


def not_confirmed(error: Exception) -> SendError:
    """What a failed call means for the message in it: only one that never left may be sent again."""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError):
        return SendError(Fate.RETRY, "unreachable")
    if isinstance(error, TimeoutError):
        return SendError(Fate.AMBIGUOUS, "timeout")
    return SendError(Fate.AMBIGUOUS, "connection_lost")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header; None where there is none, or it is a date, which these providers never send."""
    value = headers.get("Retry-After", "").strip()
    return min(float(value), _LONGEST_WAIT) if value.isascii() and value.isdigit() else None


async def download(
    session: aiohttp.ClientSession,
    url: URL,
    *,
    authorization: str | None = None,
    may_follow: Callable[[URL], bool] = lambda _url: False,
) -> bytes:
    """The bytes behind `url`, at most `MAX_BYTES`. Redirects are followed where allowed, without `authorization`.

    Raise `FetchError`, `gone` where asking again is useless.
    """
    headers = {"Authorization": authorization} if authorization else {}
    try:
        for _ in range(_MOST_REDIRECTS + 1):
            async with session.get(url, headers=headers, allow_redirects=False, timeout=DOWNLOAD) as response:
                if response.status not in _REDIRECTS:
                    return await _read(response)
                url, headers = url.join(URL(response.headers.get("Location", ""))), {}
            if not may_follow(url):
                raise FetchError("redirect_refused")
    except TimeoutError:
        raise FetchError("timeout") from None
    except (aiohttp.ClientError, ValueError):
        raise FetchError("unreachable") from None
    raise FetchError("too_many_redirects")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    if response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise FetchError(f"http_{response.status}", gone=True)
    if response.status != HTTPStatus.OK:
        raise FetchError(f"http_{response.status}")
    if (response.content_length or 0) > MAX_BYTES:
        raise FetchError("too_large", gone=True)
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise FetchError("too_large", gone=True)
    return bytes(body)
