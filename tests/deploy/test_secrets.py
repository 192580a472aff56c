"""deploy/make-secrets makes what the containers need, and deploy/entrypoint hands it over."""

import stat
import subprocess

import pytest
from pymongo.uri_parser import parse_uri

from hotline import vault
from tests.deploy.shape import ROOT, compose, services

MADE = {"keyring", "rasa_token", "mongodb_keyfile", "mongodb_admin_password", "mongodb_uri"}
BROUGHT = {"tls_certificate", "tls_key"}


def _make(folder):
    return subprocess.run([ROOT / "deploy/make-secrets", folder], capture_output=True, text=True, check=True)


@pytest.fixture
def folder(tmp_path):
    done = _make(tmp_path / "secrets")
    assert all(name in done.stderr for name in BROUGHT), "what has to be brought is named"
    return tmp_path / "secrets"


def test_it_makes_every_secret_that_compose_names(folder):
    named = {name: entry["file"].rpartition("/")[2] for name, entry in compose()["secrets"].items()}
    assert named == {name: name for name in MADE | BROUGHT}
    assert {file.name for file in folder.iterdir()} == MADE


def test_the_key_ring_is_one_that_the_gateway_takes(folder):
    ring = vault.load(folder / "keyring")
    assert ring.unwrap("p", ring.new_key("p")[1])


def test_nobody_but_its_user_reads_a_secret(folder):
    for name in MADE:
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        # the address of the database goes to two users, by owner and group
        assert mode == {"keyring": 0o600, "mongodb_uri": 0o440}.get(name, 0o400), name


def test_running_it_again_changes_nothing(folder):
    before = {name: (folder / name).read_bytes() for name in MADE}
    _make(folder)
    assert {name: (folder / name).read_bytes() for name in MADE} == before


def test_two_installations_share_nothing(folder, tmp_path):
    _make(tmp_path / "another")
    for name in MADE:
        assert (folder / name).read_bytes() != (tmp_path / "another" / name).read_bytes(), name


def test_the_database_address_names_the_members_of_the_compose_file(folder):
    found = parse_uri((folder / "mongodb_uri").read_text("ascii"), warn=False)
    assert [host for host, _ in found["nodelist"]] == ["mongo1", "mongo2", "mongo3"]
    assert f"--replSet={found['options']['replicaSet']}" in services()["mongo1"]["command"]
    assert found["database"] == "hotline"


def test_the_entrypoint_makes_settings_of_secrets_and_passes_signals_on(tmp_path):
    (tmp_path / "HOTLINE_RASA_TOKEN").write_text("s3cret with spaces\n", "utf-8")
    (tmp_path / "keyring").write_text("not a setting", "utf-8")
    script = tmp_path / "entrypoint"
    script.write_text((ROOT / "deploy/entrypoint").read_text("utf-8").replace("/run/secrets", str(tmp_path)), "utf-8")
    done = subprocess.run(
        ["sh", script, "sh", "-c", 'echo "$HOTLINE_RASA_TOKEN|${keyring-none}|$0"', "x y"],
        capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout == "s3cret with spaces|none|x y\n"
    assert "exec " in script.read_text("utf-8")


def test_secrets_cannot_be_committed():
    assert (ROOT / "deploy/secrets/.gitignore").read_text("utf-8").splitlines()[-2:] == ["*", "!.gitignore"]
