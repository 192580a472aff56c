"""Settings: one frozen object, read once at the start; everything that is wrong is reported at once, by name."""

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hotline.core.errors import HotlineError

PREFIX = "HOTLINE_"


class SettingsError(HotlineError):
    """One or more settings are wrong; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Every setting of the gateway, from the environment (prefix HOTLINE_) or ``.env``. See ``.env.example``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    bind: str = "127.0.0.1:8080"
    public_url: str = ""
    data_dir: Path = Path("var")
    mongodb_uri: SecretStr | None = None
    keyring: Path | None = None
    rasa_url: str | None = None
    rasa_token: SecretStr | None = Field(default=None, validate_default=True)
    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = Field(default=None, validate_default=True)
    twilio_sms_from: str | None = None
    twilio_whatsapp_from: str | None = None
    twilio_messaging_service_sid: str | None = Field(default=None, validate_default=True)
    twilio_api_url: str | None = Field(default=None, validate_default=True)
    telegram_token: SecretStr | None = None
    telegram_secret: SecretStr | None = None
    telegram_api_url: str | None = Field(default=None, validate_default=True)
    region: str = "KE"
    timezone: str = "Africa/Nairobi"

    @field_validator("bind")
    @classmethod
    def _bind(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
        return value

    @field_validator("public_url", "rasa_url", "twilio_api_url", "telegram_api_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be a URL such as https://helpline.example.org")
        return value.rstrip("/")

    @field_validator("twilio_api_url", "telegram_api_url")
    @classmethod
    def _reachable(cls, value: str | None, info: ValidationInfo) -> str | None:
        account = "telegram_token" if info.field_name == "telegram_api_url" else "twilio_account_sid"
        if info.data.get(account) and not value and not info.data.get("public_url", "wrong already"):
            raise ValueError("is not set, so the account is real: HOTLINE_PUBLIC_URL is needed, webhooks come to it")
        return value

    @field_validator("rasa_token")
    @classmethod
    def _rasa(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if info.data.get("rasa_url") and not value:
            raise ValueError("goes with HOTLINE_RASA_URL: the assistant there asks for its token")
        return value

    @field_validator("telegram_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("may hold letters, digits, _ and - only, at most 256: Telegram takes no other")
        return value

    @field_validator("region")
    @classmethod
    def _region(cls, value: str) -> str:
        if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("must be an ISO 3166 country code of two letters, such as KE")
        return value.upper()

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone such as Africa/Nairobi") from None
        return value

    @field_validator("twilio_auth_token")
    @classmethod
    def _token(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if bool(value) != bool(info.data.get("twilio_account_sid")):
            raise ValueError("goes together with HOTLINE_TWILIO_ACCOUNT_SID: set both or neither")
        return value

    @field_validator("twilio_messaging_service_sid")  # the last of the three senders: the others are known by now
    @classmethod
    def _sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        senders = (value, info.data.get("twilio_sms_from"), info.data.get("twilio_whatsapp_from"))
        if info.data.get("twilio_account_sid") and not any(senders):
            raise ValueError("or HOTLINE_TWILIO_SMS_FROM or HOTLINE_TWILIO_WHATSAPP_FROM is needed with an account")
        return value

    @cached_property
    def host(self) -> str:
        return self.bind.rpartition(":")[0].strip("[]")

    @cached_property
    def port(self) -> int:
        return int(self.bind.rpartition(":")[2])

    @cached_property
    def origin(self) -> str:
        """Where the world reaches us: PUBLIC_URL, else the address we bind."""
        return self.public_url or f"http://{self.bind}"

    @cached_property
    def keyring_path(self) -> Path:
        return self.keyring or self.data_dir / "keyring.json"

    @property
    def has_account(self) -> bool:
        """Whether a provider account is set: then the sandbox never starts."""
        return bool(self.twilio_account_sid or self.telegram_token)


def load(**overrides: object) -> Settings:
    """The settings of this process; raise `SettingsError` naming everything that is wrong."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # fields are validated by pydantic
    except ValidationError as error:
        raise SettingsError([_problem(item["loc"], item["msg"]) for item in error.errors()]) from None


def _problem(location: tuple[int | str, ...], message: str) -> str:
    return f"{PREFIX}{str(location[0]).upper()}: {message.removeprefix('Value error, ')}"
