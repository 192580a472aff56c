"""deploy/nginx.conf in a real nginx before a pretend gateway: what passes, what does not, and for how long."""

import asyncio
import contextlib
import re
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from hotline.local import free_port
from hotline.web import MAX_BODY
from tests.deploy.shape import ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not on this machine")

PATIENCE = 1  # second: what the tests wait for instead of ten


def _certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "helpline.example.org")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "tls_certificate").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls_key").write_bytes(private)


def _configuration(folder, upstream, plain, secure):
    """Ours, with other ports and paths and less patience."""
    text = (ROOT / "deploy/nginx.conf").read_text("utf-8")
    for was, becomes in (
        ("/tmp/", f"{folder}/"), ("/run/secrets/", f"{folder}/"), ("/var/www/acme", str(folder)),
        ("web:8080", f"127.0.0.1:{upstream}"), ("listen 8080;", f"listen 127.0.0.1:{plain};"),
        ("listen 8443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("client_header_timeout 10s", f"client_header_timeout {PATIENCE}s"),
        ("client_body_timeout 10s", f"client_body_timeout {PATIENCE}s"),
    ):  # fmt: skip
        assert was in text, was
        text = text.replace(was, becomes)
    version = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr
    if tuple(map(int, re.search(r"/(\d+)\.(\d+)", version).groups())) < (1, 25):
        text = re.sub(r"http2 on;.*", "", text)  # an older nginx says it in another way
    return text


@pytest.fixture(scope="module")
async def proxy(tmp_path_factory):
    """(https address, http address, what the gateway has seen, the log)."""
    folder = tmp_path_factory.mktemp("proxy")
    _certificate(folder)
    seen = []

    async def answer(request):
        body = await request.read()
        seen.append((request.method, request.path, len(body), request.host))
        return web.Response(text="gateway")

    async def large(request):
        return web.Response(body=bytes(20_000_000))

    async def events(request):
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"event: queue\ndata: 1\n\n")
        await asyncio.sleep(30)
        return stream

    app = web.Application(client_max_size=2**24)
    app.router.add_get("/console/events", events)
    app.router.add_get("/{folder:console/files|console}/large", large)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    upstream, plain, secure = free_port(), free_port(), free_port()
    await web.TCPSite(runner, "127.0.0.1", upstream).start()
    file = folder / "nginx.conf"
    file.write_text(_configuration(folder, upstream, plain, secure), "utf-8")
    process = subprocess.Popen(
        [NGINX, "-e", "stderr", "-p", folder, "-c", file, "-g", "daemon off; user root;"],
        stderr=(folder / "log").open("w"),
    )
    for _ in range(100):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", secure)
            writer.close()
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail((folder / "log").read_text("utf-8"))
    yield f"https://127.0.0.1:{secure}", f"http://127.0.0.1:{plain}", seen, folder / "log"
    process.terminate()
    process.wait()
    await runner.cleanup()


@pytest.fixture
async def client():
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as session:
        yield session


async def _ask(client, url, method="GET", **arguments):
    async with client.request(method, url, allow_redirects=False, **arguments) as response:
        return response.status, response.headers, await response.text()


@pytest.mark.parametrize(
    "path", ["/webhooks/twilio", "/webhooks/twilio/status?id=o1", "/webhooks/telegram", "/console/", "/console/signin",
             "/console/static/vendor/htmx.min.js", "/api/v1/queue", "/api/docs", "/health/live"]
)  # fmt: skip
async def test_what_the_world_may_ask_for_passes(proxy, client, path):
    status, headers, body = await _ask(client, proxy[0] + path)
    assert (status, body) == (200, "gateway")
    assert "max-age" in headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    "path", ["/metrics", "/health/ready", "/health/", "/anything", "/apis", "/api/../metrics",
             "/console/..%2f..%2fmetrics", "/health/live/../../metrics"]
)  # fmt: skip
async def test_what_is_not_public_stays_inside(proxy, client, path):
    before = len(proxy[2])
    status, _, body = await _ask(client, URL(proxy[0] + path, encoded=True))
    seen = [path for _, path, *_ in proxy[2][before:]]
    assert "/metrics" not in seen
    assert "/health/ready" not in seen
    assert status in {400, 404}, body


async def test_the_start_page_is_the_console_and_plain_http_goes_to_https(proxy, client):
    status, headers, _ = await _ask(client, f"{proxy[0]}/")
    assert (status, headers["Location"].endswith("/console/")) == (308, True)
    status, headers, _ = await _ask(client, f"{proxy[1]}/webhooks/telegram", "POST", data=b"x")
    assert (status, headers["Location"]) == (308, "https://127.0.0.1/webhooks/telegram")


async def test_the_gateway_sees_the_host_that_was_asked_for(proxy, client):
    await _ask(client, f"{proxy[0]}/webhooks/twilio", "POST", data=b"a=b", headers={"Host": "helpline.example.org"})
    assert proxy[2][-1] == ("POST", "/webhooks/twilio", 3, "helpline.example.org")


async def test_a_body_as_large_as_the_gateway_takes_passes_and_a_larger_one_does_not(proxy, client):
    status, *_ = await _ask(client, f"{proxy[0]}/webhooks/twilio", "POST", data=b"x" * MAX_BODY)
    assert (status, proxy[2][-1][2]) == (200, MAX_BODY)
    before = len(proxy[2])
    status, *_ = await _ask(client, f"{proxy[0]}/webhooks/twilio", "POST", data=b"x" * (MAX_BODY + 1))
    assert (status, len(proxy[2])) == (413, before)


@pytest.mark.parametrize(
    "begun", [b"POST /webhooks/twi", b"POST /webhooks/twilio HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"]
)
async def test_a_request_that_never_ends_is_dropped_and_never_reaches_the_gateway(proxy, begun):
    """And it is not answered 200: a provider whose line broke must send its message again."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    before = len(proxy[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy[0].rpartition(":")[2]), ssl=trusting)
    writer.write(begun)
    async with asyncio.timeout(PATIENCE + 5):
        with contextlib.suppress(ConnectionResetError):
            answer = await reader.read()
            assert b" 200 " not in answer
    writer.close()
    assert len(proxy[2]) == before


async def test_an_open_page_hears_at_once(proxy, client):
    async with asyncio.timeout(5), client.get(f"{proxy[0]}/console/events") as stream:
        assert await stream.content.readline() == b"event: queue\n"


async def test_what_people_sent_never_touches_the_proxys_disk(proxy, client):
    """A file that is read slowly waits in the gateway; anything else may wait in nginx."""
    async with asyncio.timeout(20), client.get(f"{proxy[0]}/console/files/large") as file:
        await file.content.readany()
        async with client.get(f"{proxy[0]}/console/large") as other:
            await other.content.readany()
            while not (kept := re.findall(r'temporary file.*"GET (\S+)', proxy[3].read_text("utf-8"))):
                await asyncio.sleep(0.05)
    assert set(kept) == {"/console/large"}


async def test_guessing_passwords_is_slowed_down(proxy, client):
    found = {(await _ask(client, f"{proxy[0]}/console/signin", "POST", data=b"x"))[0] for _ in range(40)}
    assert found == {200, 429}
    assert (await _ask(client, f"{proxy[0]}/webhooks/twilio", "POST", data=b"x"))[0] == 200
