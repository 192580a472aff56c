"""Rendering: one Jinja environment, autoescape on, nothing undefined, every text through gettext."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
from aiohttp import web

from hotline.console import words
from hotline.console.assets import ASSETS, Assets
from hotline.console.sessions import SESSION
from hotline.console.times import clock_time, day, span
from hotline.core.access import Permission
from hotline.core.errors import HotlineError
from hotline.core.language import NAMES, RIGHT_TO_LEFT
from hotline.core.records import QueueItem
from hotline.core.triage import REASON_LABELS, Priority
from hotline.keys import DESK, SITE, Site

LISTED = 100  # the queue page and the header look this far
URGENT = (Priority.P0, Priority.P1)


def make_environment(app: web.Application, assets: Assets) -> None:
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("hotline.console"),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        default_helpers=False,
    )
    environment.install_gettext_translations(words.TRANSLATIONS, newstyle=True)  # type: ignore[attr-defined]
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters |= {
        "text": words.TRANSLATIONS.gettext,  # a text that is not a literal of the template, and holds no placeholders
        "span": span,
        "iso": datetime.isoformat,
        "seconds": timedelta.total_seconds,
    }
    environment.globals |= {
        "asset": assets.url, "words": words, "NAMES": NAMES, "RIGHT_TO_LEFT": RIGHT_TO_LEFT, "Permission": Permission,
    }  # fmt: skip
    app[ASSETS] = assets


async def page(request: web.Request, template: str, status: int = 200, **context: object) -> web.Response:
    """A whole page, with the header's counts where the user answers people."""
    return render(request, template, status, **{"counts": await counts(request)} | context)


def render(request: web.Request, template: str, status: int = 200, **context: object) -> web.Response:
    """A template as it is: for fragments, and for pages that must work when the database is away."""
    return aiohttp_jinja2.render_template(template, request, _frame(request) | context, status=status)


def _frame(request: web.Request) -> dict[str, Any]:
    """What every template may use."""
    site = request.config_dict[SITE]
    session = request.get(SESSION)
    zone, now = ZoneInfo(site.timezone), site.clock()
    done = words.DONE.get(request.query.get("done", "")) if request.method == "GET" else None
    return {
        "site": site,
        "user": session.user if session else None,
        "csrf": session.csrf if session else "",
        "now": now,
        "path": request.path,
        "clock_time": lambda at: clock_time(at, zone),
        "day": lambda at: day(at, now, zone),
        "reason": lambda name: reason(site, name),
        "notice": done,
        "problem": None,
        "counts": None,
    }


def reason(site: Site, name: str) -> str:
    """What a reason or a sign is called."""
    return site.sign_labels.get(name) or REASON_LABELS.get(name) or name.replace("_", " ")


async def counts(request: web.Request) -> Mapping[str, Any] | None:
    """How many wait, and the ids of those that an operator must hear of."""
    session = request.get(SESSION)
    if session is None or session.user.must_change_password or not session.user.may(Permission.ANSWER):
        return None
    try:
        items = await request.config_dict[DESK].queue(session.user, limit=LISTED)
    except HotlineError:
        return None  # the page itself says what is the matter
    return tally(items)


def tally(items: list[QueueItem]) -> dict[str, Any]:
    levels = [item.conversation.rank for item in items]
    return {
        "waiting": len(items),
        "more": len(items) >= LISTED,
        "levels": {level: levels.count(level) for level in Priority},
        "urgent": [item.conversation.id for item, level in zip(items, levels, strict=True) if level in URGENT],
    }
