"""deploy/mongo_init.py against three real members with a key file, as in docker-compose.yml."""

import asyncio
import subprocess

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy import mongo_init
from hotline import vault
from hotline.embedded import mongod_binary
from hotline.local import free_port
from hotline.store import open_store

ADMIN_PASSWORD, USER_PASSWORD = "pretend-admin", "pretend-user"


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Ports of three mongods that know one another by a key file and are no set yet."""
    folder = tmp_path_factory.mktemp("members")
    key = folder / "keyfile"
    key.write_text("pretendKeyOfTheReplicaSet" * 8, "ascii")
    key.chmod(0o400)
    ports, processes = [free_port() for _ in range(3)], []
    for port in ports:
        files = folder / str(port)
        files.mkdir()
        command = [
            mongod_binary(), "--replSet", "hotline", "--keyFile", key, "--bind_ip", "127.0.0.1", "--port", str(port),
            "--dbpath", files, "--logpath", files / "log", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket",
        ]  # fmt: skip
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    yield ports
    for process in processes:
        process.kill()
        process.wait()


def _uri(ports, password=USER_PASSWORD):
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return f"mongodb://hotline:{password}@{hosts}/hotline?replicaSet=hotline"


@pytest.fixture(scope="module")
def prepared(members):
    mongo_init.prepare(_uri(members), f"127.0.0.1:{members[0]}", ADMIN_PASSWORD, ready_within=120)
    return members


def test_three_members_with_the_first_in_the_lead(prepared):
    with MongoClient(_uri(prepared), serverSelectionTimeoutMS=10_000) as client:
        hello = client.admin.command("hello")
        assert hello["setName"] == "hotline"
        assert sorted(hello["hosts"]) == sorted(f"127.0.0.1:{port}" for port in prepared)
        assert hello["primary"] == f"127.0.0.1:{prepared[0]}"


def test_the_gateway_user_does_its_work_and_nothing_else(prepared):
    with MongoClient(_uri(prepared)) as client:
        own = client["hotline"]
        own["trackers"].create_index("updated_at", expireAfterSeconds=60)
        own.command("collMod", "trackers", index={"keyPattern": {"updated_at": 1}, "expireAfterSeconds": 90})
        with client.start_session() as session, session.start_transaction():
            own["things"].insert_one({"_id": 1}, session=session)
        with own.watch(max_await_time_ms=10) as stream:
            stream.try_next()
        for forbidden in (
            lambda: client["other"]["things"].insert_one({}),
            client["admin"]["system.users"].find_one,
            lambda: own.command("createUser", "x", pwd="x", roles=["root"]),
        ):
            with pytest.raises(OperationFailure):
                forbidden()


def test_nobody_gets_in_without_a_password(prepared):
    with MongoClient("127.0.0.1", prepared[0], directConnection=True) as nobody:
        with pytest.raises(OperationFailure):
            nobody["hotline"]["things"].find_one()
        with pytest.raises(OperationFailure):
            nobody.admin.command("createUser", "intruder", pwd="x", roles=["root"])


def test_a_later_start_finds_it_done_and_takes_a_new_password_over(prepared):
    local = f"127.0.0.1:{prepared[0]}"
    mongo_init.prepare(_uri(prepared, "another"), local, ADMIN_PASSWORD, ready_within=60)
    with MongoClient(_uri(prepared, "another")) as client:
        client["hotline"]["things"].find_one()
    mongo_init.prepare(_uri(prepared), local, ADMIN_PASSWORD, ready_within=60)


async def test_the_gateway_prepares_its_collections_as_that_user(prepared, tmp_path):
    vault.create(tmp_path / "keyring.json")
    keys = vault.load(tmp_path / "keyring.json")
    store = open_store(_uri(prepared), keys)
    await store.database.prepare(keys.fingerprint)
    watching = asyncio.create_task(store.changes.run(pages=True))
    await store.database.ping()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    store.close()


def test_members_that_never_come_are_named(tmp_path):
    port = free_port()
    with pytest.raises(mongo_init.NotReady, match=f"127.0.0.1:{port} does not answer"):
        mongo_init.prepare(_uri([port]), f"127.0.0.1:{port}", ADMIN_PASSWORD, ready_within=1)
