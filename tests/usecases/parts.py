"""A helpline for scripts: real rules, use cases and database; clock, assistant and provider do as they are told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from hotline.app import LOCALES, NLU
from hotline.campaigns import Campaigns
from hotline.core.access import Role, User
from hotline.core.conversation import Conversation
from hotline.core.errors import FetchError, SendError
from hotline.core.language import NAMES
from hotline.core.message import Attachment, Channel, Direction, Inbound, Kind, Outbound, Receipt
from hotline.core.records import Received, Shown
from hotline.core.routing import Answer, Reply
from hotline.core.triage import Understanding
from hotline.desk import Desk
from hotline.detect import LanguageDetector
from hotline.inbox import InboxWorker
from hotline.intake import Intake
from hotline.lexicon import load_keywords, load_lexicon
from hotline.media import MediaWorker
from hotline.outbox import OutboxWorker
from hotline.store import Store
from hotline.texts import Catalogues
from hotline.turn import InboxRules

LIMITS = {Channel.SMS: 640, Channel.WHATSAPP: 1600, Channel.TELEGRAM: 4096}
AMINA = User("amina", Role.OPERATOR, ("so", "sw"))
BRUNO = User("bruno", Role.OPERATOR, ("es",))
SARA = User("sara", Role.SUPERVISOR)
CARLA = User("carla", Role.CAMPAIGNS)
ADMIN = User("admin", Role.ADMIN)

Meanwhile = Callable[[], Awaitable[object]]
lexicon, keywords = cache(lambda: load_lexicon(NLU)), cache(lambda: load_keywords(NLU))
catalogues, detector = cache(lambda: Catalogues(LOCALES)), cache(LanguageDetector)


class Clock:
    """Time that passes when the script says so. Starts now: the database's own expiry looks at the real clock."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)  # a moment passes between any two looks
        return self.now

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def answer(text: str = "Hello.", intent: str = "greet", confidence: float = 0.9, **more: Any) -> Answer:
    return Answer((Reply(text, more.pop("choices", ())),), Understanding(intent, confidence), **more)


@dataclass
class ScriptedAssistant:
    """Says what the script holds, in order, then greets. The same message id gets the same answer, as from the bot."""

    script: list[Answer | None] = field(default_factory=list)
    asked: list[tuple[str, str | None, str]] = field(default_factory=list)  # (text, payload, language)
    meanwhile: Meanwhile | None = None  # happens once while it thinks
    _given: dict[str, Answer | None] = field(default_factory=dict)

    async def ask(
        self, received: Received, payload: str | None, language: str, *, in_report: bool
    ) -> Answer | None:
        self.asked.append((received.text, payload, language))
        if self.meanwhile:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        if received.id not in self._given:
            self._given[received.id] = self.script.pop(0) if self.script else answer()
        return self._given[received.id]


@dataclass
class ScriptedConnector:
    """A provider: takes every message unless the script holds an error for the next attempts."""

    name: str = "scripted"
    channels: frozenset[Channel] = frozenset(Channel)
    errors: list[SendError | None] = field(default_factory=list)  # None: this attempt succeeds
    known: list[Receipt | SendError | None] = field(default_factory=list)  # answers to `settle`
    sent: list[Outbound] = field(default_factory=list)  # attempts that reached the provider
    settled: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    meanwhile: Meanwhile | None = None  # happens once while a message is on its way
    _ids: Any = field(default_factory=lambda: count(1))

    async def send(self, message: Outbound) -> Receipt:
        if self.meanwhile:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        if self.errors and (error := self.errors.pop(0)):
            raise error
        self.sent.append(message)
        return Receipt(f"SM{next(self._ids)}")

    async def settle(self, message: Outbound, since: datetime) -> Receipt | None:
        self.settled.append(message.id)
        known = self.known.pop(0)
        if isinstance(known, SendError):
            raise known
        return known

    async def fetch(self, attachment: Attachment) -> bytes:
        try:
            return self.files[attachment.ref]
        except KeyError:
            raise FetchError("404", gone=True) from None

    def texts(self, address: str | None = None) -> list[str]:
        return [message.text for message in self.sent if address in {None, message.address}]


class Helpline:
    """One installation over a real database; `writes`, `works` and `sends` are what webhooks and workers do."""

    def __init__(self, store: Store, *, emergency: str | None = "999") -> None:
        self.store, self.clock = store, Clock()
        self.assistant, self.provider = ScriptedAssistant(), ScriptedConnector()
        rules = InboxRules(
            lexicon=lexicon(), keywords=keywords(), detector=detector(), texts=catalogues(), languages=frozenset(NAMES),
            default_language="en", emergency=emergency, limits=LIMITS,
        )  # fmt: skip
        self.intake = Intake(store.intake, self.clock)
        self.inbox = InboxWorker(store.work, self.assistant, store.users, rules, self.clock)
        self.campaigns = Campaigns(
            store.campaigns, store.conversations, store.work, store.audit, frozenset(NAMES), self.clock
        )
        connectors: Any = dict.fromkeys(Channel, self.provider)
        self.outbox = OutboxWorker(
            store.outgoing, store.conversations, store.contacts, connectors, self.campaigns.may_go, self.clock
        )
        self.media = MediaWorker(store.attachments, connectors, self.clock)
        self.desk = Desk(
            store.conversations, store.contacts, store.messages, store.work, store.audit, store.attachments,
            store.reports,
            catalogues(), LIMITS, self.clock,
        )  # fmt: skip
        self._ids = count(1)

    async def arrives(self, address: str, text: str = "", kind: Kind = Kind.TEXT, **more: Any) -> None:
        """A webhook: the message is kept, nothing else happens."""
        channel = more.pop("channel", Channel.SMS)
        self.clock.passes(milliseconds=10)
        await self.store.intake.add(
            [Inbound(channel, more.pop("id", f"in{next(self._ids)}"), address, kind, text, **more)], self.clock()
        )

    async def works(self) -> None:
        """The inbox worker, until nothing is due."""
        while await self.inbox.step():
            self.clock.passes(milliseconds=10)

    async def sends(self) -> None:
        """The outbox worker, until nothing is due."""
        while await self.outbox.step():
            self.clock.passes(milliseconds=10)

    async def writes(self, address: str, text: str = "", kind: Kind = Kind.TEXT, **more: Any) -> list[str]:
        """A person writes; what they hear back."""
        before = len(self.provider.texts(address))
        await self.arrives(address, text, kind, **more)
        await self.works()
        await self.sends()
        return self.provider.texts(address)[before:]

    def person(self, address: str, channel: Channel = Channel.SMS) -> str:
        return self.store.contacts._vault.pseudonym(channel, address)

    async def conversation(self, address: str, channel: Channel = Channel.SMS) -> Conversation:
        found = await self.store.conversations.of_contact(self.person(address, channel))
        assert found is not None
        return found

    async def claimed(self, address: str, by: User = AMINA) -> Conversation:
        return await self.desk.claim(by, (await self.conversation(address)).id)

    async def said(self, address: str) -> list[Shown]:
        """Our side of a conversation, oldest first, whatever became of it."""
        thread = await self.store.messages.thread((await self.conversation(address)).id)
        return [message for message in thread if message.direction is Direction.OUT]


def translated(language: str, text: str, **filled: str) -> str:
    said = catalogues().get(language, text)
    return said.format(**filled) if filled else said
