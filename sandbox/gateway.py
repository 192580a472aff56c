"""The way to the gateway: the sandbox as an HTTP client."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

BODY_LIMIT = 64 * 1024


class GatewayAwayError(Exception):
    """No answer. `connected` tells a broken or late answer from a connection that never stood."""

    def __init__(self, sentence: str, connected: bool) -> None:
        super().__init__(sentence)
        self.connected = connected


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answered."""

    status: int
    reason: str
    body: str

    @property
    def is_good(self) -> bool:
        """Whether the webhook was taken."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Gateway:
    """Posts webhooks. Open between `start` and `close`."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    def start(self) -> None:
        """Open the connection pool; needs a running loop."""
        self._session = ClientSession(connector=TCPConnector(limit=200))

    async def close(self) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()

    async def post(
        self,
        url: str,
        *,
        total: float,
        connect: float,
        headers: dict[str, str],
        form: dict[str, str] | None = None,
        json: dict[str, Any] | None = None,
    ) -> Answer:
        """POST a form or JSON to exactly this URL; `total` and `connect` are seconds.

        Raises GatewayAwayError when there is no answer.
        """
        assert self._session is not None, "start the gateway client first"
        target = URL(url, encoded=True)  # the signature covers the address as it stands
        timeout = ClientTimeout(total=total, sock_connect=connect)
        try:
            async with self._session.post(
                target, data=form, json=json, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await response.content.read(BODY_LIMIT)
                return Answer(response.status, response.reason or "", body.decode("utf-8", "replace"))
        except ClientConnectorError as error:
            raise GatewayAwayError("Connection refused", connected=False) from error
        except TimeoutError as error:
            raise GatewayAwayError("Connection timed out", connected=True) from error
        except ClientError as error:
            raise GatewayAwayError("Connection broken", connected=True) from error
