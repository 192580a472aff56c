"""Whoever steals the database, or its backup, learns nothing that a person said, nor from where they wrote."""

import bson
import pytest

from hotline.core.message import Attachment, Channel, Kind
from hotline.store import Store
from hotline.vault import SealBroken
from tests.usecases.parts import AMINA, SARA, Helpline, answer

ADDRESS = "+254799112233"
MARKERS = {
    "the address": "799112233",
    "a text": "zanzibarquartz",
    "words that raised a finding": "locks me",
    "a payload": "payloadquartz",
    "an attachment's reference": "refquartz",
    "an attachment's content": "contentquartz",
    "a report": "reportquartz",
    "an operator's answer": "answerquartz",
    "the assistant's answer": "botquartz",
    "a note": "notequartz",
    "a look-up's reason": "reasonquartz",
}


async def _everything(store: Store) -> bytes:
    dump = b""
    for name in await store.database.default.list_collection_names():
        async for document in store.database.default[name].find():
            dump += name.encode() + bson.encode(document)
    return dump


async def test_no_plain_text_is_anywhere_in_the_database(store: Store):
    helpline = Helpline(store)
    report = {"name": "report", "what": "reportquartz", "complete": True}
    helpline.assistant.script = [answer("botquartz"), answer("Thank you.", "report", commands=(report,))]
    helpline.provider.files["refquartz"] = b"contentquartz" * 50
    whatsapp = {"channel": Channel.WHATSAPP}
    await helpline.writes(ADDRESS, "zanzibarquartz, hello", **whatsapp)
    await helpline.writes(ADDRESS, "tap", Kind.CHOICE, payload="/payloadquartz", **whatsapp)
    await helpline.writes(ADDRESS, "madam locks me in zanzibarquartz", **whatsapp)
    photo = (Attachment("refquartz", "image/jpeg"),)
    await helpline.writes(ADDRESS, "see zanzibarquartz", Kind.IMAGE, attachments=photo, **whatsapp)
    assert await helpline.media.step()
    conversation = await helpline.conversation(ADDRESS, Channel.WHATSAPP)
    await helpline.desk.claim(AMINA, conversation.id)
    await helpline.desk.say(AMINA, conversation.id, "answerquartz")
    await helpline.sends()
    await helpline.desk.transfer(AMINA, conversation.id, "sara", "notequartz")
    await store.audit.add("lookup", "sara", helpline.clock(), note="reasonquartz", found="no")

    # what must not be read must be there, or the test would see nothing
    thread = await helpline.desk.read(SARA, conversation.id)
    texts = " ".join(message.text for message in thread.messages)
    assert all(words in texts for words in ("zanzibarquartz", "botquartz", "answerquartz"))
    assert any("locks me" in finding.words for finding in thread.conversation.findings)
    assert any(file.state == "stored" for message in thread.messages for file in message.attachments)
    assert any(entry["note"] == "notequartz" for entry in await helpline.desk.history(SARA, conversation.id))
    assert (await store.contacts.open(conversation.contact))[1] == ADDRESS

    dump = await _everything(store)
    names = await store.database.default.list_collection_names()
    assert {"messages", "contacts", "conversations", "reports", "audit", "attachment_files.chunks"} <= set(names)
    assert len(dump) > 5000
    found = [what for what, marker in MARKERS.items() if any(piece in dump for piece in _written(marker))]
    assert found == []


def _written(marker: str) -> set[bytes]:
    """A marker as it could stand in a document."""
    return {marker.encode(), marker.encode("utf-16-le"), marker.encode().hex().encode()}


async def test_a_person_whose_key_is_deleted_cannot_be_read_any_more(store: Store):
    helpline = Helpline(store)
    await helpline.writes(ADDRESS, "hello")
    person = helpline.person(ADDRESS)
    fresh = type(store.contacts)(store.database, store.contacts._vault)
    assert (await fresh.open(person))[1] == ADDRESS
    await store.database.default["contacts"].update_one({"_id": person}, {"$set": {"key.blob": b"\0" * 60}})
    stranger = type(store.contacts)(store.database, store.contacts._vault)
    with pytest.raises(SealBroken):
        await stranger.open(person)


async def test_a_text_moved_to_another_message_does_not_open(store: Store):
    helpline = Helpline(store)
    await helpline.arrives(ADDRESS, "one")
    await helpline.arrives(ADDRESS, "two")
    messages = store.database.default["messages"]
    first, second = [item async for item in messages.find().sort("at", 1)]
    await messages.update_one({"_id": second["_id"]}, {"$set": {"text": first["text"]}})
    with pytest.raises(SealBroken):
        await store.messages.thread(first["conversation"])
