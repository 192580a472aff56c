"""Files that came with messages: fetched while the provider has them, and given up in the end."""

import asyncio
from datetime import timedelta

from hotline.core.errors import FetchError
from hotline.core.message import Attachment, Channel, Kind
from tests.usecases.parts import Helpline

ANA = "+254700000001"


async def _photo(helpline: Helpline, ref: str = "ref1") -> None:
    await helpline.arrives(
        ANA, "", Kind.IMAGE, channel=Channel.WHATSAPP, attachments=(Attachment(ref, "image/jpeg"),)
    )  # fmt: skip


async def _states(helpline: Helpline) -> list[str]:
    thread = await helpline.store.messages.thread((await helpline.conversation(ANA, Channel.WHATSAPP)).id)
    return [file.state for message in thread for file in message.attachments]


async def test_what_cannot_be_fetched_is_given_up_after_three_days_of_tries(helpline: Helpline):
    async def away(_: Attachment) -> bytes:
        raise FetchError("http_503")

    helpline.provider.fetch = away
    await _photo(helpline)
    started = helpline.clock.now
    while await _states(helpline) == ["pending"]:
        if not await helpline.media.step():
            helpline.clock.passes(minutes=5)
        assert helpline.clock.now - started < timedelta(days=5)
    assert await _states(helpline) == ["gone"]
    assert timedelta(days=2.9) < helpline.clock.now - started < timedelta(days=3.5)


async def test_a_download_that_does_not_end_makes_room_for_others_and_is_tried_again(helpline: Helpline, monkeypatch):
    monkeypatch.setattr("hotline.media._FETCH_WITHIN", 0.2)
    fetch = helpline.provider.fetch

    async def slow(attachment: Attachment) -> bytes:
        if attachment.ref == "slow":
            await asyncio.Event().wait()
        return await fetch(attachment)

    monkeypatch.setattr(helpline.provider, "fetch", slow, raising=False)
    helpline.provider.files["quick"] = b"picture"
    await _photo(helpline, "slow")
    await _photo(helpline, "quick")
    async with asyncio.timeout(10):
        while await helpline.media.step():
            pass
    assert await _states(helpline) == ["pending", "stored"]
    helpline.clock.passes(seconds=6)
    helpline.provider.files["slow"] = b"picture"
    monkeypatch.setattr(helpline.provider, "fetch", fetch)
    assert await helpline.media.step()
    assert await _states(helpline) == ["stored", "stored"]
