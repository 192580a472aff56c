"""Finding the installation's MongoDB."""

from __future__ import annotations

import os
import time
from typing import Any

from pymongo import MongoClient
from pymongo.uri_parser import parse_uri

from bot import rundir

DEFAULT_DATABASE = "hotline"
WAIT_SECONDS = 60.0


class DatabaseMissing(RuntimeError):
    """No MongoDB was named and none has appeared; the sentence says what to do."""


def database(uri: str | None = None, client: MongoClient | None = None) -> tuple[str, MongoClient]:
    """The database's name and a client for it: from ``uri``, else HOTLINE_MONGODB_URI, else the embedded server.

    Raises DatabaseMissing, pymongo.errors.PyMongoError for a malformed URI.
    """
    if client is not None:
        return DEFAULT_DATABASE, client
    uri = uri or os.environ.get("HOTLINE_MONGODB_URI") or _embedded()
    name: Any = parse_uri(uri, warn=False)["database"]
    # a person waits for the answer: say soon that the database is away, rather than hang
    limits = {"serverSelectionTimeoutMS": 3000, "connectTimeoutMS": 3000, "socketTimeoutMS": 8000}
    return name or DEFAULT_DATABASE, MongoClient(uri, tz_aware=True, **limits)


def _embedded() -> str:
    """The embedded server's URI, waiting for its note to appear."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (note := rundir.read("mongo")):
        if time.monotonic() > deadline:
            raise DatabaseMissing("No database: set HOTLINE_MONGODB_URI, or start the embedded one (hotline mongo).")
        time.sleep(0.2)
    return f"mongodb://127.0.0.1:{note['port']}/?replicaSet=hotline&directConnection=true"
