"""What a person lives through: greeting, report, interruption, danger, nonsense."""

import pytest
from live_assistant import Assistant, commands, texts


def test_greeting_then_safe_then_menu(assistant: Assistant):
    person = assistant.person()
    assert "automatic assistant" in texts(person.says("hello"))[0]
    menu = person.taps("/affirm")
    assert "/ask_human" in [button["payload"] for button in menu["replies"][0]["buttons"]]


def test_not_safe_to_write(assistant: Assistant):
    """Told to stop writing, and nothing is asked."""
    person = assistant.person()
    person.says("hello")
    answer = person.taps("/deny")
    assert "Stop writing" in texts(answer)[0]
    assert not answer["replies"][0]["buttons"]


def test_a_question_is_open_for_one_turn_only(assistant: Assistant):
    """A "no" to something else is not "I am not safe"."""
    person = assistant.person()
    person.says("hello")
    person.taps("/ask_rights")
    assert "Stop writing" not in texts(person.taps("/deny"))[0]


def test_a_job_offer_can_go_to_a_person(assistant: Assistant):
    person = assistant.person()
    assert len(texts(person.taps("/ask_job_offer"))) == 3
    answer = person.taps("/affirm")
    assert answer["commands"] == [{"name": "handoff", "reason": "asks_human"}]


def test_asking_for_a_person_hands_over_without_a_promise(assistant: Assistant):
    answer = assistant.person().says("can I talk to a real person please")
    assert answer["commands"] == [{"name": "handoff", "reason": "asks_human"}]
    assert answer["replies"] == []


def test_danger_hands_over_at_once(assistant: Assistant):
    answer = assistant.person().says("they locked us in and he is beating her now help")
    assert answer["commands"] == [{"name": "handoff", "reason": "danger"}]
    assert texts(answer)


def test_a_report_from_the_menu(assistant: Assistant):
    person = assistant.person()
    start = person.taps("/report")
    assert "five" in texts(start)[0]
    assert start["form"] == "report_form"
    for answer in ("they take the money of the girls at the bar", "near the port", "some girls from my village"):
        assert person.says(answer)["form"] == "report_form"
    person.taps("/affirm")
    end = person.taps("/deny")
    assert end["form"] is None
    assert "saved" in texts(end)[0]
    assert end["commands"] == [
        {
            "name": "report",
            "what": "they take the money of the girls at the bar",
            "where": "near the port",
            "who": "some girls from my village",
            "now": "yes",
            "reply": "no",
            "complete": True,
        }
    ]


def test_what_was_told_already_is_not_asked_again(assistant: Assistant):
    """Four questions are announced, and four follow."""
    person = assistant.person()
    told = "I want to report my boss, he does not pay us since three months"
    start = person.says(told)
    assert start["intent"]["name"] == "report"
    assert "four" in texts(start)[0]
    for answer in ("Nakuru", "me and two friends", "yes it is still so"):
        person.says(answer)
    end = person.says("no")
    assert end["commands"][0]["what"] == told
    assert end["commands"][0]["now"] in ("yes", "yes it is still so")
    assert end["commands"][0]["complete"] is True


def test_a_second_report_starts_empty(assistant: Assistant):
    person = assistant.person()
    for payload in ("/report", "/affirm", "/deny"):
        person.taps(payload)
    person.says("he keeps the wages of the workers")
    person.says("I want to talk to a real person")
    assert len(texts(person.taps("/report"))) == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [("they are beating us now, please help", "danger"), ("I want to talk to a real person", "asks_human")],
)
def test_a_report_is_kept_when_something_more_urgent_comes(assistant: Assistant, words: str, reason: str):
    person = assistant.person()
    person.taps("/report")
    person.says("the girls in that house may not go out")
    answer = person.says(words)
    assert commands(answer) == ["report", "handoff"]
    report, handoff = answer["commands"]
    assert report["complete"] is False
    assert report["what"].startswith("the girls in that house may not go out")
    assert handoff["reason"] == reason
    assert answer["form"] is None


def test_danger_as_the_answer_is_part_of_the_report(assistant: Assistant):
    """The first question asks what is happening: what is told then must not be lost."""
    person = assistant.person()
    person.taps("/report")
    answer = person.says("they locked the door and beat us every night, help")
    assert answer["commands"][0]["what"] == "they locked the door and beat us every night, help"
    assert answer["commands"][1] == {"name": "handoff", "reason": "danger"}


def test_somebody_who_would_rather_not_tell(assistant: Assistant):
    person = assistant.person()
    person.taps("/report")
    answer = person.taps("/deny")
    assert answer["form"] is None
    assert answer["commands"] == []
    assert "saved" not in texts(answer)[0]


def test_a_goodbye_ends_the_report_and_keeps_it(assistant: Assistant):
    person = assistant.person()
    person.taps("/report")
    person.says("they promised a job and took money")
    answer = person.taps("/goodbye")
    assert commands(answer) == ["report"]
    assert "saved" in texts(answer)[0]


def test_a_question_in_the_middle_is_answered_and_the_report_goes_on(assistant: Assistant):
    person = assistant.person()
    person.taps("/report")
    person.says("the manager of the farm hits the workers sometimes")
    where = person.heard[-1]["replies"][-1]["text"]
    answer = person.taps("/ask_data")
    assert texts(answer)[-1] == where
    assert "encrypted" in texts(answer)[0]
    assert answer["form"] == "report_form"


def test_nonsense_is_taken_as_it_comes(assistant: Assistant):
    person = assistant.person()
    person.taps("/report")
    first = texts(person.heard[-1])[-1]
    assert texts(person.says("xkq vvz 77 ppl"))[-1] != first


@pytest.mark.parametrize("words", ["hello", "", "what is this service?", "english please", "thank you", "🙂", "?"])
def test_the_questions_never_go_on_for_ever(assistant: Assistant, words: str):
    """Whatever is answered, and even if it is always the same, five questions end."""
    person = assistant.person()
    person.taps("/report")
    for _ in range(15):
        answer = person.says(words)
        if answer["form"] is None:
            return
        assert texts(answer)
    pytest.fail("the report did not end")


def test_not_understanding_ends_with_a_person(assistant: Assistant):
    person = assistant.person()
    answers = [person.says(text) for text in ("/ /", "", "/")]
    assert [answer["intent"]["name"] for answer in answers] == ["nlu_fallback"] * 3
    assert len(texts(answers[0])) == 1
    assert answers[1]["replies"][-1]["buttons"]
    assert answers[2]["commands"] == [{"name": "handoff", "reason": "not_understood"}]


def test_a_named_language_is_set_and_used_at_once(assistant: Assistant):
    answer = assistant.person("en").says("français s'il vous plaît")
    assert answer["commands"] == [{"name": "set_language", "language": "fr"}]
    assert texts(answer) != texts(assistant.person("en").says("english please"))


def test_wanting_no_more_messages(assistant: Assistant):
    """Only STOP ends them; the person is told so."""
    answer = assistant.person().taps("/opt_out")
    assert "STOP" in texts(answer)[0]
    assert commands(answer) == ["opt_out_hint"]


def test_asked_again_another_part_is_told(assistant: Assistant):
    person = assistant.person()
    first, second = (texts(person.taps("/ask_migration")) for _ in range(2))
    assert first != second


def test_a_long_session_keeps_its_report(assistant: Assistant):
    """Trackers are trimmed; what the report has gathered is not."""
    person = assistant.person()
    person.taps("/report")
    person.says("workers on the ship get no pay")
    for _ in range(2):
        person.taps("/ask_rights")
    for text in ("on the coast", "seven men"):
        person.says(text)
    person.taps("/affirm")
    end = person.taps("/affirm")
    assert end["commands"][0]["what"] == "workers on the ship get no pay"
    assert end["commands"][0]["complete"] is True
