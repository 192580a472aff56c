"""The example of settings, the compose file and the code name the same things."""

import re

import pytest

from hotline.config import PREFIX, Settings
from tests.deploy.shape import ASSISTANT_VARIABLES, ROOT, example_settings, services

KNOWN = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_setting_is_in_the_example_and_the_example_has_no_other():
    assert set(example_settings()) == KNOWN


def test_every_setting_in_the_example_is_explained_with_its_default():
    comments: list[str] = []
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        if line.startswith("#"):
            comments.append(line)
        elif "=" in line:
            said = " ".join(comments)
            assert "Default" in said, line
            comments = []


def test_the_example_as_it_is_gives_the_defaults(tmp_path):
    file = tmp_path / ".env"
    file.write_text((ROOT / ".env.example").read_text("utf-8"), "utf-8")
    assert Settings(_env_file=file) == Settings(_env_file=None)


@pytest.mark.parametrize("name", ["BIND", "DATA_DIR", "REGION", "TIMEZONE"])
def test_the_default_told_is_the_default(name):
    text = (ROOT / ".env.example").read_text("utf-8")
    block = text.split(f"{PREFIX}{name}=")[0].rsplit("\n\n", 1)[-1]
    told = re.search(r"# Default: (\S+)", block)
    assert told, block
    assert told[1] == str(Settings.model_fields[name.lower()].default)


def _used(service: dict) -> set[str]:
    targets = {secret["target"] for secret in service.get("secrets", ()) if isinstance(secret, dict)}
    return {name for name in {*service.get("environment", {}), *targets} if name.startswith(PREFIX)}


def test_containers_use_no_setting_that_nobody_reads():
    for name, service in services().items():
        assert _used(service) <= KNOWN | ASSISTANT_VARIABLES, name


def test_variables_of_the_assistant_are_read_by_it_and_documented():
    code = "".join(path.read_text("utf-8") for folder in ("bot", "actions") for path in (ROOT / folder).glob("*.py"))
    documented = (ROOT / "docs/operations.md").read_text("utf-8")
    for name in ASSISTANT_VARIABLES:
        assert f'"{name}"' in code, name
        assert f"`{name}`" in documented, name


def test_whoever_needs_the_database_is_told_where_it_is():
    for name in ("web", "worker", "rasa", "mongo-init"):
        assert "HOTLINE_MONGODB_URI" in _used(services()[name]), name
    for name in ("web", "worker", "rasa"):
        service = services()[name]
        assert service["environment"]["HOTLINE_KEYRING"] == "/run/secrets/keyring"
        assert "keyring" in service["secrets"]
        assert "HOTLINE_RASA_TOKEN" in _used(service)


def test_addresses_in_containers_fit_together():
    found = services()
    rasa, actions = found["rasa"]["environment"], found["actions"]["environment"]
    for name in ("web", "worker"):
        assert found[name]["environment"]["HOTLINE_RASA_URL"] == f"http://rasa:{rasa['HOTLINE_RASA_PORT']}"
    assert rasa["HOTLINE_ACTIONS_URL"] == f"http://actions:{actions['HOTLINE_ACTIONS_PORT']}"
    port = found["web"]["environment"]["HOTLINE_BIND"].rpartition(":")[2]
    assert f"set $web http://web:{port};" in (ROOT / "deploy/nginx.conf").read_text("utf-8")
    for name in ("rasa", "actions"):
        assert found[name]["environment"][f"HOTLINE_{name.upper()}_HOST"] == "0.0.0.0"


def test_no_secret_stands_in_the_compose_file():
    for name, service in services().items():
        for variable in service.get("environment", {}):
            assert not re.search("TOKEN|SECRET|PASSWORD$|URI$", variable), (name, variable)
