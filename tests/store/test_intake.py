"""Intake: every message is kept once, on the disk, before anybody says so."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hotline import intake as intake_module
from hotline.core.errors import Unavailable
from hotline.core.message import Attachment, Channel, Inbound, Kind
from hotline.intake import Intake
from hotline.store import Store
from hotline.store.intake import conversation_id, message_id
from hotline.vault import SealBroken

NOW = datetime.now(UTC).replace(microsecond=0)
ANA = "+254700000001"


def _message(number: int = 1, address: str = ANA, **more) -> Inbound:
    return Inbound(Channel.SMS, f"SM{number}", address, text=f"text {number}", **more)


def _clock() -> datetime:
    return NOW


async def _count(store: Store, name: str) -> int:
    return await store.database.default[name].count_documents({})


async def test_the_same_message_five_times_at_once_is_kept_once(store: Store):
    outcomes = await asyncio.gather(*(store.intake.add([_message()], NOW) for _ in range(5)))
    assert sorted(new for (new,) in outcomes) == [False] * 4 + [True]
    assert (await _count(store, "messages"), await _count(store, "conversations")) == (1, 1)


async def test_the_same_message_five_times_at_once_through_the_group_commit(store: Store):
    intake = Intake(store.intake, _clock)
    assert sorted(await asyncio.gather(*(intake.accept(_message()) for _ in range(5)))) == [False] * 4 + [True]
    assert await intake.accept(_message()) is False, "and once more, later"
    assert await _count(store, "messages") == 1


async def test_two_first_messages_of_one_person_at_once_make_one_person_and_one_conversation(store: Store):
    # two processes: neither knows the other's new key
    await asyncio.gather(*(store.intake.add([_message(number)], NOW) for number in range(8)))
    assert await _count(store, "messages") == 8
    assert (await _count(store, "contacts"), await _count(store, "conversations")) == (1, 1)
    person = store.contacts._vault.pseudonym(Channel.SMS, ANA)
    thread = await store.messages.thread(conversation_id(person))
    assert sorted(message.text for message in thread) == [f"text {number}" for number in range(8)], "all can be read"


async def test_one_persons_channels_are_two_conversations(store: Store):
    await store.intake.add([_message(1), Inbound(Channel.WHATSAPP, "SM1", ANA, text="hello")], NOW)
    assert (await _count(store, "messages"), await _count(store, "conversations")) == (2, 2)


async def test_concurrent_accepts_become_few_writes_and_each_hears_of_its_own(store: Store, monkeypatch):
    batches: list[int] = []
    add = store.intake.add

    async def counted(batch, now):
        batches.append(len(batch))
        return await add(batch, now)

    monkeypatch.setattr(type(store.intake), "add", lambda _, batch, now: counted(batch, now))
    intake = Intake(store.intake, _clock)
    messages = [_message(number, f"+2547000{number % 20:05}") for number in range(200)]
    outcomes = await asyncio.gather(*(intake.accept(message) for message in [*messages, *messages[:50]]))
    assert sum(outcomes) == 200
    assert len(batches) < 10
    assert await _count(store, "messages") == 200


async def test_messages_of_one_batch_keep_their_order(store: Store):
    await store.intake.add([_message(number) for number in range(20)], NOW)
    person = store.contacts._vault.pseudonym(Channel.SMS, ANA)
    thread = await store.messages.thread(conversation_id(person))
    assert [message.text for message in thread] == [f"text {number}" for number in range(20)]


async def test_a_message_with_files_has_them_once(store: Store):
    message = _message(kind=Kind.IMAGE, attachments=(Attachment("r1", "image/png", 5), Attachment("r2", "audio/ogg")))
    await asyncio.gather(*(store.intake.add([message], NOW) for _ in range(3)))
    (shown,) = await store.messages.thread(conversation_id(store.contacts._vault.pseudonym(Channel.SMS, ANA)))
    assert [(file.content_type, file.state) for file in shown.attachments] == [
        ("image/png", "pending"),
        ("audio/ogg", "pending"),
    ]


async def test_what_no_encoding_can_hold_is_kept_as_far_as_it_can_be(store: Store):
    odd = Inbound(Channel.TELEGRAM, "u1", "55", Kind.CHOICE, "a\ud83db\x00c", payload="/x\udc00")
    assert await store.intake.add([odd], NOW) == [True]
    received = await store.work.next(conversation_id(store.contacts._vault.pseudonym(Channel.TELEGRAM, "55")))
    assert received is not None
    assert (received.text, received.payload) == ("a?bc", "/x?")


async def test_a_flag_that_a_crash_lost_is_found_by_the_sweep(store: Store):
    await store.intake.add([_message()], NOW)
    await store.database.default["conversations"].delete_many({})
    assert await store.work.lease(NOW) is None
    assert await store.intake.sweep(NOW - timedelta(seconds=10), NOW) == 0, "too young: its own flag may be on the way"
    later = NOW + timedelta(seconds=20)
    assert await store.intake.sweep(later - timedelta(seconds=10), later) == 1
    lease = await store.work.lease(later)
    assert lease is not None
    received = await store.work.next(lease.conversation.id)
    assert received is not None
    assert received.id == message_id(_message())


async def test_one_persons_messages_keep_their_order_over_batches_that_others_fill(store: Store):
    others = [_message(number, f"+2547100{number:05}") for number in range(60)]
    await store.intake.add([*others, _message(100), _message(101)], NOW)
    await store.intake.add([_message(102)], NOW + timedelta(milliseconds=1))
    await store.intake.add([_message(103), *(_message(200 + n, f"+2547001{n:05}") for n in range(9))], NOW)
    await store.intake.add([_message(104)], NOW + timedelta(milliseconds=2))
    thread = await store.messages.thread(conversation_id(store.contacts._vault.pseudonym(Channel.SMS, ANA)))
    assert [message.text for message in thread] == [f"text {number}" for number in range(100, 105)]
    assert thread[-1].at - NOW < timedelta(milliseconds=20), "others' messages move nobody's time"


async def test_a_clock_that_was_set_back_is_believed(store: Store):
    await store.intake.add([_message(1)], NOW)
    await store.intake.add([_message(2, "+254700000002")], NOW - timedelta(hours=1))
    person = store.contacts._vault.pseudonym(Channel.SMS, "+254700000002")
    (message,) = await store.messages.thread(conversation_id(person))
    assert message.at == NOW - timedelta(hours=1)


async def test_one_persons_broken_key_refuses_their_message_and_no_other(store: Store):
    await store.intake.add([_message(0)], NOW)
    await store.database.default["contacts"].update_one({}, {"$set": {"key.blob": b"\0" * 60}})
    store.contacts._keys.clear()
    intake = Intake(store.intake, _clock)
    messages = [_message(number, ANA if number == 7 else f"+2547100{number % 5:05}") for number in range(1, 21)]
    outcomes = await asyncio.gather(*(intake.accept(message) for message in messages), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [*[bool] * 6, SealBroken, *[bool] * 13]
    assert await _count(store, "messages") == 20
    assert await store.work.lease(NOW) is not None


class _Failing:
    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def add(self, batch, now):
        if self.error:
            raise self.error
        await asyncio.sleep(60)


@pytest.mark.parametrize(
    "error", [Unavailable("database"), RuntimeError("a defect"), None], ids=["away", "defect", "hangs"]
)
async def test_nobody_is_told_that_a_message_is_kept_when_it_is_not(error: Exception | None, monkeypatch):
    monkeypatch.setattr(intake_module, "CONFIRM_WITHIN", 0.2)
    intake = Intake(_Failing(error), _clock)
    outcomes = await asyncio.gather(*(intake.accept(_message(number)) for number in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    if intake._writer and not intake._writer.done():
        intake._writer.cancel()
