"""Answered once, the same for ever: repeats, two processes, a failing action server, clean ends, silent logs."""

import http.server
import json
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_assistant import Assistant, Process, await_note, launch, texts
from pymongo import MongoClient

MARKER = "zanzibarmarker"


class Failing(http.server.BaseHTTPRequestHandler):
    """An action server that fails as rasa_sdk does: with the person's words in the body of its error."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"error": body.decode()}).encode())

    def log_message(self, *_):
        """Silent."""


@pytest.fixture(scope="module")
def other(
    assistant: Assistant, installation: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """A second assistant over the same database, whose action server always fails."""
    actions = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    threading.Thread(target=actions.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("other")
    environment = installation | {
        "HOTLINE_DATA_DIR": str(folder),
        "HOTLINE_KEYRING": str(Path(installation["HOTLINE_DATA_DIR"]) / "keyring.json"),
        "HOTLINE_RASA_TOKEN": assistant.token,
        "HOTLINE_ACTIONS_URL": f"http://127.0.0.1:{actions.server_port}",
    }
    bot = launch("bot", "bot", environment, folder)
    try:
        yield Assistant(await_note(bot, folder / "run/rasa.json"), assistant.token, [bot])
    finally:
        if bot.popen.poll() is None:
            bot.stop()
        actions.shutdown()


def test_a_repeated_message_gets_the_same_answer_and_moves_nothing(assistant: Assistant):
    person = assistant.person()
    person.taps("/report")
    once = person.says("they keep the pay of the cooks", "m1")
    again = [person.says("they keep the pay of the cooks", "m1") for _ in range(3)]
    assert again == [once] * 3
    assert texts(person.says("by the lake"))[-1] != texts(once)[-1]


def test_an_older_message_repeated_is_answered_as_it_was(assistant: Assistant):
    person = assistant.person()
    first = person.says("hello", "m1")
    person.taps("/affirm")
    person.taps("/ask_rights")
    assert person.says("hello", "m1") == first


def test_a_repeat_at_another_process_gets_the_same_answer(assistant: Assistant, other: Assistant):
    """It needs no action server: it is read from the dialogue, not made again."""
    person = assistant.person()
    person.taps("/report")
    body = person.message("the cook is not paid", None, "m2")
    assert other.call("messages", body).status == 500
    once = assistant.call("messages", body)
    assert other.call("messages", body).json == once.json


def test_a_failing_action_is_an_error_and_nothing_of_it_is_kept(assistant: Assistant, other: Assistant):
    person = other.person()
    body = person.message(f"hello {MARKER}", "/greet")
    failed = other.call("messages", body)
    assert failed.status == 500
    assert failed.kind == "application/problem+json"
    assert MARKER not in failed.content.decode()
    assert len(texts(assistant.call("messages", body).json)) == 2


def test_what_needs_no_action_is_still_answered(other: Assistant):
    assert texts(other.person().taps("/ask_rights"))


def test_five_times_at_once_is_one_turn(assistant: Assistant):
    body = assistant.person().message("hello")
    answers: list = []
    threads = [threading.Thread(target=lambda: answers.append(assistant.call("messages", body))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status, answer.content) for answer in answers} == {(200, answers[0].content)}


def test_two_processes_at_once_lose_neither_message(assistant: Assistant, other: Assistant):
    person = assistant.person()
    bodies = [person.message("", "/ask_rights"), person.message("", "/ask_data")]
    answers: dict[int, dict] = {}

    def send(index: int, to: Assistant) -> None:
        answers[index] = to.call("messages", bodies[index]).json

    threads = [threading.Thread(target=send, args=(i, to)) for i, to in enumerate((assistant, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [assistant.call("messages", body).json for body in bodies] == [answers[0], answers[1]]


def test_nothing_readable_is_in_the_database(assistant: Assistant, mongo_uri: str):
    person = assistant.person()
    person.says(f"hello {MARKER}")
    with MongoClient(mongo_uri) as client:
        trackers = client["hotline"]["trackers"]
        stored = trackers.find_one({"_id": person.name})
        assert set(stored) == {"_id", "key", "blob", "revision", "updated_at"}
        assert MARKER.encode() not in stored["blob"]
        assert stored["revision"] == 1
        ttl = [index.get("expireAfterSeconds") for index in trackers.index_information().values()]
    assert 48 * 3600 in ttl


def test_an_action_that_raises_tells_nothing_to_the_log(assistant: Assistant, installation: dict[str, str]):
    """rasa_sdk would log the exception, and answer with the whole tracker."""
    port = json.loads((Path(installation["HOTLINE_DATA_DIR"]) / "run/actions.json").read_text())["port"]
    broken = {"sender_id": MARKER, "latest_message": {"text": MARKER}, "events": [{MARKER: MARKER}]}
    call = {"next_action": "action_answer", "tracker": broken}
    assert Assistant(port, "none").call("/webhook", call).status == 500
    actions = assistant.processes[1].output()
    assert "KeyError" in actions
    assert MARKER not in actions


def test_no_word_of_a_person_is_in_any_log(assistant: Assistant, other: Assistant):
    person = assistant.person()
    for text in (MARKER, f"/{MARKER}", f"my passport {MARKER}", f'/report{{"{MARKER}": 1}}'):
        person.says(text)
    other.call("messages", other.person().message(MARKER, "/greet"))
    assistant.call("messages", {"text": MARKER})
    assistant.call(f"/{MARKER}")
    for process in (*assistant.processes, *other.processes):
        assert MARKER not in process.output(), process.name
        assert person.name not in process.output(), process.name


def test_notes_are_for_the_owner_alone(assistant: Assistant, installation: dict[str, str]):
    run = Path(installation["HOTLINE_DATA_DIR"]) / "run"
    for name in ("rasa.json", "actions.json", "rasa.token"):
        assert (run / name).stat().st_mode & 0o777 == 0o600
    assert json.loads((run / "rasa.json").read_text())["pid"] == assistant.processes[0].popen.pid


def test_the_home_folder_stays_clean(assistant: Assistant, installation: dict[str, str]):
    assistant.person().says("hello")
    assert list(Path(installation["HOME"]).iterdir()) == []


def test_a_stop_is_quick_clean_and_takes_the_note_away(other: Assistant):
    """Last of all: it ends the second process."""
    [bot] = other.processes
    assert bot.stop() < 4
    _ended_well(bot)
    assert not (bot.log.parent / "run/rasa.json").exists()


def test_a_stop_while_starting_is_quick_too(installation: dict[str, str], tmp_path: Path):
    bot = launch("bot", "bot", installation | {"HOTLINE_DATA_DIR": str(tmp_path)}, tmp_path)
    deadline = threading.Event()
    deadline.wait(3)  # in the middle of its imports: nothing to wait for shows from outside
    assert bot.stop() < 4
    _ended_well(bot)


@pytest.mark.parametrize("module", ["bot", "actions"])
def test_a_taken_port_is_one_clear_line(
    assistant: Assistant, installation: dict[str, str], tmp_path: Path, module: str
):
    name = {"bot": "HOTLINE_RASA_PORT", "actions": "HOTLINE_ACTIONS_PORT"}[module]
    environment = installation | {"HOTLINE_DATA_DIR": str(tmp_path), name: str(assistant.port)}
    process = launch(module, module, environment, tmp_path)
    assert process.popen.wait(120) == 1
    assert "Traceback" not in process.output()
    assert str(assistant.port) in process.output()


def test_a_missing_key_ring_is_one_clear_line(assistant: Assistant, installation: dict[str, str], tmp_path: Path):
    environment = installation | {"HOTLINE_KEYRING": str(tmp_path / f"{uuid.uuid4().hex}.json")}
    process = launch("bot", "bot", environment, tmp_path)
    assert process.popen.wait(120) == 1
    assert "No key ring" in process.output()
    assert "Traceback" not in process.output()


def _ended_well(process: Process) -> None:
    assert process.popen.returncode == 0
    assert not re.search(r"Traceback|CRITICAL|was destroyed|never retrieved", process.output())
