"""Files that came with messages: fetched by the worker, sealed under the person's key, kept in GridFS."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from motor.motor_asyncio import AsyncIOMotorGridFSBucket
from pymongo import ReturnDocument

from hotline.core.errors import NotFound
from hotline.core.message import Attachment, Channel
from hotline.store.contacts import Contacts
from hotline.store.database import Database, translated
from hotline.vault import Vault

LEASE = timedelta(seconds=90)  # longer than a download may take


@dataclass(frozen=True, slots=True)
class Fetching:
    """An attachment that this worker fetches now. `attempts` counts this one."""

    id: str
    conversation: str
    contact: str
    channel: Channel
    attachment: Attachment
    attempts: int


class Attachments:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._files = database.durable("attachments")
        self._bucket = AsyncIOMotorGridFSBucket(database.default, "attachment_files")
        self._vault = vault
        self._contacts = contacts

    async def next(self, now: datetime) -> Fetching | None:
        """Take the attachment that has been due for longest; it is due again when the lease ends."""
        with translated():
            document = await self._files.find_one_and_update(
                {"state": "pending", "due_at": {"$lte": now}},
                {"$set": {"due_at": now + LEASE}, "$inc": {"attempts": 1}},
                sort=[("due_at", 1)],
                return_document=ReturnDocument.AFTER,
            )
        if document is None:
            return None
        key = await self._contacts.key(document["contact"])
        ref = self._vault.open(key, f"attachments|{document['_id']}|ref", document["ref"]).decode()
        return Fetching(
            id=document["_id"],
            conversation=document["conversation"],
            contact=document["contact"],
            channel=Channel(document["channel"]),
            attachment=Attachment(ref, document["content_type"], document.get("size")),
            attempts=document["attempts"],
        )

    async def keep(self, item: Fetching, content: bytes) -> None:
        """Seal and store the bytes. Done twice, the second copy replaces the first."""
        key = await self._contacts.key(item.contact)
        sealed = self._vault.seal(key, f"attachments|{item.id}|content", content)
        with translated():
            file_id = await self._bucket.upload_from_stream(item.id, sealed)
            before = await self._files.find_one_and_update(
                {"_id": item.id},
                {"$set": {"state": "stored", "file": file_id, "size": len(content)}, "$unset": {"due_at": ""}},
            )
            if before and before.get("file"):
                await self._bucket.delete(before["file"])

    async def again(self, item: Fetching, at: datetime) -> None:
        with translated():
            await self._files.update_one({"_id": item.id}, {"$set": {"due_at": at}})

    async def gone(self, item: Fetching) -> None:
        """The provider has it no more."""
        with translated():
            await self._files.update_one({"_id": item.id}, {"$set": {"state": "gone"}, "$unset": {"due_at": ""}})

    async def about(self, attachment_id: str) -> str:
        """The conversation of a stored file, which is not loaded; raise `NotFound`."""
        with translated():
            document = await self._files.find_one({"_id": attachment_id, "state": "stored"}, {"conversation": 1})
        if document is None:
            raise NotFound("no such file")
        conversation: str = document["conversation"]
        return conversation

    async def open(self, attachment_id: str) -> tuple[str, str, bytes]:
        """(conversation, content type, bytes) of a stored file; raise `NotFound`."""
        with translated():
            document = await self._files.find_one({"_id": attachment_id, "state": "stored"})
            if document is None:
                raise NotFound("no such file")
            stream = await self._bucket.open_download_stream(document["file"])
            sealed: bytes = await stream.read()
        key = await self._contacts.key(document["contact"])
        content = self._vault.open(key, f"attachments|{attachment_id}|content", sealed)
        return document["conversation"], document["content_type"], content
