"""From findings to a priority: the highest trigger wins, more signs never make it lower."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.app import NLU
from hotline.core.routing import Reason
from hotline.core.screening import Finding
from hotline.core.triage import ANSWER_WITHIN, NOTHING, REASON_LABELS, Priority, Understanding, Verdict, judge
from hotline.lexicon import load_lexicon

SIGNS = load_lexicon(NLU).signs
FINDINGS = st.lists(st.sampled_from(sorted(SIGNS)), unique=True, max_size=10).map(
    lambda signs: tuple(Finding(sign, "…", "en", 0.9) for sign in signs)
)
UNDERSTANDINGS = st.none() | st.builds(
    Understanding, st.sampled_from(["danger", "report", "ask_human", "greet", "nlu_fallback"]), st.floats(0, 1)
)


def _judge(*signs: str, intent: str | None = None, confidence: float = 0.9, known: bool = True) -> Verdict:
    findings = [Finding(sign, "…", "en", 0.9) for sign in signs]
    understanding = Understanding(intent, confidence) if intent else None
    return judge(findings, SIGNS, understanding, language_known=known)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ((), None),
        (("child",), None),  # a child who asks about school is no alarm
        (("unpaid",), Priority.P2),
        (("asks_human",), Priority.P2),
        (("distress",), Priority.P2),
        (("violence",), Priority.P1),
        (("captive",), Priority.P1),
        (("attack_now",), Priority.P0),
        (("suicide_act",), Priority.P0),
        (("suicidal",), Priority.P1),
        (("child_alone",), Priority.P1),
        (("unpaid", "papers_taken"), Priority.P2),
        (("unpaid", "papers_taken", "overwork"), Priority.P1),  # several signs
        (("unpaid", "service", "asks_human"), Priority.P2),  # other groups are no signs of exploitation
        (("child", "unpaid"), Priority.P0),
        (("child", "captive"), Priority.P0),
        (("child", "violence"), Priority.P0),
        (("child_alone", "forced_work"), Priority.P0),
        (("child", "asks_human"), Priority.P2),
        (("attack_now", "unpaid"), Priority.P0),
        (("sign_of_an_older_lexicon",), None),
    ],
)
def test_the_gravest_sign_gives_the_priority(signs: tuple[str, ...], expected: Priority | None):
    assert _judge(*signs).priority == expected


@pytest.mark.parametrize(
    ("intent", "confidence", "signs", "expected"),
    [
        ("danger", 0.5, (), Priority.P1),
        ("danger", 0.35, (), Priority.P2),  # perhaps: worth a look
        ("danger", 0.29, (), None),
        ("report", 0.35, (), Priority.P2),
        ("report", 0.34, (), None),
        ("ask_human", 0.4, (), Priority.P2),
        ("greet", 1.0, (), None),
        ("danger", 0.9, ("child",), Priority.P1),
        ("report", 0.9, ("child",), Priority.P1),
        ("ask_human", 0.9, ("child",), Priority.P2),
        ("danger", 0.9, ("attack_now",), Priority.P0),
    ],
)
def test_the_classifier_raises_too_when_it_is_sure_enough(intent, confidence, signs, expected):
    assert _judge(*signs, intent=intent, confidence=confidence).priority == expected


def test_distress_in_a_language_that_we_do_not_know_is_urgent():
    assert _judge("distress", known=False) == Verdict(Priority.P1, (Reason.UNKNOWN_LANGUAGE, "distress"))


def test_the_reasons_stand_gravest_first():
    assert _judge("unpaid", "captive", "attack_now").reasons == ("attack_now", "captive", "unpaid")
    assert _judge("child", "unpaid").reasons[0] == "child_and_exploitation"


@given(FINDINGS, FINDINGS, UNDERSTANDINGS, st.booleans())
def test_more_findings_never_lower_the_priority(some, more, understanding, known: bool):
    by_sign = {finding.sign: finding for finding in (*some, *more)}
    before = judge(some, SIGNS, understanding, language_known=known).priority
    after = judge(by_sign.values(), SIGNS, understanding, language_known=known).priority
    if before is not None:
        assert after is not None
        assert after <= before


@given(FINDINGS, UNDERSTANDINGS, st.booleans())
def test_the_classifier_and_a_strange_language_never_lower_the_priority(findings, understanding, known: bool):
    before = judge(findings, SIGNS).priority
    after = judge(findings, SIGNS, understanding, language_known=known).priority
    assert before is None or (after is not None and after <= before)


@given(FINDINGS, UNDERSTANDINGS, st.booleans())
def test_a_priority_always_comes_with_reasons_that_the_operator_can_read(findings, understanding, known: bool):
    verdict = judge(findings, SIGNS, understanding, language_known=known)
    assert (verdict.priority is None) == (verdict.reasons == ())
    assert all(REASON_LABELS.get(reason) or SIGNS[reason].label for reason in verdict.reasons)


def test_every_reason_has_a_label():
    reasons = {value for name, value in vars(Reason).items() if name.isupper()}
    assert reasons <= set(REASON_LABELS)
    # the wish for a human is one thing, whether a phrase or the assistant tells of it
    assert reasons & set(SIGNS) == {Reason.ASKS_HUMAN}


def test_the_promised_times_grow_with_the_priority():
    assert list(Priority) == sorted(ANSWER_WITHIN)
    assert list(ANSWER_WITHIN.values()) == sorted(ANSWER_WITHIN.values())
    assert judge((), SIGNS) == NOTHING
