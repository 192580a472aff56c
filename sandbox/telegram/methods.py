"""The Bot API's methods: names, parameters and results."""

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.media import MediaShelf
from sandbox.phones import Phone
from sandbox.telegram.errors import TelegramError
from sandbox.telegram.records import Webhook, bot_user
from sandbox.telegram.service import Telegram

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
        "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip
# taken note of by nobody: the pretend bot has no profile
SETTERS = ("setmydescription", "setmyshortdescription", "setmyname", "setchatmenubutton", "deletemycommands")

Params = dict[str, Any]


class Result:
    """What a method gives back, and the sentence that some add."""

    def __init__(self, value: Any, description: str = "") -> None:
        self.value = value
        self.description = description


class Methods:
    """`call(name, params)` does what a method does. Names are case-insensitive, as the real ones are."""

    def __init__(self, telegram: Telegram, media: MediaShelf, typing: Callable[[Phone], None]) -> None:
        self._telegram = telegram
        self._media = media
        self._typing = typing
        self._table: dict[str, Callable[[Params], Result]] = {
            "getme": self._get_me,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "sendmessage": self._send_message,
            "answercallbackquery": self._answer_callback_query,
            "editmessagetext": self._edit_message_text,
            "editmessagereplymarkup": self._edit_message_reply_markup,
            "deletemessage": self._delete_message,
            "sendchataction": self._send_chat_action,
            "getfile": self._get_file,
            "setmycommands": self._set_my_commands,
            "getmycommands": self._get_my_commands,
            "leavechat": self._leave_chat,
            **dict.fromkeys(SETTERS, self._take_note),
        }

    def call(self, name: str, params: Params) -> Result:
        """Do it. Raises TelegramError as the real one refuses."""
        method = self._table.get(name.lower())
        if method is None:
            raise TelegramError(404, "Not Found")
        return method(params)

    def _get_me(self, _params: Params) -> Result:
        able = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return Result({**bot_user(self._telegram.config.bot_id), **able})

    def _set_webhook(self, params: Params) -> Result:
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        if not url:
            return self._delete_webhook(params)
        if not url.startswith(("http://", "https://")):  # the real one insists on https; this one stays on loopback
            raise TelegramError(400, "Bad Request: bad webhook: invalid webhook URL specified")
        if secret and not _SECRET.fullmatch(secret):
            raise TelegramError(400, "Bad Request: secret token contains unallowed characters")
        old = self._telegram.delivery.webhook
        allowed = params.get("allowed_updates")
        wanted = old.allowed_updates if allowed is None else [str(kind) for kind in allowed]
        webhook = Webhook(url, secret, wanted, _whole(params, "max_connections", 40))
        same = (old.url, old.secret, old.allowed_updates) == (url, secret, wanted)
        self._telegram.delivery.set_webhook(webhook, _flag(params, "drop_pending_updates"))
        return Result(True, "Webhook is already set" if same else "Webhook was set")

    def _delete_webhook(self, params: Params) -> Result:
        had = bool(self._telegram.delivery.webhook.url)
        self._telegram.delivery.set_webhook(Webhook(), _flag(params, "drop_pending_updates"))
        return Result(True, "Webhook was deleted" if had else "Webhook is already deleted")

    def _get_webhook_info(self, _params: Params) -> Result:
        webhook = self._telegram.delivery.webhook
        info: dict[str, Any] = {
            "url": webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": self._telegram.delivery.pending_count,
            "max_connections": webhook.max_connections,
        }
        if webhook.url:
            info["ip_address"] = "127.0.0.1"
        if webhook.allowed_updates:
            info["allowed_updates"] = webhook.allowed_updates
        if webhook.last_error_date is not None:
            info |= {"last_error_date": webhook.last_error_date, "last_error_message": webhook.last_error_message}
        return Result(info)

    def _send_message(self, params: Params) -> Result:
        chat_id, text = _chat_id(params), str(params.get("text", ""))
        markup, parse_mode = _object(params, "reply_markup"), str(params.get("parse_mode", ""))
        return Result(self._telegram.send(chat_id, text, markup, parse_mode))

    def _answer_callback_query(self, params: Params) -> Result:
        query_id = str(params.get("callback_query_id", ""))
        if query_id not in self._telegram.open_queries:
            raise TelegramError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._telegram.open_queries.discard(query_id)
        return Result(True)

    def _edit_message_text(self, params: Params) -> Result:
        message = self._telegram.message(_chat_id(params), _message_id(params), "message to edit not found")
        text, markup = str(params.get("text", "")), _object(params, "reply_markup")
        if not text:
            raise TelegramError(400, "Bad Request: message text is empty")
        return Result(self._telegram.edit(message, text=text, markup=markup))

    def _edit_message_reply_markup(self, params: Params) -> Result:
        message = self._telegram.message(_chat_id(params), _message_id(params), "message to edit not found")
        return Result(self._telegram.edit(message, markup=_object(params, "reply_markup")))

    def _delete_message(self, params: Params) -> Result:
        message = self._telegram.message(_chat_id(params), _message_id(params), "message to delete not found")
        self._telegram.delete(message)
        return Result(True)

    def _send_chat_action(self, params: Params) -> Result:
        phone = self._telegram.chat(_chat_id(params))
        if params.get("action") not in ACTIONS:
            raise TelegramError(400, "Bad Request: wrong parameter action in request")
        self._typing(phone)
        return Result(True)

    def _get_file(self, params: Params) -> Result:
        media = self._media.get(str(params.get("file_id", "")))
        if media is None:
            raise TelegramError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        path = f"{folder(media.content_type)}/{media.id}{suffix(media.name)}"
        unique = f"AgAD{media.id[-12:]}"
        return Result({"file_id": media.id, "file_unique_id": unique, "file_size": len(media.data), "file_path": path})

    def _set_my_commands(self, params: Params) -> Result:
        commands = params.get("commands")
        if not isinstance(commands, list):
            raise TelegramError(400, "Bad Request: can't parse BotCommand: expected an array")
        self._telegram.commands = commands
        return Result(True)

    def _get_my_commands(self, _params: Params) -> Result:
        return Result(self._telegram.commands)

    def _take_note(self, _params: Params) -> Result:
        return Result(True)

    def _leave_chat(self, params: Params) -> Result:
        self._telegram.leave(_chat_id(params))
        return Result(True)


def folder(content_type: str) -> str:
    """The folder of a file's path, by its content type."""
    family = content_type.partition("/")[0]
    return {"image": "photos", "audio": "voice", "video": "videos"}.get(family, "documents")


def suffix(name: str) -> str:
    """The ending of a file name with its dot; voice notes end in .oga there."""
    ending = name.rpartition(".")[2].lower() if "." in name else "bin"
    ending = re.sub(r"[^a-z0-9]", "", ending)[:8] or "bin"
    return ".oga" if ending == "ogg" else f".{ending}"


def from_form(fields: Params) -> Params:
    """Parameters of a form or a query: values that are JSON objects or arrays are read as such."""
    read: Params = {}
    for name, value in fields.items():
        read[name] = value
        if isinstance(value, str) and name in ("reply_markup", "allowed_updates", "commands"):
            try:
                read[name] = json.loads(value)
            except ValueError:
                raise TelegramError(400, f"Bad Request: can't parse {name} JSON object") from None
    return read


def _chat_id(params: Params) -> int:
    try:
        chat_id = int(params["chat_id"])
    except KeyError:
        raise TelegramError(400, "Bad Request: chat_id is empty") from None
    except (TypeError, ValueError):
        raise TelegramError(400, "Bad Request: chat not found") from None
    return chat_id


def _message_id(params: Params) -> int:
    try:
        return int(params["message_id"])
    except (KeyError, TypeError, ValueError):
        raise TelegramError(400, "Bad Request: message identifier is not specified") from None


def _object(params: Params, name: str) -> dict[str, Any] | None:
    value = params.get(name)
    if value is not None and not isinstance(value, dict):
        raise TelegramError(400, "Bad Request: object expected as reply markup")
    return value


def _flag(params: Params, name: str) -> bool:
    return str(params.get(name, "")).lower() in ("true", "1")


def _whole(params: Params, name: str, default: int) -> int:
    text = str(params.get(name, ""))
    return int(text) if text.isdecimal() else default
