"""Puts the pretend providers and the phones together into one aiohttp application."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from sandbox import storage
from sandbox.config import SandboxConfig
from sandbox.controls import Controls
from sandbox.events import Events
from sandbox.faults import FaultBook
from sandbox.gateway import Gateway
from sandbox.guard import add_headers, guard
from sandbox.journal import Journal
from sandbox.media import LIMIT_BYTES, MediaShelf
from sandbox.page import Page
from sandbox.phones import Phone, PhoneBook
from sandbox.phones_api import PhonesApi
from sandbox.telegram.delivery import Delivery
from sandbox.telegram.inbound import TelegramPhones
from sandbox.telegram.methods import Methods
from sandbox.telegram.routes import BotApi
from sandbox.telegram.service import Telegram
from sandbox.twilio.content import ContentApi
from sandbox.twilio.inbound import TwilioPhones
from sandbox.twilio.routes import MessagesApi, TwilioDoor
from sandbox.twilio.service import Twilio
from sandbox.twilio.webhooks import Webhooks

__all__ = ["SandboxConfig", "make_app"]


class Sandbox:
    """Everything of one sandbox, wired."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.events = Events()
        self.faults = FaultBook()
        self.journal = Journal()
        self.media = MediaShelf()
        self.gateway = Gateway()
        self._saver = storage.Saver(config.data_file, self.dump) if config.data_file else None
        self._learnt_origin = ""
        self.phones = PhoneBook(self._screen_changed)
        webhooks = Webhooks(config.auth_token, self.gateway)
        self.twilio = Twilio(config, self.phones, self.faults, webhooks, self._touch)
        self.twilio_phones = TwilioPhones(self.twilio, webhooks, self.media)
        self.delivery = Delivery(self.gateway, config.pace, self._touch)
        self.telegram = Telegram(config, self.phones, self.delivery, self._touch)
        self.methods = Methods(self.telegram, self.media, lambda phone: self.events.publish("typing", phone, {}))
        self.telegram_phones = TelegramPhones(self.telegram, self.methods, self.media)
        self.delivery.observer = self.telegram_phones

    def routes(self) -> list[web.RouteDef]:
        """Every path of the application but the page's static files."""
        door = TwilioDoor(self.twilio, self.faults, self.journal, self._heard)
        phones = PhonesApi(
            phones=self.phones,
            twilio=self.twilio_phones,
            telegram=self.telegram_phones,
            media=self.media,
            events=self.events,
            origin=self._origin,
        )
        bot = BotApi(
            token=self.config.telegram_token,
            methods=self.methods,
            media=self.media,
            faults=self.faults,
            journal=self.journal,
            heard=self._heard,
        )
        return [
            *Controls(self.faults, self.journal).routes(),
            *phones.routes(),
            *MessagesApi(self.twilio, door, self.media).routes(),
            *ContentApi(self.twilio, door).routes(),
            *bot.routes(),
        ]

    async def lifetime(self, _app: web.Application) -> AsyncIterator[None]:
        """Read the state and begin to deliver; at the end stop and save."""
        self.gateway.start()
        saved = storage.read(self.config.data_file) if self.config.data_file else None
        if saved is not None:
            self.phones.load(saved["phones"])
            self.media.load(saved["media"])
            self.twilio.load(saved["twilio"])
            self.telegram.load(saved["telegram"])
        self.delivery.start()
        if self._saver is not None:
            self._saver.start()
        yield
        await self.twilio_phones.stop()
        await self.twilio.stop()
        await self.delivery.stop()
        if self._saver is not None:
            await self._saver.stop()
        await self.gateway.close()

    async def hang_up(self, _app: web.Application) -> None:
        """End what would otherwise hold the shutdown up: event streams, scripted time-outs, callers that wait."""
        self.events.close()
        self.faults.close()
        self.delivery.release()

    def dump(self) -> dict[str, Any]:
        """The state as JSON values."""
        return {
            "phones": self.phones.dump(),
            "media": self.media.dump(),
            "twilio": self.twilio.dump(),
            "telegram": self.telegram.dump(),
        }

    def _screen_changed(self, event: str, phone: Phone, data: dict[str, Any]) -> None:
        self.events.publish(event, phone, data)
        self._touch()

    def _touch(self) -> None:
        if self._saver is not None:
            self._saver.touch()

    def _heard(self, origin: str) -> None:
        """The gateway has called us under this origin: media links should carry it."""
        self._learnt_origin = origin

    def _origin(self, request: web.Request) -> str:
        return self.config.origin or self._learnt_origin or str(request.url.origin())


def make_app(config: SandboxConfig) -> web.Application:
    """The sandbox as an application; binding it, to loopback, is the caller's."""
    sandbox = Sandbox(config)
    app = web.Application(middlewares=[guard], client_max_size=LIMIT_BYTES * 2)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(sandbox.hang_up)
    app.cleanup_ctx.append(sandbox.lifetime)
    page = Page(config)
    app.add_routes([*page.routes(), *sandbox.routes()])
    return app
