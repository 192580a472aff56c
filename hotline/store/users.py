"""Users of the console, their sessions, and the API's bearer tokens. Secrets are stored as hashes only."""

import hashlib
import secrets
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from hotline.core.access import Permission, Role, Session, Token, User
from hotline.core.conversation import HOLD_FOR
from hotline.core.errors import Conflict, NotFound
from hotline.store.database import Database, Document, translated

SESSION_LASTS = timedelta(hours=12)
"""One shift with its overtime; silence ends it sooner."""
SESSION_IDLE = timedelta(hours=1)
PRESENT_WITHIN = timedelta(seconds=90)
"""A console that has shown life this recently is somebody at the desk."""
ANSWERED_WITHIN = HOLD_FOR
"""A token that has answered somebody this recently is somebody at the desk."""
FREE_TRIES = 5  # wrong passwords before there are pauses


class Users:
    def __init__(self, database: Database) -> None:
        self._users = database.durable("users")
        self._sessions = database.durable("sessions")
        self._tokens = database.durable("tokens")
        self._attempts = database.loose("sign_in_attempts")

    async def add(self, user: User) -> None:
        """Raise `Conflict` where the name is taken."""
        with translated():
            try:
                await self._users.insert_one(_document(user))
            except DuplicateKeyError:
                raise Conflict("there is a user of that name already") from None

    async def get(self, name: str) -> User:
        with translated():
            document = await self._users.find_one({"_id": name})
        if document is None:
            raise NotFound("no such user")
        return _user(document)

    async def all(self) -> list[User]:
        with translated():
            return [_user(document) async for document in self._users.find().sort("_id", 1)]

    async def any(self) -> bool:
        with translated():
            return await self._users.find_one({}, {"_id": 1}) is not None

    async def set_password(self, name: str, password_hash: str, *, must_change: bool = False) -> None:
        """A new password ends all sessions of the user."""
        with translated():
            await self._users.update_one(
                {"_id": name}, {"$set": {"password_hash": password_hash, "must_change_password": must_change}}
            )
            await self._sessions.delete_many({"user": name})

    async def disable(self, name: str, *, disabled: bool) -> None:
        with translated():
            await self._users.update_one({"_id": name}, {"$set": {"disabled": disabled}})
            await self._sessions.delete_many({"user": name})

    async def open_session(self, name: str, now: datetime) -> str:
        """The secret of a new session: what the cookie holds."""
        secret = secrets.token_urlsafe(32)
        with translated():
            await self._sessions.insert_one(
                {
                    "_id": _hash(secret),
                    "user": name,
                    "csrf": secrets.token_urlsafe(32),
                    "opened_at": now,
                    "seen_at": now,
                    "expires_at": now + SESSION_IDLE,
                }
            )
        return secret

    async def session(self, secret: str, now: datetime) -> Session | None:
        """The live session of a cookie, its idle time started anew; None where it has ended."""
        own_id = _hash(secret)
        with translated():
            document = await self._sessions.find_one({"_id": own_id, "expires_at": {"$gt": now}})
            if document is None or now - document["opened_at"] > SESSION_LASTS:
                return None
            user = await self._users.find_one({"_id": document["user"], "disabled": {"$ne": True}})
            if user is None:
                return None
            if now - document["seen_at"] > PRESENT_WITHIN / 3:
                await self._sessions.update_one(
                    {"_id": own_id}, {"$set": {"seen_at": now, "expires_at": now + SESSION_IDLE}}
                )
        return Session(_user(user), document["csrf"], own_id)

    async def close_session(self, secret: str) -> None:
        with translated():
            await self._sessions.delete_one({"_id": _hash(secret)})

    async def staffed(self, now: datetime) -> bool:
        """Whether somebody who answers people has a console open, or has just answered through the API."""
        with translated():
            async for document in self._tokens.find({"answered_at": {"$gt": now - ANSWERED_WITHIN}}):
                may = User(document["name"], Role(document["role"])).may(Permission.ANSWER)
                if may and not await self._shut_out(document["name"]):
                    return True
            names = await self._sessions.distinct("user", {"seen_at": {"$gt": now - PRESENT_WITHIN}})
            async for document in self._users.find({"_id": {"$in": names}, "disabled": {"$ne": True}}):
                if _user(document).may(Permission.ANSWER):
                    return True
        return False

    async def begin_try(self, name: str, now: datetime) -> datetime | None:
        """Count a try as failed before its password is looked at: of many at once no more pass than one by one.

        None: it may go on, and a right password clears the count. Else the end of the pause, and nothing is counted.
        """
        own_id = _hash(name)
        while True:
            with translated():
                seen = await self._attempts.find_one({"_id": own_id})
                until = _locked_until(seen)
                if until and until > now:
                    return until
                try:
                    # the failures as they were read: where another try came between, look again
                    counted = await self._attempts.update_one(
                        {"_id": own_id, "failures": seen["failures"] if seen else 0},
                        {"$inc": {"failures": 1}, "$max": {"last": now}},
                        upsert=seen is None,
                    )
                except DuplicateKeyError:
                    continue
            if counted.matched_count or counted.upserted_id:
                return None

    async def clear_failures(self, name: str) -> None:
        with translated():
            await self._attempts.delete_one({"_id": _hash(name)})

    async def add_token(self, name: str, role: Role, now: datetime) -> str:
        """A bearer token that acts as a user `name` with `role`; told once, stored as a hash."""
        secret = f"hl_{secrets.token_urlsafe(32)}"
        with translated():
            await self._tokens.insert_one({"_id": _hash(secret), "name": name, "role": role.value, "at": now})
        return secret

    async def token(self, secret: str, now: datetime) -> User | None:
        """Whom a token acts as; None where it is not one, or where the user of its name is shut out."""
        with translated():
            document = await self._tokens.find_one({"_id": _hash(secret)})
            if document is None or await self._shut_out(document["name"]):
                return None
            seen_at: datetime | None = document.get("seen_at")
            if seen_at is None or now - seen_at > PRESENT_WITHIN / 3:
                await self._tokens.update_one({"_id": document["_id"]}, {"$set": {"seen_at": now}})
        return User(document["name"], Role(document["role"]))

    async def _shut_out(self, name: str) -> bool:
        return await self._users.find_one({"_id": name, "disabled": True}, {"_id": 1}) is not None

    async def tokens(self) -> list[Token]:
        """All of them, by name; those of one name oldest first."""
        with translated():
            return [
                Token(document["name"], Role(document["role"]), document["at"], document.get("seen_at"))
                async for document in self._tokens.find().sort([("name", 1), ("at", 1)])
            ]

    async def remove_tokens(self, name: str) -> int:
        """End all tokens of `name`, at once; how many there were."""
        with translated():
            return (await self._tokens.delete_many({"name": name})).deleted_count

    async def token_answers(self, name: str, now: datetime) -> None:
        """Whoever works with a token of `name` is at the desk."""
        long_ago = {"$not": {"$gt": now - PRESENT_WITHIN / 3}}
        with translated():
            await self._tokens.update_many({"name": name, "answered_at": long_ago}, {"$set": {"answered_at": now}})


def _locked_until(attempts: Document | None) -> datetime | None:
    """After `FREE_TRIES` wrong passwords each further one doubles a pause, up to a quarter of an hour."""
    extra = (attempts or {}).get("failures", 0) - FREE_TRIES
    if attempts is None or extra < 0:
        return None
    last: datetime = attempts["last"]
    return last + timedelta(seconds=min(900, 5 * 2 ** min(extra, 10)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _document(user: User) -> Document:
    return {
        "_id": user.name,
        "role": user.role.value,
        "languages": list(user.languages),
        "must_change_password": user.must_change_password,
        "password_hash": user.password_hash,
        "disabled": user.disabled,
    }


def _user(document: Document) -> User:
    return User(
        name=document["_id"],
        role=Role(document["role"]),
        languages=tuple(document.get("languages", ())),
        must_change_password=document.get("must_change_password", False),
        password_hash=document.get("password_hash", ""),
        disabled=document.get("disabled", False),
    )
