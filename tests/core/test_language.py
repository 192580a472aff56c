"""Which language a conversation is answered in: a switch is followed, a stray word is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.core.language import NAMES, RIGHT_TO_LEFT, Guess, Settled, settle

SPOKEN = frozenset(NAMES)
NONE = Guess(None, 0.0, 0)


@pytest.mark.parametrize(
    ("guess", "memory", "chosen", "expected"),
    [
        pytest.param(Guess("sw", 0.6, 2), None, False, Settled("sw", True), id="the first guess is taken"),
        pytest.param(NONE, None, False, Settled("en", True), id="an emoji first: the default, and no distress alarm"),
        pytest.param(NONE, "so", False, Settled("so", True), id="an emoji later keeps the language"),
        pytest.param(Guess(None, 0.0, 3), None, False, Settled("en", False), id="words of no known language"),
        pytest.param(Guess(None, 0.0, 3), "so", False, Settled("so", True), id="strange words later"),
        pytest.param(Guess("und", 0.9, 3), None, False, Settled("en", False), id="another script first"),
        pytest.param(Guess("und", 0.9, 3), "fr", False, Settled("fr", False), id="surely a language we do not speak"),
        pytest.param(Guess("de", 0.5, 3), "fr", False, Settled("fr", True), id="perhaps one we do not speak"),
        pytest.param(Guess("fr", 0.9, 6), "fr", False, Settled("fr", True), id="no change"),
        pytest.param(Guess("es", 0.9, 6), "fr", False, Settled("es", True), id="a clear switch is followed"),
        pytest.param(Guess("es", 0.9, 2), "fr", False, Settled("fr", True), id="a short text is no switch"),
        pytest.param(Guess("es", 0.7, 6), "fr", False, Settled("fr", True), id="an unsure text is no switch"),
        pytest.param(
            Guess("am", 0.99, 1, by_script=True), "fr", False, Settled("am", True), id="a script decides alone"
        ),
        pytest.param(Guess("es", 0.9, 6), "fr", True, Settled("fr", True), id="a chosen language stays"),
        pytest.param(
            Guess("zh", 0.99, 1, by_script=True), "fr", True, Settled("zh", True), id="but for another script"
        ),
    ],
)
def test_the_language_after_one_more_message(guess: Guess, memory: str | None, chosen: bool, expected: Settled):
    assert settle(guess, memory, "en", SPOKEN, chosen=chosen) == expected


@given(
    st.builds(
        Guess,
        st.none() | st.sampled_from([*sorted(NAMES), "de", "und"]),
        st.floats(0, 1),
        st.integers(0, 50),
        st.booleans(),
    ),
    st.none() | st.sampled_from(sorted(NAMES)),
    st.booleans(),
)
def test_the_answer_is_always_in_a_language_that_we_speak(guess: Guess, memory: str | None, chosen: bool):
    assert settle(guess, memory, "en", SPOKEN, chosen=chosen).language in SPOKEN


def test_every_language_has_its_own_name_and_the_right_to_left_ones_are_known():
    assert set(NAMES) == {"am", "ar", "en", "es", "fa", "fr", "ps", "so", "sw", "zh"}
    assert {"ar", "fa", "ps"} == RIGHT_TO_LEFT
