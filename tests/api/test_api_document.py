"""The OpenAPI document is valid, says what the routes do, and its page can be read without a script."""

import re
from datetime import UTC

from api_client import Api
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from hotline.api import cursor, openapi
from hotline.api.operations import OPERATIONS
from hotline.api.problems import Problem
from hotline.core.triage import Priority

# what outside clients are promised
PROMISED = {
    ("GET", "/queue"): {"200"},
    ("POST", "/queue/claim"): {"200", "204"},
    ("POST", "/conversations/{id}/claim"): {"200", "409"},
    ("GET", "/conversations/{id}"): {"200"},
    ("POST", "/conversations/{id}/messages"): {"202", "409", "422"},
    ("POST", "/conversations/{id}/release"): {"200", "409"},
    ("POST", "/conversations/{id}/transfer"): {"200", "409"},
    ("POST", "/conversations/{id}/close"): {"200", "409"},
    ("POST", "/lookup"): {"200", "403", "404"},
}


async def test_the_document_is_valid_openapi(api: Api):
    async with api.http.get("/api/openapi.json") as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        document = await response.json()
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_what_clients_rely_on_is_there():
    paths = openapi.document()["paths"]
    for (method, path), statuses in PROMISED.items():
        assert statuses <= set(paths[path][method.lower()]["responses"]), path


async def test_document_and_routes_name_the_same_calls(api: Api):
    (mounted,) = api.http.app._subapps
    routed = {
        (route.method, resource.canonical)
        for resource in mounted.router.resources()
        for route in resource
        if resource.canonical.startswith("/api/v1/") and route.method != "HEAD"  # the shadow of GET
    }
    documented = {
        (method.upper(), f"/api/v1{path}")
        for path, methods in openapi.document()["paths"].items()
        for method in methods
    }
    assert routed == documented
    assert len(documented) == len(OPERATIONS)


def test_every_reference_leads_somewhere_and_every_schema_is_used():
    document = openapi.document()
    used = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert used == set(document["components"]["schemas"])


async def test_the_page_needs_no_script_and_no_other_host(api: Api):
    async with api.http.get("/api/docs") as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        page = await response.text()
    assert not re.search(r"<script|\sstyle=|<style|\son\w+=|https?://|javascript:", page)
    for sheet in re.findall(r'<link rel="stylesheet" href="([^"]+)"', page):
        async with api.http.get(sheet) as response:
            assert (response.status, response.content_type) == (200, "text/css")
            assert not re.search(r"url\(|@import", await response.text())


async def test_the_page_tells_of_every_call_schema_and_problem(api: Api):
    async with api.http.get("/api/docs") as response:
        page = await response.text()
    anchors = re.findall(r'\sid="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    wanted = {operation.id for operation in OPERATIONS} | {problem.slug for problem in Problem}
    wanted |= {f"schema-{name}" for name in openapi.document()["components"]["schemas"]}
    assert wanted <= set(anchors)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


async def test_every_problem_leads_to_its_description(api: Api):
    refused = await api.get("/queue", "wrong-token")
    path, _, anchor = refused.json["type"].partition("#")
    async with api.http.get(path) as response:
        assert f'id="{anchor}"' in await response.text()


@given(
    st.sampled_from(Priority),
    st.datetimes(timezones=st.just(UTC)),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
)
def test_a_cursor_keeps_its_place_to_the_microsecond(priority, since, conversation):
    found = cursor.encode((priority, since, conversation))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", found)
    assert cursor.decode(found) == (priority, since, conversation)


@given(st.text())
def test_nothing_else_is_a_cursor(text):
    try:
        found = cursor.decode(text)
    except cursor.BadCursor:
        return
    assert cursor.decode(cursor.encode(found)) == found
