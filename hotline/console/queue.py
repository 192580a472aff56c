"""The queue: who waits, most urgent first; what I hold; what colleagues hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from yarl import URL

from hotline.console.errors import trouble
from hotline.console.pages import LISTED, counts, page, render, tally
from hotline.console.sessions import user_of
from hotline.core import queueing
from hotline.core.access import Permission
from hotline.core.errors import Conflict
from hotline.core.records import QueueItem
from hotline.core.triage import Priority
from hotline.keys import DESK, SITE


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list of conversations."""

    id: str
    code: str
    channel: str
    language: str | None
    priority: Priority
    reasons: tuple[str, ...]
    since: datetime | None
    waited: timedelta
    allowed: timedelta
    overdue: bool
    holder: str | None
    last_seen: datetime | None
    stopped: bool


def row(item: QueueItem, now: datetime) -> Row:
    conversation, contact = item.conversation, item.contact
    wait = queueing.wait(conversation, now)
    return Row(
        id=conversation.id,
        code=contact.code,
        channel=conversation.channel,
        language=conversation.language,
        priority=conversation.rank,
        reasons=conversation.reasons,
        since=conversation.waiting_since,
        waited=wait.waited,
        allowed=wait.allowed,
        overdue=wait.overdue,
        holder=conversation.holder,
        last_seen=contact.last_seen,
        stopped=contact.stopped,
    )


async def lists(request: web.Request) -> dict[str, Any]:
    """Everything that the queue page shows, and the header's counts from the same reading."""
    desk, user, now = request.config_dict[DESK], user_of(request), request.config_dict[SITE].clock()
    waiting = await desk.queue(user, limit=LISTED)
    held = await desk.held(user) if user.may(Permission.OVERSEE) else []
    return {
        "counts": tally(waiting),
        "waiting": [row(item, now) for item in waiting],
        "mine": await my_rows(request),
        "others": [row(item, now) for item in held if item.conversation.holder != user.name],
    }


async def my_rows(request: web.Request) -> list[Row]:
    now = request.config_dict[SITE].clock()
    return [row(item, now) for item in await request.config_dict[DESK].mine(user_of(request))]


async def show(request: web.Request) -> web.Response:
    user = user_of(request)
    if not user.may(Permission.ANSWER) and user.may(Permission.CAMPAIGN):
        raise web.HTTPSeeOther("/console/campaigns")
    return render(request, "queue.html", **await lists(request))


async def fragment(request: web.Request) -> web.Response:
    """The lists alone, for an open page."""
    return render(request, "queue_lists.html", **await lists(request))


async def header_counts(request: web.Request) -> web.Response:
    """The queue's link in the header, for an open page."""
    shown_on = URL(request.headers.get("HX-Current-URL", "")).path
    return render(request, "counts.html", counts=await counts(request), path=shown_on)


async def mine(request: web.Request) -> web.Response:
    """The list of my conversations, for an open page."""
    return render(request, "mine.html", mine=await my_rows(request), current=request.query.get("current", ""))


async def take_next(request: web.Request) -> web.Response:
    """The most urgent one that nobody has."""
    taken = await request.config_dict[DESK].claim_next(user_of(request))
    raise web.HTTPSeeOther(f"/console/c/{taken.id}" if taken else "/console/?done=empty")


async def claim(request: web.Request) -> web.Response:
    """This one; where a colleague was faster, the queue as it is now says so."""
    conversation = request.match_info["id"]
    try:
        await request.config_dict[DESK].claim(user_of(request), conversation)
    except Conflict as lost:
        return await page(request, "queue.html", 409, **(await lists(request)) | {"problem": trouble(lost)})
    raise web.HTTPSeeOther(f"/console/c/{conversation}")
