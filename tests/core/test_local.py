"""What the processes of one machine note for one another."""

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hotline import local
from hotline.core.errors import Unavailable


def test_a_process_that_answers_is_found_until_it_says_goodbye(tmp_path: Path):
    assert local.find(tmp_path, "web") is None
    local.note(tmp_path, "web", 8081)
    assert local.find(tmp_path, "web") == 8081
    assert local.find(tmp_path, "mongo") is None
    assert stat.S_IMODE((tmp_path / "run/web.json").stat().st_mode) == 0o600
    local.forget(tmp_path, "web")
    local.forget(tmp_path, "web")
    assert local.find(tmp_path, "web") is None


def test_the_note_of_a_process_that_died_is_not_believed(tmp_path: Path):
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    local.note(tmp_path, "web", 8081)
    (tmp_path / "run/web.json").write_text(json.dumps({"port": 8081, "pid": child.pid}))
    assert local.find(tmp_path, "web") is None


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"port": "x", "pid": 1}', '{"pid": "x", "port": 1}'])
def test_a_damaged_note_is_no_note(tmp_path: Path, content: str):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/web.json").write_text(content)
    assert local.find(tmp_path, "web") is None


async def test_waiting_ends_as_soon_as_it_is_there_or_in_an_error_that_names_it(tmp_path: Path):
    with pytest.raises(Unavailable, match="mongo"):
        await local.wait_for(tmp_path, "mongo", 0.2)
    local.note(tmp_path, "mongo", 1234)
    assert await local.wait_for(tmp_path, "mongo", 0.2) == 1234


def test_two_installations_do_not_see_each_other(tmp_path: Path):
    local.note(tmp_path / "a", "web", 1)
    assert local.find(tmp_path / "b", "web") is None


def test_everyone_reads_the_same_whole_token_however_many_start_at_once(tmp_path: Path):
    gate = threading.Barrier(16)
    tokens: list[str] = []

    def read() -> None:
        gate.wait()
        tokens.append(local.token(tmp_path, "rasa"))

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 16
    assert len(set(tokens)) == 1
    assert len(tokens[0]) > 32
    path = tmp_path / "run/rasa.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list((tmp_path / "run").iterdir()) == [path]


def test_a_free_port_is_free():
    assert 0 < local.free_port() < 2**16
