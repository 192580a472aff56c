"""Settings: everything that is wrong is told at once, by name, and no secret with it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hotline.config import Settings, SettingsError, load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of whoever runs the tests


PUBLIC = "https://helpline.example"


def _problems(**environment: str) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(f"HOTLINE_{name}", value)
        try:
            load()
        except SettingsError as error:
            return error.problems
    return []


def test_without_any_setting_it_starts_on_this_machine_with_no_account():
    settings = load()
    assert (settings.host, settings.port, settings.origin) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert settings.keyring_path == Path("var/keyring.json")
    assert not settings.has_account


def test_everything_wrong_is_told_at_once_by_name():
    problems = _problems(
        BIND="8080",
        PUBLIC_URL="helpline.example.org",
        REGION="XX",
        TIMEZONE="Nairobi",
        TELEGRAM_SECRET="not this!",
        TWILIO_ACCOUNT_SID="AC1",
        RASA_URL="ftp://rasa",
    )
    named = {problem.partition(":")[0].removeprefix("HOTLINE_") for problem in problems}
    assert named == {
        "BIND",
        "PUBLIC_URL",
        "REGION",
        "TIMEZONE",
        "TELEGRAM_SECRET",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_MESSAGING_SERVICE_SID",
        "RASA_URL",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIND", "127.0.0.1"),
        ("BIND", ":8080"),
        ("BIND", "127.0.0.1:0"),
        ("BIND", "127.0.0.1:65536"),
        ("BIND", "h:eighty"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://h.example?x=1"),
        ("TWILIO_API_URL", "localhost:8090"),
        ("TELEGRAM_API_URL", "http://h.example#x"),
        ("REGION", "Kenya"),
        ("REGION", "K"),
        ("TIMEZONE", "../etc/passwd"),
        ("TIMEZONE", "Mars/Olympus"),
    ],
)
def test_one_wrong_setting_is_named_alone(name: str, value: str):
    (problem,) = _problems(**{name: value})
    assert problem.startswith(f"HOTLINE_{name}: ")


def test_an_account_needs_its_token_and_a_sender():
    assert len(_problems(PUBLIC_URL=PUBLIC, TWILIO_ACCOUNT_SID="AC1")) == 2
    assert len(_problems(PUBLIC_URL=PUBLIC, TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="t")) == 1
    assert len(_problems(TWILIO_AUTH_TOKEN="t")) == 1
    for sender in ("TWILIO_SMS_FROM", "TWILIO_WHATSAPP_FROM", "TWILIO_MESSAGING_SERVICE_SID"):
        assert _problems(PUBLIC_URL=PUBLIC, TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="t", **{sender: "x"}) == []


def test_a_real_account_needs_the_address_that_its_webhooks_come_to():
    (problem,) = _problems(TELEGRAM_TOKEN="t")
    assert "HOTLINE_PUBLIC_URL" in problem
    assert _problems(TELEGRAM_TOKEN="t", PUBLIC_URL=PUBLIC) == []
    assert _problems(TELEGRAM_TOKEN="t", TELEGRAM_API_URL="http://127.0.0.1:8090") == []


def test_no_secret_is_in_a_problem_or_printed():
    secrets = {
        "TELEGRAM_SECRET": "marker-one",
        "TWILIO_AUTH_TOKEN": "marker-two",
        "TELEGRAM_TOKEN": "marker-three",
        "MONGODB_URI": "mongodb://u:marker-four@h",
        "RASA_TOKEN": "marker-five",
    }
    problems = _problems(BIND="wrong", **secrets)
    assert problems
    assert "marker" not in " ".join(problems)
    settings = load(
        **{name.lower(): value * 2 for name, value in secrets.items()},
        twilio_account_sid="AC1",
        twilio_sms_from="1",
        public_url=PUBLIC,
    )
    assert "marker" not in repr(settings) + str(settings)


def test_an_account_keeps_the_sandbox_away():
    assert load(telegram_token="t", public_url=PUBLIC).has_account
    assert load(twilio_account_sid="AC1", twilio_auth_token="t", twilio_sms_from="1", public_url=PUBLIC).has_account


def test_settings_do_not_change_after_the_start():
    with pytest.raises(ValidationError):
        load().bind = "0.0.0.0:80"


@pytest.mark.parametrize(
    ("bind", "host", "port"),
    [("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:8080", "::1", 8080), ("localhost:1", "localhost", 1)],
)
def test_the_address_to_bind(bind: str, host: str, port: int):
    assert (load(bind=bind).host, load(bind=bind).port) == (host, port)


def test_an_empty_setting_is_an_unset_one_and_a_slash_at_the_end_does_not_matter(tmp_path: Path):
    (tmp_path / ".env").write_text(
        "HOTLINE_REGION=\nHOTLINE_PUBLIC_URL=https://h.example/\nHOTLINE_TWILIO_AUTH_TOKEN=\n"
    )
    settings = load()
    assert settings.region == "KE"
    assert settings.origin == "https://h.example"


def test_regions_are_written_in_any_case():
    assert load(region="ve").region == "VE"


def test_every_setting_is_explained_in_the_example_file():
    example = Path(__file__).parents[2] / ".env.example"
    if not example.exists():
        pytest.skip("no .env.example beside the code")
    text = example.read_text("utf-8")
    assert [name for name in Settings.model_fields if f"HOTLINE_{name.upper()}" not in text] == []
