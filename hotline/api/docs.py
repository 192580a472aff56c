"""A readable page of the OpenAPI document, made here: no script, no other host."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from hotline.api import openapi
from hotline.api.problems import DOCS, Problem

_HERE = Path(__file__).resolve().parent
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a schema, or one parameter, as a line of a table."""

    name: str
    kind: str
    link: str | None  # the schema that the kind leads to
    required: bool
    description: str
    rules: str


def routes() -> list[web.RouteDef]:
    """The document, the page, and the page's style: open to all, for they say nothing of anyone."""
    return [
        web.get("/openapi.json", _document),
        web.get("/docs", _page),
        web.get("/docs.css", _style),
    ]


async def _document(_: web.Request) -> web.Response:
    return web.json_response(openapi.document())


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=page(), content_type="text/html", headers={"Content-Security-Policy": _POLICY})


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=_read_style(), content_type="text/css")


@cache
def _read_style() -> str:
    return (_HERE / "docs.css").read_text("utf-8")


@cache
def page() -> str:
    """The whole page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["code"] = code
    spec = openapi.document()
    return environment.get_template("docs.html").render(
        spec=spec,
        operations=[
            (method.upper(), path, operation)
            for path, methods in spec["paths"].items()
            for method, operation in methods.items()
        ],
        schemas={name: schema_fields(schema) for name, schema in spec["components"]["schemas"].items()},
        parameter_fields=parameter_fields,
        schema_name=schema_name,
        problems=list(Problem),
    )


def code(text: str) -> Markup:
    """Text with `words in backticks` set as code; the type of a problem leads to its description."""
    parts = text.split("`")
    return Markup("").join(_code(part) if number % 2 else escape(part) for number, part in enumerate(parts))


def _code(text: str) -> Markup:
    page, _, anchor = text.partition("#")
    if page == DOCS and anchor:
        return Markup('<a href="#{0}"><code>{0}</code></a>').format(anchor)
    return Markup("<code>{}</code>").format(text)


def schema_name(content: dict[str, Any]) -> str:
    """The name of the schema that a body's content refers to."""
    return _name(next(iter(content.values()))["schema"]["$ref"])


def parameter_fields(parameters: list[dict[str, Any]]) -> list[Field]:
    return [
        _field(item["name"], item["schema"] | {"description": item["description"]}, required=item["required"])
        for item in parameters
    ]


def schema_fields(schema: dict[str, Any]) -> list[Field]:
    """The members of an object; none for an enumeration."""
    required = schema.get("required", ())
    return [_field(name, item, required=name in required) for name, item in schema.get("properties", {}).items()]


def _field(name: str, schema: dict[str, Any], *, required: bool) -> Field:
    kind, link = _kind(schema)
    return Field(name, kind, link, required, schema.get("description", ""), _rules(schema))


def _kind(schema: dict[str, Any]) -> tuple[str, str | None]:
    """(type in words, name of the schema it leads to)."""
    if "$ref" in schema:
        return _name(schema["$ref"]), _name(schema["$ref"])
    if "anyOf" in schema:
        kinds = [_kind(item) for item in schema["anyOf"]]
        return " or ".join(kind for kind, _ in kinds), next((link for _, link in kinds if link), None)
    if schema.get("type") == "array":
        kind, link = _kind(schema["items"])
        return f"list of {kind}", link
    if schema.get("format") == "date-time":
        return "time", None
    return str(schema.get("type", "any")), None


_RULES = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "{} characters or more",
    "maxLength": "at most {} characters",
    "pattern": "`{}`",
    "default": "`{}` if left out",
}


def _rules(schema: dict[str, Any]) -> str:
    """The limits of a value in words."""
    flat: dict[str, Any] = {}
    for item in [*schema.get("anyOf", ()), schema]:
        flat |= item
    found = [words.format(flat[name]) for name, words in _RULES.items() if flat.get(name) not in {None, ""}]
    if "enum" in flat:
        found.append("one of " + ", ".join(f"`{value}`" for value in flat["enum"]))
    return "; ".join(found)


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
