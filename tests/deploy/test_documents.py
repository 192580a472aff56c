"""What the documents say is so: names, links and code in them are compared with the project."""

import re
import runpy
import sys
from types import SimpleNamespace

import pytest
import twilio.rest
import yaml

from connectors.twilio_messaging import TwilioMessaging
from hotline import logs, metrics
from hotline.__main__ import _parser
from hotline.core.message import Channel, WebhookRequest
from tests.deploy.shape import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_named_exist(page):
    known = set(_parser()._subparsers._group_actions[0].choices)  # argparse has no public way to ask
    for command in re.findall(r"`(?:[^`\n]*/)?hotline ([a-z]+)", page.read_text("utf-8")):
        assert command in known, command


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z]+)", page.read_text("utf-8")):
            assert target in targets, (page.name, target)


def test_every_metric_is_explained_and_no_other():
    real = {
        sample.name
        for family in metrics.REGISTRY.collect()
        for sample in [SimpleNamespace(name=f"{family.name}_total" if family.type == "counter" else family.name)]
    }
    told = {re.sub("_bucket$", "", name) for name in re.findall(r"\bhotline_[a-z_]+", OPERATIONS)} - {"hotline_front"}
    assert told == real


def test_log_fields_and_events_are_those_of_the_code():
    said = OPERATIONS.split("## Logs")[1].split("## When something")[0]
    for field in logs._FIELDS:
        assert re.search(rf"\b{field}\b", said), field
    code = "".join(path.read_text("utf-8") for path in (ROOT / "hotline").rglob("*.py"))
    events = set(re.findall(r'log\.(?:info|warning|error)\(\s*"([a-z_]+)"', code)) - {"library", "held"}
    for event in events:
        assert f"`{event}`" in said, event


def test_alert_rules_are_valid_yaml():
    rules = yaml.safe_load(re.search(r"```yaml\n(groups:.*?)```", OPERATIONS, re.DOTALL)[1])
    assert all({"alert", "expr"} <= set(rule) for rule in rules["groups"][0]["rules"])


def test_what_was_missed_can_be_brought_in_as_the_document_says(tmp_path, monkeypatch):
    """The script of the document makes bodies that the connector reads as Twilio's."""
    sid, token = "AC" + "0" * 32, "pretend"
    for name, value in {
        "TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": token, "TWILIO_SMS_FROM": "+15005550006",
        "PUBLIC_URL": "https://helpline.example.org",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"HOTLINE_{name}", value)
    row = {"account_sid": sid, "from_": "+15005550009", "to": "+15005550006"}
    rows = [
        SimpleNamespace(sid="SM" + "1" * 32, direction="inbound", body="ሰላም & help", **row),
        SimpleNamespace(sid="SM" + "2" * 32, direction="outbound-api", body="ours", **row),
    ]
    client = SimpleNamespace(messages=SimpleNamespace(list=lambda date_sent_after: rows))
    monkeypatch.setattr(twilio.rest, "Client", lambda *_: client)
    script = tmp_path / "reconcile.py"
    script.write_text(re.search(r"```python\n(.*?)```", OPERATIONS, re.DOTALL)[1], "utf-8")
    monkeypatch.setattr(sys, "argv", ["reconcile.py", "2026-11-22T06:00:00+00:00", str(tmp_path / "missed")])
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))

    [file] = (tmp_path / "missed").iterdir()
    connector = TwilioMessaging(
        account_sid=sid, auth_token=token, sms_from="+15005550006", whatsapp_from=None, messaging_service_sid=None,
        status_url="https://helpline.example.org/webhooks/twilio/status",
    )  # fmt: skip
    # as `hotline replay` reads a file
    [event] = connector.parse(WebhookRequest("messages", "https://helpline.example.org", {}, {}, file.read_bytes()))
    assert (event.channel, event.provider_id, event.text) == (Channel.SMS, "SM" + "1" * 32, "ሰላም & help")
