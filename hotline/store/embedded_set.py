"""Bring a one-member replica set up on whatever port it has this time."""

import time

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

REPLICA_SET = "hotline"


def uri(port: int) -> str:
    """Where clients find the embedded database."""
    return f"mongodb://127.0.0.1:{port}/hotline?replicaSet={REPLICA_SET}&directConnection=true"


def bring_up(port: int, seconds: float) -> None:
    """Return when the mongod on `port` is a writable primary; raise TimeoutError after `seconds`."""
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    client: MongoClient[dict[str, object]] = MongoClient(
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500
    )
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            try:
                _configure(client, member)
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
            except (ConnectionFailure, OperationFailure):
                pass  # not listening, or not ready to be configured yet
            time.sleep(0.05)
        raise TimeoutError
    finally:
        client.close()


_NOT_YET_INITIALIZED = 94


def _configure(client: "MongoClient[dict[str, object]]", member: dict[str, object]) -> None:
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        return
    if config["members"][0]["host"] != member["host"]:
        config["members"] = [member]
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
