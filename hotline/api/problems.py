"""Errors as problem documents (RFC 9457): every one that the API can answer, in one table."""

import json
from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from hotline.core.errors import Conflict, Forbidden, HotlineError, NotFound, Unavailable, Undeliverable
from hotline.lookup import TooManyLookups

MEDIA_TYPE = "application/problem+json"
DOCS = "/api/docs"
RETRY_AFTER = 5  # seconds: a replica set has chosen a new primary by then, or it takes much longer


class Problem(Enum):
    """Each kind of problem: status, name within the docs page, title. The detail is said case by case."""

    MALFORMED = 400, "malformed", "The request body is not JSON"
    UNAUTHORIZED = 401, "unauthorized", "No valid bearer token"
    FORBIDDEN = 403, "forbidden", "The role of this token does not allow this"
    NOT_FOUND = 404, "not-found", "There is no such thing"
    METHOD = 405, "method-not-allowed", "This path does not know this method"
    CONFLICT = 409, "conflict", "The conversation is in another state, or somebody else has it"
    TOO_LARGE = 413, "too-large", "The request body is too large"
    MEDIA = 415, "unsupported-media-type", "The request body must be application/json"
    INVALID = 422, "invalid", "Something in the request is wrong"
    UNDELIVERABLE = 422, "undeliverable", "The channel cannot carry this message"
    TOO_MANY = 429, "too-many-requests", "Too many look-ups"
    INTERNAL = 500, "internal-error", "A defect on our side"
    UNAVAILABLE = 503, "unavailable", "Something that we depend on is away"

    def __init__(self, status: int, slug: str, title: str) -> None:
        self.status = status
        self.slug = slug
        self.title = title

    @property
    def type(self) -> str:
        """The URI that names this kind and leads to its description."""
        return f"{DOCS}#{self.slug}"


class FieldError(BaseModel):
    """One thing that is wrong in a request. Never quotes what was sent."""

    detail: str
    pointer: str | None = Field(None, description="JSON Pointer into the body, as a URI fragment (`#/text`).")
    parameter: str | None = Field(None, description="Name of the query parameter.")


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str = Field(description="Names the kind of problem; leads to its description.")
    title: str
    status: int
    detail: str
    holder: str | None = Field(None, description="On `conflict`: who has the conversation, where somebody has.")
    errors: list[FieldError] | None = Field(None, description="On `invalid`: everything that is wrong.")


class ProblemError(HotlineError):
    """A problem that a handler found itself."""

    def __init__(self, problem: Problem, detail: str, errors: list[FieldError] | None = None) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.errors = errors


def invalid(*errors: FieldError) -> ProblemError:
    """A request with something wrong in it; all that is wrong, at once."""
    return ProblemError(Problem.INVALID, "Everything that is wrong is named in errors.", list(errors))


def respond(problem: Problem, detail: str, headers: Mapping[str, str] | None = None, **members: Any) -> web.Response:
    """The response. `members` are extension members of the document; those that are None are left out."""
    document = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": detail}
    document |= {name: value for name, value in members.items() if value is not None}
    return _send(document, headers)


def _send(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=document["status"], text=json.dumps(document), content_type=MEDIA_TYPE, headers=headers)


def translate(error: HotlineError) -> web.Response | None:
    """What an error of the use cases is to the caller; None where it is a defect of ours."""
    match error:
        case ProblemError():
            errors = [item.model_dump(exclude_none=True) for item in error.errors] if error.errors else None
            return respond(error.problem, error.detail, errors=errors)
        case Conflict():
            return respond(Problem.CONFLICT, _who(error), holder=error.holder)
        case Forbidden():
            return respond(Problem.FORBIDDEN, _sentence(str(error)))
        case NotFound():
            return respond(Problem.NOT_FOUND, _sentence(str(error)))
        case Undeliverable():
            return respond(Problem.UNDELIVERABLE, _sentence(error.reason))
        case TooManyLookups():
            return respond(Problem.TOO_MANY, _sentence(str(error)), {"Retry-After": str(error.retry_after)})
        case Unavailable():
            detail = f"The {error.part} does not answer. What you asked for may not have been done: ask again."
            return respond(Problem.UNAVAILABLE, detail, {"Retry-After": str(RETRY_AFTER)})
    return None


def of_http(error: web.HTTPException) -> web.Response:
    """What the router or the server itself refused, in the same shape."""
    allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    if error.status == Problem.NOT_FOUND.status:
        return respond(Problem.NOT_FOUND, f"There is nothing at this path. {DOCS} lists what there is.")
    if error.status == Problem.METHOD.status:
        return respond(Problem.METHOD, "The header Allow says what this path knows.", allowed)
    title = HTTPStatus(error.status).phrase
    return _send({"type": "about:blank", "title": title, "status": error.status})


def _who(error: Conflict) -> str:
    said = _sentence(error.reason)
    return f"{said} The holder is {error.holder}." if error.holder else said


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else text
