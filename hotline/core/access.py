"""Who may do what."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotline.core.errors import Forbidden


class Role(StrEnum):
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    CAMPAIGNS = "campaigns"
    ADMIN = "admin"


class Permission(StrEnum):
    ANSWER = "answer"  # see the queue, claim, read and answer conversations
    OVERSEE = "oversee"  # read conversations that others hold
    LOOK_UP = "look up"  # find the conversation of an address; audited
    CAMPAIGN = "campaign"  # write and send awareness messages
    ADMINISTER = "administer"  # users and tokens


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: frozenset({Permission.ANSWER}),
    Role.SUPERVISOR: frozenset({Permission.ANSWER, Permission.OVERSEE, Permission.LOOK_UP}),
    Role.CAMPAIGNS: frozenset({Permission.CAMPAIGN}),
    Role.ADMIN: frozenset(
        {Permission.ANSWER, Permission.OVERSEE, Permission.LOOK_UP, Permission.CAMPAIGN, Permission.ADMINISTER}
    ),
}


@dataclass(frozen=True, slots=True)
class User:
    """Someone who signs in to the console, or a token of the API acting as them."""

    name: str
    role: Role
    languages: tuple[str, ...] = ()
    must_change_password: bool = False
    password_hash: str = field(default="", repr=False)
    disabled: bool = False

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        if not self.may(permission):
            raise Forbidden(f"the role {self.role} does not allow this")


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a bearer token of the API, but for its secret. `seen_at`: about when it was last used."""

    name: str
    role: Role
    made_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `csrf` must come back with every change it asks for."""

    user: User
    csrf: str = field(repr=False)
    id: str  # the hash that the session is stored under
