"""Talking to a running assistant over HTTP, and its processes."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BOT_PYTHON = ROOT / ".venv-bot/bin/python"
START_SECONDS = 150

@dataclass
class Process:
    """A process of the assistant with its output in a file."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> float:
        """SIGTERM; the seconds it took to end."""
        began = time.monotonic()
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(20)
        return time.monotonic() - began

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")


@dataclass
class Assistant:
    """A running assistant as the gateway sees it."""

    port: int
    token: str
    processes: list[Process] = field(default_factory=list)

    def call(self, path: str, body: Any = None, *, token: str | None = None, raw: bytes | None = None) -> "Response":
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if token != "":
            headers["Authorization"] = f"Bearer {self.token if token is None else token}"
        url = f"http://127.0.0.1:{self.port}{path if path.startswith('/') else '/webhooks/gateway/' + path}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
                return Response(answer.status, answer.headers["Content-Type"], answer.read())
        except urllib.error.HTTPError as refused:
            return Response(refused.code, refused.headers["Content-Type"], refused.read())

    def person(self, language: str = "en") -> "Person":
        return Person(self, language)


@dataclass
class Response:
    status: int
    kind: str
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Person:
    """Somebody who writes: a new pseudonym each, so that no test meets another's dialogue."""

    assistant: Assistant
    language: str
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    heard: list[dict[str, Any]] = field(default_factory=list)

    def message(self, text: str, payload: str | None = None, message_id: str | None = None) -> dict[str, Any]:
        return {
            "sender": self.name,
            "message_id": message_id or uuid.uuid4().hex,
            "text": text,
            "payload": payload,
            "language": self.language,
        }

    def says(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        return self._send(self.message(text, None, message_id))

    def taps(self, payload: str) -> dict[str, Any]:
        return self._send(self.message("", payload))

    def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        response = self.assistant.call("messages", message)
        assert response.status == 200, response.content
        self.heard.append(response.json)
        return response.json


def texts(answer: dict[str, Any]) -> list[str]:
    return [reply["text"] for reply in answer["replies"]]


def commands(answer: dict[str, Any]) -> list[str]:
    return [command["name"] for command in answer["commands"]]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def launch(name: str, module: str, environment: dict[str, str], folder: Path) -> Process:
    log = folder / f"{name}.log"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HOTLINE_")}
    with log.open("wb") as out:
        popen = subprocess.Popen(
            [BOT_PYTHON, "-m", module], cwd=ROOT, env=clean | environment, stdout=out, stderr=subprocess.STDOUT
        )
    return Process(name, popen, log)


def await_note(process: Process, note: Path) -> int:
    """The port that a process notes once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if note.exists():
            return int(json.loads(note.read_text())["port"])
        assert process.popen.poll() is None, f"{process.name} ended: {process.output()[-2000:]}"
        time.sleep(0.1)
    raise AssertionError(f"{process.name} did not get ready: {process.output()[-2000:]}")
