"""What each call does: a few lines over the use cases, which hold every rule."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from hotline.accounts import Accounts
from hotline.api import bodies, cursor, views
from hotline.api.problems import FieldError, invalid
from hotline.core import queueing
from hotline.core.access import User
from hotline.core.errors import Forbidden
from hotline.core.message import Direction
from hotline.desk import Desk
from hotline.lookup import Lookup


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, about which conversation ("" where the path names none), and the use cases."""

    user: User
    conversation: str
    desk: Desk
    accounts: Accounts
    lookup: Lookup
    labels: Mapping[str, str]


async def queue(call: Call, page: bodies.QueuePage) -> views.Queue:
    try:
        after = page.after
    except cursor.BadCursor:
        raise invalid(FieldError(parameter="cursor", detail="This is not a cursor of the queue")) from None
    items = await call.desk.queue(call.user, after, page.limit + 1)  # one more tells whether there is a next page
    given = items[: page.limit]
    more = len(items) > page.limit
    return views.Queue(
        items=[views.waiting(item) for item in given],
        cursor=cursor.encode(queueing.key(given[-1].conversation)) if more else None,
    )


async def claim_next(call: Call) -> views.Conversation | None:
    claimed = await call.desk.claim_next(call.user)
    return await _read(call, claimed.id) if claimed else None


async def held(call: Call) -> views.Queue:
    return views.Queue(items=[views.waiting(item) for item in await call.desk.mine(call.user)], cursor=None)


async def claim(call: Call) -> views.Conversation:
    claimed = await call.desk.claim(call.user, call.conversation)
    return await _read(call, claimed.id)


async def conversation(call: Call, newest: bodies.Newest) -> views.Conversation:
    return await _read(call, call.conversation, newest.limit)


async def _read(call: Call, conversation_id: str, limit: int = 200) -> views.Conversation:
    return views.conversation(await call.desk.read(call.user, conversation_id, limit), call.labels)


async def say(call: Call, body: bodies.Say) -> views.Accepted:
    if body.id is None:
        return views.Accepted(id=await call.desk.say(call.user, call.conversation, body.text))
    message_id = _own_id(call, body.id)
    await _refuse_other_text(call, message_id, body.text)
    return views.Accepted(id=await call.desk.say(call.user, call.conversation, body.text, message_id))


def _own_id(call: Call, chosen: str) -> str:
    """A caller's id within their own name and this conversation: it cannot be, or hit, anybody else's.

    "ok": ids of ours go on in hexadecimal, which has no "k".
    """
    scope = f"{call.user.name}\x00{call.conversation}\x00{chosen}"
    return f"ok{hashlib.sha256(scope.encode()).hexdigest()[:30]}"


async def _refuse_other_text(call: Call, message_id: str, text: str) -> None:
    """An id that was used for another text is a mistake of the caller's: the second text must not vanish silently."""
    try:
        thread = await call.desk.read(call.user, call.conversation)
    except Forbidden:
        return  # not the holder, and `Desk.say` says who is
    said = [
        shown.text
        for shown in thread.messages
        if shown.direction is Direction.OUT and shown.id.partition(".")[0] == message_id
    ]
    if said and _letters("".join(said)) != _letters(text):
        raise invalid(FieldError(pointer="#/id", detail="Another text was sent under this id: choose a new one"))


def _letters(text: str) -> str:
    """A text without its white space, which is all that a long one loses where it is cut."""
    return "".join(text.split())


async def release(call: Call, body: bodies.Release) -> views.Standing:
    return views.standing(await call.desk.release(call.user, call.conversation, body.note))


async def transfer(call: Call, body: bodies.Transfer) -> views.Standing:
    if body.to and body.to not in {user.name for user in await call.accounts.answering()}:
        raise invalid(FieldError(pointer="#/to", detail="No user of this name can be passed a conversation"))
    return views.standing(await call.desk.transfer(call.user, call.conversation, body.to, body.note))


async def close(call: Call, body: bodies.Close) -> views.Standing:
    return views.standing(await call.desk.close(call.user, call.conversation, body.outcome, body.note))


async def find(call: Call, body: bodies.Find) -> views.Found:
    contact, found = await call.lookup.find(call.user, body.channel, body.address, body.reason)
    return views.Found(contact=contact, conversation=found)
