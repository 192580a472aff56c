"""Telegram's errors."""

from typing import Any

from aiohttp import web

from sandbox.faults import Fault

REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class TelegramError(Exception):
    """A call that Telegram refuses, with the description it gives."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


def error_response(code: int, description: str = "", retry_after: int | None = None) -> web.Response:
    """The refusal: `{"ok": false, "error_code", "description"}`."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description or REASONS.get(code, "Error")}
    if retry_after is not None:
        body["parameters"] = {"retry_after": retry_after}
    return web.json_response(body, status=code)


def refuse(fault: Fault) -> web.Response:
    """A scripted refusal."""
    match fault.kind:
        case "429":
            sentence = f"Too Many Requests: retry after {fault.retry_after}"
            return error_response(429, sentence, fault.retry_after)
        case "403":
            return error_response(403, fault.description)
        case "5xx":
            return error_response(fault.code or 502, fault.description)
        case _:
            return error_response(fault.code or 400, fault.description)
