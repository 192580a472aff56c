"""What an administrator does from a terminal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

from hotline import demo, local, logs
from hotline.app import Parts, assemble, clock
from hotline.config import Settings
from hotline.core.access import Role
from hotline.core.errors import HotlineError, Malformed
from hotline.core.message import DeliveryReport, Event, Ignored, Inbound, WebhookRequest
from hotline.embedded import Mongod
from hotline.intake import Intake
from hotline.outbox import OutboxWorker


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[None]:
    """The database of this DATA_DIR: the one that runs, else one of our own for as long as the context lasts."""
    if settings.mongodb_uri or local.find(settings.data_dir, "mongo"):
        yield
        return
    mongod = Mongod(settings.data_dir)
    await mongod.start()
    local.note(settings.data_dir, "mongo", mongod.port)
    try:
        yield
    finally:
        local.forget(settings.data_dir, "mongo")
        await mongod.stop()


@contextlib.asynccontextmanager
async def parts_of(settings: Settings) -> AsyncIterator[Parts]:
    logs.setup("command")
    async with database(settings), assemble(demo.with_sandbox(settings), patient=False) as parts:
        yield parts


async def add_user(settings: Settings, name: str, role: str, languages: tuple[str, ...], password: str | None) -> int:
    """Make a user; print the one-time password where none was given."""
    async with parts_of(settings) as parts:
        chosen = await parts.accounts.add(name, Role(role), languages, password)
    if password is None:
        print(f"{name} signs in once with the password {chosen} and then chooses another.")  # noqa: T201
    else:
        print(f"{name} can sign in.")  # noqa: T201
    return 0


async def create_token(settings: Settings, name: str, role: str) -> int:
    async with parts_of(settings) as parts:
        print(await parts.accounts.make_token(name, Role(role)))  # noqa: T201
    return 0


async def list_tokens(settings: Settings) -> int:
    """A line for each token: name, role, when it was made, when it was last used."""
    async with parts_of(settings) as parts:
        for token in await parts.accounts.tokens():
            used = f"used {token.seen_at:%Y-%m-%d %H:%M} UTC" if token.seen_at else "never used"
            print(f"{token.name:<20} {token.role:<10} made {token.made_at:%Y-%m-%d %H:%M} UTC  {used}")  # noqa: T201
    return 0


async def revoke_tokens(settings: Settings, name: str) -> int:
    async with parts_of(settings) as parts:
        count = await parts.accounts.revoke_tokens(name)
    print(f"{count} token{'s' if count > 1 else ''} of {name} revoked.")  # noqa: T201
    return 0


async def check(settings: Settings) -> int:
    """A line for each part; 1 if any fails."""
    good = True

    def say(part: str, line: str, *, fine: bool = True) -> None:
        nonlocal good
        good = good and fine
        print(f"{'ok  ' if fine else 'FAIL'}  {part:<10} {line}")  # noqa: T201

    say("settings", f"region {settings.region}, public address {settings.origin}")
    try:
        async with parts_of(settings) as parts:
            say("keys", f"key ring {parts.vault.fingerprint}")
            await parts.store.database.ping()
            say("database", "a primary answers")
            await _try(say, "assistant", parts.assistant.check(), "start it with `make up`, or set HOTLINE_RASA_URL")
            for connector in parts.connectors:
                await _try(say, connector.name, connector.check(), "check the account's settings")
            if not parts.connectors:
                say("providers", "no account is set", fine=True)
    except HotlineError as error:
        say("start", str(error), fine=False)
    return 0 if good else 1


async def _try(say: Any, part: str, test: Awaitable[str], advice: str) -> None:
    try:
        async with asyncio.timeout(15):
            say(part, await test)
    except (HotlineError, TimeoutError) as error:
        say(part, f"{error or 'no answer in time'}: {advice}", fine=False)


async def replay(settings: Settings, files: list[Path]) -> int:
    """Feed recorded webhook bodies through the real path; 1 if one made no sense.

    A file holds the body as the provider sent it: Telegram's JSON or Twilio's form. Whoever runs this vouches for the
    files, so signatures are not asked for; what we have already is found to be a duplicate.
    """
    async with parts_of(settings) as parts:
        intake, outbox = Intake(parts.store.intake, clock), parts.outbox()
        connectors = {connector.name: connector for connector in parts.connectors}
        good = True
        for file in files:
            try:
                body = file.read_bytes()
            except OSError as error:
                raise HotlineError(f"{file} cannot be read: {error.strerror}") from None
            telegram = body.lstrip()[:1] == b"{"
            connector = connectors.get("telegram" if telegram else "twilio")
            if connector is None:
                raise HotlineError(f"{file}: no account of this provider is set")
            hook = "status" if b"MessageStatus=" in body and b"Body=" not in body else "messages"
            try:
                events = connector.parse(WebhookRequest(hook, parts.settings.origin, {}, {}, body))
            except Malformed:
                print(f"malformed  {file}")  # noqa: T201
                good = False
                continue
            for event in events:
                print(f"{await _take(event, intake, outbox):<10} {file}")  # noqa: T201
    return 0 if good else 1


async def _take(event: Event, intake: Intake, outbox: OutboxWorker) -> str:
    """Keep or merge one event; what became of it, in a word."""
    match event:
        case Inbound():
            return "kept" if await intake.accept(event) else "duplicate"
        case DeliveryReport():
            return "merged" if await outbox.delivered(event) else "unknown"
        case Ignored():
            return "ignored"
        case _:
            return "skipped"
