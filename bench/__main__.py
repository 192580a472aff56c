"""`make bench`: each figure beside its baseline, measured in the same run; a table, and bench/results.json."""

import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import aiohttp

from bench import load, reply
from hotline import demo, local
from hotline.store.embedded_set import uri
from tests.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"
CONNECTIONS = (1, 8, 32)


async def main() -> None:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        await intake(Stack(Path(folder) / "intake"), rows)
        await replies(Stack(Path(folder) / "reply"), rows)
        start_up(Path(folder) / "up", rows)
    for row in rows:
        measured = f"{row['value']:>10} {row['unit']:<6} baseline {row['baseline']!s:>10}"
        print(f"{row['figure']:<58} {measured}   target {row['target']}")
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({"machine": machine, "at": time.strftime("%F"), "figures": rows}, indent=1) + "\n")


async def intake(stack: Stack, rows: list[dict[str, object]]) -> None:
    """Signed SMS webhooks acknowledged per second; the worker is off, so that intake alone is measured."""
    stack.prepare()
    try:
        await stack.start("mongo", "web")
        await alive(stack)
        accounts = demo.accounts(stack.settings)
        assert accounts, "made by prepare"
        webhooks = load.Webhooks(stack.web, accounts["account_sid"], accounts["auth_token"], 40_000)
        port = local.find(stack.data_dir, "mongo")
        assert port, "runs"
        bare = load.bare_loop(uri(port))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await load.at(8, webhooks.one(session), 2)
            await load.at(8, bare, 2)
            for connections in CONNECTIONS:
                base = await load.at(connections, bare)
                rate = await load.at(connections, webhooks.one(session))
                target = "≥ 0.6 of baseline" if connections == 32 else "–"
                add(
                    rows,
                    f"intake, {connections} connections ({rate / base:.2f} of bare loop)",
                    rate,
                    "msg/s",
                    base,
                    target,
                )
    finally:
        await stack.stop()


async def replies(stack: Stack, rows: list[dict[str, object]]) -> None:
    """Webhook to create call, and what the processes weigh after it."""
    provider = reply.Provider()
    try:
        stack.prepare()
        async with provider.listening(stack.sandbox_port):
            await stack.start("mongo", "actions", "bot", "web", "worker")
            await stack.ready()
            accounts = demo.accounts(stack.settings)
            assert accounts, "made by prepare"
            rasa = f"http://127.0.0.1:{local.find(stack.data_dir, 'rasa')}"
            bare = reply.median(await reply.bare_assistant(rasa, local.token(stack.data_dir, "rasa")))
            whole = reply.median(
                await reply.through_gateway(stack.web, accounts["account_sid"], accounts["auth_token"], provider)
            )
            add(rows, f"reply, median ({whole - bare:.1f} ms more)", whole, "ms", bare, "≤ 30 ms more")
            for name in ("web", "worker"):
                add(rows, f"memory of {name}", resident(stack.pid(name)), "MB", "–", "< 120 MB")
            add(rows, "memory of rasa", resident(stack.pid("bot")), "MB", "–", "–")
    finally:
        await stack.stop()


def start_up(data_dir: Path, rows: list[dict[str, object]]) -> None:
    """Seconds from `make up` to ready when all is built."""
    stack = Stack(data_dir)
    environment = stack.environment | {"HOTLINE_REGION": "KE"}
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "up"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.monotonic() - began < 300:
            try:
                with urllib.request.urlopen(f"{stack.web}/health/ready", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        add(rows, "make up to ready, all built", time.monotonic() - began, "s", "–", "< 60 s")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()


async def alive(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{stack.web}/health/live") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


def resident(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def add(
    rows: list[dict[str, object]], figure: str, value: float, unit: str, baseline: float | str, target: str
) -> None:
    shown = f"{baseline:.1f}" if isinstance(baseline, float) else baseline
    rows.append({"figure": figure, "value": round(value, 1), "unit": unit, "baseline": shown, "target": target})
    print(f"… {figure}: {value:.1f} {unit}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
