"""How an answer inside the report is taken: a pure decision over what was heard."""

from dataclasses import dataclass
from enum import Enum, auto

from actions.turns import Heard

FIELDS = ("what", "where", "who", "now", "reply")
YES_NO = frozenset({"now", "reply"})

INFORMATION = {
    "ask_service": ("utter_service",),
    "ask_migration": ("utter_migration",),
    "ask_job_offer": ("utter_job_offer", "utter_job_offer_signs"),
    "ask_rights": ("utter_rights",),
    "ask_documents": ("utter_documents",),
    "ask_data": ("utter_data",),
}
"""What may be asked in the middle of a report, and what is said to it."""

SURE = {"opt_out": 0.6, "goodbye": 0.85}
SURE_OF_OTHERS = 0.7
"""Below this an answer is taken as an answer: what a person tells matters more than what it looks like."""

SURE_OF_A_NAME = 0.93
"""A place or a person in a word or three is nothing that the classifier knows: only then does it look like more."""

PATIENCE = 3
"""A question is asked at most this often; then whatever comes is the answer."""

SHORT_WORDS, SHORT_UNSPACED = 3, 4
TELLING_WORDS, TELLING_UNSPACED = 8, 14
"""Lengths of a message: in words, or in characters where the script writes no spaces."""

TOLD_TWICE = 2
"""What happens is told in words that look like a question ("they took my passport"): the second time it is believed."""

NO_ANSWER = "-"


class Take(Enum):
    """What to do with an answer."""

    VALUE = auto()  # it answers the question
    INFORM = auto()  # it is a question of their own: answer it, then ask again
    LANGUAGE = auto()  # another language is wished for: acknowledge, then ask again
    AGAIN = auto()  # it says nothing: ask again
    END = auto()  # the report ends here; a value, where there is one, still belongs to the question
    END_TOLD = auto()  # the report ends here, and this belongs to what happened


@dataclass(frozen=True)
class Taken:
    take: Take
    value: str | None = None


def judge(field: str, heard: Heard, asked: int) -> Taken:
    """Decide on an answer to the question ``field`` that has been asked ``asked`` times."""
    named = field in ("where", "who") and is_short(heard.text)
    sure = heard.sure(SURE_OF_A_NAME if named else SURE.get(heard.intent, SURE_OF_OTHERS))
    if sure and heard.intent == "danger":
        return Taken(Take.END_TOLD)
    if sure and heard.intent == "ask_human":
        return Taken(Take.END)
    if sure and heard.intent in ("goodbye", "opt_out"):
        return Taken(Take.END, _if_it_may_tell(field, heard))
    if field in YES_NO and heard.intent in ("affirm", "deny"):
        return Taken(Take.VALUE, "yes" if heard.intent == "affirm" else "no")
    if field == "what" and sure and heard.intent == "deny" and is_short(heard.text):
        return Taken(Take.END)  # they would rather not tell
    if asked < PATIENCE:
        if sure and heard.intent in INFORMATION and (field != "what" or heard.button or asked < TOLD_TWICE):
            return Taken(Take.INFORM)
        if sure and heard.intent == "change_language":
            return Taken(Take.LANGUAGE)
        empty = ("greet", "thank", "affirm") if field == "what" else ("greet", "thank")
        if not heard.text or heard.button or (sure and heard.intent in empty and is_short(heard.text)):
            return Taken(Take.AGAIN)
    return Taken(Take.VALUE, heard.text or NO_ANSWER)


def _if_it_may_tell(field: str, heard: Heard) -> str | None:
    """The text, unless it is plainly a farewell: a farewell taken for an answer does no harm, the reverse would."""
    if heard.button or not heard.text or (field == "what" and is_short(heard.text)):
        return None
    return heard.text


def is_short(text: str) -> bool:
    """A word or three; a script without spaces counts by characters."""
    words = text.split()
    if len(words) == 1 and not text.isascii() and _unspaced(text):
        return len(text) <= SHORT_UNSPACED
    return len(words) <= SHORT_WORDS


def tells(text: str) -> bool:
    """Whether a message that starts a report already says what happens: eight words, or fourteen letters unspaced."""
    return len(text.split()) >= TELLING_WORDS or (_unspaced(text) and len(text) >= TELLING_UNSPACED)


def _unspaced(text: str) -> bool:
    """Whether the text is mostly in a script that writes no spaces between words (CJK, Thai, Lao, Khmer, Burmese)."""
    letters = [c for c in text if c.isalpha()]
    unspaced = sum(
        "\u3040" <= c <= "\u30ff"
        or "\u3400" <= c <= "\u9fff"
        or "\u0e00" <= c <= "\u0eff"
        or "\u1780" <= c <= "\u17ff"
        or "\u1000" <= c <= "\u109f"
        for c in letters
    )
    return unspaced * 2 > len(letters)
