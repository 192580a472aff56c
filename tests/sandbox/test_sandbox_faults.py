"""Scripted faults, and the journal of what the gateway asked."""

import asyncio
import time

import pytest
from aiohttp import ClientTimeout, ServerDisconnectedError
from sandbox_rig import BASIC, MESSAGES, PERSON, SMS_FROM, TELEGRAM_TOKEN, config_for, running
from twilio.base.exceptions import TwilioRestException

OTHER = "+254711000002"


async def create(twilio, to=PERSON):
    return await twilio.messages.create_async(to=to, from_=SMS_FROM, body="x")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "429"}, 429, 20429),
        ({"kind": "403"}, 403, 20403),
        ({"kind": "5xx"}, 503, 20503),
        ({"kind": "5xx", "code": 500}, 500, 20500),
        ({"kind": "21610"}, 400, 21610),
        ({"kind": "error", "code": 21614}, 400, 21614),
        ({"kind": "error", "code": 30001}, 400, 30001),
    ],
)
async def test_twilio_refuses_as_often_as_scripted(sandbox, twilio, fault, status, code):
    await sandbox.fault(provider="twilio", times=2, **fault)
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refusal:
            await create(twilio)
        assert (refusal.value.status, refusal.value.code) == (status, code)
    assert await create(twilio)
    assert len(await sandbox.thread("sms", PERSON)) == 1


async def test_a_fault_meets_only_its_phone_and_its_method(sandbox, twilio):
    await sandbox.fault(provider="twilio", kind="5xx", phone=PERSON, times=None)
    assert await create(twilio, OTHER)
    assert len(await twilio.messages.list_async()) == 1
    with pytest.raises(TwilioRestException):
        await create(twilio)
    await sandbox.delete("/sandbox/faults")
    assert await create(twilio)
    await sandbox.fault(provider="twilio", kind="5xx", method="list")
    assert await create(twilio)
    with pytest.raises(Exception, match="503"):
        await twilio.messages.list_async()


async def test_too_many_requests_say_when_to_come_again(sandbox):
    await sandbox.fault(provider="twilio", kind="429", retry_after=3)
    response = await sandbox.post(MESSAGES, data={"To": PERSON, "From": SMS_FROM, "Body": "x"}, headers=BASIC)
    assert response.headers["Retry-After"] == "3"


@pytest.mark.parametrize(("kind", "shown"), [("timeout_before", 0), ("timeout_after_accepting", 1)])
async def test_a_timeout_before_or_after_accepting(sandbox, kind, shown):
    await sandbox.fault(provider="twilio", kind=kind, seconds=60)
    form = {"To": PERSON, "From": SMS_FROM, "Body": "x"}
    with pytest.raises(TimeoutError):
        await sandbox.post(MESSAGES, data=form, headers=BASIC, timeout=ClientTimeout(total=0.3))
    assert len(await sandbox.thread("sms", PERSON)) == shown


async def test_after_the_held_time_the_connection_breaks(sandbox):
    await sandbox.fault(provider="twilio", kind="timeout_after_accepting", seconds=0.2)
    form = {"To": PERSON, "From": SMS_FROM, "Body": "x"}
    with pytest.raises((ServerDisconnectedError, ConnectionResetError)):
        await sandbox.post(MESSAGES, data=form, headers=BASIC)


async def test_latency_delays_and_other_faults_still_come(sandbox, twilio):
    await sandbox.fault(provider="twilio", kind="latency", seconds=0.3)
    await sandbox.fault(provider="twilio", kind="5xx")
    began = time.monotonic()
    with pytest.raises(TwilioRestException):
        await create(twilio)
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("fault", "status", "description"),
    [
        ({"kind": "403"}, 403, "Forbidden: bot was blocked by the user"),
        ({"kind": "403", "description": "Forbidden: user is deactivated"}, 403, "Forbidden: user is deactivated"),
        ({"kind": "5xx"}, 502, "Bad Gateway"),
        ({"kind": "error", "code": 400, "description": "Bad Request: x"}, 400, "Bad Request: x"),
    ],
)
async def test_telegram_refuses_as_scripted(sandbox, bot, fault, status, description):
    await sandbox.says("telegram", "1001", "/start", wait=True)
    await sandbox.fault(provider="telegram", phone="1001", **fault)
    response = await sandbox.post(f"/bot{TELEGRAM_TOKEN}/sendMessage", json={"chat_id": 1001, "text": "x"})
    assert (response.status, (await response.json())["description"]) == (status, description)


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"provider": "pigeon", "kind": "5xx"},
        {"provider": "twilio", "kind": "sulk"},
        {"provider": "telegram", "kind": "21610"},
        {"provider": "twilio", "kind": "5xx", "times": 0},
        {"provider": "twilio", "kind": "error"},
        {"provider": "twilio", "kind": "latency", "seconds": 10**6},
        {"provider": "twilio", "kind": "5xx", "color": "red"},
    ],
)
async def test_faults_that_make_no_sense(sandbox, fault):
    response = await sandbox.post("/sandbox/faults", json=fault)
    assert response.status == 400
    assert (await response.json())["error"]


async def test_the_journal_counts_what_the_gateway_asked(sandbox, twilio, bot):
    await asyncio.gather(create(twilio), create(twilio, OTHER))
    await sandbox.fault(provider="twilio", kind="5xx")
    with pytest.raises(TwilioRestException):
        await create(twilio)

    async def asked(**wanted):
        return await (await sandbox.get("/sandbox/requests", params=wanted)).json()

    assert (await asked(provider="twilio", method="create"))["count"] == 3
    assert (await asked(method="create", phone=PERSON, status="503"))["count"] == 1
    assert (await asked(method="create", phone=OTHER))["requests"][0]["body"]["Body"] == "x"
    assert (await asked(provider="telegram", method="setWebhook"))["count"] == 1
    assert TELEGRAM_TOKEN not in str(await asked())
    await sandbox.delete("/sandbox/requests")
    assert (await asked())["count"] == 0


async def test_a_held_connection_does_not_hold_the_shutdown_up(gateway):
    began = time.monotonic()
    async with running(config_for(gateway)) as sandbox:
        await sandbox.fault(provider="twilio", kind="timeout_before", seconds=300)
        form = {"To": PERSON, "From": SMS_FROM, "Body": "x"}
        held = asyncio.create_task(sandbox.post(MESSAGES, data=form, headers=BASIC))
        events = await sandbox.get("/sandbox/events")
        await events.content.readuntil(b"\n\n")
        async with asyncio.timeout(5):
            while (await (await sandbox.get("/sandbox/requests")).json())["count"] < 1:
                await asyncio.sleep(0.01)
        await sandbox.server.close()
        with pytest.raises((ServerDisconnectedError, ConnectionResetError)):
            await held
    assert time.monotonic() - began < 10
