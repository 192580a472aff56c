"""The real processes, for tests: each a child of its own with its own DATA_DIR; only what lies outside is pretended."""

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from hotline import demo, local, vault
from hotline.config import Settings, load
from hotline.local import free_port

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 150  # seconds: the assistant loads its model on a busy machine


@dataclass
class Stack:
    """One installation. `start` and `kill` single processes, or use the whole."""

    data_dir: Path
    web_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    settings_of: dict[str, str] = field(default_factory=dict)  # HOTLINE_ settings besides the usual
    _processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        return kept | {
            "HOTLINE_DATA_DIR": str(self.data_dir),
            "HOTLINE_KEYRING": str(self.data_dir / "keyring.json"),
            "HOTLINE_BIND": f"127.0.0.1:{self.web_port}",
            "HOTLINE_REGION": "KE",
            **self.settings_of,
        }

    @property
    def settings(self) -> Settings:
        return load(
            _env_file=None,
            data_dir=self.data_dir,
            bind=f"127.0.0.1:{self.web_port}",
            keyring=self.data_dir / "keyring.json",
        )

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def prepare(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        vault.create(self.data_dir / "keyring.json")
        demo.make_accounts(self.settings, self.sandbox_port)

    async def start(self, *names: str) -> None:
        for name in names:
            python = str(ROOT / ".venv-bot/bin/python") if name in {"bot", "actions"} else sys.executable
            arguments = ("-m", name) if name in {"bot", "actions"} else ("-m", "hotline", name)
            with (self.data_dir / f"{name}.log").open("ab") as log:
                self._processes[name] = await asyncio.create_subprocess_exec(
                    python, *arguments, cwd=ROOT, env=self.environment, stdout=log, stderr=log
                )

    async def start_all(self, *, bot: bool = True) -> None:
        self.prepare()
        await self.start("mongo", "sandbox", *(("actions", "bot") if bot else ()), "web", "worker")
        await self.ready(bot=bot)

    async def ready(self, *, bot: bool = True, seconds: float = READY_WITHIN) -> None:
        """Return when every part answers; fail with the name of what does not."""
        state: object = "nothing answers"
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        with contextlib.suppress(aiohttp.ClientError, ValueError):
                            async with session.get(f"{self.web}/health/ready") as response:
                                state = (await response.json())["parts"]
                            up = state["database"] == "ok" and (not bot or state["rasa"] == "ok")
                            if up and local.find(self.data_dir, "worker") is not None:
                                return
                        await asyncio.sleep(0.2)
        raise AssertionError(f"not ready after {seconds} s: {state}; see the logs in {self.data_dir}")

    async def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """End one process and wait for it; its exit status."""
        process = self._processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        return await process.wait()

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    async def stop(self) -> None:
        for name in ("web", "worker", "bot", "actions", "sandbox", "mongo"):
            if name in self._processes:
                await self.kill(name, signal.SIGTERM)

    def logs(self) -> str:
        return "".join(path.read_text("utf-8", "replace") for path in self.data_dir.glob("*.log"))


async def command(stack: Stack, *arguments: str, stdin: str = "") -> tuple[int, str]:
    """Run `hotline …` in the installation of `stack`; (exit status, what it printed)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hotline", *arguments, cwd=ROOT, env=stack.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate(stdin.encode())
    return process.returncode or 0, out.decode()
