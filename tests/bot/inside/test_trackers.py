"""Dialogues at rest: unreadable, bound to their person, short, and true to what was said."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.keyring import TrackerKeys
from bot.trackers import EncryptedTrackerStore, TrackerConflict, TrackerUnreadable, trim
from bot.turns import answer_to


def store(domain: Domain, client: MongoClient, keys: TrackerKeys, **options: Any) -> EncryptedTrackerStore:
    return EncryptedTrackerStore(domain, keys=keys, client=client, **options)


def turn(number: int, *between: Event) -> list[Event]:
    return [
        UserUttered(f"text {number}", {"name": "greet", "confidence": 0.9}, message_id=f"m{number}"),
        ActionExecuted("utter_menu"),
        *between,
        BotUttered(f"answer {number}", {"buttons": [{"title": "Yes", "payload": "/affirm"}]}),
        ActionExecuted("action_listen"),
    ]


def session() -> list[Event]:
    return [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]


def tracker(domain: Domain, events: list[Event], sender: str = "p") -> DialogueStateTracker:
    return DialogueStateTracker.from_events(sender, events, domain.slots)


def test_what_is_saved_comes_back(domain: Domain, client: MongoClient, key: bytes):
    trackers = store(domain, client, TrackerKeys("k1", {"k1": key}))
    saved = tracker(domain, [*session(), *turn(1, SlotSet("question", "safe"))])
    asyncio.run(trackers.save(saved))
    read = asyncio.run(trackers.retrieve("p"))
    assert read is not None
    assert [e.as_dict() for e in read.events] == [e.as_dict() for e in saved.events]
    assert read.get_slot("question") == "safe"


def test_nobody_is_nobody(domain: Domain, client: MongoClient, key: bytes):
    trackers = store(domain, client, TrackerKeys("k1", {"k1": key}))
    assert asyncio.run(trackers.retrieve("p")) is None
    asyncio.run(trackers.get_or_create_tracker("p"))
    assert asyncio.run(trackers.keys()) == [], "a new dialogue is written at the end of its first turn"


def test_an_older_key_still_opens(domain: Domain, client: MongoClient, key: bytes):
    asyncio.run(store(domain, client, TrackerKeys("k1", {"k1": key})).save(tracker(domain, turn(1))))
    rotated = store(domain, client, TrackerKeys("k2", {"k1": key, "k2": bytes(32)}))
    read = asyncio.run(rotated.retrieve("p"))
    assert read is not None
    asyncio.run(rotated.save(read))
    stored = client["hotline"]["trackers"].find_one()
    assert stored is not None
    assert stored["key"] == "k2"


@pytest.mark.parametrize("harm", ["altered", "moved", "key gone", "other key"])
def test_what_cannot_be_trusted_is_not_read(domain: Domain, client: MongoClient, key: bytes, harm: str):
    asyncio.run(store(domain, client, TrackerKeys("k1", {"k1": key})).save(tracker(domain, turn(1))))
    collection = client["hotline"]["trackers"]
    document = collection.find_one_and_delete({})
    keys = {"key gone": {"k2": key}, "other key": {"k1": bytes(32)}}.get(harm, {"k1": key})
    if harm == "altered":
        document["blob"] = document["blob"][:-1] + bytes([document["blob"][-1] ^ 1])
    person = "another" if harm == "moved" else "p"
    collection.insert_one(document | {"_id": person})
    with pytest.raises(TrackerUnreadable):
        asyncio.run(store(domain, client, TrackerKeys(next(iter(keys)), keys)).retrieve(person))


def test_two_writers_do_not_overwrite_each_other(domain: Domain, client: MongoClient, key: bytes):
    trackers = store(domain, client, TrackerKeys("k1", {"k1": key}))
    asyncio.run(trackers.save(tracker(domain, turn(1))))
    with pytest.raises(TrackerConflict):
        asyncio.run(trackers.save(tracker(domain, turn(1))))
    first, second = (asyncio.run(trackers.retrieve("p")) for _ in range(2))
    asyncio.run(trackers.save(first))
    asyncio.run(trackers.save(first))
    with pytest.raises(TrackerConflict):
        asyncio.run(trackers.save(second))


def test_the_time_to_live_can_be_changed(domain: Domain, client: MongoClient, key: bytes):
    for hours in (48, 2):
        store(domain, client, TrackerKeys("k1", {"k1": key}), ttl_hours=hours)
        index = client["hotline"]["trackers"].index_information()["updated_at_1"]
        assert index["expireAfterSeconds"] == timedelta(hours=hours).total_seconds()


def test_a_long_dialogue_keeps_its_end_and_its_state(domain: Domain):
    opened = [ActiveLoop("report_form"), SlotSet("report_what", "no pay"), SlotSet("requested_slot", "report_where")]
    events = [*session(), *turn(0, *opened), *(e for n in range(1, 40) for e in turn(n))]
    kept = trim(events, 60, "p", domain)
    assert len(kept) < 75
    whole, short = tracker(domain, events), tracker(domain, kept)
    assert short.current_slot_values() == whole.current_slot_values()
    assert short.active_loop_name == "report_form"
    assert short.latest_action_name == whole.latest_action_name
    for number in range(30, 40):
        assert answer_to(f"m{number}", kept) == answer_to(f"m{number}", events)
    assert trim(kept, 60, "p", domain) == kept


def test_trimming_again_and_again_loses_nothing_more(domain: Domain):
    """As it happens: a little with every message."""
    events = [*session(), *turn(0, SlotSet("report_what", "no pay"), ActiveLoop("report_form"))]
    for number in range(1, 60):
        events = trim([*events, *turn(number)], 60, "p", domain)
    short = tracker(domain, events)
    assert short.get_slot("report_what") == "no pay"
    assert short.active_loop_name == "report_form"
    assert len(events) < 75


def test_a_finished_form_stays_finished(domain: Domain):
    events = [*session(), *turn(0, ActiveLoop("report_form")), *turn(1, ActiveLoop(None))]
    kept = trim([*events, *(e for n in range(2, 40) for e in turn(n))], 60, "p", domain)
    assert tracker(domain, kept).active_loop_name is None
    answer = answer_to("m39", kept)
    assert answer is not None
    assert answer["form"] is None


def test_one_enormous_turn_stays_whole(domain: Domain):
    events = [*session(), *turn(0), *turn(1, *[BotUttered(f"line {n}") for n in range(200)])]
    answer = answer_to("m1", trim(events, 60, "p", domain))
    assert answer is not None
    assert len(answer["replies"]) == 201


def test_only_the_current_session_is_kept(domain: Domain):
    kept = trim([*session(), *turn(1), *session(), *turn(2)], 60, "p", domain)
    assert "text 1" not in json.dumps([e.as_dict() for e in kept])
    assert answer_to("m2", kept)
