"""MongoDB: the only importer of motor and pymongo. One file per family of collections."""

from dataclasses import dataclass

from hotline.store.attachments import Attachments
from hotline.store.audit import Audit
from hotline.store.campaigns import Campaigns
from hotline.store.changes import DatabaseChanges
from hotline.store.contacts import Contacts
from hotline.store.conversations import Conversations
from hotline.store.database import Database
from hotline.store.intake import Intake
from hotline.store.messages import Messages
from hotline.store.outgoing import Outgoing
from hotline.store.reports import Reports
from hotline.store.users import Users
from hotline.store.work import Work
from hotline.vault import Vault


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that is kept, over one connection pool."""

    database: Database
    contacts: Contacts
    conversations: Conversations
    messages: Messages
    intake: Intake
    work: Work
    outgoing: Outgoing
    attachments: Attachments
    campaigns: Campaigns
    reports: Reports
    users: Users
    audit: Audit
    changes: DatabaseChanges

    def close(self) -> None:
        self.database.close()


def open_store(uri: str, vault: Vault) -> Store:
    """Connect lazily: the database may be away now and come later."""
    database = Database(uri)
    contacts = Contacts(database, vault)
    conversations = Conversations(database, vault, contacts)
    messages = Messages(database, vault, contacts)
    return Store(
        database=database,
        contacts=contacts,
        conversations=conversations,
        messages=messages,
        intake=Intake(database, vault, contacts),
        work=Work(database, vault, contacts, conversations, messages),
        outgoing=Outgoing(database, contacts, conversations, messages),
        attachments=Attachments(database, vault, contacts),
        campaigns=Campaigns(database, contacts),
        reports=Reports(database, vault, contacts),
        users=Users(database),
        audit=Audit(database, vault, contacts),
        changes=DatabaseChanges(database),
    )
