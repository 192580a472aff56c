"""What web handlers take from their application: typed keys, filled by `hotline.app`."""

from dataclasses import dataclass

from aiohttp import web

from hotline.accounts import Accounts
from hotline.campaigns import Campaigns
from hotline.core.message import Channel
from hotline.core.ports import Changes, Clock
from hotline.desk import Desk
from hotline.lookup import Lookup

ACCOUNTS = web.AppKey("accounts", Accounts)
CAMPAIGNS = web.AppKey("campaigns", Campaigns)
CHANGES = web.AppKey("changes", Changes)
DESK = web.AppKey("desk", Desk)
LOOKUP = web.AppKey("lookup", Lookup)


@dataclass(frozen=True, slots=True)
class Site:
    """Facts about this deployment that pages show and handlers heed."""

    clock: Clock
    origin: str  # the public URL; https makes cookies Secure
    sign_labels: dict[str, str]  # sign or reason → what the operator reads
    unreviewed: frozenset[str]  # languages whose texts no speaker has read yet
    timezone: str
    limits: dict[Channel, int]  # most characters of one message; longer answers go out in parts
    sandbox_url: str | None = None  # where the pretend phones are, in a demo


SITE = web.AppKey("site", Site)
