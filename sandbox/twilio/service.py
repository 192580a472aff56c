"""What Twilio does with a message: takes it, refuses it, delivers it."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.config import SandboxConfig
from sandbox.faults import FaultBook
from sandbox.phones import Phone, PhoneBook, normalise
from sandbox.storage import fields
from sandbox.twilio.errors import TwilioError
from sandbox.twilio.progress import Progress, Step, plan
from sandbox.twilio.records import Content, Message
from sandbox.twilio.segments import count_segments
from sandbox.twilio.webhooks import Webhooks

BODY_LIMIT = 1600
LONGEST_VALIDITY_SECONDS = 36000
WINDOW_SECONDS = 24 * 3600  # WhatsApp: free text only this long after the person's last message
SESSION_BUTTONS = 3  # WhatsApp: quick replies that need no approval
KEEP_MESSAGES = 10_000


def new_sid(prefix: str) -> str:
    """A fresh Twilio identifier: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


class Twilio:
    """The account: its messages, its content templates, and what is still under way."""

    def __init__(
        self,
        config: SandboxConfig,
        phones: PhoneBook,
        faults: FaultBook,
        webhooks: Webhooks,
        changed: Callable[[], None],
    ) -> None:
        self.config = config
        self.phones = phones
        self._faults = faults
        self._changed = changed
        self.messages: dict[str, Message] = {}
        self.contents: dict[str, Content] = {}
        self.progress = Progress(config.account_sid, config.pace, webhooks, self._reached)

    def accept(self, form: Mapping[str, str], media_urls: Sequence[str] = ()) -> Message:
        """Take a message for delivery. Raises TwilioError with the code that Twilio would answer."""
        to = form.get("To", "").strip()
        phone = self._recipient(to)
        service, sender = self._sender(form, to)
        text, buttons, failure = self._content(form, phone, media_urls)
        callback = form.get("StatusCallback", "")
        if callback and not callback.startswith(("http://", "https://")):
            raise TwilioError(21609)
        if phone.channel == "sms" and phone.blocked:
            raise TwilioError(21610)
        if not 1 <= _number(form.get("ValidityPeriod", "1")) <= LONGEST_VALIDITY_SECONDS:
            raise TwilioError(20001)
        message = Message(
            new_sid("MM" if media_urls else "SM"),
            "outbound-api",
            sender,
            to,
            text,
            "accepted" if service else "queued",
            count_segments(text),
            messaging_service_sid=service,
            status_callback=callback,
        )
        self._keep(message)
        self.phones.write(
            phone,
            "out",
            text + "".join(f"\n📎 {url}" for url in media_urls),
            status="queued",
            buttons=buttons,
            keyboard="quick_reply" if buttons else "",
            provider_id=message.sid,
        )
        self._send_on(message, phone, failure)
        return message

    def _recipient(self, to: str) -> Phone:
        if not to:
            raise TwilioError(21604)
        channel = "whatsapp" if to.startswith("whatsapp:") else "sms"
        try:
            return self.phones.get(channel, normalise(channel, to))
        except ValueError:
            raise TwilioError(21211) from None

    def _sender(self, form: Mapping[str, str], to: str) -> tuple[str | None, str]:
        """(messaging service, number) that the message leaves from."""
        service, sender = form.get("MessagingServiceSid"), form.get("From", "").strip()
        ours = self.config.whatsapp_from if to.startswith("whatsapp:") else self.config.sms_from
        if service:
            if service != self.config.messaging_service_sid:
                raise TwilioError(21701)
            return service, ours
        if not sender:
            raise TwilioError(21603)
        if sender != ours:
            raise TwilioError(63007 if to.startswith("whatsapp:") else 21606)
        return None, ours

    def _content(
        self, form: Mapping[str, str], phone: Phone, media_urls: Sequence[str]
    ) -> tuple[str, list[dict[str, str]], int | None]:
        """(text, buttons, error that delivery will end in)."""
        text, buttons, approved, complete = form.get("Body", ""), list[dict[str, str]](), False, True
        if sid := form.get("ContentSid"):
            content = self.contents.get(sid)
            if content is None:
                raise TwilioError(21655)
            text, buttons, complete = content.render(form.get("ContentVariables", ""))
            approved = content.is_approved
        if len(text) > BODY_LIMIT:
            raise TwilioError(21617)
        if not text and not media_urls:
            raise TwilioError(21619)
        if phone.channel == "sms":
            return text, [], None  # a carrier shows the text and drops the buttons
        return text, buttons, _whatsapp_failure(phone, buttons, approved, complete)

    def _send_on(self, message: Message, phone: Phone, failure: int | None) -> None:
        def scripted(kind: str) -> Any:
            return self._faults.take((kind,), "twilio", "create", phone.address)

        if failure is None and (fault := scripted("undelivered")) is not None:
            failure = fault.code or 30003
        reverse, silent = scripted("shuffle") is not None, scripted("callback_lost") is not None
        self.progress.add(plan(message, failure, self.config.pace, reverse, silent))

    def reply(self, phone: Phone, text: str, *, automatic: bool = False) -> None:
        """Send what came back in a webhook's TwiML, or an automatic answer of Twilio's own."""
        prefix = "whatsapp:" if phone.channel == "whatsapp" else ""
        sender = self.config.whatsapp_from if prefix else self.config.sms_from
        to = prefix + phone.address
        message = Message(new_sid("SM"), "outbound-reply", sender, to, text, "queued", count_segments(text))
        self._keep(message)
        self.phones.write(phone, "out", text, status="queued", provider_id=message.sid, automatic=automatic)
        self._send_on(message, phone, None)

    def receive(self, phone: Phone, body: str, media: list[str]) -> Message:
        """File what a person has written; the webhook is the caller's."""
        prefix = "whatsapp:" if phone.channel == "whatsapp" else ""
        to = self.config.whatsapp_from if prefix else self.config.sms_from
        message = Message(
            new_sid("MM" if media else "SM"),
            "inbound",
            prefix + phone.address,
            to,
            body,
            "received",
            count_segments(body),
            messaging_service_sid=self.config.messaging_service_sid,
            media=media,
        )
        message.sent_at = message.created_at
        phone.last_inbound_at = time.time()
        self._keep(message)
        return message

    def redact(self, message: Message) -> None:
        """Empty a message's body. Raises TwilioError 20009 while it is under way."""
        self._check_final(message)
        message.body, message.updated_at = "", time.time()
        self._changed()

    def delete(self, message: Message) -> None:
        """Remove a message from the account; phones keep what they have. Raises TwilioError 20009 as above."""
        self._check_final(message)
        del self.messages[message.sid]
        self._changed()

    def _check_final(self, message: Message) -> None:
        if message.status in ("accepted", "queued", "sending"):
            raise TwilioError(20009)

    def _keep(self, message: Message) -> None:
        self.messages[message.sid] = message
        while len(self.messages) > KEEP_MESSAGES:
            del self.messages[next(iter(self.messages))]
        self._changed()

    def _reached(self, step: Step) -> Message | None:
        """A message has reached a status: file it, show it on the phone."""
        message = self.messages.get(step.sid)
        if message is None:
            return None
        if message.advance(step.status, step.error_code):
            channel = "whatsapp" if message.is_whatsapp else "sms"
            phone = self.phones.find(channel, message.to.removeprefix("whatsapp:"))
            entry = phone.by_provider_id(message.sid) if phone else None
            if phone and entry:
                error = str(step.error_code) if step.error_code else ""
                self.phones.update(phone, entry, status=step.status, error=error)
        self._changed()
        return message

    async def stop(self) -> None:
        """Stop delivering."""
        await self.progress.stop()

    def dump(self) -> dict[str, Any]:
        """The account as JSON values."""
        return {
            "messages": [fields(m) for m in self.messages.values()],
            "contents": [fields(c) for c in self.contents.values()],
            "steps": self.progress.dump(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """The reverse of `dump`; needs a running loop, for the steps go on."""
        asyncio.get_running_loop()
        self.messages = {m["sid"]: Message(**m) for m in saved["messages"]}
        self.contents = {c["sid"]: Content(**c) for c in saved["contents"]}
        self.progress.load(saved["steps"])


def _whatsapp_failure(phone: Phone, buttons: list[dict[str, str]], approved: bool, complete: bool) -> int | None:
    """The error that WhatsApp reports after the message was accepted."""
    if phone.blocked:
        return 63024
    if not complete:
        return 63028
    is_open = phone.last_inbound_at is not None and time.time() - phone.last_inbound_at < WINDOW_SECONDS
    if not approved and not is_open:
        return 63016
    if not approved and len(buttons) > SESSION_BUTTONS:
        return 63013
    return None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
