"""A helpline in memory: the ports that the API's use cases stand on, with people in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from hotline.core.access import Role, User
from hotline.core.contact import Contact
from hotline.core.conversation import Conversation, State
from hotline.core.errors import Conflict, NotFound
from hotline.core.message import Author, Channel, Direction, Kind, Status
from hotline.core.queueing import QueueKey, key
from hotline.core.records import Draft, Shown, Stored
from hotline.core.screening import Finding
from hotline.core.triage import Priority

NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass
class Time:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **duration: int) -> None:
        self.now += timedelta(**duration)


def pseudonym(channel: Channel, address: str) -> str:
    return sha256(f"{channel}\x00{address}".encode()).hexdigest()[:32]


@dataclass
class Database:
    """All collections. With `failure` set every one of them raises it; that of the tokens has its own."""

    failure: Exception | None = None
    tokens_failure: Exception | None = None
    conversations: dict[str, tuple[Conversation, int]] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    messages: dict[str, list[Shown]] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, User] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)  # names whose tokens have shown somebody at the desk

    def reach(self) -> None:
        if self.failure:
            raise self.failure


class Conversations:
    def __init__(self, database: Database) -> None:
        self.db = database

    async def get(self, conversation_id: str) -> tuple[Conversation, int]:
        self.db.reach()
        if conversation_id not in self.db.conversations:
            raise NotFound("no such conversation")
        return self.db.conversations[conversation_id]

    async def save(self, conversation: Conversation, version: int, *, held_until: datetime | None = None) -> None:
        self.db.reach()
        if self.db.conversations[conversation.id][1] != version:
            raise Conflict("the conversation has changed meanwhile")
        self.db.conversations[conversation.id] = (conversation, version + 1)

    def _all(self, state: State) -> list[Conversation]:
        self.db.reach()
        return [item for item, _ in self.db.conversations.values() if item.state is state]

    async def of_contact(self, person: str) -> Conversation | None:
        self.db.reach()
        return next((item for item, _ in self.db.conversations.values() if item.contact == person), None)

    async def waiting(self, after: QueueKey | None, limit: int) -> list[Conversation]:
        queue = sorted(self._all(State.WAITING), key=key)
        return [item for item in queue if after is None or key(item) > after][:limit]

    async def held_by(self, user: str) -> list[Conversation]:
        return [item for item in self._all(State.OPERATOR) if item.holder == user]

    async def held(self) -> list[Conversation]:
        return self._all(State.OPERATOR)

    async def renew(self, conversation_id: str, holder: str, until: datetime) -> None:
        self.db.reach()
        item, version = self.db.conversations.get(conversation_id, (None, 0))
        if item and item.state is State.OPERATOR and item.holder == holder:
            self.db.conversations[conversation_id] = (replace(item, holder_until=until), version)

    async def lapsed(self, now: datetime) -> list[tuple[Conversation, int]]:
        return [pair for pair in self.db.conversations.values() if pair[0].holder_until and pair[0].holder_until < now]


class Contacts:
    def __init__(self, database: Database) -> None:
        self.db = database

    async def get(self, person: str) -> Contact:
        self.db.reach()
        return self.db.contacts[person]

    async def get_many(self, people: list[str]) -> dict[str, Contact]:
        self.db.reach()
        return {person: self.db.contacts[person] for person in people}

    async def update(self, person: str, fields: Mapping[str, Any]) -> None:
        self.db.contacts[person] = replace(self.db.contacts[person], **fields)


class Messages:
    def __init__(self, database: Database, conversations: Conversations, audit: "Audit") -> None:
        self.db = database
        self.conversations = conversations
        self.audit = audit

    async def thread(self, conversation_id: str, limit: int = 200, before: datetime | None = None) -> list[Shown]:
        self.db.reach()
        return [item for item in self.db.messages[conversation_id] if not before or item.at < before][-limit:]

    async def put(self, conversation: Conversation, drafts: list[Draft], now: datetime, priority: int) -> None:
        self.db.reach()
        thread = self.db.messages[conversation.id]
        for draft in drafts:
            if all(item.id != draft.id for item in thread):
                thread.append(
                    Shown(draft.id, Direction.OUT, draft.author, Kind.TEXT, now, draft.text, Status.QUEUED, None,
                          draft.user)
                )  # fmt: skip

    async def end(
        self, conversation: Conversation, version: int, drafts: list[Draft], now: datetime, move: str, user: str,
        **details: str,
    ) -> None:  # fmt: skip
        await self.conversations.save(conversation, version)
        await self.put(conversation, drafts, now, 0)
        await self.audit.add(move, user, now, conversation.id, **details)


class Audit:
    def __init__(self, database: Database) -> None:
        self.db = database

    async def add(self, what: str, user: str, now: datetime, conversation: str | None = None, **details: str) -> None:
        self.db.reach()
        note = details.pop("note", "")
        self.db.audit.append(
            {"what": what, "user": user, "at": now, "conversation": conversation, "details": details, "note": note}
        )

    async def of(self, conversation: str) -> list[dict[str, Any]]:
        return [entry for entry in self.db.audit if entry["conversation"] == conversation]


class Reports:
    """One report of every conversation."""

    async def of(self, conversation: str) -> list[dict[str, Any]]:
        at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        return [{"at": at, "what": "papers kept", "where": "a farm", "who": "ten men", "now": "yes", "reply": "no",
                 "complete": True}]  # fmt: skip


class Files:
    async def about(self, attachment_id: str) -> str:
        raise NotFound("no such file")

    async def open(self, attachment_id: str) -> tuple[str, str, bytes]:
        raise NotFound("no such file")


class Texts:
    def get(self, language: str, text: str) -> str:
        return text


class Users:
    """The part of the users' store that tokens and colleagues need."""

    def __init__(self, database: Database) -> None:
        self.db = database

    async def all(self) -> list[User]:
        self.db.reach()
        return list(self.db.users.values())

    async def token(self, secret: str, now: datetime) -> User | None:
        if self.db.tokens_failure:
            raise self.db.tokens_failure
        return self.db.tokens.get(secret)

    async def token_answers(self, name: str, now: datetime) -> None:
        self.db.reach()
        self.db.answered.append(name)


USERS = (
    User("amina", Role.OPERATOR, ("so", "sw")),
    User("bekele", Role.OPERATOR, ("am",)),
    User("carmen", Role.SUPERVISOR, ("es",)),
    User("dawit", Role.CAMPAIGNS),
    User("gone", Role.OPERATOR, disabled=True),
)
TOKENS = {user.name: f"hl_{user.name}-{'x' * 32}" for user in USERS}

SOMALI = "Waan xiranahay, baasaboorkayga way iga qaadeen."
ARABIC = "أخذوا جواز سفري ولا أستطيع الخروج"
PHONE = "+254700000123"


def populate(database: Database) -> None:
    for user in USERS:
        database.users[user.name] = user
        if not user.disabled:
            database.tokens[TOKENS[user.name]] = replace(user, languages=())


def arrives(
    database: Database,
    conversation_id: str,
    address: str = PHONE,
    *,
    channel: Channel = Channel.SMS,
    state: State = State.WAITING,
    priority: Priority | None = Priority.P1,
    waited: timedelta = timedelta(minutes=10),
    language: str | None = "so",
    text: str = SOMALI,
    **changes: Any,
) -> Conversation:
    """Somebody writes, and is in `state` now."""
    person = pseudonym(channel, address)
    conversation = Conversation(
        id=conversation_id,
        contact=person,
        channel=channel,
        state=state,
        language=language,
        priority=priority,
        reasons=("captivity",) if priority is not None else (),
        findings=(Finding("captivity", text[:14], language or "en", 0.9),) if priority is not None else (),
        waiting_since=NOON - waited if priority is not None else None,
        **changes,
    )
    database.conversations[conversation_id] = (conversation, 1)
    database.contacts[person] = Contact(person, channel, language, last_seen=NOON - waited)
    picture = (Stored(f"i{conversation_id}.0", "image/jpeg", "stored", 40_960),)
    database.messages[conversation_id] = [
        Shown(f"i{conversation_id}", Direction.IN, Author.CONTACT, Kind.TEXT, NOON - waited, text, attachments=picture),
        Shown(f"b{conversation_id}", Direction.OUT, Author.BOT, Kind.TEXT, NOON - waited, "We have your message.",
              Status.FAILED, "30005"),
    ]  # fmt: skip
    return conversation
