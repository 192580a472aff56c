"""A helpline in memory: the ports that the console's use cases stand on, without a database."""

import asyncio
import contextlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from hotline.accounts import Accounts
from hotline.campaigns import Campaigns
from hotline.console import setup
from hotline.core.access import Session, User
from hotline.core.campaign import Campaign, CampaignState
from hotline.core.conversation import Conversation, State
from hotline.core.errors import Conflict, NotFound, Unavailable
from hotline.core.language import NAMES
from hotline.core.message import Channel, Direction, Kind, Status
from hotline.core.ports import Change
from hotline.core.queueing import key
from hotline.core.records import Shown
from hotline.desk import Desk
from hotline.keys import ACCOUNTS, CAMPAIGNS, CHANGES, DESK, SITE, Site


class FakeClock:
    """The real time plus what the test added."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class FakeChanges:
    def __init__(self):
        self.readers = set()

    @contextlib.asynccontextmanager
    async def subscribe(self):
        reader = asyncio.Queue(1000)
        self.readers.add(reader)
        try:
            yield reader
        finally:
            self.readers.discard(reader)

    def tell(self, conversation, *, queue=False):
        for reader in self.readers:
            reader.put_nowait(Change(conversation, queue))


class FakeDatabase:
    """What the fakes share; `away` makes every call fail as the store does when the database is gone."""

    def __init__(self):
        self.away = False
        self.conversations = {}  # id → (conversation, version)
        self.contacts = {}
        self.messages = {}  # conversation → [Shown]
        self.audit = []
        self.files = {}  # id → (conversation, content type, bytes)
        self.opened = []  # ids of files whose bytes were loaded
        self.users = {}
        self.sessions = {}  # secret → (user name, csrf)
        self.failures = {}
        self.campaigns = {}
        self.campaign_messages = {}  # campaign → {message: Status}
        self.changes = FakeChanges()
        self.renewed = []  # (conversation, holder)

    def check(self):
        if self.away:
            raise Unavailable("database")


class FakeConversations:
    def __init__(self, database):
        self._db = database

    async def get(self, conversation_id):
        self._db.check()
        if conversation_id not in self._db.conversations:
            raise NotFound("no such conversation")
        return self._db.conversations[conversation_id]

    async def save(self, conversation, version, *, held_until=None):
        self._db.check()
        if self._db.conversations[conversation.id][1] != version:
            raise Conflict("the conversation has changed meanwhile")
        self._db.conversations[conversation.id] = (conversation, version + 1)
        self._db.changes.tell(conversation.id, queue=True)

    def _of(self, wanted):
        self._db.check()
        return [conversation for conversation, _ in self._db.conversations.values() if wanted(conversation)]

    async def of_contact(self, person):
        return next(iter(self._of(lambda item: item.contact == person)), None)

    async def of_contacts(self, people):
        return {item.contact: item for item in self._of(lambda item: item.contact in people)}

    async def waiting(self, after, limit):
        found = sorted(self._of(lambda item: item.state is State.WAITING), key=key)
        return [item for item in found if after is None or key(item) > after][:limit]

    async def held_by(self, user):
        return self._of(lambda item: item.state is State.OPERATOR and item.holder == user)

    async def held(self):
        return self._of(lambda item: item.state is State.OPERATOR)

    async def renew(self, conversation_id, holder, until):
        self._db.check()
        conversation, version = self._db.conversations[conversation_id]
        if conversation.state is State.OPERATOR and conversation.holder == holder:
            self._db.conversations[conversation_id] = (replace(conversation, holder_until=until), version)
            self._db.renewed.append((conversation_id, holder))

    async def lapsed(self, now):
        return [
            (conversation, version)
            for conversation, version in self._db.conversations.values()
            if conversation.holder_until and conversation.holder_until < now
        ]


class FakeContacts:
    def __init__(self, database):
        self._db = database

    async def get(self, person):
        self._db.check()
        return self._db.contacts[person]

    async def get_many(self, people):
        return {person: self._db.contacts[person] for person in people}

    async def update(self, person, fields):
        self._db.contacts[person] = replace(self._db.contacts[person], **fields)


class FakeMessages:
    def __init__(self, database):
        self._db = database

    async def thread(self, conversation_id, limit=200, before=None):
        self._db.check()
        return self._db.messages.get(conversation_id, [])[-limit:]


class FakeOutbox:
    def __init__(self, database, conversations, audit):
        self._db = database
        self._conversations = conversations
        self._audit = audit

    async def put(self, conversation, drafts, now, priority):
        self._db.check()
        thread = self._db.messages.setdefault(conversation.id, [])
        known = {message.id for message in thread}
        for draft in drafts:
            if draft.id in known:
                continue
            thread.append(
                Shown(draft.id, Direction.OUT, draft.author, Kind.TEXT, now, draft.text, Status.QUEUED, user=draft.user)
            )
            if draft.campaign:
                self._db.campaign_messages.setdefault(draft.campaign, {})[draft.id] = Status.QUEUED
        self._db.changes.tell(conversation.id)

    async def put_campaign(self, batch, now):
        for conversation, draft in batch:
            await self.put(conversation, [draft], now, 9)

    async def end(self, conversation, version, drafts, now, move, user, **details):
        await self._conversations.save(conversation, version)
        await self.put(conversation, drafts, now, 0)
        await self._audit.add(move, user, now, conversation.id, **details)


class FakeAudit:
    def __init__(self, database):
        self._db = database

    async def add(self, what, user, now, conversation=None, **details):
        note = details.pop("note", "")
        kept = {name: value for name, value in details.items() if value}
        self._db.audit.append((conversation, {"what": what, "user": user, "at": now, "details": kept, "note": note}))

    async def of(self, conversation):
        return [entry for about, entry in self._db.audit if about == conversation]


class FakeReports:
    """What the assistant wrote down, by conversation."""

    def __init__(self):
        self.kept = {}

    async def of(self, conversation):
        return self.kept.get(conversation, [])


class FakeFiles:
    def __init__(self, database):
        self._db = database

    async def about(self, attachment_id):
        if attachment_id not in self._db.files:
            raise NotFound("no such file")
        return self._db.files[attachment_id][0]

    async def open(self, attachment_id):
        self._db.opened.append(attachment_id)
        return self._db.files[attachment_id]


class FakeTexts:
    def get(self, language, text):
        return text


class FakeUsers:
    def __init__(self, database):
        self._db = database

    async def add(self, user):
        if user.name in self._db.users:
            raise Conflict("there is a user of that name already")
        self._db.users[user.name] = user

    async def get(self, name):
        self._db.check()
        if name not in self._db.users:
            raise NotFound("no such user")
        return self._db.users[name]

    async def all(self):
        self._db.check()
        return sorted(self._db.users.values(), key=lambda user: user.name)

    async def any(self):
        return bool(self._db.users)

    async def set_password(self, name, password_hash, *, must_change=False):
        user = replace(self._db.users[name], password_hash=password_hash, must_change_password=must_change)
        self._db.users[name] = user
        self._end_sessions(name)

    async def disable(self, name, *, disabled):
        self._db.users[name] = replace(self._db.users[name], disabled=disabled)
        self._end_sessions(name)

    def _end_sessions(self, name):
        self._db.sessions = {secret: found for secret, found in self._db.sessions.items() if found[0] != name}

    async def open_session(self, name, now):
        secret = secrets.token_urlsafe(16)
        self._db.sessions[secret] = (name, secrets.token_urlsafe(16))
        return secret

    async def session(self, secret, now):
        self._db.check()
        if secret not in self._db.sessions:
            return None
        name, csrf = self._db.sessions[secret]
        return Session(self._db.users[name], csrf, secret)

    async def close_session(self, secret):
        self._db.sessions.pop(secret, None)

    async def begin_try(self, name, now):
        if self._db.failures.get(name, 0) >= 5:
            return now + timedelta(seconds=5)
        self._db.failures[name] = self._db.failures.get(name, 0) + 1
        return None

    async def clear_failures(self, name):
        self._db.failures.pop(name, None)

    async def add_token(self, name, role, now):
        raise NotImplementedError

    async def token(self, secret, now):
        return None


class FakeCampaignStore:
    def __init__(self, database):
        self._db = database

    async def add(self, campaign):
        self._db.campaigns[campaign.id] = campaign

    async def get(self, campaign_id):
        if campaign_id not in self._db.campaigns:
            raise NotFound("no such campaign")
        return self._db.campaigns[campaign_id]

    async def all(self):
        return sorted(self._db.campaigns.values(), key=lambda campaign: campaign.id, reverse=True)

    async def edit(self, campaign):
        if self._db.campaigns[campaign.id].state is not CampaignState.DRAFT:
            raise Conflict("this message is being sent already")
        self._db.campaigns[campaign.id] = campaign

    async def move(self, campaign_id, states, state, **fields):
        campaign = self._db.campaigns[campaign_id]
        if campaign.state not in states:
            raise Conflict("this message is in another state by now")
        self._db.campaigns[campaign_id] = replace(campaign, state=state, **fields)
        return self._db.campaigns[campaign_id]

    async def lease(self, now, until):
        found = (item for item in self._db.campaigns.values() if item.state is CampaignState.SENDING)
        campaign = next(found, None)
        return (campaign, getattr(self, "after", "")) if campaign else None

    async def advance(self, campaign_id, before, after, reached, until):
        self.after = after
        return self._db.campaigns[campaign_id].state is CampaignState.SENDING

    async def audience(self, channel, after, limit):
        people = sorted(self._db.contacts.values(), key=lambda person: person.id)
        return [person for person in people if person.channel is channel and person.opted_in_at and person.id > after][
            :limit
        ]

    async def progress(self, campaign_id):
        statuses = list(self._db.campaign_messages.get(campaign_id, {}).values())
        return {status: statuses.count(status) for status in set(statuses)}

    async def withdraw(self, campaign_id):
        messages = self._db.campaign_messages.setdefault(campaign_id, {})
        for message, status in messages.items():
            if status is Status.QUEUED:
                messages[message] = Status.CANCELLED


LIMITS = {Channel.SMS: 459, Channel.WHATSAPP: 1300, Channel.TELEGRAM: 1800}
LABELS = {
    "attack_now": "Attack or weapon now, or a threat to kill soon",
    "captive": "Held, guarded, locked in or phone taken",
    "papers_taken": "Passport or papers kept by someone else",
    "unpaid": "Little or no pay, wages withheld",
    "debt": "Must work until a debt is paid",
    "child": "A child: stated age under 18, a school grade, a child's words",
    "deceived": "Promised one job or place, brought to another",
}


class Helpline:
    """The use cases over the fakes, and what tests do to them from outside."""

    def __init__(self):
        self.db = FakeDatabase()
        self.clock = FakeClock()
        conversations, contacts, audit = FakeConversations(self.db), FakeContacts(self.db), FakeAudit(self.db)
        outbox = FakeOutbox(self.db, conversations, audit)
        self.accounts = Accounts(FakeUsers(self.db), audit, self.clock)
        self.desk = Desk(
            conversations, contacts, FakeMessages(self.db), outbox, audit, FakeFiles(self.db), FakeReports(),
            FakeTexts(), LIMITS, self.clock,
        )  # fmt: skip
        self.campaigns = Campaigns(
            FakeCampaignStore(self.db), conversations, outbox, audit, frozenset(NAMES), self.clock
        )

    def app(self, origin="http://127.0.0.1"):
        app = web.Application()
        app[ACCOUNTS] = self.accounts
        app[CAMPAIGNS] = self.campaigns
        app[CHANGES] = self.db.changes
        app[DESK] = self.desk
        app[SITE] = Site(self.clock, origin, LABELS, frozenset(NAMES) - {"en"}, "Africa/Nairobi", LIMITS)
        setup(app)
        return app

    def add_user(self, user: User):
        self.db.users[user.name] = user

    def user(self, name) -> User:
        return self.db.users[name]

    def add_person(self, contact, conversation: Conversation, messages=()):
        self.db.contacts[contact.id] = contact
        self.db.conversations[conversation.id] = (conversation, 1)
        self.db.messages[conversation.id] = list(messages)
        self.db.changes.tell(conversation.id, queue=True)

    def hear(self, conversation_id, message):
        """The person writes."""
        self.db.messages[conversation_id].append(message)
        conversation = self.db.conversations[conversation_id][0]
        contact = self.db.contacts[conversation.contact]
        self.db.contacts[contact.id] = replace(contact, last_seen=message.at)
        self.db.changes.tell(conversation_id)

    def report(self, conversation_id, status, code=None):
        """The provider says what became of our last message."""
        thread = self.db.messages[conversation_id]
        at = max(n for n, message in enumerate(thread) if message.direction is Direction.OUT)
        thread[at] = replace(thread[at], status=status, code=code)
        self.db.changes.tell(conversation_id)

    def held_by_another(self, conversation_id, holder):
        conversation, version = self.db.conversations[conversation_id]
        moved = replace(conversation, state=State.OPERATOR, holder=holder)
        self.db.conversations[conversation_id] = (moved, version + 1)
        self.db.changes.tell(conversation_id, queue=True)

    def campaign(self, title) -> Campaign:
        return next(campaign for campaign in self.db.campaigns.values() if campaign.title == title)
