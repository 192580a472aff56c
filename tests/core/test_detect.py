"""Which language a text is in: ten languages, as people write on a phone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.core.language import NAMES, Guess
from hotline.detect import LanguageDetector

DETECTOR = LanguageDetector()

SENTENCES = [
    ("en", "my boss took my passport and i cannot leave"),
    ("en", "Is this job offer in Dubai real?"),
    ("es", "mi jefe me quitó el pasaporte y no puedo salir"),
    ("es", "quiero saber si esta oferta de trabajo es de verdad"),
    ("sw", "bosi wangu amechukua pasipoti yangu siwezi kutoka"),
    ("sw", "nataka kujua kama kazi hii ni ya kweli"),
    ("fr", "mon patron a pris mon passeport et je ne peux pas sortir"),
    ("fr", "je voudrais savoir si cette offre est vraie"),
    ("so", "waxaan u baahanahay caawimo fadlan i caawi walaal"),
    ("so", "madaxa shaqada ayaa iga qaatay baasaboorka mana bixi karo"),
    ("ar", "صاحب العمل أخذ جواز سفري ولا أستطيع الخروج"),
    ("ar", "هل هذا العمل في دبي حقيقي"),
    ("fa", "رئیس من پاسپورتم را گرفته و نمی‌توانم بیرون بروم"),
    ("fa", "می‌خواهم بدانم این کار واقعی است"),
    ("ps", "زما پاسپورټ یې اخیستی دی او زه وتلی نه شم"),
    ("ps", "زه مرستې ته اړتیا لرم مهرباني وکړئ"),
    ("am", "አሰሪዬ ፓስፖርቴን ወሰደችብኝ መውጣት አልችልም"),
    ("am", "ይህ ስራ እውነት ነው ወይ"),
    ("zh", "老板拿走了我的护照，我不能离开"),
    ("zh", "这份工作是真的吗"),
]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_a_sentence_is_recognised_surely(language: str, text: str):
    guess = DETECTOR.guess(text)
    assert guess.language == language
    assert guess.confidence >= 0.5
    assert guess.words > 2


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_the_same_text_always_has_the_same_answer(language: str, text: str):
    assert len({DETECTOR.guess(text) for _ in range(5)} | {LanguageDetector().guess(text)}) == 1


@pytest.mark.parametrize("text", ["", " ", "🆘🆘", "123", "+254 700 000001", "?!…", "\ufe0f", "\x00"])
def test_what_has_no_words_has_no_language(text: str):
    assert DETECTOR.guess(text) == Guess(None, 0.0, 0)


@pytest.mark.parametrize("text", ["помогите мне", "મને મદદ કરો", "ช่วยด้วย", "도와주세요"])
def test_another_writing_system_is_surely_none_of_ours(text: str):
    guess = DETECTOR.guess(text)
    assert guess.language not in NAMES
    assert guess.confidence > 0.8


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_any_text_at_all_gets_an_answer(text: str):
    guess = DETECTOR.guess(text)
    assert 0.0 <= guess.confidence <= 1.0
    assert guess.words >= 0
