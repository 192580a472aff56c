"""Watches the processes of `make up` come up, and greets when all answer."""

import asyncio
import contextlib
import os
import sys
import time

import aiohttp

from hotline import demo, local, logs
from hotline.app import assemble
from hotline.config import Settings, load
from hotline.core.access import Role
from hotline.core.errors import Conflict, HotlineError
from hotline.up import console_url, wanted

_SAID = {"database": "database", "rasa": "assistant"}
_EVERY = 5.0  # seconds between lines of progress
_ADMIN = "admin"


def main() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(greet(load()))


async def greet(settings: Settings) -> None:
    """Say what is still coming up, then where to go."""
    logs.setup("ready")
    began = float(os.environ.get("HOTLINE_UP_SINCE") or time.time())
    last = time.time()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while missing := await _missing(settings, session):
            if time.time() - last >= _EVERY:
                last = time.time()
                print(f"… {last - began:3.0f} s, waiting for: {', '.join(missing)}", flush=True)  # noqa: T201
            await asyncio.sleep(0.25)
    password = await _first_administrator(settings)
    lines = [f"Ready after {time.time() - began:.0f} s.", f"Console   {console_url(settings)}"]
    if url := demo.sandbox_url(settings):
        lines.append(f"Phones    {url}   (pretend SMS, WhatsApp and Telegram; no account is set)")
    if password:
        lines.append(f"Sign in as {_ADMIN} with the one-time password {password}")
    lines.append("Ctrl-C stops everything.")
    print("\n" + "\n".join(f"    {line}" for line in lines) + "\n", flush=True)  # noqa: T201


async def _missing(settings: Settings, session: aiohttp.ClientSession) -> list[str]:
    missing = [name for name in ("worker", "sandbox") if name in wanted(settings) and not _noted(settings, name)]
    try:
        async with session.get(f"http://{settings.bind}/health/ready") as response:
            parts = (await response.json())["parts"]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError):
        return ["web", *missing]
    return [*(_SAID.get(name, name) for name, state in parts.items() if state != "ok"), *missing]


def _noted(settings: Settings, process: str) -> bool:
    return local.find(settings.data_dir, process) is not None


async def _first_administrator(settings: Settings) -> str | None:
    """Make the first administrator of an empty installation; the one-time password."""
    try:
        async with assemble(settings) as parts:
            if await parts.accounts.any():
                return None
            return await parts.accounts.add(_ADMIN, Role.ADMIN)
    except Conflict:
        return None
    except HotlineError as error:
        print(f"hotline: {error}", file=sys.stderr)  # noqa: T201
        return None


if __name__ == "__main__":
    main()
