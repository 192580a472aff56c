"""Decisions of the dialogue as tables."""

import pytest
from rasa_sdk import Tracker

from actions import turns
from actions.languages import named_language
from actions.questions import PATIENCE, Take, Taken, is_short, judge, tells
from actions.turns import Heard, not_understood_in_a_row, open_question


def heard(text: str, intent: str, confidence: float = 0.95, *, button: bool = False) -> Heard:
    return Heard(text, intent, confidence, button, "en")


@pytest.mark.parametrize(
    ("field", "said", "taken"),
    [
        ("where", heard("near the port", "nlu_fallback", 0.0), Taken(Take.VALUE, "near the port")),
        ("where", heard("in danger street", "danger", 0.4), Taken(Take.VALUE, "in danger street")),
        ("where", heard("on the coast", "goodbye", 0.9), Taken(Take.VALUE, "on the coast")),
        ("who", heard("seven men", "danger", 0.9), Taken(Take.VALUE, "seven men")),
        ("where", heard("they are killing us now", "danger"), Taken(Take.END_TOLD)),
        ("who", heard("let me talk to somebody", "ask_human"), Taken(Take.END)),
        ("who", heard("", "ask_human", 1.0, button=True), Taken(Take.END)),
        ("what", heard("bye", "goodbye"), Taken(Take.END)),
        ("what", heard("they took us to the coast", "goodbye"), Taken(Take.END, "they took us to the coast")),
        ("who", heard("leave me alone", "opt_out"), Taken(Take.END, "leave me alone")),
        ("who", heard("", "goodbye", 1.0, button=True), Taken(Take.END)),
        ("now", heard("ndiyo", "affirm", 0.4), Taken(Take.VALUE, "yes")),
        ("now", heard("", "deny", 1.0, button=True), Taken(Take.VALUE, "no")),
        ("reply", heard("only at night", "out_of_scope"), Taken(Take.VALUE, "only at night")),
        ("what", heard("no", "deny"), Taken(Take.END)),
        ("what", heard("no food no pay no sleep", "deny"), Taken(Take.VALUE, "no food no pay no sleep")),
        ("where", heard("no", "deny"), Taken(Take.VALUE, "no")),
        ("what", heard("yes", "affirm"), Taken(Take.AGAIN)),
        ("where", heard("yes", "affirm"), Taken(Take.VALUE, "yes")),
        ("who", heard("is my name kept?", "ask_data"), Taken(Take.INFORM)),
        ("who", heard("my boss has my passport", "ask_documents", 0.5), Taken(Take.VALUE, "my boss has my passport")),
        ("who", heard("english please", "change_language"), Taken(Take.LANGUAGE)),
        ("who", heard("hello", "greet"), Taken(Take.AGAIN)),
        ("who", heard("", "nlu_fallback", 0.0), Taken(Take.AGAIN)),
        ("what", heard("", "report", 1.0, button=True), Taken(Take.AGAIN)),
    ],
)
def test_an_answer_is_taken(field: str, said: Heard, taken: Taken):
    assert judge(field, said, asked=1) == taken


def test_what_happens_may_look_like_a_question_once():
    told = heard("they took my passport", "ask_documents")
    assert judge("what", told, asked=1) == Taken(Take.INFORM)
    assert judge("what", told, asked=2) == Taken(Take.VALUE, "they took my passport")


@pytest.mark.parametrize("intent", ["ask_data", "change_language", "greet", "report", "nlu_fallback"])
def test_patience_ends(intent: str):
    assert judge("who", heard("x", intent), PATIENCE) == Taken(Take.VALUE, "x")
    assert judge("who", heard("", intent), PATIENCE) == Taken(Take.VALUE, "-")


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("report", False),
        ("I want to report", False),
        ("my boss keeps our pay", False),
        ("my boss keeps our pay for three months now", True),
        ("我老板拿走了我们的护照不给我们", True),
        ("我要举报", False),
        ("أريد أن أبلغ", False),
        ("صاحب العمل لا يدفع أجورنا منذ ثلاثة أشهر", True),
    ],
)
def test_a_first_message_that_tells_enough(text: str, enough: bool):
    assert tells(text) is enough


@pytest.mark.parametrize(
    ("text", "short"), [("no", True), ("不要", True), ("他们不给我们饭吃", False), ("no no no no", False)]
)
def test_short(text: str, short: bool):
    assert is_short(text) is short


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("English please", "en"),
        ("kiswahili", "sw"),
        ("naweza kuandika kwa Kiswahili?", "sw"),
        ("فارسی", "fa"),
        ("میشه دری گپ بزنیم", "fa"),
        ("بالعربية من فضلك", "ar"),
        ("عربي", "ar"),
        ("في إنجليزي؟", "en"),
        ("en español por favor", "es"),
        ("Français s'il vous plaît", "fr"),
        ("af soomaali", "so"),
        ("af-Soomaali fadlan", "so"),
        ("በአማርኛ ይቻላል", "am"),
        ("可以说中文吗", "zh"),
        ("پښتو", "ps"),
        ("another language please", None),
        ("I do not speak English", None),
        ("no hablo inglés", None),
        ("je ne parle pas français", None),
        ("لا أتكلم الإنجليزية", None),
        ("我不会英语", None),
        ("english or french", None),
        ("", None),
    ],
)
def test_a_language_is_named(text: str, language: str):
    assert named_language(text) == language


@pytest.mark.parametrize(
    ("ranking", "leaning"),
    [
        ([("nlu_fallback", 0.4), ("danger", 0.3), ("greet", 0.1)], ("danger",)),
        ([("nlu_fallback", 0.4), ("danger", 0.1)], ()),
        ([], ()),
    ],
)
def test_what_was_not_understood_leans_to_something(ranking: list, leaning: tuple):
    message = {"intent_ranking": [{"name": name, "confidence": confidence} for name, confidence in ranking]}
    assert turns.heard(Tracker("p", {}, message, [], False, None, {}, None)).leaning == leaning


def user() -> dict:
    return {"event": "user", "text": "x"}


def tracker(*events: dict) -> Tracker:
    return Tracker("p", {}, {}, list(events), False, None, {}, None)


SLOT = {"event": "slot", "name": "question", "value": "safe"}


@pytest.mark.parametrize(
    ("events", "question"),
    [
        ((user(), SLOT, user()), "safe"),
        ((user(), SLOT, user(), user()), None),
        ((user(), SLOT, {"event": "session_started"}, SLOT, user()), None),
        ((user(), SLOT, SLOT | {"value": None}, user()), None),
        ((SLOT, user()), None),
        ((user(),), None),
    ],
)
def test_a_question_is_open_for_one_turn(events: tuple, question: str):
    assert open_question(tracker(*events)) == question


def test_turns_not_understood_are_counted_while_they_follow_each_other():
    fallback = {"event": "action", "name": "action_fallback"}
    assert not_understood_in_a_row(tracker(user(), fallback, user(), fallback, user())) == 2
    assert not_understood_in_a_row(tracker(user(), fallback, user(), user())) == 0


def test_what_was_taken_for_a_question_is_remembered():
    """Only what was typed to that question, in this report, and before the latest message."""

    def said(text: str, intent: str, *, button: bool = False) -> dict:
        parsed = {"intent": {"name": intent}}
        return {"event": "user", "text": text, "parse_data": parsed, "metadata": {"button": button}}

    def asked(response: str) -> dict:
        return {"event": "bot", "metadata": {"utter_action": response}}

    begun, ended = ({"event": "active_loop", "name": name} for name in ("report_form", None))
    events = (
        said("an older one", "ask_rights"),
        begun,
        asked("utter_ask_report_what"),
        said("they took my passport", "ask_documents"),
        asked("utter_documents"),
        asked("utter_ask_report_what"),
        said("", "ask_rights", button=True),
        asked("utter_ask_report_what"),
        said("they hit us", "report"),
        asked("utter_ask_report_where"),
        said("do you keep my number", "ask_data"),
        asked("utter_ask_report_where"),
        said("bye", "goodbye"),
        ended,
    )
    intents = {"ask_documents", "ask_rights", "ask_data"}
    assert turns.asides(tracker(*events), "utter_ask_report_what", intents) == ["they took my passport"]
