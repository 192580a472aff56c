"""No text, name or number of a person comes through the logs, however careless the line."""

import json
import logging

import pytest
import structlog

from hotline import logs


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_ids_and_kinds_come_through_and_unknown_fields_do_not(capsys: pytest.CaptureFixture[str]):
    logs.setup("worker")
    structlog.get_logger().warning(
        "turn_failed", conversation="c1", error="Conflict", text="marker", phone="marker", user="marker"
    )
    (line,) = _lines(capsys)
    assert line["event"] == "turn_failed"
    assert line["level"] == "warning"
    assert (line["conversation"], line["error"]) == ("c1", "Conflict")
    assert "marker" not in json.dumps(line)


def test_an_exceptions_text_and_trace_stay_inside(capsys: pytest.CaptureFixture[str]):
    logs.setup("worker")
    try:
        int("marker +254700000001")
    except ValueError:
        structlog.get_logger().exception("broken")
        logging.getLogger("somebody").exception("a request failed: %s", "marker")
    ours, library = _lines(capsys)
    assert "marker" not in json.dumps([ours, library])
    assert (library["event"], library["error"]) == ("library", "ValueError")
    assert str(library["part"]).startswith("somebody:")


def test_a_librarys_chatter_is_not_kept(capsys: pytest.CaptureFixture[str]):
    logs.setup("web")
    for name in ("twilio", "telegram", "httpx", "pymongo", "whatever"):
        logging.getLogger(name).info("POST https://api.example/marker")
    assert _lines(capsys) == []
    logging.getLogger("twilio").warning("marker")
    (line,) = _lines(capsys)
    assert "marker" not in json.dumps(line)
    assert line["process"] == "web"
