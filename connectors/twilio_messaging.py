"""SMS and WhatsApp through Twilio: webhooks "messages" (/webhooks/twilio) and "status" (/webhooks/twilio/status)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl

import aiohttp
from multidict import MultiDict
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from yarl import URL

from connectors.http import PATIENCE, Hosts, download, open_session, origin, quieten, within
from connectors.quick_replies import QuickReplies, variables
from connectors.twilio_client import UNREADABLE, TwilioHttpClient
from connectors.twilio_forms import WHATSAPP, is_report, read_message, read_report
from hotline.core.choices import ROOM, numbered
from hotline.core.errors import Fate, FetchError, Malformed, Refused, SendError
from hotline.core.message import Ack, Attachment, Channel, Event, Outbound, Receipt, WebhookRequest

_DOMAIN = "twilio.com"
_MEDIA_DOMAINS = (_DOMAIN, "twiliocdn.com", "amazonaws.com")  # where Twilio keeps the files it redirects to
_LIMITS = {Channel.SMS: 640, Channel.WHATSAPP: 1600 - ROOM}
_MOST_FIELDS = 500  # a webhook has about thirty; each file adds two

_SETTLE_LIMIT = 200  # messages to one person that are looked through
_CLOCK_SKEW = timedelta(seconds=10)  # Twilio's clock against ours; its dates have whole seconds


class TwilioMessaging:
    """One Twilio account. It may have a number for SMS, a WhatsApp sender, a Messaging Service, or several of these.

    `status_url` is the public URL of the status webhook. `api_url` is an origin that stands in for every twilio.com
    host; `patience` is the time-out of a call in seconds. Raise ValueError where an account could not even verify.
    """

    name = "twilio"

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sms_from: str | None,
        whatsapp_from: str | None,
        messaging_service_sid: str | None,
        status_url: str,
        api_url: str | None = None,
        patience: float = PATIENCE,
    ) -> None:
        if not account_sid or not auth_token:
            raise ValueError("Twilio needs an account SID and an auth token")
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._validator = RequestValidator(auth_token)
        self._senders = _senders(sms_from, whatsapp_from, messaging_service_sid)
        self.channels = frozenset(self._senders)
        self._status_url = URL(status_url)
        self._hosts = Hosts(_DOMAIN, origin(api_url))
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None
        self._account: Any = None
        self._messages: Any = None
        self._quick_replies: QuickReplies | None = None

    def limit(self, channel: Channel) -> int:
        return _LIMITS[channel]

    # -- receive

    def verify(self, request: WebhookRequest) -> None:
        signature = request.headers.get("x-twilio-signature")
        if not signature:
            raise Refused("no signature")
        try:
            # A body that is no UTF-8 still has a signature to check; `parse` then refuses to read it.
            form = _form(request.body, errors="replace")
        except ValueError:
            raise Refused("no form") from None
        if not self._validator.validate(request.url, form, signature):
            raise Refused("wrong signature")
        if form.get("AccountSid") != self._account_sid:
            raise Refused("another account")

    def parse(self, request: WebhookRequest) -> tuple[Event, ...]:
        try:
            form = _form(request.body, errors="strict")
        except ValueError:
            raise Malformed("no form in UTF-8") from None
        if request.hook == "status" or is_report(form):
            return (read_report(form, request.query.get("id")),)
        return (read_message(form),)

    def ack(self, events: tuple[Event, ...]) -> Ack:  # noqa: ARG002 - Twilio is told the same whatever came
        return Ack("<Response/>", "text/xml")

    # -- send

    async def start(self) -> None:
        quieten("twilio")
        self._session = open_session(self._hosts.stand_in, self._patience)
        http_client = TwilioHttpClient(self._session, self._hosts)
        client = Client(self._account_sid, self._auth_token, http_client=http_client)
        # The SDK imports what it needs when first asked, which takes half a second: now rather than before a reply.
        self._account = client.api.v2010.account
        self._messages = self._account.messages
        self._quick_replies = QuickReplies(client)

    async def register(self, public_url: str) -> None:
        """Nothing: a number's webhook is set by its owner in Twilio's console, and is not ours to overwrite."""

    async def check(self) -> str:
        try:
            account = await self._account.fetch_async()
        except UNREADABLE:
            raise SendError(Fate.RETRY, "unreadable_answer") from None
        if account.status != "active":
            raise SendError(Fate.RETRY, f"account_{account.status}")
        return f"Twilio account is active; sends {', '.join(sorted(self.channels)) or 'nothing: no sender is set'}"

    async def send(self, message: Outbound) -> Receipt:
        quick_replies = self._quick_replies if message.channel is Channel.WHATSAPP else None
        content_sid = await quick_replies.find(message) if quick_replies else None
        if quick_replies is None or content_sid is None:
            return await self._create(message, body=numbered(message.text, message.choices))
        try:
            return await self._create(message, content_sid=content_sid, content_variables=variables(message))
        except SendError as error:
            if error.fate is not Fate.GIVE_UP:
                raise
        receipt = await self._create(message, body=numbered(message.text, message.choices))
        quick_replies.forget(message)  # the list was taken, so it was the template
        return receipt

    async def settle(self, message: Outbound, since: datetime) -> Receipt | None:
        """Look for the message among those of its address.

        Not filtered by DateSent, which a message that still waits in Twilio's queue does not have: it would be missed,
        and sent twice.
        """
        try:
            found = await self._messages.list_async(to=message.address, limit=_SETTLE_LIMIT, page_size=100)
        except (SendError, *UNREADABLE) as error:
            code = error.code if isinstance(error, SendError) else "unreadable_answer"
            raise SendError(Fate.RETRY, code) from None  # asking again does no harm
        texts = {_squeezed(message.text), _squeezed(numbered(message.text, message.choices))}
        for candidate in found:
            created = candidate.date_created
            recent = created is not None and created >= since.astimezone(UTC) - _CLOCK_SKEW
            ours = str(candidate.direction or "").startswith("outbound")
            if recent and ours and _squeezed(candidate.body or "") in texts:
                return Receipt(str(candidate.sid))
        return None

    async def fetch(self, attachment: Attachment) -> bytes:
        url = self._hosts.locate(attachment.ref)
        if url is None or self._session is None:
            raise FetchError("refused_host", gone=True)
        authorization = aiohttp.encode_basic_auth(self._account_sid, self._auth_token)
        return await download(self._session, url, authorization=authorization, may_follow=self._may_follow)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _create(self, message: Outbound, **content: str) -> Receipt:
        sender = self._senders.get(message.channel)
        if sender is None:
            raise SendError(Fate.GIVE_UP, "no_sender")
        callback = str(self._status_url.update_query(id=message.id))
        try:
            created = await self._messages.create_async(
                to=message.address, status_callback=callback, **sender, **content
            )
        except UNREADABLE:
            raise SendError(Fate.AMBIGUOUS, "unreadable_answer") from None
        if not created.sid:
            raise SendError(Fate.AMBIGUOUS, "unreadable_answer")
        return Receipt(str(created.sid))

    def _may_follow(self, url: URL) -> bool:
        return within(url, *_MEDIA_DOMAINS) or self._hosts.stands_in(url)


def _senders(
    sms_from: str | None, whatsapp_from: str | None, messaging_service_sid: str | None
) -> dict[Channel, dict[str, str]]:
    """The parameters that name the sender on each channel we can send on."""
    senders: dict[Channel, dict[str, str]] = {}
    if messaging_service_sid:
        senders = {channel: {"messaging_service_sid": messaging_service_sid} for channel in _LIMITS}
    elif sms_from:
        senders[Channel.SMS] = {"from_": sms_from}
    if whatsapp_from:
        senders[Channel.WHATSAPP] = {"from_": WHATSAPP + whatsapp_from.removeprefix(WHATSAPP)}
    return senders


def _form(body: bytes, errors: Literal["strict", "replace"]) -> MultiDict[str]:
    """The fields as Twilio signed them: blank ones are kept. Raise ValueError where they are too many or no UTF-8."""
    text = body.decode("utf-8", errors)
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors=errors, max_num_fields=_MOST_FIELDS))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
