"""The pretend accounts of the sandbox: used only where no provider account is set, and only on this machine."""

import json
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from hotline.config import Settings

PORT = 8090  # 127.0.0.1:8090 where it is free


def _file(data_dir: Path) -> Path:
    return data_dir / "sandbox" / "accounts.json"


def make_accounts(settings: Settings, port: int) -> None:
    """Make the pretend accounts once, and note the port that the sandbox will have this time."""
    path = _file(settings.data_dir)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    accounts = _read(path) or {
        "account_sid": f"AC{secrets.token_hex(16)}",
        "auth_token": secrets.token_hex(16),
        "telegram_token": f"{secrets.randbelow(9 * 10**9) + 10**9}:{secrets.token_urlsafe(26)}",
        "sms_from": "+254700000001",
        "whatsapp_from": "whatsapp:+254700000002",
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(accounts | {"port": port}), "utf-8")
    draft.replace(path)


def accounts(settings: Settings) -> dict[str, str] | None:
    """The pretend accounts; None where a real one is set or none were made."""
    return None if settings.has_account else _read(_file(settings.data_dir))


def with_sandbox(settings: Settings) -> Settings:
    """`settings` with the pretend accounts where nothing else is set and they were made."""
    pretend = accounts(settings)
    if pretend is None:
        return settings
    origin = f"http://127.0.0.1:{pretend['port']}"
    return settings.model_copy(
        update={
            "twilio_account_sid": pretend["account_sid"],
            "twilio_auth_token": SecretStr(pretend["auth_token"]),
            "twilio_sms_from": pretend["sms_from"],
            "twilio_whatsapp_from": pretend["whatsapp_from"],
            "twilio_api_url": origin,
            "telegram_token": SecretStr(pretend["telegram_token"]),
            "telegram_api_url": origin,
        }
    )


def sandbox_url(settings: Settings) -> str | None:
    """Where the phones' page is, in a demo."""
    pretend = accounts(settings)
    return f"http://127.0.0.1:{pretend['port']}/" if pretend else None


def _read(path: Path) -> dict[str, str] | None:
    try:
        data: dict[str, str] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return data
