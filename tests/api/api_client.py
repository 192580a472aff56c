"""A caller of the API that holds every answer against the OpenAPI document, so that each test is a test of it too."""

import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient
from api_fakes import TOKENS, Database, Time
from jsonschema import Draft202012Validator, FormatChecker

from hotline.api import openapi
from hotline.api.problems import MEDIA_TYPE, Problem

BASE = "/api/v1"


@dataclass
class Reply:
    status: int
    json: Any
    text: str
    headers: Any

    @property
    def problem(self) -> str:
        """The name of the problem that this is."""
        return self.json["type"].partition("#")[2]


@dataclass
class Api:
    http: TestClient
    database: Database
    time: Time

    async def get(self, path: str, user: str | None = "amina", **options: Any) -> Reply:
        return await self.call("GET", path, user, **options)

    async def post(self, path: str, body: object = None, user: str | None = "amina", **options: Any) -> Reply:
        if body is not None:
            options["json"] = body
        return await self.call("POST", path, user, **options)

    async def call(
        self, method: str, path: str, user: str | None = "amina", headers: dict[str, str] | None = None, **options: Any
    ) -> Reply:
        given = dict(headers or {})
        if user:
            given["Authorization"] = f"Bearer {TOKENS.get(user, user)}"
        async with self.http.request(method, BASE + path, headers=given, **options) as response:
            text = await response.text()
            parsed = json.loads(text) if "json" in response.content_type else None
            reply = Reply(response.status, parsed, text, response.headers)
        conforms(method, path, reply)
        return reply


def conforms(method: str, path: str, reply: Reply) -> None:
    """The headers that every answer has, the shape of problems, and what the document promises of this call."""
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    if reply.status >= 400:
        assert reply.headers["Content-Type"].startswith(MEDIA_TYPE)
        assert reply.json["status"] == reply.status
        assert reply.problem in {problem.slug for problem in Problem}
    operation = find_operation(method, path)
    if operation is None:
        assert reply.status in {404, 405}, "a path that the document does not know"
        return
    promised = operation["responses"].get(str(reply.status))
    assert promised, f"{operation['operationId']} does not promise {reply.status}"
    if "content" not in promised:
        assert reply.text == ""
        return
    ((media_type, content),) = promised["content"].items()
    assert reply.headers["Content-Type"].startswith(media_type)
    validate(reply.json, content["schema"])
    assert set(promised.get("headers", ())) <= set(reply.headers)


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    for template, methods in openapi.document()["paths"].items():
        pattern = template.replace("{id}", "[A-Za-z0-9_-]{1,64}")
        if method.lower() in methods and re.fullmatch(pattern, path.partition("?")[0]):
            return methods[method.lower()]
    return None


def validate(value: object, schema: dict[str, Any]) -> None:
    whole = schema | {"components": openapi.document()["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)
