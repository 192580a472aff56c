"""The worker's hold on a conversation: one hand at a time, and whoever lost it writes nothing."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline.core.conversation import Conversation, Move, State, claim, enqueue, finish, give_back
from hotline.core.errors import Conflict, HotlineError, LeaseLost, NotFound
from hotline.core.message import Author, Channel, Choice, Inbound
from hotline.core.records import Draft, Lease, Received, Turn
from hotline.core.screening import Finding
from hotline.core.triage import Priority
from hotline.store import Store
from hotline.store.work import LEASE

NOW = datetime.now(UTC).replace(microsecond=0)


async def _arrive(store: Store, number: int = 1, address: str = "+254700000001") -> None:
    await store.intake.add([Inbound(Channel.SMS, f"SM{number}", address, text=f"text {number}")], NOW)


async def _leased(store: Store, now: datetime = NOW) -> Lease:
    lease = await store.work.lease(now)
    assert lease is not None
    return lease


async def _next(store: Store, lease: Lease) -> Received:
    received = await store.work.next(lease.conversation.id)
    assert received is not None
    return received


def _turn(received: Received, lease: Lease, text: str = "reply") -> Turn:
    draft = Draft(f"o{received.id[1:]}.00", Author.BOT, text, "en")
    return Turn(received, replace(lease.conversation, language="en"), (draft,))


async def _replies(store: Store, lease: Lease) -> list[str]:
    return [message.text for message in await store.messages.thread(lease.conversation.id) if message.status]


async def test_eight_workers_take_eight_different_conversations(store: Store):
    for number in range(8):
        await _arrive(store, number, f"+25470000{number:04}")
    leases = await asyncio.gather(*(store.work.lease(NOW) for _ in range(12)))
    taken = [lease.conversation.id for lease in leases if lease]
    assert len(taken) == len(set(taken)) == 8


async def test_who_waits_longest_is_taken_first(store: Store):
    for number in range(3):
        person = f"+25470000{number:04}"
        await store.intake.add(
            [Inbound(Channel.SMS, f"SM{number}", person, text=person)], NOW + timedelta(seconds=number)
        )
    later = NOW + timedelta(seconds=9)
    taken = [await _next(store, await _leased(store, later)) for _ in range(3)]
    assert [received.text for received in taken] == [f"+25470000{number:04}" for number in range(3)]


async def test_after_the_lease_moved_the_slow_worker_writes_nothing(store: Store):
    await _arrive(store)
    slow = await _leased(store)
    received = await _next(store, slow)
    later = NOW + LEASE + timedelta(seconds=1)
    quick = await _leased(store, later)
    with pytest.raises(LeaseLost):
        await store.work.commit(_turn(received, slow, "too late"), slow, later)
    with pytest.raises(LeaseLost):
        await store.work.refresh(slow)
    await store.work.commit(_turn(received, quick), quick, later)
    with pytest.raises(LeaseLost):
        await store.work.commit(_turn(received, quick, "again"), quick, later)
    assert await _replies(store, quick) == ["reply"]
    await store.work.release(slow)
    assert await store.work.lease(later) is None, "the old lease's release freed nothing"


async def test_a_turn_is_written_whole_or_not_at_all(store: Store):
    await _arrive(store)
    lease = await _leased(store)
    received = await _next(store, lease)
    conversation, version = await store.conversations.get(lease.conversation.id)
    await store.conversations.save(claim(conversation, "amina", NOW), version)  # an operator is faster
    turn = replace(_turn(received, lease), report={"what": "x"}, contact={"reporter": True}, cancel_outbox=True)
    with pytest.raises(Conflict):
        await store.work.commit(turn, lease, NOW)
    assert await _replies(store, lease) == []
    assert await store.database.default["reports"].count_documents({}) == 0
    assert not (await store.contacts.get(conversation.contact)).reporter
    assert (await _next(store, lease)).id == received.id, "the message is still to be dealt with"
    fresh = await store.work.refresh(lease)
    assert fresh.conversation.state is State.OPERATOR
    await store.work.commit(_turn(received, fresh), fresh, NOW)
    assert await _replies(store, lease) == ["reply"]


async def test_a_message_that_comes_while_we_work_keeps_the_conversation_due(store: Store):
    await _arrive(store, 1)
    lease = await _leased(store)
    await _arrive(store, 2)
    await store.work.release(lease)
    assert (await _leased(store)).conversation.id == lease.conversation.id
    again = await store.work.lease(NOW)
    assert again is None


async def test_what_could_not_be_done_now_is_due_later(store: Store):
    await _arrive(store)
    lease = await _leased(store)
    await store.work.release(lease, retry_at=NOW + timedelta(seconds=5))
    assert await store.work.lease(NOW + timedelta(seconds=4)) is None
    assert (await _leased(store, NOW + timedelta(seconds=5))).conversation.id == lease.conversation.id


async def test_a_message_that_comes_while_a_turn_fails_is_not_put_off(store: Store):
    await _arrive(store, 1)
    lease = await _leased(store)
    await _arrive(store, 2)
    await store.work.release(lease, retry_at=NOW + timedelta(minutes=15))
    again = await _leased(store)
    assert again.conversation.id == lease.conversation.id
    await store.work.release(again, retry_at=NOW + timedelta(minutes=15))
    assert await store.work.lease(NOW + timedelta(minutes=14)) is None, "nothing new came"


async def _put(store: Store, conversation: Conversation, draft_id: str = "o1") -> None:
    await store.work.put(conversation, [Draft(draft_id, Author.OPERATOR, "hello", "en", user="amina")], NOW, 0)


async def test_an_operator_who_lost_a_conversation_in_this_very_moment_says_nothing_in_it(store: Store):
    await _arrive(store)
    lease = await _leased(store)
    mine = claim(enqueue(lease.conversation, Priority.P1, ("help",), NOW), "amina", NOW)
    await store.conversations.save(mine, lease.version)
    await _put(store, mine)
    bruno = claim(give_back(mine, NOW, "returned"), "bruno", NOW)
    await store.conversations.save(bruno, lease.version + 1)
    with pytest.raises(Conflict):
        await _put(store, mine, "o2")
    assert await _replies(store, lease) == ["hello"]
    await store.conversations.save(finish(bruno, Move.CLOSE), lease.version + 2)
    with pytest.raises(Conflict):
        await _put(store, bruno, "o3")
    assert await _replies(store, lease) == ["hello"]


async def test_an_end_is_written_whole_or_not_at_all(store: Store):
    await _arrive(store)
    lease = await _leased(store)
    held = claim(lease.conversation, "amina", NOW)
    await store.conversations.save(held, lease.version)
    closing = [Draft("o1", Author.SYSTEM, "goodbye", "en")]

    async def end(version: int) -> None:
        await store.work.end(finish(held, Move.CLOSE), version, closing, NOW, "close", "amina", note="noteword")

    with pytest.raises(Conflict):
        await end(lease.version)
    assert (await _replies(store, lease), await store.audit.of(held.id)) == ([], [])
    # a failure after the conversation itself: the closing words are there already under the same id
    await store.database.default["messages"].insert_one({"_id": "o1", "conversation": "c-other"})
    with pytest.raises(HotlineError):
        await end(lease.version + 1)
    assert (await store.conversations.get(held.id))[0].state is State.OPERATOR
    assert await store.audit.of(held.id) == []
    await store.database.default["messages"].delete_one({"_id": "o1"})
    await end(lease.version + 1)
    assert (await store.conversations.get(held.id))[0].state is State.CLOSED
    assert await _replies(store, lease) == ["goodbye"]
    assert [(entry["what"], entry["note"]) for entry in await store.audit.of(held.id)] == [("close", "noteword")]
    assert await store.outgoing.lease(NOW) is not None, "and it will be sent"


async def test_a_hundred_claims_at_once_have_one_winner(store: Store):
    await _arrive(store)
    conversation_id = (await _leased(store)).conversation.id
    conversation, version = await store.conversations.get(conversation_id)
    waiting = enqueue(conversation, Priority.P1, ("captive",), NOW)
    await store.conversations.save(waiting, version)

    async def take(number: int) -> str:
        seen, at = await store.conversations.get(conversation_id)
        await store.conversations.save(claim(seen, f"operator{number}", NOW), at)
        return f"operator{number}"

    outcomes = await asyncio.gather(*(take(number) for number in range(100)), return_exceptions=True)
    winners = [item for item in outcomes if isinstance(item, str)]
    assert len(winners) == 1
    assert all(isinstance(item, Conflict) for item in outcomes if not isinstance(item, str))
    assert (await store.conversations.get(conversation_id))[0].holder == winners[0]


async def test_a_renewal_is_no_change_that_others_must_look_at(store: Store):
    await _arrive(store)
    conversation_id = (await _leased(store)).conversation.id
    conversation, version = await store.conversations.get(conversation_id)
    await store.conversations.save(claim(conversation, "amina", NOW), version)
    held, version = await store.conversations.get(conversation_id)
    await store.conversations.renew(conversation_id, "amina", NOW + timedelta(hours=1))
    await store.conversations.renew(conversation_id, "bruno", NOW + timedelta(hours=2))
    await store.conversations.renew(conversation_id, "amina", NOW)  # an older one that comes late
    renewed, same = await store.conversations.get(conversation_id)
    assert same == version
    assert renewed == replace(held, holder_until=NOW + timedelta(hours=1))


async def test_a_conversation_comes_back_as_it_was_saved(store: Store):
    await _arrive(store)
    lease = await _leased(store)
    full = replace(
        lease.conversation,
        state=State.OPERATOR,
        language="ps",
        language_chosen=True,
        priority=Priority.P0,
        reasons=("captive", "help"),
        findings=(Finding("captive", "بند کړی", "ps", 0.9),),
        waiting_since=NOW,
        holder="amina",
        holder_until=NOW,
        choices=(Choice("هو", "/affirm"),),
        report_open=True,
        said=("handoff",),
        held_at=NOW,
    )
    await store.conversations.save(full, lease.version)
    assert (await store.conversations.get(full.id))[0] == full
    with pytest.raises(Conflict):
        await store.conversations.save(full, lease.version)


async def test_what_is_not_there_is_not_found(store: Store):
    with pytest.raises(NotFound):
        await store.conversations.get("c0")
    with pytest.raises(NotFound):
        await store.contacts.get("0" * 32)
    with pytest.raises(NotFound):
        await store.attachments.open("i0.0")
    assert await store.conversations.of_contact("0" * 32) is None
