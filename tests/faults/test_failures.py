"""Everything that can fail does: what the person gets, what was kept."""

import asyncio
import signal

import aiohttp
import pytest

from tests.people import Operator, PhoneOf
from tests.stack import Stack


async def fault(stack: Stack, **what: object) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{stack.sandbox}/sandbox/faults", json=what) as response:
        assert response.status < 300, await response.text()


@pytest.fixture(autouse=True)
async def no_faults(stack: Stack):
    yield
    async with aiohttp.ClientSession() as http:
        await http.delete(f"{stack.sandbox}/sandbox/faults")


@pytest.mark.parametrize("kind", ["429", "5xx"])
@pytest.mark.parametrize(("channel", "provider"), [("sms", "twilio"), ("telegram", "telegram")])
async def test_a_refusal_for_now_is_tried_again(stack: Stack, phone: PhoneOf, channel: str, provider: str, kind: str):
    person = phone(channel)
    await fault(stack, provider=provider, phone=person.address, kind=kind, times=2, retry_after=1)
    await person.says("what are my rights at work")
    await person.hears("to be paid", 30)
    await person.hears_nothing_more()


@pytest.mark.parametrize(("channel", "provider"), [("sms", "twilio"), ("telegram", "telegram")])
async def test_a_timeout_after_accepting_is_not_said_twice(stack: Stack, phone: PhoneOf, channel: str, provider: str):
    person = phone(channel)
    await fault(stack, provider=provider, phone=person.address, kind="timeout_after_accepting", times=1, seconds=15)
    await person.says("what are my rights at work")
    await person.hears("to be paid", 30)
    await person.hears_nothing_more(20)


async def test_a_blocked_contact_is_stopped_and_operators_see_it(stack: Stack, phone: PhoneOf, sol: Operator):
    person = phone("telegram")
    await person.says("I want to talk to a person")
    await person.hears("emergency number")
    conversation = await sol.finds(person)
    await sol.waits_for(conversation, state="waiting")
    async with person.session.post(f"{person.url}/block") as response:
        assert response.status < 300
    async with asyncio.timeout(15):
        while "stopped" not in (await sol.waits_for(conversation))["reasons"]:
            await asyncio.sleep(0.1)
    await sol.call("POST", f"/conversations/{conversation}/claim")
    status, problem = await sol.call("POST", f"/conversations/{conversation}/messages", text="are you there")
    assert status == 422, problem


async def test_the_assistant_down_means_a_human_and_a_holding_message(
    stack: Stack,
    phone: PhoneOf,
    sol: Operator,
):
    await stack.kill("bot")
    try:
        person = phone("sms")
        await person.says("hola, quiero saber mis derechos en el trabajo")
        await person.hears("asistente automático no puede|no puede responder", 30)
        waiting = await sol.waits_for(await sol.finds(person), state="waiting")
        assert "bot_unavailable" in waiting["reasons"]
    finally:
        await stack.start("bot")
        await stack.ready()


async def test_the_worker_killed_in_mid_traffic_loses_nothing_and_says_nothing_twice(stack: Stack, phone: PhoneOf):
    people = [phone("sms") for _ in range(12)]
    await asyncio.gather(*(person.says("what are my rights at work") for person in people))
    await stack.kill("worker", signal.SIGKILL)
    await asyncio.gather(*(person.says("thank you") for person in people))
    await stack.start("worker")
    for person in people:
        await person.hears("to be paid", 90)
        await person.hears("welcome", 90)
    for person in people:
        texts = [item["text"] for item in await person.inbox()]
        assert len(texts) == len(set(texts)), "said twice"


async def test_the_web_process_killed_loses_no_acknowledged_message(stack: Stack, phone: PhoneOf):
    people = [phone("telegram") for _ in range(5)]
    sending = [asyncio.create_task(person.says("what are my rights at work")) for person in people]
    await asyncio.sleep(0.05)
    await stack.kill("web", signal.SIGKILL)
    await stack.start("web")
    await asyncio.gather(*sending, return_exceptions=True)
    for person in people:
        await person.hears("to be paid", 90)
    for person in people:
        texts = [item["text"] for item in await person.inbox()]
        assert len(texts) == len(set(texts)), "said twice"


async def test_the_database_away_is_a_503_and_never_a_lost_200(stack: Stack, phone: PhoneOf):
    person = phone("sms")
    await stack.kill("mongo", signal.SIGTERM)
    try:
        assert await person.says("what are my rights at work") in ([503], [None])
    finally:
        await stack.start("mongo")
        await stack.ready()
    assert await person.says("what are my rights at work") == [200]
    await person.hears("to be paid", 60)
