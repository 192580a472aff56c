"""Twilio's errors: code, HTTP status and sentence."""

from http import HTTPStatus

from aiohttp import web

from sandbox.faults import Fault

UNAUTHENTICATED = 20003
# code -> (HTTP status, sentence)
ERRORS = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20009: (409, "Cannot delete message because delivery has not been completed."),
    20403: (403, "Forbidden"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service Unavailable"),
    21211: (400, "Invalid 'To' Phone Number"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21619: (400, "A text message body or media urls must be specified."),
    21655: (400, "The ContentSid is Invalid"),
    21656: (400, "The ContentVariables Parameter is invalid"),
    21701: (400, "The Messaging Service does not exist"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
}

# what a status callback says of a message that could not be delivered
DELIVERY_ERRORS = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    63013: "This message send failed because it violates Channel provider's policy",
    63016: "Failed to send freeform message because you are outside the allowed window",
    63018: "Rate limit exceeded for Channel",
    63024: "Invalid message recipient",
    63028: "Number of parameters provided does not match the expected number of parameters",
}


class TwilioError(Exception):
    """A request that Twilio refuses."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def error_response(code: int, status: int | None = None, retry_after: int | None = None) -> web.Response:
    """The refusal as Twilio words it: `{"code", "message", "more_info", "status"}`."""
    known, message = ERRORS.get(code, (400, DELIVERY_ERRORS.get(code, "Error")))
    status = status or known
    headers = {}
    if code == UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.json_response(body, status=status, headers=headers)


def refuse(fault: Fault) -> web.Response:
    """A scripted refusal."""
    match fault.kind:
        case "429":
            return error_response(20429, retry_after=fault.retry_after)
        case "403":
            return error_response(fault.code or 20403, status=403)
        case "5xx":
            return error_response(20500 if fault.code == HTTPStatus.INTERNAL_SERVER_ERROR else 20503, fault.code)
        case "21610":
            return error_response(21610)
        case _:
            return error_response(fault.code or 20001)
