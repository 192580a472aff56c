"""One conversation: both sides, why it is urgent, and everything that its operator can do."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from hotline.console.bubbles import bubbles
from hotline.console.errors import Trouble, say
from hotline.console.pages import page, render
from hotline.console.queue import my_rows
from hotline.console.sessions import user_of
from hotline.console.words import N_
from hotline.core import queueing
from hotline.core.conversation import State
from hotline.core.errors import Forbidden, Undeliverable
from hotline.core.ids import new_id
from hotline.desk import MAX_TEXT, OUTCOMES, Thread
from hotline.keys import ACCOUNTS, DESK, SITE

_SHOWN = 200  # messages at first
_MOST = 2000  # with "earlier messages"
_MESSAGE_ID = re.compile(r"o[0-9a-f]{31}\Z")  # as `core.ids.new_id` makes them
_AWAY = Trouble(
    403, N_("This conversation is not with you"),
    N_("A colleague has it, or it went back to the assistant or was closed."), N_("Take another one from the queue."),
)  # fmt: skip


async def show(request: web.Request) -> web.Response:
    try:
        context = await _context(request)
    except Forbidden:
        return say(request, _AWAY)
    colleagues = [user for user in await request.config_dict[ACCOUNTS].answering() if user != user_of(request)]
    own_id = request.match_info["id"]
    return await page(
        request, "conversation.html", **context, colleagues=[user.name for user in colleagues], outcomes=OUTCOMES,
        mine=await my_rows(request), current=own_id, message_id=_new_id(request), longest=MAX_TEXT,
    )  # fmt: skip


async def live(request: web.Request) -> web.Response:
    """What may have changed, for an open page; where the operator has lost it, only that."""
    try:
        return render(request, "conversation_live.html", **await _context(request))
    except Forbidden:
        headers = {"HX-Retarget": "#standing", "HX-Reswap": "morph:outerHTML"}
        response = render(request, "standing.html", holding=False, holder=None, state=None, own_id="")
        response.headers.update(headers)
        return response


async def _context(request: web.Request) -> dict[str, Any]:
    desk, user, site = request.config_dict[DESK], user_of(request), request.config_dict[SITE]
    own_id, limit = request.match_info["id"], _limit(request)
    thread: Thread = await desk.read(user, own_id, limit)
    conversation, contact, now = thread.conversation, thread.contact, site.clock()
    return {
        "own_id": own_id,
        "conversation": conversation,
        "contact": contact,
        "priority": conversation.rank,
        "judged": conversation.priority is not None,
        "wait": queueing.wait(conversation, now) if conversation.waiting_since else None,
        "bubbles": list(bubbles(thread.messages, conversation.language, now, ZoneInfo(site.timezone))),
        "earlier": min(limit * 2, _MOST) if len(thread.messages) >= limit < _MOST else None,
        "history": await desk.history(user, own_id),
        "reports": thread.reports,
        "unwanted": any(report.get("reply") == "no" for report in thread.reports[:1]),
        "holding": conversation.state is State.OPERATOR and conversation.holder == user.name,
        "holder": conversation.holder,
        "state": conversation.state,
        "answerable": contact.answerable,
        "unreviewed": conversation.language in site.unreviewed,
        "limit": limit,
        "shown": _SHOWN,
    }  # fmt: skip


def _limit(request: web.Request) -> int:
    asked = request.query.get("messages", "")
    return min(max(int(asked), _SHOWN), _MOST) if asked.isdecimal() and len(asked) <= len(str(_MOST)) else _SHOWN


def _new_id(request: web.Request) -> str:
    return new_id("o", request.config_dict[SITE].clock())


async def answer(request: web.Request) -> web.Response:
    """Say something to the person. The page's own message id makes a second click say nothing new."""
    form = await request.post()
    message_id = str(form.get("message_id", ""))
    if not _MESSAGE_ID.match(message_id):
        raise Undeliverable("the page sent no proper message id: reload it")
    own_id = request.match_info["id"]
    text = str(form.get("text", "")).replace("\r\n", "\n")
    await request.config_dict[DESK].say(user_of(request), own_id, text, message_id)
    if request.headers.get("HX-Request"):
        return await live(request)
    raise web.HTTPSeeOther(f"/console/c/{own_id}")


async def release(request: web.Request) -> web.Response:
    form = await request.post()
    await request.config_dict[DESK].release(user_of(request), request.match_info["id"], _note(form.get("note")))
    raise web.HTTPSeeOther("/console/?done=released")


async def close(request: web.Request) -> web.Response:
    form = await request.post()
    outcome, note = str(form.get("outcome", "")), _note(form.get("note"))
    await request.config_dict[DESK].close(user_of(request), request.match_info["id"], outcome, note)
    raise web.HTTPSeeOther("/console/?done=closed")


async def transfer(request: web.Request) -> web.Response:
    """To a colleague who answers people, or back to the queue."""
    form = await request.post()
    to = str(form.get("to", "")) or None
    if to and to not in {user.name for user in await request.config_dict[ACCOUNTS].answering()}:
        raise Undeliverable("there is no colleague of that name who answers people")
    await request.config_dict[DESK].transfer(user_of(request), request.match_info["id"], to, _note(form.get("note")))
    raise web.HTTPSeeOther(f"/console/?done={'passed' if to else 'queued'}")


def _note(value: object) -> str:
    return str(value or "").strip()[:MAX_TEXT]
