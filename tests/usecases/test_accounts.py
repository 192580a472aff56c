"""Signing in: pauses after wrong passwords, sessions that end, users who can be shut out at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from hotline import commands
from hotline.__main__ import _parser, _tokens
from hotline.accounts import MIN_PASSWORD, Accounts, SignInRefused, WeakPassword
from hotline.config import load
from hotline.core.access import Permission, Role, User
from hotline.core.errors import Conflict, Forbidden, NotFound
from hotline.store import Store
from tests.usecases.parts import ADMIN, AMINA, Clock

PASSWORD = "a long enough password"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    # real argon2id, with little memory: some thirty hashes at full strength take longer than all the rest
    monkeypatch.setattr("hotline.accounts.PasswordHasher", lambda **_: PasswordHasher(1, 64, 1))
    return Accounts(store.users, store.audit, clock)


async def test_passwords_are_kept_as_argon2id_at_full_strength(store: Store, clock: Clock):
    await Accounts(store.users, store.audit, clock).add("amina", Role.OPERATOR, password=PASSWORD)
    kept = extract_parameters((await store.users.get("amina")).password_hash)
    assert kept.type is Type.ID
    assert kept.memory_cost >= 64 * 1024  # KiB
    assert kept.time_cost >= 3


async def _refused(accounts: Accounts, name: str, password: str) -> str:
    with pytest.raises(SignInRefused) as refused:
        await accounts.sign_in(name, password)
    return str(refused.value)


async def test_a_user_signs_in_and_out(accounts: Accounts, store: Store):
    await accounts.add("amina", Role.OPERATOR, ("so",), PASSWORD)
    secret = await accounts.sign_in("amina", PASSWORD)
    session = await accounts.session(secret)
    assert session is not None
    assert (session.user.name, session.user.languages, session.user.must_change_password) == ("amina", ("so",), False)
    kept = repr([item async for item in store.database.default["sessions"].find()])
    assert secret not in kept, "a copy of the database signs nobody in"
    await accounts.sign_out(secret)
    assert await accounts.session(secret) is None
    assert await accounts.session("never issued") is None


async def test_a_wrong_name_and_a_wrong_password_sound_the_same(accounts: Accounts):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    assert await _refused(accounts, "amina", "wrong") == await _refused(accounts, "nobody", "wrong")


async def test_after_five_wrong_passwords_each_further_one_doubles_the_pause(
    accounts: Accounts, clock: Clock, monkeypatch
):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    real = accounts._verify

    async def quickly(password_hash: str, password: str) -> bool:  # argon2 takes its time; wrong ones need none here
        return password == PASSWORD and await real(password_hash, password)

    monkeypatch.setattr(accounts, "_verify", quickly)
    for _ in range(5):
        assert "wrong" in await _refused(accounts, "amina", "guess")
    assert "Try again in 5 seconds" in await _refused(accounts, "amina", PASSWORD), "even the right one"
    for pause in (10, 20, 40):
        clock.passes(seconds=pause / 2 + 1)
        assert "wrong" in await _refused(accounts, "amina", "guess")
        assert f"Try again in {pause} seconds" in await _refused(accounts, "amina", PASSWORD)
    for _ in range(20):
        clock.passes(seconds=901)
        await _refused(accounts, "amina", "guess")
    assert "Try again in 900 seconds" in await _refused(accounts, "amina", PASSWORD), "a quarter of an hour at most"
    clock.passes(seconds=901)
    assert await accounts.sign_in("amina", PASSWORD)
    assert "wrong" in await _refused(accounts, "amina", "guess"), "and then it starts anew"


async def test_guesses_at_once_get_no_further_than_guesses_one_by_one(accounts: Accounts, store: Store, monkeypatch):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    looked_at = 0

    async def slowly(password_hash: str, password: str) -> bool:
        nonlocal looked_at
        looked_at += 1
        await asyncio.sleep(0.05)
        return False

    monkeypatch.setattr(accounts, "_verify", slowly)
    refused = await asyncio.gather(*(_refused(accounts, "amina", f"guess {number}") for number in range(15)))
    assert looked_at == 5
    assert sum("Try again in" in reason for reason in refused) == 10


async def test_tries_of_long_ago_are_forgotten(store: Store):
    indexes = await store.database.default["sign_in_attempts"].index_information()
    assert indexes["last_1"]["expireAfterSeconds"] > 15 * 60, "but not before the longest pause has ended"


async def test_a_session_ends_after_an_hour_of_silence_or_at_the_end_of_the_shift(accounts: Accounts, clock: Clock):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    silent, busy = await accounts.sign_in("amina", PASSWORD), await accounts.sign_in("amina", PASSWORD)
    for _ in range(14):
        clock.passes(minutes=50)
        assert await accounts.session(busy) is not None
    assert await accounts.session(silent) is None
    clock.passes(minutes=30)
    assert await accounts.session(busy) is None, "twelve hours, however busy"


async def test_somebody_is_at_the_desk_while_their_console_shows_life(accounts: Accounts, store: Store, clock: Clock):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    await accounts.add("carla", Role.CAMPAIGNS, password=PASSWORD)
    await accounts.sign_in("carla", PASSWORD)
    assert not await store.users.staffed(clock()), "a campaign manager answers nobody"
    secret = await accounts.sign_in("amina", PASSWORD)
    assert await store.users.staffed(clock())
    clock.passes(seconds=80)
    await accounts.session(secret)
    clock.passes(seconds=80)
    assert await store.users.staffed(clock())
    clock.passes(seconds=20)
    assert not await store.users.staffed(clock())


async def test_a_token_is_at_the_desk_while_it_answers_and_not_while_it_looks(
    accounts: Accounts, store: Store, clock: Clock
):
    secret = await accounts.make_token("desk", Role.OPERATOR)
    await accounts.make_token("news", Role.CAMPAIGNS)
    desk = await accounts.by_token(secret)
    assert desk is not None
    assert not await store.users.staffed(clock()), "it has only been used"
    await accounts.token_answers(User("news", Role.CAMPAIGNS))
    assert not await store.users.staffed(clock()), "it answers nobody"
    await accounts.token_answers(desk)
    clock.passes(minutes=4)
    assert await store.users.staffed(clock())
    await accounts.token_answers(desk)
    clock.passes(minutes=4)
    assert await store.users.staffed(clock())
    clock.passes(minutes=2)
    await accounts.by_token(secret)
    assert not await store.users.staffed(clock())


async def test_who_is_shut_out_is_out_at_once(accounts: Accounts):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    secret = await accounts.sign_in("amina", PASSWORD)
    await accounts.disable(ADMIN, "amina", disabled=True)
    assert await accounts.session(secret) is None
    assert "wrong" in await _refused(accounts, "amina", PASSWORD)
    assert await accounts.answering() == []
    await accounts.disable(ADMIN, "amina", disabled=False)
    assert await accounts.session(secret) is None
    assert await accounts.sign_in("amina", PASSWORD)


async def test_an_administrator_cannot_lock_everybody_out_by_disabling_themselves(accounts: Accounts):
    with pytest.raises(Conflict, match="yourself"):
        await accounts.disable(ADMIN, "admin", disabled=True)


@pytest.mark.parametrize("password", ["", "short", "x" * (MIN_PASSWORD - 1), "x" * 201])
async def test_a_password_has_a_length(accounts: Accounts, password: str):
    with pytest.raises(WeakPassword, match="12 to 200"):
        await accounts.add("amina", Role.OPERATOR, password=password)


async def test_a_made_up_password_works_once_and_must_be_changed(accounts: Accounts):
    made_up = await accounts.add("amina", Role.OPERATOR)
    session = await accounts.session(await accounts.sign_in("amina", made_up))
    assert session is not None
    assert session.user.must_change_password
    with pytest.raises(SignInRefused, match="old"):
        await accounts.change_password(session.user, "wrong", PASSWORD)
    with pytest.raises(WeakPassword, match="another"):
        await accounts.change_password(session.user, made_up, made_up)
    with pytest.raises(WeakPassword, match="characters"):
        await accounts.change_password(session.user, made_up, "short")
    await accounts.change_password(session.user, made_up, PASSWORD)
    assert "wrong" in await _refused(accounts, "amina", made_up)
    fresh = await accounts.session(await accounts.sign_in("amina", PASSWORD))
    assert fresh is not None
    assert not fresh.user.must_change_password


async def test_a_new_password_ends_all_sessions(accounts: Accounts):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    secrets = [await accounts.sign_in("amina", PASSWORD) for _ in range(2)]
    await accounts.change_password(AMINA, PASSWORD, PASSWORD + "!")
    assert [await accounts.session(secret) for secret in secrets] == [None, None]
    secret = await accounts.sign_in("amina", PASSWORD + "!")
    one_time = await accounts.reset(ADMIN, "amina")
    assert await accounts.session(secret) is None
    assert await accounts.sign_in("amina", one_time)


@pytest.mark.parametrize("name", ["", "a b", "amina\n", "<b>", "x" * 65, "..", "$where"])
async def test_a_name_is_plain(accounts: Accounts, name: str):
    with pytest.raises(Conflict, match="letters"):
        await accounts.add(name, Role.OPERATOR, password=PASSWORD)


async def test_a_name_is_taken_once(accounts: Accounts):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    with pytest.raises(Conflict, match="already"):
        await accounts.add("amina", Role.ADMIN, password=PASSWORD)
    with pytest.raises(NotFound):
        await accounts.reset(ADMIN, "nobody")


async def test_only_administrators_manage_users(accounts: Accounts):
    for act in (
        accounts.reset(AMINA, "amina"), accounts.disable(AMINA, "bruno", disabled=True), accounts.all(AMINA)
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await act


async def test_no_list_of_users_shows_a_password_hash(accounts: Accounts):
    assert not await accounts.any()
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    assert await accounts.any()
    assert [user.password_hash for user in (*await accounts.all(ADMIN), *await accounts.answering())] == ["", ""]


async def test_a_token_acts_with_its_role_and_is_kept_as_a_hash(accounts: Accounts, store: Store):
    secret = await accounts.make_token("dashboard", Role.SUPERVISOR)
    user = await accounts.by_token(secret)
    assert user == User("dashboard", Role.SUPERVISOR)
    assert user.may(Permission.LOOK_UP)
    assert await accounts.by_token(secret[:-1]) is None
    assert secret not in repr([item async for item in store.database.default["tokens"].find()])


async def test_tokens_are_listed_without_their_secrets_and_ended_by_name(
    accounts: Accounts, store: Store, clock: Clock
):
    first, second = [await accounts.make_token("desk", Role.OPERATOR) for _ in range(2)]
    other = await accounts.make_token("archive", Role.SUPERVISOR)
    assert await accounts.by_token(second)
    listed = await accounts.tokens()
    assert [(token.name, token.role, token.seen_at is None) for token in listed] == [
        ("archive", Role.SUPERVISOR, True), ("desk", Role.OPERATOR, True), ("desk", Role.OPERATOR, False)
    ]  # fmt: skip
    assert not any(secret in repr(listed) for secret in (first, second, other))

    assert await accounts.revoke_tokens("desk") == 2
    assert [await accounts.by_token(secret) is None for secret in (first, second, other)] == [True, True, False]
    with pytest.raises(NotFound, match="no token"):
        await accounts.revoke_tokens("desk")
    entries = [entry async for entry in store.database.default["audit"].find({"what": "tokens revoked"})]
    assert [entry["details"] for entry in entries] == [{"name": "desk", "count": "2"}]


async def test_a_token_of_somebody_who_is_shut_out_is_refused(accounts: Accounts, store: Store, clock: Clock):
    await accounts.add("amina", Role.OPERATOR, password=PASSWORD)
    secret = await accounts.make_token("amina", Role.OPERATOR)
    await accounts.token_answers(AMINA)
    assert await store.users.staffed(clock())
    await accounts.disable(ADMIN, "amina", disabled=True)
    assert await accounts.by_token(secret) is None
    assert not await store.users.staffed(clock())
    await accounts.disable(ADMIN, "amina", disabled=False)
    assert await accounts.by_token(secret) == User("amina", Role.OPERATOR)


async def test_the_command_tells_of_tokens_and_ends_them(accounts: Accounts, monkeypatch, capsys):
    @asynccontextmanager
    async def parts_of(_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(accounts=accounts)

    async def token(*arguments: str) -> str:
        assert await _tokens(_parser().parse_args(["token", *arguments]), load(_env_file=None)) == 0
        return capsys.readouterr().out

    monkeypatch.setattr(commands, "parts_of", parts_of)
    secret = (await token("create", "desk", "--role", "operator")).strip()
    await token("create", "desk", "--role", "supervisor")
    await accounts.by_token(secret)
    listed = (await token("list")).splitlines()
    assert [line.split()[:2] for line in listed] == [["desk", "operator"], ["desk", "supervisor"]]
    assert ["never used" in line for line in listed] == [False, True]
    assert secret not in "".join(listed)
    assert await token("revoke", "desk") == "2 tokens of desk revoked.\n"
    assert await token("list") == ""
    assert await accounts.by_token(secret) is None
    with pytest.raises(WeakPassword):  # `user add --password-stdin` with nothing on it
        await commands.add_user(load(_env_file=None), "amina", "operator", (), "")
