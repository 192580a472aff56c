"""Who may do what, and what errors tell."""

import pytest

from hotline.core.access import PERMISSIONS, Permission, Role, Session, User
from hotline.core.errors import Conflict, Fate, Forbidden, SendError, Unavailable

MAY = {
    Role.OPERATOR: {Permission.ANSWER},
    Role.SUPERVISOR: {Permission.ANSWER, Permission.OVERSEE, Permission.LOOK_UP},
    Role.CAMPAIGNS: {Permission.CAMPAIGN},
    Role.ADMIN: set(Permission),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_each_role_may_do_its_own_work_and_no_other(role: Role, permission: Permission):
    user = User("amina", role)
    assert user.may(permission) is (permission in MAY[role])
    if permission in MAY[role]:
        user.require(permission)
    else:
        with pytest.raises(Forbidden):
            user.require(permission)


def test_every_role_is_described():
    assert set(PERMISSIONS) == set(Role)


def test_neither_a_password_hash_nor_a_session_secret_is_printed():
    user = User("amina", Role.OPERATOR, password_hash="$argon2id$marker")
    assert "marker" not in repr(user)
    assert "marker" not in repr(Session(user, csrf="marker", id="s"))


def test_errors_say_what_to_do_and_nothing_of_a_person():
    assert str(Unavailable("database")) == "database is not available"
    assert str(SendError(Fate.STOP_CONTACT, "21610")) == "stop contact: 21610"
    assert Conflict("another operator has it", "amina").holder == "amina"
