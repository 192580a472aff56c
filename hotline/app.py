"""Composition root: the only file that knows every concrete class. Nothing here decides anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import structlog

from connectors import registry
from hotline import local, texts, vault
from hotline.accounts import Accounts
from hotline.campaigns import Campaigns
from hotline.config import Settings
from hotline.core.errors import Unavailable
from hotline.core.language import NAMES
from hotline.core.message import Channel
from hotline.core.ports import Connector
from hotline.core.region import emergency_number
from hotline.core.triage import REASON_LABELS
from hotline.desk import Desk
from hotline.detect import LanguageDetector
from hotline.inbox import InboxWorker
from hotline.lexicon import load_keywords, load_lexicon, load_signs
from hotline.lookup import Lookup
from hotline.media import MediaWorker
from hotline.outbox import OutboxWorker
from hotline.rasa import RasaAssistant
from hotline.store import Store, open_store
from hotline.store.embedded_set import uri as embedded_uri
from hotline.turn import InboxRules

ROOT = Path(__file__).resolve().parent.parent
NLU, LOCALES = ROOT / "nlu", ROOT / "locales"

log = structlog.get_logger()

_AGAIN = 1.0  # seconds between tries of a database that is away

# What a channel carries in one message where no account says otherwise.
_LIMITS = {Channel.SMS: 640, Channel.WHATSAPP: 1300, Channel.TELEGRAM: 1800}


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """The gateway, put together; each process uses what it needs."""

    settings: Settings
    vault: vault.Vault
    store: Store
    connectors: tuple[Connector, ...]
    by_channel: dict[Channel, Connector]
    assistant: RasaAssistant
    catalogues: texts.Catalogues
    accounts: Accounts
    desk: Desk
    campaigns: Campaigns
    lookup: Lookup
    limits: dict[Channel, int]

    def outbox(self) -> OutboxWorker:
        return OutboxWorker(
            self.store.outgoing,
            self.store.conversations,
            self.store.contacts,
            self.by_channel,
            self.campaigns.may_go,
            clock,
        )

    def inbox(self) -> InboxWorker:
        rules = InboxRules(
            lexicon=load_lexicon(NLU),
            keywords=load_keywords(NLU),
            detector=LanguageDetector(),
            texts=self.catalogues,
            languages=frozenset(NAMES) & self.catalogues.languages,
            default_language="en",
            emergency=emergency_number(self.settings.region),
            limits=self.limits,
        )
        return InboxWorker(self.store.work, self.assistant, self.store.users, rules, clock)

    def media(self) -> MediaWorker:
        return MediaWorker(self.store.attachments, self.by_channel, clock)

    def labels(self) -> dict[str, str]:
        """What each reason is called in the console."""
        return REASON_LABELS | {sign.id: sign.label for sign in load_signs(NLU)}


@asynccontextmanager
async def assemble(settings: Settings, *, patient: bool = True) -> AsyncIterator[Parts]:
    """Everything, connected, for as long as the context lasts. Raise `HotlineError` with a sentence for people.

    `patient`: wait for a database that is away, as a process does; a command says so and ends.
    """
    vault.create(settings.keyring_path)
    keys = vault.load(settings.keyring_path)
    store = open_store(await database_uri(settings), keys)
    connectors = registry.build(accounts_of(settings, keys))
    by_channel = registry.by_channel(connectors)
    catalogues = texts.Catalogues(LOCALES)
    assistant = RasaAssistant(lambda: assistant_endpoint(settings))
    try:
        await (_prepare(store, keys) if patient else store.database.prepare(keys.fingerprint))
        for connector in connectors:
            await connector.start()
        yield _wire(settings, keys, store, connectors, by_channel, catalogues, assistant)
    finally:
        for connector in connectors:
            await connector.close()
        await assistant.close()
        store.close()


async def _prepare(store: Store, keys: vault.Vault) -> None:
    """Indexes and the key ring's check, once the database answers; until then nothing is accepted."""
    while True:
        try:
            await store.database.prepare(keys.fingerprint)
        except Unavailable:
            log.warning("waiting", part="database")
            await asyncio.sleep(_AGAIN)
        else:
            return


def _wire(
    settings: Settings,
    keys: vault.Vault,
    store: Store,
    connectors: tuple[Connector, ...],
    by_channel: dict[Channel, Connector],
    catalogues: texts.Catalogues,
    assistant: RasaAssistant,
) -> Parts:
    limits = {c: by_channel[c].limit(c) if c in by_channel else limit for c, limit in _LIMITS.items()}
    return Parts(
        settings=settings,
        vault=keys,
        store=store,
        connectors=connectors,
        by_channel=by_channel,
        assistant=assistant,
        catalogues=catalogues,
        accounts=Accounts(store.users, store.audit, clock),
        desk=Desk(
            store.conversations, store.contacts, store.messages, store.work, store.audit, store.attachments,
            store.reports,
            catalogues, limits, clock,
        ),
        campaigns=Campaigns(
            store.campaigns, store.conversations, store.work, store.audit, frozenset(NAMES), clock
        ),
        lookup=Lookup(keys.pseudonym, store.conversations, store.audit, clock),
        limits=limits,
    )  # fmt: skip


async def database_uri(settings: Settings) -> str:
    """HOTLINE_MONGODB_URI, else the embedded database of DATA_DIR once it answers."""
    if settings.mongodb_uri:
        return settings.mongodb_uri.get_secret_value()
    return embedded_uri(await local.wait_for(settings.data_dir, "mongo"))


async def assistant_endpoint(settings: Settings) -> tuple[str, str]:
    """(URL, token) of the assistant: as set, else the one of DATA_DIR if it runs."""
    secret = settings.rasa_token.get_secret_value() if settings.rasa_token else None
    if settings.rasa_url:
        return settings.rasa_url, secret or local.token(settings.data_dir, "rasa")
    port = local.find(settings.data_dir, "rasa")
    if port is None:
        raise Unavailable("assistant")
    return f"http://127.0.0.1:{port}", secret or local.token(settings.data_dir, "rasa")


def accounts_of(settings: Settings, keys: vault.Vault) -> registry.Accounts:
    """The provider accounts in plain text, for the connectors only; a Telegram secret that is not set is derived."""
    plain = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name in ("twilio_account_sid", "twilio_auth_token", "twilio_sms_from", "twilio_whatsapp_from",
                     "twilio_messaging_service_sid", "twilio_api_url", "telegram_token", "telegram_secret",
                     "telegram_api_url")
        for value in (getattr(settings, name),)
    }  # fmt: skip
    plain["public_url"] = settings.origin
    plain["telegram_secret"] = plain["telegram_secret"] or keys.derive("telegram webhook secret")
    return SimpleNamespace(**plain)
