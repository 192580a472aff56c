"""What Twilio's webhooks mean: form fields → Event. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping

from connectors.twilio_client import fate
from hotline.core.errors import Fate, Malformed
from hotline.core.message import Attachment, Channel, DeliveryReport, Event, Ignored, Inbound, Kind, Status

WHATSAPP = "whatsapp:"

# The signed string joins names and values without a separator, so that a captured request can be cut anew with the
# same signature: only the exact shape of the id makes it a key against replays.
_MESSAGE_SID = re.compile(r"[A-Z]{2}[0-9A-Za-z]{32}")

_STATUSES = {
    "accepted": Status.SENT,
    "scheduled": Status.SENT,
    "queued": Status.SENT,
    "sending": Status.SENT,
    "sent": Status.SENT,
    "partially_delivered": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
_INBOUND_STATUSES = frozenset({"received", "receiving"})
_ERROR_CODE = re.compile(r"[0-9]{1,6}")


def _channel(address: str) -> Channel | None:
    scheme, colon, rest = address.partition(":")
    if not colon:
        return Channel.SMS
    return Channel.WHATSAPP if scheme + colon == WHATSAPP and rest else None


def _sid(form: Mapping[str, str]) -> str:
    sid = form.get("MessageSid", "")
    if not _MESSAGE_SID.fullmatch(sid):
        raise Malformed("message without a valid id")
    return sid


def is_report(form: Mapping[str, str]) -> bool:
    """Is this about a message that we have sent, whichever webhook it came to?"""
    return form.get("MessageStatus", "received") not in _INBOUND_STATUSES


def read_report(form: Mapping[str, str], message_id: str | None) -> Event:
    """What a status callback says. `message_id` is ours, from the callback's URL. Raise `Malformed`."""
    word = form.get("MessageStatus") or form.get("SmsStatus") or ""
    status = _STATUSES.get(word)
    if status is None:
        return Ignored("inbound_status" if word in _INBOUND_STATUSES else "unknown_status")
    channel = _channel(form.get("To", ""))
    if channel is None:
        return Ignored("unknown_channel")
    code = form.get("ErrorCode", "")
    known = _ERROR_CODE.fullmatch(code) is not None
    return DeliveryReport(
        channel=channel,
        provider_id=_sid(form),
        status=status,
        message_id=message_id,
        code=code if known else None,
        stop_contact=known and status is Status.FAILED and fate(int(code)) is Fate.STOP_CONTACT,
    )


def read_message(form: Mapping[str, str]) -> Event:
    """What a person has sent. Raise `Malformed` where it has no valid id or no sender."""
    if not form.get("MessageSid"):
        return Ignored("voice_call" if "CallSid" in form else "unknown_event")
    sid, sender = _sid(form), form.get("From", "")
    if not sender:
        raise Malformed("message without a sender")
    channel = _channel(sender)
    if channel is None:
        return Ignored("unknown_channel")
    attachments = _attachments(form)
    kind, text, payload = _content(form, channel, attachments)
    return Inbound(
        channel=channel,
        provider_id=sid,
        address=sender,
        kind=kind,
        text=text,
        payload=payload,
        attachments=attachments,
        opt_out=form.get("OptOutType", "").upper() == "STOP",
    )


def _content(
    form: Mapping[str, str], channel: Channel, attachments: tuple[Attachment, ...]
) -> tuple[Kind, str, str | None]:
    body = form.get("Body", "")
    title = form.get("ButtonText") or form.get("ListTitle") or body
    payload = form.get("ButtonPayload") or form.get("ListId") or form.get("ButtonText")
    if payload:
        return Kind.CHOICE, title, payload
    latitude, longitude = form.get("Latitude"), form.get("Longitude")
    if latitude and longitude:
        words = (f"{latitude},{longitude}", form.get("Label"), form.get("Address"), body)
        return Kind.LOCATION, "\n".join(word for word in words if word), None
    if attachments:
        return _kind(attachments[0].content_type, channel), body, None
    if not body.strip():
        return Kind.UNSUPPORTED, "", None
    return Kind.TEXT, _unwrapped(body) if channel is Channel.SMS else body, None


def _attachments(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    while url := form.get(f"MediaUrl{len(found)}"):
        content_type = form.get(f"MediaContentType{len(found)}") or "application/octet-stream"
        found.append(Attachment(ref=url, content_type=content_type))
    return tuple(found)


def _kind(content_type: str, channel: Channel) -> Kind:
    essence = content_type.partition(";")[0].strip().lower()
    if essence in {"text/x-vcard", "text/vcard", "text/directory"}:
        return Kind.CONTACT
    if essence == "image/webp" and channel is Channel.WHATSAPP:
        return Kind.STICKER
    kinds = {"image": Kind.IMAGE, "audio": Kind.VOICE, "video": Kind.VIDEO}
    return kinds.get(essence.partition("/")[0], Kind.DOCUMENT)


_INVISIBLE = "\r\n\t\u200c\u200d\u200e\u200f"  # joiners and directions of Persian, Arabic and emoji
_SHORTEST_WRAPPED = 60  # characters; only long, concatenated messages are known to arrive in base64


def _unwrapped(body: str) -> str:
    """The text of a long SMS that some carrier has put into base64; `body` itself wherever there is the least doubt.

    No writing of a person is one word of sixty letters in the alphabet of base64 that decodes to words in valid UTF-8.
    """
    if len(body) < _SHORTEST_WRAPPED or len(body) % 4:
        return body
    try:
        text = base64.b64decode(body.encode("ascii"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return body
    readable = all(letter.isprintable() or letter in _INVISIBLE for letter in text)
    return text if readable and any(letter.isspace() or not letter.isascii() for letter in text) else body
