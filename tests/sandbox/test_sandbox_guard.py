"""Loopback only, and no orders from other sites; state files."""

import json
import stat

import pytest
from sandbox_rig import PERSON, config_for, running

from sandbox.app import SandboxConfig

WRITE = f"/sandbox/phones/sms/{PERSON}/messages"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8090", "10.0.0.1", ""])
async def test_foreign_names_are_refused(sandbox, host):
    assert (await sandbox.get("/", headers={"Host": host})).status == 403


@pytest.mark.parametrize("host", ["localhost:8090", "127.0.0.1", "[::1]:8090"])
async def test_loopback_names_are_answered(sandbox, host):
    assert (await sandbox.get("/", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
async def test_other_sites_cannot_write(sandbox, gateway, headers):
    response = await sandbox.post(WRITE, json={"text": "x"}, headers=headers)
    assert response.status == 403
    assert gateway.delivered == []


async def test_the_page_itself_can(sandbox):
    response = await sandbox.post(WRITE, json={"text": "x"}, headers={"Origin": sandbox.url})
    assert response.status == 202


async def test_the_page_names_no_other_host_and_runs_only_its_own_scripts(sandbox, gateway):
    response = await sandbox.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = (await response.text()).replace(f"{gateway.url}/console/", "").replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in text
    assert "https://" not in text
    assert "style=" not in text


async def test_uploads_cannot_become_pages(sandbox):
    body = {"kind": "document", "data": "PHNjcmlwdD4=", "content_type": "text/html"}
    await sandbox.says("whatsapp", PERSON, **body)
    (entry,) = await sandbox.thread("whatsapp", PERSON)
    response = await sandbox.get(entry["media_url"])
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment"


async def test_threads_survive_a_restart_in_a_private_file(gateway, tmp_path):
    file = tmp_path / "deep" / "state.json"
    config = config_for(gateway, file)
    async with running(config) as first:
        await first.says("whatsapp", PERSON, kind="photo", wait=True)
        await first.post(f"/sandbox/phones/sms/{PERSON}/block")
        before = await first.thread("whatsapp", PERSON)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with running(config) as second:
        assert await second.thread("whatsapp", PERSON) == before
        assert (await second.get(before[0]["media_url"])).status == 200
        listed = (await (await second.get("/sandbox/phones")).json())["phones"]
        assert {(p["channel"], p["blocked"]) for p in listed} == {("whatsapp", False), ("sms", True)}


@pytest.mark.parametrize("content", ["{", json.dumps({"version": 0})])
async def test_a_foreign_state_file_is_not_overwritten(gateway, tmp_path, content):
    file = tmp_path / "state.json"
    file.write_text(content)
    with pytest.raises(ValueError, match="delete it to begin anew"):
        async with running(config_for(gateway, file)):
            pass
    assert file.read_text() == content


@pytest.mark.parametrize(
    "wrong",
    [
        {"telegram_token": "nonsense"},
        {"whatsapp_from": "+1"},
        {"gateway_url": "here"},
        {"auth_token": ""},
        {"pace": -1},
    ],
)
def test_settings_that_cannot_be(wrong):
    good = {"account_sid": "AC1", "auth_token": "t", "telegram_token": "1:a"}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SandboxConfig(**(good | wrong))


async def test_one_phones_events(sandbox):
    async with sandbox.get(f"/sandbox/phones/sms/{PERSON}/events") as events:
        await sandbox.says("sms", "+254711000009", "not for us")
        await sandbox.says("sms", PERSON, "for us")
        heard = b""
        while b"for us" not in heard:
            heard += await events.content.readuntil(b"\n\n")
    assert b"event: message" in heard
    assert b"not for us" not in heard
