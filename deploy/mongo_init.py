"""Makes the replica set and its two users, on the member that it shares a loopback interface with. Safe to run again.

``python -m deploy.mongo_init``. HOTLINE_MONGODB_URI names the members, the set and the gateway's own user; the file
MONGODB_ADMIN_PASSWORD_FILE holds the administrator's password; MONGODB_LOCAL is this member (127.0.0.1:27017).
A mongod with a key file lets nobody in but a first administrator, once, from loopback: that is who we are.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure
from pymongo.uri_parser import parse_uri

ADMIN = "admin"
READY_WITHIN = 180.0  # seconds: three members may be starting on a slow disk
_AGAIN = 0.5  # seconds between tries
_AUTHENTICATION_REQUIRED, _ALREADY_INITIALIZED, _NO_SUCH_USER = 13, 23, 11

Client = MongoClient[dict[str, Any]]


class NotReady(Exception):
    """The members did not come up in time."""


def main() -> int:
    password = Path(os.environ["MONGODB_ADMIN_PASSWORD_FILE"]).read_text("ascii").strip()
    local = os.environ.get("MONGODB_LOCAL", "127.0.0.1:27017")
    try:
        prepare(os.environ["HOTLINE_MONGODB_URI"], local, password)
    except NotReady as error:
        print(f"mongo_init: {error}", file=sys.stderr)  # noqa: T201 -- for whoever reads the container's log
        return 1
    print("mongo_init: the replica set and its users are there")  # noqa: T201
    return 0


def prepare(uri: str, local: str, admin_password: str, ready_within: float = READY_WITHIN) -> None:
    """Bring set, administrator and gateway user about. `local` is this member's loopback address. Raise `NotReady`."""
    wanted = parse_uri(uri)
    name = wanted["options"]["replicaSet"]
    members = [f"{host}:{port}" for host, port in wanted["nodelist"]]
    deadline = time.monotonic() + ready_within
    with _connect(local) as nobody:
        _until(deadline, f"{local} does not answer", lambda: nobody.admin.command("ping"))
        _until(deadline, "not every member answers", lambda: _initiate(nobody, name, members))
        _until(deadline, f"{members[0]} does not become primary", lambda: _check_primary(nobody))
        _make_administrator(nobody, admin_password)
    with _connect(local, username=ADMIN, password=admin_password, authSource="admin") as admin:
        _make_user(admin, wanted["database"], wanted["username"], wanted["password"])


def _connect(address: str, **credentials: str) -> Client:
    host, _, port = address.rpartition(":")
    return MongoClient(host, int(port), directConnection=True, serverSelectionTimeoutMS=2000, **credentials)


def _until(deadline: float, otherwise: str, step: Any) -> None:
    """Repeat `step` until it raises nothing; `NotReady` with `otherwise` after the deadline."""
    while True:
        try:
            step()
        except (ConnectionFailure, OperationFailure, _Wait):
            if time.monotonic() > deadline:
                raise NotReady(otherwise) from None
            time.sleep(_AGAIN)
        else:
            return


class _Wait(Exception):
    """Not an error: try again."""


def _initiate(client: Client, name: str, members: list[str]) -> None:
    # the first member leads where it can: this script must meet the primary on its own loopback interface
    configuration = {
        "_id": name,
        "members": [{"_id": i, "host": host, "priority": 2 if i == 0 else 1} for i, host in enumerate(members)],
    }
    try:
        client.admin.command("replSetInitiate", configuration)
    except OperationFailure as error:
        # an administrator is there already, so the set is too
        if error.code not in {_AUTHENTICATION_REQUIRED, _ALREADY_INITIALIZED}:
            raise


def _check_primary(client: Client) -> None:
    if not client.admin.command("hello").get("isWritablePrimary"):
        raise _Wait


def _make_administrator(client: Client, password: str) -> None:
    try:
        client.admin.command("createUser", ADMIN, pwd=password, roles=["root"])
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_REQUIRED:  # otherwise the first one is there: loopback opens the door once
            raise


def _make_user(admin: Client, database: str, name: str, password: str) -> None:
    """The gateway's user has one database and nothing else; a changed password is taken over."""
    # dbAdmin: the assistant changes how long its dialogues live (collMod)
    roles = [{"role": role, "db": database} for role in ("readWrite", "dbAdmin")]
    try:
        admin[database].command("updateUser", name, pwd=password, roles=roles)
    except OperationFailure as error:
        if error.code != _NO_SUCH_USER:
            raise
        admin[database].command("createUser", name, pwd=password, roles=roles)


if __name__ == "__main__":
    sys.exit(main())
