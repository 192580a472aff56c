"""The channel's contract: who may call, what is well-formed, what is answered."""

import json
import uuid

import pytest
from live_assistant import Assistant, texts


def test_health_names_the_model(assistant: Assistant):
    """Ready means that a message would be answered."""
    assert assistant.call("health").json["model"]


@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 5000])
@pytest.mark.parametrize("path", ["messages", "parse"])
def test_only_the_gateway_may_call(assistant: Assistant, path: str, token: str):
    response = assistant.call(path, assistant.person().message("hello"), token=token)
    assert response.status == 401
    assert response.kind == "application/problem+json"


GOOD: dict = {"sender": "s", "message_id": "m", "text": "hello", "payload": None, "language": "en"}


@pytest.mark.parametrize(
    "change",
    [
        {"sender": None},
        {"sender": ""},
        {"sender": 7},
        {"sender": "s" * 201},
        {"message_id": ""},
        {"message_id": None},
        {"text": None},
        {"text": ["hello"]},
        {"text": "x" * 10_001},
        {"payload": ""},
        {"payload": "greet"},
        {"payload": "/Greet"},
        {"payload": "/greet{}"},
        {"payload": "/greet\n"},
        {"payload": "/no_such_intent"},
        {"payload": "/restart"},
        {"payload": "/session_start"},
        {"payload": "/nlu_fallback"},
        {"payload": 1},
        {"language": "../../etc"},
        {"language": 5},
        {"language": "x" * 50},
    ],
)
def test_a_malformed_message_is_refused(assistant: Assistant, change: dict):
    response = assistant.call("messages", GOOD | {"sender": uuid.uuid4().hex} | change)
    assert response.status == 400
    assert "hello" not in response.content.decode()


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a":' * 5000])
def test_a_body_that_is_no_object_is_refused(assistant: Assistant, raw: bytes):
    assert assistant.call("messages", raw=raw).status == 400


def test_an_enormous_body_is_refused(assistant: Assistant):
    assert assistant.call("messages", GOOD | {"more": "x" * 70_000}).status == 400
    assert assistant.call("messages", raw=b"x" * 3_000_000).status == 413


@pytest.mark.parametrize("text", ["/report", "/danger", "  /ask_human", "//ask_human", "/ /ask_human", "/restart", "/"])
def test_a_text_is_never_an_order(assistant: Assistant, text: str):
    """Rasa would take a leading slash for an intent with certainty, or wipe the dialogue."""
    person = assistant.person()
    person.says("hello")
    answer = person.says(text)
    assert answer["intent"]["confidence"] < 1.0
    assert answer["replies"] or answer["commands"]


def test_a_button_is_the_intent_it_stands_for(assistant: Assistant):
    answer = assistant.person().taps("/ask_rights")
    assert answer["intent"] == {"name": "ask_rights", "confidence": 1.0}
    assert len(texts(answer)) == 1


def test_every_reply_has_text_and_buttons(assistant: Assistant):
    answer = assistant.person().says("hello")
    assert set(answer) == {"replies", "intent", "commands", "form"}
    assert [set(reply) for reply in answer["replies"]] == [{"text", "buttons"}] * 2
    assert [set(button) for button in answer["replies"][1]["buttons"]] == [{"title", "payload"}] * 2


def test_each_person_is_answered_in_their_language(assistant: Assistant):
    """Buttons are translated; what they send is not."""
    english, french = (assistant.person(language).says("hello") for language in ("en", "fr"))
    assert texts(english) != texts(french)
    ours, theirs = english["replies"][1]["buttons"], french["replies"][1]["buttons"]
    assert [button["payload"] for button in ours] == [button["payload"] for button in theirs]
    assert [button["title"] for button in ours] != [button["title"] for button in theirs]


@pytest.mark.parametrize("language", ["xx", "tlh", "en-GB", "zh-Hans"])
def test_an_unknown_language_is_answered_all_the_same(assistant: Assistant, language: str):
    assert texts(assistant.person(language).says("hello"))


@pytest.mark.parametrize("text", ["", " ", "🙂", "\u0000", "\ud800", "a" * 10_000, "{language} %s {{", "\n\n"])
def test_any_text_gets_an_answer(assistant: Assistant, text: str):
    answer = assistant.person().says(text)
    assert answer["replies"] or answer["commands"]


def test_parsing_answers_each_text_in_order_and_begins_no_dialogue(assistant: Assistant):
    asked = [{"id": "a", "text": "they locked us in and beat us"}, {"id": 2, "text": "/greet"}, {"id": "c", "text": ""}]
    results = assistant.call("parse", {"texts": asked}).json["results"]
    assert [result["id"] for result in results] == ["a", 2, "c"]
    assert results[0]["intent"]["name"] == "danger"
    assert 0 <= results[1]["intent"]["confidence"] < 1


@pytest.mark.parametrize("texts", [None, "x", [1], [{"id": "a"}], [{"text": "a"}], [{"id": "a", "text": 1}]])
def test_malformed_parsing_is_refused(assistant: Assistant, texts: object):
    assert assistant.call("parse", {"texts": texts}).status == 400


def test_nothing_else_of_rasa_is_reachable(assistant: Assistant):
    """Rasa's own API can read and rewrite any dialogue."""
    for path in ("/conversations/x/tracker", "/model", "/status", "/model/parse", "/webhooks/rest/webhook"):
        assert assistant.call(path, {}).status in (404, 405)


def test_problems_are_json_without_the_persons_words(assistant: Assistant):
    response = assistant.call("messages", GOOD | {"text": 12, "sender": "Wanjiku"})
    assert json.loads(response.content)["status"] == 400
    assert b"Wanjiku" not in response.content
