"""Awareness messages: write, count whom it reaches, send through the outbox behind everything urgent, watch."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from hotline.core.access import Permission, User
from hotline.core.campaign import Campaign, CampaignState, may_receive
from hotline.core.contact import Contact
from hotline.core.conversation import Conversation
from hotline.core.errors import Undeliverable
from hotline.core.ids import new_id
from hotline.core.message import Author, Channel, Status
from hotline.core.ports import AuditLog, Clock, OutboxWriter
from hotline.core.records import Draft, Sending

BATCH = 200  # people put into the outbox at a time
_LEASE = timedelta(seconds=60)
MAX_TEXT = 600  # characters in one language: an awareness message is short


class CampaignStore(Protocol):
    async def add(self, campaign: Campaign) -> None: ...
    async def get(self, campaign_id: str) -> Campaign: ...
    async def all(self) -> list[Campaign]: ...
    async def edit(self, campaign: Campaign) -> None: ...
    async def move(
        self, campaign_id: str, states: tuple[CampaignState, ...], state: CampaignState, **fields: object
    ) -> Campaign: ...
    async def lease(self, now: datetime, until: datetime) -> tuple[Campaign, str] | None: ...
    async def advance(self, campaign_id: str, before: str, after: str, reached: int, until: datetime) -> bool: ...
    async def audience(self, channel: Channel, after: str, limit: int) -> list[Contact]: ...
    async def progress(self, campaign_id: str) -> dict[Status, int]: ...
    async def withdraw(self, campaign_id: str) -> None: ...


class Threads(Protocol):
    async def of_contact(self, person: str) -> Conversation | None: ...
    async def of_contacts(self, people: list[str]) -> dict[str, Conversation]: ...


class Campaigns:
    def __init__(
        self,
        store: CampaignStore,
        threads: Threads,
        outbox: OutboxWriter,
        audit: AuditLog,
        languages: frozenset[str],
        clock: Clock,
    ) -> None:
        self._store = store
        self._threads = threads
        self._outbox = outbox
        self._audit = audit
        self._languages = languages
        self._clock = clock

    async def write(self, user: User, title: str, channel: Channel, texts: dict[str, str]) -> Campaign:
        """A new draft. Raise `Undeliverable` where it could not be sent as it is."""
        user.require(Permission.CAMPAIGN)
        now = self._clock()
        campaign = Campaign(new_id("k", now), title.strip(), channel, self._checked(title, texts), user.name, now)
        await self._store.add(campaign)
        await self._audit.add("campaign written", user.name, now, campaign=campaign.id)
        return campaign

    async def rewrite(
        self, user: User, campaign_id: str, title: str, channel: Channel, texts: dict[str, str]
    ) -> Campaign:
        user.require(Permission.CAMPAIGN)
        campaign = await self._store.get(campaign_id)
        changed = replace(campaign, title=title.strip(), channel=channel, texts=self._checked(title, texts))
        await self._store.edit(changed)
        return changed

    def _checked(self, title: str, texts: dict[str, str]) -> dict[str, str]:
        kept = {language: text.strip() for language, text in texts.items() if text.strip()}
        if not title.strip():
            raise Undeliverable("the message needs a title, for the list")
        if not kept:
            raise Undeliverable("the message needs a text in at least one language")
        if unknown := sorted(set(kept) - self._languages):
            raise Undeliverable(f"the assistant does not speak {', '.join(unknown)}")
        if long := sorted(language for language, text in kept.items() if len(text) > MAX_TEXT):
            raise Undeliverable(f"the text is longer than {MAX_TEXT} characters in: {', '.join(long)}")
        return kept

    async def all(self, user: User) -> list[Campaign]:
        user.require(Permission.CAMPAIGN)
        return await self._store.all()

    async def get(self, user: User, campaign_id: str) -> Campaign:
        user.require(Permission.CAMPAIGN)
        return await self._store.get(campaign_id)

    async def reach(self, user: User, campaign: Campaign) -> dict[str, int]:
        """How many people it would reach now, by language."""
        user.require(Permission.CAMPAIGN)
        counts = dict.fromkeys(campaign.texts, 0)
        after = ""
        while people := await self._store.audience(campaign.channel, after, BATCH):
            after = people[-1].id
            for person, _ in await self._eligible(campaign, people):
                counts[person.language or ""] += 1
        return counts

    async def send(self, user: User, campaign_id: str) -> Campaign:
        """Start sending; the worker does the rest. Raise `Conflict` where it is on its way already."""
        user.require(Permission.CAMPAIGN)
        now = self._clock()
        draft = (CampaignState.DRAFT,)
        campaign = await self._store.move(campaign_id, draft, CampaignState.SENDING, started_at=now)
        await self._audit.add("campaign sent", user.name, now, campaign=campaign.id)
        return campaign

    async def cancel(self, user: User, campaign_id: str) -> Campaign:
        """Stop it: what has not been tried is withdrawn."""
        user.require(Permission.CAMPAIGN)
        states = (CampaignState.DRAFT, CampaignState.SENDING, CampaignState.SENT)
        campaign = await self._store.move(campaign_id, states, CampaignState.CANCELLED)
        await self._store.withdraw(campaign_id)
        await self._audit.add("campaign cancelled", user.name, self._clock(), campaign=campaign.id)
        return campaign

    async def progress(self, user: User, campaign_id: str) -> dict[Status, int]:
        user.require(Permission.CAMPAIGN)
        return await self._store.progress(campaign_id)

    async def step(self) -> bool:
        """Put one batch of one campaign into the outbox; False when there is nothing to do. For the worker."""
        now = self._clock()
        leased = await self._store.lease(now, now + _LEASE)
        if leased is None:
            return False
        campaign, after = leased
        people = await self._store.audience(campaign.channel, after, BATCH)
        if not people:
            await self._store.move(campaign.id, (CampaignState.SENDING,), CampaignState.SENT)
            return True
        eligible = await self._eligible(campaign, people)
        batch = [(conversation, _draft(campaign, person)) for person, conversation in eligible]
        await self._outbox.put_campaign(batch, now)
        went_on = await self._store.advance(campaign.id, after, people[-1].id, len(eligible), now)
        if not went_on and (await self._store.get(campaign.id)).state is CampaignState.CANCELLED:
            await self._store.withdraw(campaign.id)
        return True

    async def _eligible(self, campaign: Campaign, people: list[Contact]) -> list[tuple[Contact, Conversation]]:
        threads = await self._threads.of_contacts([person.id for person in people])
        now = self._clock()
        return [
            (person, threads[person.id])
            for person in people
            if person.id in threads and may_receive(campaign, person, threads[person.id], now)
        ]

    async def may_go(self, message: Sending, now: datetime) -> bool:
        """Asked by the outbox just before a campaign's message is sent: much may have happened since it was queued."""
        assert message.campaign is not None, "asked for campaign messages only"
        campaign = await self._store.get(message.campaign)
        if campaign.state is CampaignState.CANCELLED:
            return False
        return may_receive(campaign, message.contact, await self._threads.of_contact(message.contact.id), now)


def _draft(campaign: Campaign, person: Contact) -> Draft:
    """What `person` gets. The id makes a second try after a crash write nothing new."""
    assert person.language is not None, "may_receive"
    return Draft(
        f"o{campaign.id[1:]}.{person.id[:16]}", Author.CAMPAIGN, campaign.texts[person.language], person.language,
        campaign=campaign.id,
    )  # fmt: skip
