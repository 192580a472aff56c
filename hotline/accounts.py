"""Who signs in to the console and who holds a token: argon2id, pauses after wrong passwords, sessions on the server."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from hotline.core.access import Permission, Role, Session, Token, User
from hotline.core.errors import Conflict, HotlineError, NotFound
from hotline.core.ports import AuditLog, Clock, UserStore

MIN_PASSWORD = 12  # characters; length is what counts (NIST SP 800-63B)
MAX_PASSWORD = 200
_NAME = 64
_WAITING = 20  # sign-ins at a time: at two hashes at once, some seconds for the last of them


class SignInRefused(HotlineError):
    """Wrong name or password, or too many tries; the message is for the person at the browser."""


class Busy(SignInRefused):
    """So many people are signing in that this one was not even tried."""

    retry_after = 5  # seconds


class WeakPassword(HotlineError):
    """The new password is not acceptable; the message says why."""


class Accounts:
    def __init__(self, store: UserStore, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))  # so that an unknown name takes as long
        self._two_at_a_time = asyncio.Semaphore(2)  # each hash takes 64 MiB
        self._signing_in = 0

    async def sign_in(self, name: str, password: str) -> str:
        """The secret of a new session. Raise `SignInRefused`, the same for a wrong name and a wrong password."""
        now = self._clock()
        with self._place():
            until = await self._store.begin_try(name, now)
            if until:
                wait = int((until - now).total_seconds()) + 1
                raise SignInRefused(f"Too many wrong passwords. Try again in {wait} seconds.")
            try:
                user: User | None = await self._store.get(name)
            except NotFound:
                user = None
            good = await self._verify(user.password_hash if user else self._nobody, password)
        if user is None or not good or user.disabled:
            raise SignInRefused("The name or the password is wrong.")
        await self._store.clear_failures(name)
        await self._audit.add("sign in", user.name, now)
        return await self._store.open_session(user.name, now)

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places of those who sign in; raise `Busy` where all are taken: nobody is held up by a flood."""
        if self._signing_in >= _WAITING:
            raise Busy("Too many people are signing in. Try again in a few seconds.")
        self._signing_in += 1
        try:
            yield
        finally:
            self._signing_in -= 1

    async def _verify(self, password_hash: str, password: str) -> bool:
        async with self._two_at_a_time:
            try:
                return await asyncio.to_thread(self._hasher.verify, password_hash, password[:MAX_PASSWORD])
            except (VerifyMismatchError, InvalidHashError):
                return False

    async def session(self, secret: str) -> Session | None:
        return await self._store.session(secret, self._clock())

    async def sign_out(self, secret: str) -> None:
        await self._store.close_session(secret)

    async def change_password(self, user: User, old: str, new: str) -> None:
        """Raise `SignInRefused` where `old` is wrong, `WeakPassword` where `new` will not do. Ends all sessions."""
        if not await self._verify((await self._store.get(user.name)).password_hash, old):
            raise SignInRefused("The old password is wrong.")
        if new == old:
            raise WeakPassword("The new password must be another one.")
        await self._store.set_password(user.name, await self._hash(new))
        await self._audit.add("password changed", user.name, self._clock())

    async def _hash(self, password: str) -> str:
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise WeakPassword(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
        async with self._two_at_a_time:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def add(
        self, name: str, role: Role, languages: tuple[str, ...] = (), password: str | None = None, by: str = "command"
    ) -> str:
        """Make a user; the password, made up and to be changed at the first sign-in where none is given."""
        if not name or len(name) > _NAME or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise Conflict("a name has letters, digits, dots, dashes and underscores, at most 64")
        chosen = secrets.token_urlsafe(12) if password is None else password
        user = User(
            name, role, languages, must_change_password=password is None, password_hash=await self._hash(chosen)
        )
        await self._store.add(user)
        await self._audit.add("user added", by, self._clock(), name=name, role=role.value)
        return chosen

    async def reset(self, admin: User, name: str) -> str:
        """A new one-time password for `name`."""
        admin.require(Permission.ADMINISTER)
        await self._store.get(name)
        chosen = secrets.token_urlsafe(12)
        await self._store.set_password(name, await self._hash(chosen), must_change=True)
        await self._audit.add("password reset", admin.name, self._clock(), name=name)
        return chosen

    async def disable(self, admin: User, name: str, *, disabled: bool) -> None:
        """Shut somebody out, at once, or let them in again."""
        admin.require(Permission.ADMINISTER)
        if name == admin.name:
            raise Conflict("you cannot disable yourself")
        await self._store.disable(name, disabled=disabled)
        await self._audit.add("user disabled" if disabled else "user enabled", admin.name, self._clock(), name=name)

    async def all(self, admin: User) -> list[User]:
        admin.require(Permission.ADMINISTER)
        return [replace(user, password_hash="") for user in await self._store.all()]

    async def answering(self) -> list[User]:
        """Everyone who can be passed a conversation."""
        return [
            replace(user, password_hash="")
            for user in await self._store.all()
            if user.may(Permission.ANSWER) and not user.disabled
        ]

    async def any(self) -> bool:
        return await self._store.any()

    async def make_token(self, name: str, role: Role) -> str:
        """A bearer token of the API, told once."""
        secret = await self._store.add_token(name, role, self._clock())
        await self._audit.add("token made", "command", self._clock(), name=name, role=role.value)
        return secret

    async def by_token(self, secret: str) -> User | None:
        """Whom a token acts as; None where it is not one of ours, or the user of its name is shut out."""
        return await self._store.token(secret, self._clock())

    async def tokens(self) -> list[Token]:
        return await self._store.tokens()

    async def revoke_tokens(self, name: str) -> int:
        """End all tokens of `name`, at once; how many. Raise `NotFound` where there is none."""
        count = await self._store.remove_tokens(name)
        if not count:
            raise NotFound("there is no token of that name")
        await self._audit.add("tokens revoked", "command", self._clock(), name=name, count=str(count))
        return count

    async def token_answers(self, user: User) -> None:
        """Whoever works with this user's token has just answered people: somebody is at the desk."""
        await self._store.token_answers(user.name, self._clock())
