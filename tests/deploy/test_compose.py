"""The production shape: which processes, who reaches whom, what each may do."""

import os
import re
import shutil
import subprocess

import pytest

from connectors.http import DOWNLOAD
from hotline.processes import _GRACE
from tests.deploy.shape import DOCKERFILE, ROOT, compose, copied, procfile, reaches_builder, services

EMBEDDED = {"mongo", "sandbox"}
"""Processes of one machine only: production has a database of its own and real accounts."""
AROUND = {"proxy", "mongo1", "mongo2", "mongo3", "mongo-init"}
WAY_OUT = {"proxy", "web", "worker"}
ALL = sorted(services())


def test_processes_are_those_of_the_procfile():
    ours = {name: service["command"] for name, service in services().items() if name not in AROUND}
    assert ours == {name: command for name, command in procfile().items() if name not in EMBEDDED}


def test_as_many_as_it_takes_for_one_to_fail():
    found = services()
    for name in ("web", "worker", "rasa"):
        assert found[name]["deploy"]["replicas"] == 2
    assert sum(bool(re.fullmatch(r"mongo\d", name)) for name in found) == 3


def _networks(name: str) -> set[str]:
    service = services()[name]
    if service.get("network_mode") == "service:mongo1":
        service = services()["mongo1"]
    return set(service["networks"])


@pytest.mark.parametrize("name", ALL)
def test_only_those_that_need_it_have_a_way_out(name):
    networks = compose()["networks"]
    open_ones = {network for network in _networks(name) if not networks[network].get("internal")}
    assert bool(open_ones) == (name in WAY_OUT)


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, service in services().items() if service.get("ports")] == ["proxy"]


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("proxy", "web", True), ("web", "rasa", True), ("worker", "rasa", True), ("rasa", "actions", True),
        ("web", "mongo1", True), ("worker", "mongo2", True), ("rasa", "mongo3", True),
        ("proxy", "rasa", False), ("proxy", "mongo1", False), ("proxy", "worker", False), ("proxy", "actions", False),
        ("actions", "mongo1", False), ("actions", "web", False), ("worker", "actions", False),
    ],
)  # fmt: skip
def test_who_reaches_whom(one, other, meet):
    assert bool(_networks(one) & _networks(other)) == meet


@pytest.mark.parametrize("name", ALL)
def test_every_container_is_hardened(name):
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    user = service["user"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), "neither root nor a name that an image could give another number"
    assert service["logging"]["options"]["max-size"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["pids_limit"] > 0
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))


@pytest.mark.parametrize("name", [name for name in ALL if name != "mongo-init"])
def test_every_lasting_container_is_watched_and_comes_back(name):
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["stop_grace_period"]


def test_the_stop_of_web_and_worker_is_longer_than_what_they_finish():
    grace = {name: int(services()[name]["stop_grace_period"].rstrip("s")) for name in ("web", "worker")}
    assert grace["web"] > _GRACE
    assert grace["worker"] > DOWNLOAD.total


def test_services_secrets_networks_and_volumes_that_are_named_exist():
    whole = compose()
    for name, service in services().items():
        assert set(service.get("depends_on", ())) <= set(services()), name
        for secret in service.get("secrets", ()):
            assert (secret if isinstance(secret, str) else secret["source"]) in whole["secrets"], name
        assert set(service.get("networks", ())) <= set(whole["networks"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in whole["volumes"], (name, source)
        if "build" in service:
            assert ROOT / service["build"]["dockerfile"] == DOCKERFILE
            stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
            assert service["build"]["target"] in stages


def test_whatever_the_images_copy_is_there_and_reaches_the_builder():
    sources = copied()
    assert len(sources) > 10
    for source in sources:
        assert (ROOT / source).exists(), source
        assert reaches_builder(source), source


@pytest.mark.parametrize(
    "path", [".env", ".git/config", "var/keyring.json", "deploy/secrets/keyring", "models/assistant.tar.gz",
             "tests/stack.py", ".venv/bin/python", "hotline/__pycache__/app.pyc"]
)  # fmt: skip
def test_keys_data_and_leftovers_never_reach_the_builder(path):
    assert not reaches_builder(path)


def test_images_are_built_from_locks_with_hashes_and_run_as_nobody_special():
    text = DOCKERFILE.read_text("utf-8")
    installs = re.findall(r"pip install .*", text)
    assert installs
    assert all("--require-hashes" in line for line in installs)
    for image in ("gateway", "assistant"):
        stage = text.split(f" AS {image}\n")[1].split("\nFROM ")[0]
        assert "USER 10001:10001" in stage
    assert "://" not in text


def test_compose_accepts_the_file(tmp_path):
    """The older docker-compose, where it is all there is, checks the same schema but for the project's name."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    if shutil.which("docker") and not subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    ).returncode:
        command = ["docker", "compose"]
    elif shutil.which("docker-compose"):
        command, text = ["docker-compose"], text.replace("name: hotline\n", "")
    else:
        pytest.skip("neither `docker compose` nor docker-compose is on this machine")
    (tmp_path / "docker-compose.yml").write_text(text, "utf-8")
    (tmp_path / ".env").write_text("HOTLINE_PUBLIC_URL=https://helpline.example.org\n", "utf-8")
    path = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([*command, "config"], cwd=tmp_path, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (tmp_path / ".env").write_text("", "utf-8")
    missing = subprocess.run(
        [*command, "config"], cwd=tmp_path, env=path, capture_output=True, text=True, check=False
    )
    assert missing.returncode != 0
    assert "HOTLINE_PUBLIC_URL" in missing.stderr
