"""Awareness messages: write, see whom they reach, confirm text and number, watch."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from hotline.campaigns import MAX_TEXT
from hotline.console.errors import trouble
from hotline.console.pages import page, render
from hotline.console.sessions import user_of
from hotline.console.words import N_, ngettext
from hotline.core.access import Permission
from hotline.core.campaign import Campaign, CampaignState
from hotline.core.errors import HotlineError, Undeliverable
from hotline.core.language import NAMES
from hotline.core.message import Channel, Status
from hotline.keys import CAMPAIGNS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come, in messages. The parts add up to `total`."""

    total: int
    waiting: int
    sent: int
    delivered: int
    failed: int
    withdrawn: int

    @property
    def settled(self) -> int:
        return self.total - self.waiting


def progress(counts: dict[Status, int]) -> Progress:
    def add(*statuses: Status) -> int:
        return sum(counts.get(status, 0) for status in statuses)

    return Progress(
        total=sum(counts.values()),
        waiting=add(Status.QUEUED, Status.SENDING),
        sent=add(Status.SENT, Status.UNCONFIRMED),
        delivered=add(Status.DELIVERED, Status.READ),
        failed=add(Status.FAILED),
        withdrawn=add(Status.CANCELLED),
    )


async def show(request: web.Request) -> web.Response:
    campaigns, user = request.config_dict[CAMPAIGNS], user_of(request)
    listed = [
        (campaign, progress(await campaigns.progress(user, campaign.id))) for campaign in await campaigns.all(user)
    ]
    return await page(request, "campaigns.html", listed=listed)


async def compose(request: web.Request) -> web.Response:
    """An empty editor."""
    user_of(request).require(Permission.CAMPAIGN)
    return await _editor(request, None, "", Channel.SMS, {})


async def edit(request: web.Request) -> web.Response:
    campaign = await _campaign(request)
    if campaign.state is not CampaignState.DRAFT:
        raise web.HTTPSeeOther(f"/console/campaigns/{campaign.id}")
    return await _editor(request, campaign.id, campaign.title, campaign.channel, campaign.texts)


async def _editor(
    request: web.Request, own_id: str | None, title: str, channel: Channel, texts: dict[str, str],
    problem: HotlineError | None = None,
) -> web.Response:  # fmt: skip
    found = trouble(problem) if problem else None
    return await page(
        request, "campaign_edit.html", found.status if found else 200, own_id=own_id, title=title, channel=channel,
        texts=texts, channels=list(Channel), longest=MAX_TEXT, problem=found,
    )  # fmt: skip


async def save(request: web.Request) -> web.Response:
    """Keep a draft, new or rewritten. What cannot be sent comes back with everything that was typed."""
    form = await request.post()
    own_id = request.match_info.get("id")
    title = str(form.get("title", ""))
    texts = {code: str(form.get(f"text-{code}", "")).replace("\r\n", "\n") for code in NAMES}
    channel, user, campaigns = Channel.SMS, user_of(request), request.config_dict[CAMPAIGNS]
    try:
        channel = _channel(str(form.get("channel", "")))
        if own_id:
            campaign = await campaigns.rewrite(user, own_id, title, channel, texts)
        else:
            campaign = await campaigns.write(user, title, channel, texts)
    except Undeliverable as problem:
        return await _editor(request, own_id, title, channel, texts, problem)
    raise web.HTTPSeeOther(f"/console/campaigns/{campaign.id}?done=saved")


def _channel(name: str) -> Channel:
    try:
        return Channel(name)
    except ValueError:
        raise Undeliverable("choose a channel from the list") from None


async def view(request: web.Request) -> web.Response:
    return await page(request, "campaign.html", **await _context(request))


async def fragment(request: web.Request) -> web.Response:
    """State and progress alone, for an open page."""
    return render(request, "campaign_progress.html", **await _context(request))


async def _context(request: web.Request) -> dict[str, Any]:
    campaigns, user = request.config_dict[CAMPAIGNS], user_of(request)
    campaign = await _campaign(request)
    draft = campaign.state is CampaignState.DRAFT
    reach = await campaigns.reach(user, campaign) if draft else {}
    steps = progress(await campaigns.progress(user, campaign.id))
    return {
        "campaign": campaign,
        "draft": draft,
        "reach": reach,
        "people": sum(reach.values()),
        "digest": digest(campaign),
        "progress": steps,
        "moving": campaign.state is CampaignState.SENDING or bool(steps.waiting or steps.sent),
        "cancellable": campaign.state is CampaignState.SENDING or bool(steps.waiting),
    }


async def _campaign(request: web.Request) -> Campaign:
    return await request.config_dict[CAMPAIGNS].get(user_of(request), request.match_info["id"])


def digest(campaign: Campaign) -> str:
    """Stands for what is sent: the texts and the channel."""
    sent = json.dumps([campaign.channel, campaign.texts], sort_keys=True)
    return hashlib.sha256(sent.encode()).hexdigest()


async def send(request: web.Request) -> web.Response:
    """Start it. What was confirmed must still hold: other texts, or other people, are looked at again."""
    campaigns, user, campaign = request.config_dict[CAMPAIGNS], user_of(request), await _campaign(request)
    form = await request.post()
    people = sum((await campaigns.reach(user, campaign)).values())
    problem = None
    if form.get("digest") != digest(campaign):
        problem = Undeliverable(N_("somebody has changed the message since you looked at it: read it again"))
    elif form.get("people") != str(people):
        now = ngettext("it now reaches {n} person", "it now reaches {n} people", people).format(n=people)
        problem = Undeliverable(f"{now}, not the number that you confirmed: look again")
    if problem:
        return await page(request, "campaign.html", 409, **(await _context(request)) | {"problem": trouble(problem)})
    await campaigns.send(user, campaign.id)
    raise web.HTTPSeeOther(f"/console/campaigns/{campaign.id}")


async def cancel(request: web.Request) -> web.Response:
    own_id = request.match_info["id"]
    await request.config_dict[CAMPAIGNS].cancel(user_of(request), own_id)
    raise web.HTTPSeeOther(f"/console/campaigns/{own_id}?done=cancelled")
