"""A request, read: who asks, and with what. Nothing that was sent is ever quoted back."""

import re
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hotline.accounts import Accounts
from hotline.api.problems import FieldError, Problem, ProblemError, invalid
from hotline.core.access import User

MAX_BODY = 64 * 1024
"""Bytes. The longest message has 4,000 characters; JSON escapes need at most 12 bytes for each."""

_TOKEN = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]{1,512}=*) *", re.ASCII)  # RFC 6750

Input = TypeVar("Input", bound=BaseModel)


async def caller(request: web.Request, accounts: Accounts) -> User | None:
    """The user whose token came with the request; None where there is none or it is not valid."""
    match = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
    return await accounts.by_token(match[1]) if match else None


async def body(request: web.Request, model: type[Input]) -> Input:
    """The body as `model`; no body is an empty object. Raise `ProblemError` 400, 413, 415 or 422."""
    raw = await _read(request)
    if not raw:
        raw = b"{}"
    elif request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise ProblemError(Problem.MEDIA, "Send JSON in UTF-8 with the header Content-Type: application/json.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if error.errors(include_input=False)[0]["type"] == "json_invalid":
            raise ProblemError(Problem.MALFORMED, "The body cannot be read as JSON in UTF-8.") from None
        raise invalid(*_wrong(error, model, in_body=True)) from None


async def _read(request: web.Request) -> bytes:
    """All of the body, read no further than it may be long: our limit is below that of the whole site."""
    too_large = ProblemError(Problem.TOO_LARGE, f"A body has at most {MAX_BODY} bytes.")
    if (request.content_length or 0) > MAX_BODY:
        raise too_large
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > MAX_BODY:
            raise too_large
    return bytes(read)


def query(request: web.Request, model: type[Input]) -> Input:
    """The query as `model`. Raise `ProblemError` 422."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise invalid(*_wrong(error, model, in_body=False)) from None


def _wrong(error: ValidationError, model: type[BaseModel], *, in_body: bool) -> list[FieldError]:
    """Names of our own fields are told; names that the caller made up are not repeated."""
    found = []
    for item in error.errors(include_input=False, include_context=False, include_url=False):
        name = next((part for part in item["loc"][:1] if part in model.model_fields), None)
        where = {"pointer": f"#/{name}" if name else "#"} if in_body else {"parameter": str(name)}
        found.append(FieldError(detail=_said(item), **where))
    return found


def _said(item: ErrorDetails) -> str:
    """The sentence of pydantic: it speaks of what is wanted, not of what was sent."""
    if item["type"] == "extra_forbidden":
        return "There is a member that this call does not know"
    return item["msg"].removeprefix("Value error, ")
