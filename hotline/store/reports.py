"""Reports that the assistant took: sealed fields, read by whoever may read the conversation."""

import json
from typing import Any

from hotline.store.contacts import Contacts
from hotline.store.database import Database, translated
from hotline.vault import Vault


class Reports:
    def __init__(self, database: Database, vault: Vault, contacts: Contacts) -> None:
        self._reports = database.durable("reports")
        self._vault = vault
        self._contacts = contacts

    async def of(self, conversation: str) -> list[dict[str, Any]]:
        """The reports of a conversation, newest first: {at, what, where, who, now, reply, complete}."""
        with translated():
            documents = [item async for item in self._reports.find({"conversation": conversation}).sort("at", -1)]
        return [
            {"at": item["at"]}
            | json.loads(
                self._vault.open(
                    await self._contacts.key(item["contact"]), f"reports|{item['_id']}|fields", item["fields"]
                )
            )
            for item in documents
        ]
