"""The assistant's process: model, tracker store and channel put together, and served."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

import rasa.core.channels.channel as channels
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.tracker_store import TrackerStore
from rasa.model import get_latest_model
from rasa.shared.utils.common import class_from_module_path
from rasa.shared.utils.io import read_config_file
from rasa.utils.endpoints import read_endpoint_config
from sanic import Sanic

from bot import rundir
from bot.actionserver import ActionServer
from bot.dialogue import Dialogue
from bot.environment import MODELS, ROOT
from bot.lifecycle import leave_at_once_on_signal, listen, serve

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 2 * 1024 * 1024


class ModelMissing(RuntimeError):
    """No trained model; the sentence says what to do."""


def run() -> None:
    """Serve until a signal.

    Raises ModelMissing, KeyRingError, DatabaseMissing, AddressTaken.
    """
    began = time.monotonic()
    leave_at_once_on_signal()
    os.environ["HOTLINE_RASA_TOKEN"] = rundir.rasa_token()  # where credentials.yml reads it
    host = os.environ.get("HOTLINE_RASA_HOST") or "127.0.0.1"
    sock = listen(host, int(os.environ.get("HOTLINE_RASA_PORT") or 0))
    actions = ActionServer()
    dialogue = load(newest_model(), actions)
    asyncio.run(_serve(dialogue, actions, application(dialogue), sock, began))


def newest_model() -> Path:
    """Raises ModelMissing."""
    found = get_latest_model(str(MODELS))
    if not found:
        raise ModelMissing("No trained model in models/: run `make train` first.")
    return Path(found)


def load(model: Path, actions: ActionServer) -> Dialogue:
    """The dialogue over a trained model, with the tracker store and the texts of ``endpoints.yml``."""
    endpoints = str(ROOT / "bot/endpoints.yml")
    store = TrackerStore.create(read_endpoint_config(endpoints, "tracker_store"))
    texts = read_endpoint_config(endpoints, "nlg")
    # the texts come with the domain of each call; the generator itself needs none
    generator = NaturalLanguageGenerator.create(texts, None)
    dialogue = Dialogue(model, store, InMemoryLockStore(), generator, action_endpoint=actions)
    dialogue.nlg = NaturalLanguageGenerator.create(texts, dialogue.domain)
    store.domain = dialogue.domain
    return dialogue


def application(dialogue: Dialogue) -> Sanic:
    """The HTTP application: the channels of ``credentials.yml`` and nothing else of Rasa's own API."""
    app = Sanic("assistant", configure_logging=False)
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    app.config.ACCESS_LOG = False
    named = read_config_file(str(ROOT / "bot/credentials.yml"))
    channels.register([class_from_module_path(c).from_credentials(o) for c, o in named.items()], app, "/webhooks/")
    app.ctx.dialogue = dialogue
    return app


async def _serve(dialogue: Dialogue, actions: ActionServer, app: Sanic, sock: object, began: float) -> None:
    dialogue.understand("warm up")  # the first message must not pay for what is loaded lazily
    log.info("model %s ready after %.1f s", dialogue.model_metadata.model_id, time.monotonic() - began)
    try:
        await serve(app, sock, "rasa")  # type: ignore[arg-type]
    finally:
        await actions.close()
        dialogue.tracker_store.close()  # type: ignore[attr-defined]
    # leaving normally waits for every database call, and one that hangs must not hold the stop
    logging.shutdown()
    os._exit(0)
