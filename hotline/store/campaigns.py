"""Awareness messages and how far each has come."""

from datetime import datetime

from pymongo import ReturnDocument

from hotline.core.campaign import Campaign, CampaignState
from hotline.core.contact import Contact
from hotline.core.errors import Conflict, NotFound
from hotline.core.message import Channel, Status
from hotline.store.contacts import Contacts, contact
from hotline.store.database import Database, Document, translated


class Campaigns:
    def __init__(self, database: Database, contacts: Contacts) -> None:
        self._campaigns = database.durable("campaigns")
        self._messages = database.durable("messages")
        self._contacts = contacts

    async def add(self, campaign: Campaign) -> None:
        with translated():
            await self._campaigns.insert_one(_document(campaign))

    async def get(self, campaign_id: str) -> Campaign:
        with translated():
            document = await self._campaigns.find_one({"_id": campaign_id})
        if document is None:
            raise NotFound("no such campaign")
        return _campaign(document)

    async def all(self, limit: int = 100) -> list[Campaign]:
        with translated():
            return [_campaign(document) async for document in self._campaigns.find().sort("_id", -1).limit(limit)]

    async def edit(self, campaign: Campaign) -> None:
        """Rewrite a draft; raise `Conflict` once it is on its way."""
        fields = _document(campaign)
        with translated():
            done = await self._campaigns.update_one(
                {"_id": fields.pop("_id"), "state": CampaignState.DRAFT.value}, {"$set": fields}
            )
        if done.matched_count == 0:
            raise Conflict("this message is being sent already")

    async def move(
        self, campaign_id: str, states: tuple[CampaignState, ...], state: CampaignState, **fields: object
    ) -> Campaign:
        """From one of `states` to `state`; raise `Conflict` where it is in none of them."""
        with translated():
            document = await self._campaigns.find_one_and_update(
                {"_id": campaign_id, "state": {"$in": [known.value for known in states]}},
                {"$set": {"state": state.value, **fields}},
                return_document=ReturnDocument.AFTER,
            )
        if document is None:
            raise Conflict("this message is in another state by now")
        return _campaign(document)

    async def lease(self, now: datetime, until: datetime) -> tuple[Campaign, str] | None:
        """Hold a campaign that is being sent; with the last person who already has it in the outbox."""
        with translated():
            document = await self._campaigns.find_one_and_update(
                {"state": CampaignState.SENDING.value, "until": {"$not": {"$gt": now}}}, {"$set": {"until": until}}
            )
        return (_campaign(document), document.get("after", "")) if document else None

    async def advance(self, campaign_id: str, before: str, after: str, reached: int, until: datetime) -> bool:
        """Everyone between `before`, as `lease` told it, and `after` is in the outbox.

        False where the campaign was cancelled meanwhile, or another worker has come further.
        """
        stands = {"after": before} if before else {"after": {"$exists": False}}
        with translated():
            done = await self._campaigns.update_one(
                {"_id": campaign_id, "state": CampaignState.SENDING.value} | stands,
                {"$set": {"after": after, "until": until}, "$inc": {"reached": reached}},
            )
        return bool(done.matched_count)

    async def audience(self, channel: Channel, after: str, limit: int) -> list[Contact]:
        """Opted-in people behind `after`, in the order of their pseudonyms."""
        with translated():
            cursor = self._contacts.opted_in(channel, after).sort("_id", 1).limit(limit)
            return [contact(document) async for document in cursor]

    async def progress(self, campaign_id: str) -> dict[Status, int]:
        """How many of its messages stand where."""
        with translated():
            cursor = self._messages.aggregate(
                [{"$match": {"campaign": campaign_id}}, {"$group": {"_id": "$status", "n": {"$sum": 1}}}]
            )
            return {Status(row["_id"]): row["n"] async for row in cursor}

    async def withdraw(self, campaign_id: str) -> None:
        """Cancel those of its messages that have not been tried."""
        with translated():
            await self._messages.update_many(
                {"campaign": campaign_id, "status": Status.QUEUED.value},
                {"$set": {"status": Status.CANCELLED.value}, "$unset": {"pending": ""}},
            )


def _document(campaign: Campaign) -> Document:
    return {
        "_id": campaign.id,
        "title": campaign.title,
        "channel": campaign.channel.value,
        "texts": campaign.texts,
        "author": campaign.author,
        "created_at": campaign.created_at,
        "state": campaign.state.value,
        "started_at": campaign.started_at,
        "reached": campaign.reached,
    }


def _campaign(document: Document) -> Campaign:
    return Campaign(
        id=document["_id"],
        title=document["title"],
        channel=Channel(document["channel"]),
        texts=document["texts"],
        author=document["author"],
        created_at=document["created_at"],
        state=CampaignState(document["state"]),
        started_at=document.get("started_at"),
        reached=document.get("reached", 0),
    )
