"""Telegram through python-telegram-bot: webhook "messages" (/webhooks/telegram)."""

import hmac
import json
import logging
import warnings
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

import aiohttp
import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import InlineKeyboardButtonLimit
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest
from yarl import URL

from connectors.http import MAX_BYTES, PATIENCE, download, open_session, origin, quieten
from connectors.telegram_updates import read
from hotline.core.choices import numbered
from hotline.core.errors import Fate, FetchError, Malformed, Refused, SendError
from hotline.core.message import Ack, Attachment, Channel, Event, Inbound, Outbound, Receipt, WebhookRequest

_API = "https://api.telegram.org"
_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_CONNECTIONS = 40  # webhooks that Telegram may have open at once

# Telegram takes 4096 units of UTF-16: this many characters fit even where each is two of them, with room for a list.
_LIMIT = 1800
_ROW = 3  # this many short buttons stand beside each other
_SHORT = 12  # characters

_T = TypeVar("_T")

_logger = logging.getLogger(__name__)


class TelegramBot:
    """One bot. `secret` is what Telegram repeats in every webhook; `api_url` the origin before /bot<token>/<method>.

    `patience` is the time-out of a call in seconds. Raise ValueError where token or secret is empty.
    """

    name = "telegram"
    channels = frozenset({Channel.TELEGRAM})

    def __init__(self, token: str, secret: str, api_url: str | None = None, patience: float = PATIENCE) -> None:
        if not token or not secret:
            raise ValueError("Telegram needs a bot token and a webhook secret")
        self._secret = secret
        self._stand_in = origin(api_url)
        self._patience = patience
        api = (api_url or _API).rstrip("/")
        self._files = f"{api}/file/bot{token}/"
        request = HTTPXRequest(
            connection_pool_size=64,
            connect_timeout=patience / 2,
            pool_timeout=patience / 2,
            read_timeout=patience,
            write_timeout=patience,
            httpx_kwargs={"trust_env": self._stand_in is None},
        )
        # The bare Bot, not an Application: its queue, handlers and persistence would stay unused. It is not
        # initialized either, for that calls getMe and fails while Telegram is away.
        self._bot = Bot(
            token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=request,
            get_updates_request=request,
        )
        self._request = request
        self._session: aiohttp.ClientSession | None = None

    def limit(self, channel: Channel) -> int:  # noqa: ARG002 - one channel
        return _LIMIT

    # -- receive

    def verify(self, request: WebhookRequest) -> None:
        given = request.headers.get("x-telegram-bot-api-secret-token")
        if not given:
            raise Refused("no secret token")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            raise Refused("wrong secret token")

    def parse(self, request: WebhookRequest) -> tuple[Event, ...]:
        try:
            return (read(json.loads(request.body.decode("utf-8"))),)
        except Exception:  # noqa: BLE001 - the library raises whatever an odd value leads to
            raise Malformed("no update") from None

    def ack(self, events: tuple[Event, ...]) -> Ack:
        """A tap is answered in the answer to its webhook, so that the button stops spinning without a call."""
        for event in events:
            if isinstance(event, Inbound) and event.callback is not None:
                answer = {"method": "answerCallbackQuery", "callback_query_id": event.callback}
                return Ack(json.dumps(answer), "application/json")
        return Ack()

    # -- send

    async def start(self) -> None:
        quieten("telegram", "httpx", "httpcore")  # they print URLs, which hold the token, and parameters
        # It prints whole answers that are no JSON, at ERROR; the failure itself reaches us as an exception.
        logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)
        await self._request.initialize()
        self._session = open_session(self._stand_in, self._patience)

    async def register(self, public_url: str) -> None:
        await _confirmed(
            self._bot.set_webhook(
                f"{public_url.rstrip('/')}/webhooks/telegram",
                secret_token=self._secret,
                allowed_updates=_UPDATES,
                max_connections=_CONNECTIONS,
                drop_pending_updates=False,
            )
        )

    async def check(self) -> str:
        me = await _confirmed(self._bot.get_me())
        return f"Telegram bot is @{me.username}"

    async def send(self, message: Outbound) -> Receipt:
        keyboard = _keyboard(message)
        sent = await _confirmed(
            self._bot.send_message(
                chat_id=message.address,
                text=message.text if keyboard else numbered(message.text, message.choices),
                reply_markup=keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                protect_content=False,
            )
        )
        return Receipt(str(sent.message_id))

    async def settle(self, message: Outbound, since: datetime) -> Receipt | None:  # noqa: ARG002 - nothing to ask with
        """A bot cannot list what it has sent."""
        raise SendError(Fate.AMBIGUOUS, "cannot_list")

    async def fetch(self, attachment: Attachment) -> bytes:
        try:
            file = await self._bot.get_file(attachment.ref)
        except BadRequest as error:
            # "File is too big", "wrong file_id", "file is temporarily unavailable"
            raise FetchError("refused", gone="temporarily" not in error.message.lower()) from None
        except TelegramError as error:
            raise FetchError(_translated(error).code) from None
        except _UNREADABLE:
            raise FetchError("unreadable_answer") from None
        if (file.file_size or 0) > MAX_BYTES:
            raise FetchError("too_large", gone=True)
        path = file.file_path or ""
        if self._session is None or not path.startswith(self._files):
            raise FetchError("refused_path")
        return await download(self._session, URL(path))

    async def close(self) -> None:
        await self._request.shutdown()
        if self._session is not None:
            await self._session.close()


# What the library raises over a 200 that is not what it expects.
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


async def _confirmed(call: Awaitable[_T]) -> _T:
    """The result of a call to Telegram; every failure is a `SendError`."""
    try:
        return await call
    except TelegramError as error:
        raise _translated(error) from None
    except _UNREADABLE:
        raise SendError(Fate.AMBIGUOUS, "unreadable_answer") from None


def _translated(error: TelegramError) -> SendError:
    """The library's exceptions by what to do. Most specific first: a BadRequest is a NetworkError to the library."""
    if isinstance(error, RetryAfter):
        return SendError(Fate.RETRY, "429", _seconds(error))
    if isinstance(error, Forbidden):
        return SendError(Fate.STOP_CONTACT, "403")
    if isinstance(error, InvalidToken):
        _logger.error("Telegram refuses the bot token: check TELEGRAM_TOKEN")
        return SendError(Fate.RETRY, "401")
    if isinstance(error, BadRequest):
        gone = "chat not found" in error.message.lower()
        return SendError(Fate.STOP_CONTACT, "chat_not_found") if gone else SendError(Fate.GIVE_UP, "400")
    if isinstance(error, ChatMigrated):
        return SendError(Fate.GIVE_UP, "chat_migrated")
    if isinstance(error, NetworkError):
        return _unconfirmed(error.__cause__)
    return SendError(Fate.AMBIGUOUS, "unreadable_answer")  # 200, but no JSON


_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def _unconfirmed(cause: BaseException | None) -> SendError:
    """Whether a message left, by what broke beneath. Where nothing did, Telegram answered that it did not take it."""
    if cause is None or isinstance(cause, TelegramError):
        return SendError(Fate.RETRY, "busy")
    if isinstance(cause, _UNSENT):
        return SendError(Fate.RETRY, "unreachable")
    return SendError(Fate.AMBIGUOUS, "timeout" if isinstance(cause, httpx.TimeoutException) else "connection_lost")


def _seconds(error: RetryAfter) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library announces that this will become a timedelta
        wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _keyboard(message: Outbound) -> InlineKeyboardMarkup | None:
    """The choices as buttons, in one row where they are few and short; None where one cannot be a button."""
    choices = message.choices
    most = InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    if not choices or any(not choice.title or not 0 < len(choice.payload.encode()) <= most for choice in choices):
        return None
    buttons = [InlineKeyboardButton(choice.title, callback_data=choice.payload) for choice in choices]
    beside = len(buttons) <= _ROW and all(len(choice.title) <= _SHORT for choice in choices)
    return InlineKeyboardMarkup([buttons] if beside else [[button] for button in buttons])
