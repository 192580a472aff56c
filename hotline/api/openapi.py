"""The OpenAPI 3.1 document, made from the table of calls and the models that check every body."""

from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from hotline.api.operations import BASE, CONVERSATION_ID, OPERATIONS, Operation
from hotline.api.problems import MEDIA_TYPE, Problem, ProblemDocument

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_INFO = {
    "title": "Hotline API",
    "version": "1.0.0",
    "description": "The queue, the conversations and the answers of a helpline, for programs. A token acts as the "
    "operator of its name. Times are RFC 3339 in UTC; errors are problem documents (RFC 9457) that quote nobody; "
    "lists are paged by an opaque `cursor`.",
}
_EXTRA_HEADERS = {
    Problem.UNAUTHORIZED: ("WWW-Authenticate", "How to authenticate (RFC 6750).", "string"),
    Problem.TOO_MANY: ("Retry-After", "Seconds to wait.", "integer"),
    Problem.UNAVAILABLE: ("Retry-After", "Seconds to wait.", "integer"),
}


@cache
def document() -> Json:
    """The whole document; the same object each time, not to be changed."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `hotline token create`, ended by `hotline token revoke`.",
                }
            },
            "schemas": _schemas(),
        },
    }


def _schemas() -> Json:
    read = {operation.takes for operation in OPERATIONS if operation.takes and operation.method == "POST"}
    given = {operation.gives for operation in OPERATIONS} | {ProblemDocument}
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in _by_name(read)),
        *((model, "serialization") for model in _by_name(given)),
    ]
    _, definitions = models_json_schema(wanted, ref_template=_REF)
    schemas: Json = definitions["$defs"]
    return schemas


def _by_name(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)


def _operation(operation: Operation) -> Json:
    found: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": f"{operation.detail} Needs the permission “{operation.permission}”.".strip(),
        "responses": _responses(operation),
    }
    parameters = _parameters(operation)
    if parameters:
        found["parameters"] = parameters
    if operation.takes and operation.method == "POST":
        required = any(field.is_required() for field in operation.takes.model_fields.values())
        found["requestBody"] = {"required": required, "content": _content("application/json", operation.takes)}
    return found


def _parameters(operation: Operation) -> list[Json]:
    found: list[Json] = []
    if operation.about_one:
        schema = {"type": "string", "pattern": f"^{CONVERSATION_ID}$"}
        found.append({"name": "id", "in": "path", "required": True, "schema": schema,
                      "description": "The conversation."})  # fmt: skip
    if operation.takes and operation.method == "GET":
        for name, schema in operation.takes.model_json_schema()["properties"].items():
            found.append({"name": name, "in": "query", "required": False, "schema": _without_null(schema),
                          "description": schema["description"]})  # fmt: skip
    return found


def _without_null(schema: Json) -> Json:
    """The schema of a query parameter: one that is null is left out, and its description stands beside it."""
    found = {
        name: value for name, value in schema.items() if name not in {"anyOf", "description"} and value is not None
    }
    for kind in schema.get("anyOf", ()):
        found |= kind if kind != {"type": "null"} else {}
    return found


def _responses(operation: Operation) -> Json:
    found: Json = {
        str(operation.status): {
            "description": HTTPStatus(operation.status).phrase,
            "content": _content("application/json", operation.gives),
        }
    }
    if operation.empty:
        found["204"] = {"description": operation.empty}
    by_status: dict[int, list[Problem]] = {}
    for problem in operation.all_problems:
        by_status.setdefault(problem.status, []).append(problem)
    for status, problems in by_status.items():
        found[str(status)] = _failure(problems)
    return dict(sorted(found.items()))


def _failure(problems: list[Problem]) -> Json:
    """One status; some can mean more than one problem, which their `type` tells apart."""
    found: Json = {
        "description": "; or: ".join(f"{problem.title} (`{problem.type}`)" for problem in problems),
        "content": _content(MEDIA_TYPE, ProblemDocument),
    }
    for problem in problems:
        if problem in _EXTRA_HEADERS:
            name, description, kind = _EXTRA_HEADERS[problem]
            found["headers"] = {name: {"description": description, "schema": {"type": kind}}}
    return found


def _content(media_type: str, model: type[BaseModel]) -> Json:
    return {media_type: {"schema": {"$ref": _REF.format(model=model.__name__)}}}
