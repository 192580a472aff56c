"""A person's SMS or WhatsApp message, as the webhook that Twilio makes of it."""

import asyncio
import json
import re
from uuid import uuid4
from xml.etree import ElementTree as ET

from sandbox.gateway import Answer, GatewayAwayError
from sandbox.media import MediaShelf, sample, vcard
from sandbox.phones import Entry, Phone
from sandbox.twilio.records import API_VERSION, Message
from sandbox.twilio.service import Twilio
from sandbox.twilio.webhooks import Webhooks, place_fields
from sandbox.writing import CannotWriteError, Writing

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
START = frozenset({"START", "UNSTOP", "YES"})
STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = "You have successfully been re-subscribed to messages from this number. Reply STOP to unsubscribe."

MESSAGE_TYPES = {"photo": "image", "voice": "audio", "contact": "contacts"}
_NUMBERED = re.compile(r"^\s*(\d{1,2})[.):-]?\s+(.+?)\s*$", re.MULTILINE)


class TwilioPhones:
    """Lets people write by SMS and WhatsApp."""

    def __init__(self, twilio: Twilio, webhooks: Webhooks, media: MediaShelf) -> None:
        self._twilio = twilio
        self._webhooks = webhooks
        self._media = media
        self._deliveries: set[asyncio.Task[list[int | None]]] = set()

    async def stop(self) -> None:
        """Give up on webhooks that the gateway has not answered."""
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    def write(self, phone: Phone, writing: Writing, origin: str) -> tuple[Entry, asyncio.Task[list[int | None]]]:
        """Show the message on the phone and set its webhook going; the task gives the gateway's HTTP statuses.

        Raises CannotWriteError for what the channel cannot carry.
        """
        self._check(phone, writing)
        text, extra = writing.text, dict[str, str]()
        if writing.choice:
            text, extra = self._choose(phone, writing.choice)
        media = self._attach(phone, writing)
        message = self._twilio.receive(phone, text, media)
        shown = text or ("" if writing.kind != "location" else f"{writing.latitude}, {writing.longitude}")
        entry = self._twilio.phones.write(
            phone, "in", shown, kind=writing.kind, provider_id=message.sid, media=media[0] if media else ""
        )
        form = self._form(phone, message, writing, origin) | extra
        task = asyncio.create_task(self._deliver(phone, entry, form, writing.copies))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)
        return entry, task

    def _check(self, phone: Phone, writing: Writing) -> None:
        if writing.edit or writing.group:
            raise CannotWriteError("only Telegram has groups and edited messages")
        if phone.channel == "sms" and writing.kind in ("sticker", "location", "document"):
            raise CannotWriteError(f"SMS cannot carry a {writing.kind}")
        if phone.channel == "whatsapp" and phone.blocked:
            raise CannotWriteError("this person has blocked the helpline: unblock it first")

    def _choose(self, phone: Phone, choice: str) -> tuple[str, dict[str, str]]:
        """(body, webhook fields) of tapping a button or, on SMS, of typing the number of a listed choice."""
        if phone.channel == "sms":
            last = phone.last_from_helpline()
            listed = _NUMBERED.findall(last.text) if last else []
            for number, title in listed:
                if choice in (number, title):
                    return number, {}
            raise CannotWriteError("the last message lists no such choice")
        if (found := phone.button(choice)) is not None:
            shown, button = found
            fields = {"ButtonText": button["title"], "ButtonPayload": button["payload"], "MessageType": "button"}
            fields["OriginalRepliedMessageSid"] = shown.provider_id
            fields["OriginalRepliedMessageSender"] = self._twilio.config.whatsapp_from
            return button["title"], fields
        raise CannotWriteError("no message on this phone has such a button")

    def _attach(self, phone: Phone, writing: Writing) -> list[str]:
        if writing.attachment is not None:
            a = writing.attachment
            return [self._media.add(a.content_type, a.name, a.data).id]
        if writing.kind == "contact":
            card = vcard(writing.contact_name, writing.contact_number)
            return [self._media.add("text/vcard", "contact.vcf", card).id]
        if writing.kind in ("text", "location"):
            return []
        return [self._media.add(*sample(writing.kind, phone.channel)).id]

    def _form(self, phone: Phone, message: Message, writing: Writing, origin: str) -> dict[str, str]:
        """The webhook's fields, as many as the real one has."""
        form = {
            "SmsMessageSid": message.sid,
            "NumMedia": str(len(message.media)),
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "Body": message.body,
            "To": message.to,
            "NumSegments": str(message.segments),
            "MessageSid": message.sid,
            "AccountSid": self._twilio.config.account_sid,
            "From": message.sender,
            "ApiVersion": API_VERSION,
        }
        if message.messaging_service_sid:
            form["MessagingServiceSid"] = message.messaging_service_sid
        base = f"{origin}/{API_VERSION}/Accounts/{self._twilio.config.account_sid}/Messages/{message.sid}/Media"
        for index, media_id in enumerate(message.media):
            media = self._media.get(media_id)
            assert media is not None
            form |= {f"MediaUrl{index}": f"{base}/{media_id}", f"MediaContentType{index}": media.content_type}
        return form | (
            self._whatsapp_fields(phone, writing) if message.is_whatsapp else place_fields(message.sender, message.to)
        )

    def _whatsapp_fields(self, phone: Phone, writing: Writing) -> dict[str, str]:
        number = phone.address.removeprefix("+")
        metadata = {"type": "whatsapp", "data": {"context": {"ProfileName": phone.name, "WaId": number}}}
        fields = {
            "ProfileName": phone.name,
            "WaId": number,
            "MessageType": MESSAGE_TYPES.get(writing.kind, writing.kind),
            "ReferralNumMedia": "0",
            "ChannelMetadata": json.dumps(metadata, ensure_ascii=False),
        }
        if writing.kind == "location":
            fields |= {"Latitude": str(writing.latitude), "Longitude": str(writing.longitude)}
        return fields

    async def _deliver(self, phone: Phone, entry: Entry, form: dict[str, str], copies: int) -> list[int | None]:
        if phone.channel == "sms":
            self._opt_out_or_in(phone, form["Body"])
        token = str(uuid4())
        answers = await asyncio.gather(*(self._post(form, token) for _ in range(copies)))
        good = [a for a in answers if a is not None and a.is_good]
        if good:
            self._twilio.phones.update(phone, entry, status="delivered")
            for text in _twiml_messages(good[0].body):
                self._twilio.reply(phone, text)
        else:
            statuses = [a.status for a in answers if a is not None]
            error = f"the gateway answered {statuses[0]}" if statuses else "the gateway is away"
            self._twilio.phones.update(phone, entry, status="failed", error=error)
        return [a.status if a is not None else None for a in answers]

    async def _post(self, form: dict[str, str], token: str) -> Answer | None:
        try:
            return await self._webhooks.post(self._twilio.config.twilio_webhook, form, token)
        except GatewayAwayError:
            return None  # as with the real one, the message is lost to the gateway

    def _opt_out_or_in(self, phone: Phone, body: str) -> None:
        """Twilio's own handling of STOP and START; HELP's is switched off, as a helpline must."""
        word = body.strip().upper()
        if word in STOP and not phone.blocked:
            self._twilio.phones.set_blocked(phone, True)
            self._twilio.reply(phone, STOPPED, automatic=True)
        elif word in START and phone.blocked:
            self._twilio.phones.set_blocked(phone, False)
            self._twilio.reply(phone, STARTED, automatic=True)


def _twiml_messages(body: str) -> list[str]:
    """The texts of the <Message> verbs of a TwiML answer; none when it is not TwiML."""
    if "<Response" not in body or "<!DOCTYPE" in body:
        return []
    try:
        root = ET.fromstring(body)  # noqa: S314 - our own gateway's, and without a DTD
    except ET.ParseError:
        return []
    texts = []
    for verb in root.iter("Message"):
        inner = verb.find("Body")
        text = "".join((verb if inner is None else inner).itertext()).strip()
        if text:
            texts.append(text)
    return texts
