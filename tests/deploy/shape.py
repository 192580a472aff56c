"""The production shape as the files say it: parsed once, asked by the tests."""

import re
from pathlib import Path
from typing import Any

import yaml
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy/Dockerfile"

ASSISTANT_VARIABLES = {
    "HOTLINE_RASA_HOST", "HOTLINE_RASA_PORT", "HOTLINE_ACTIONS_URL", "HOTLINE_ACTIONS_HOST", "HOTLINE_ACTIONS_PORT",
}  # fmt: skip
"""What only bot/ and actions/ read; docs/operations.md lists them."""


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def services() -> dict[str, dict[str, Any]]:
    return compose()["services"]


def procfile() -> dict[str, list[str]]:
    """Process → its command without the environment's path."""
    lines = parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes
    return {name: re.sub(r"\.venv(-bot)?/bin/", "", line).removeprefix("exec ").split() for name, line in lines.items()}


def example_settings() -> dict[str, str]:
    """Name → value of every line of .env.example."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def ignore_rules() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def reaches_builder(path: str) -> bool:
    """Whether .dockerignore lets `path`, or something below it, into the build: the last rule that fits decides."""
    allowed = True
    for rule in ignore_rules():
        pattern = re.escape(rule.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{pattern}(?:/.*)?", path):
            allowed = rule.startswith("!")
    return allowed


def copied() -> list[str]:
    """Sources of every COPY from the build context."""
    found = []
    for line in DOCKERFILE.read_text("utf-8").splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            found += line.split()[1:-1]
    return found
