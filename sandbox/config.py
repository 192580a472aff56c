"""What the sandbox has to be told."""

import re
from dataclasses import dataclass, field
from pathlib import Path

_BOT_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """The pretend accounts, and where the gateway listens.

    `gateway_url` is the gateway's PUBLIC_URL: Twilio's webhooks go to `/webhooks/twilio` below it and are signed for
    it. Telegram's address and secret come from `setWebhook`, as in life. `origin` is how the gateway reaches the
    sandbox, for media links; left out, it is learnt from the gateway's own calls. `pace` scales every pretend delay
    (0 for tests). Raises ValueError, naming the field, for a value that no provider would have.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    telegram_token: str = field(repr=False)
    sms_from: str = "+254700000001"
    whatsapp_from: str = "whatsapp:+254700000002"
    messaging_service_sid: str | None = None
    gateway_url: str = "http://127.0.0.1:8080"
    origin: str | None = None
    data_file: Path | None = None
    pace: float = 1.0

    def __post_init__(self) -> None:
        if not self.account_sid or not self.auth_token:
            raise ValueError("account_sid and auth_token must not be empty")
        if not _BOT_TOKEN.fullmatch(self.telegram_token):
            raise ValueError("telegram_token must look like 123456:letters, as BotFather gives it")
        if not self.whatsapp_from.startswith("whatsapp:"):
            raise ValueError("whatsapp_from must start with whatsapp:")
        if not self.gateway_url.startswith(("http://", "https://")):
            raise ValueError("gateway_url must start with http:// or https://")
        if self.pace < 0:
            raise ValueError("pace must not be negative")

    @property
    def twilio_webhook(self) -> str:
        """Where Twilio delivers what people write."""
        return self.gateway_url.rstrip("/") + "/webhooks/twilio"

    @property
    def bot_id(self) -> int:
        """The bot's Telegram user id: the number before the colon of its token."""
        return int(self.telegram_token.partition(":")[0])
