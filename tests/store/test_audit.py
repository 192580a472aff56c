"""The audit log: what speaks of a person is sealed, and can still be read when the ring has a new key."""

import os
from dataclasses import replace
from datetime import UTC, datetime

from hotline.core.message import Channel, Inbound
from hotline.store import Store
from hotline.store.audit import Audit
from hotline.store.intake import conversation_id

NOW = datetime.now(UTC).replace(microsecond=0)
ANA = "+254700000001"


def _later(store: Store) -> Audit:
    """The log of a process that was started after a new key was added to the ring."""
    vault = store.contacts._vault
    ring = replace(vault, active="k2", keys=vault.keys | {"k2": os.urandom(32)})
    return Audit(store.database, ring, store.contacts)


async def test_why_a_conversation_was_raised_is_sealed_beside_the_note(store: Store):
    await store.intake.add([Inbound(Channel.SMS, "SM1", ANA, text="hello")], NOW)
    conversation = conversation_id(store.contacts._vault.pseudonym(Channel.SMS, ANA))
    await store.audit.add(
        "close", "amina", NOW, conversation, note="noteword", reasons="captive minor", outcome="helped", priority=""
    )
    kept = await store.database.default["audit"].find_one({})
    assert kept["details"] == {"outcome": "helped"}
    assert not any(word in repr(kept) for word in ("noteword", "captive", "minor"))
    (entry,) = await _later(store).of(conversation)
    assert entry["note"] == "noteword"
    assert entry["details"] == {"outcome": "helped", "reasons": "captive minor"}


async def test_a_note_about_nobody_is_sealed_under_a_key_of_its_own_and_outlives_a_new_ring_key(store: Store):
    vault = store.contacts._vault
    await store.audit.add("lookup", "sara", NOW, note="reasonword", found="no")
    kept = await store.database.default["audit"].find_one({})
    assert kept["ring_key"] == vault.active
    assert "reasonword" not in repr(kept)
    later = _later(store)
    await later.add("lookup", "sara", NOW, note="second")
    assert [entry["note"] for entry in await later.of(None)] == ["reasonword", "second"]


async def test_what_holds_no_secret_needs_no_key(store: Store):
    await store.audit.add("sign in", "sara", NOW)
    assert await store.audit.of(None) == [{"what": "sign in", "user": "sara", "at": NOW, "details": {}, "note": ""}]
