"""Which language a text is in: the writing system first, then a vote of langdetect and CLD2 among our languages."""

import re
import threading
import unicodedata
from collections import Counter

import pycld2
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

from hotline.core.language import Guess

_SCRIPTS = {"ETHIOPIC": "am", "CJK": "zh"}  # writing systems with one language among ours
_ARABIC = ("ar", "fa")  # langdetect's profiles; Pashto is told by its letters
_LATIN = ("en", "es", "fr", "so", "sw")
_PASHTO = re.compile("[ټډړږښځڅڼېۍ]|(?:^|\\s)(?:زه|زما|دی|چې|کې|په|د|نه|مې|یم|لري|غواړم|مرسته|سلام ورور)(?=\\s|$)")
_PASHTO_ONLY = re.compile("[ټډړږښځڅڼېۍ]")
_PERSIAN = re.compile("[پچژگ]|(?:^|\\s)(?:است|من|را|از|این|که|می|برای|چی|هستم|دارم|نیست|میخواهم|شما|کمک)(?=\\s|$)")
_ARABIC_ONLY = re.compile(
    "[ةىأإؤئ]|(?:^|\\s)(?:في|من|على|انا|أنا|هل|ما|مع|عن|لا|هذا|كيف|اريد|أريد)(?=\\s|$)|(?:^|\\s)ال"
)
_WORD = re.compile(r"[^\W\d_]+")

# The words that short messages are made of: a detector of letter statistics cannot tell "asante" from "hola".
_COMMON = {
    "en": "the is are i you my me to and of in it for not have he she they we can what how yes hello hi please help "
    "job work money want do dont cant am was this that with from who where when safe free boss thanks ok no",
    "es": "el la los las un una yo me mi tu es que de en y no por para con si hola gracias ayuda quiero tengo estoy "
    "trabajo dinero como donde cuando esto soy puedo necesito buenas dias favor jefe",
    "fr": "le la les un une je me mon ma tu est que de en et ne pas pour avec oui non bonjour salut merci aide veux "
    "suis travail argent comment ou quand ce cest jai besoin svp patron on nous vous il elle",
    "sw": "na ya wa ni kwa mimi yangu wewe hapa sina nina nataka kazi pesa habari asante tafadhali msaada ndiyo hapana "
    "jambo mambo sasa yeye wao sisi leo kesho je nini vipi gani hii boss naomba nisaidie poa sawa",
    "so": "waa iyo ma ka ku u la aan waxaan waan anigu iga i haa maya fadlan caawi shaqo lacag mahadsanid maxaa sidee "
    "goorma meel hadda waxay inuu inay leh jira ayaa baan nabad salaan walaal",
}  # fmt: skip
_COMMON_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}


class LanguageDetector:
    """Deterministic; about 0.3 ms a text. Knows the languages that the assistant speaks."""

    def __init__(self) -> None:
        self._latin = _factory(_LATIN)
        self._arabic = _factory(_ARABIC)
        self._lock = threading.Lock()  # langdetect's factories are not made for several threads

    def guess(self, text: str) -> Guess:
        """The language of `text`, how sure that is, and its number of words. Emoji and numbers have no language."""
        words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
        if not words:
            return Guess(None, 0.0, 0)
        script = _script(words)
        if script in _SCRIPTS:
            return Guess(_SCRIPTS[script], 0.99, max(len(words), sum(map(len, words)) // 2), by_script=True)
        if script == "ARABIC":
            language, confidence = self._of_arabic(" ".join(words))
            return Guess(language, confidence, len(words))
        if script == "LATIN":
            language, confidence = self._of_latin(words)
            return Guess(language, confidence, len(words))
        return Guess("und", 0.9, len(words))  # a writing system of none of our languages

    def _of_latin(self, words: list[str]) -> tuple[str | None, float]:
        text = " ".join(words)
        votes: Counter[str] = Counter()
        for language, common in _COMMON_WORDS.items():
            votes[language] += sum(word in common for word in words) / len(words)  # type: ignore[assignment]
        for language, probability in self._probabilities(self._latin, text).items():
            votes[language] += probability * 0.8  # type: ignore[assignment]
        cld = _cld2(text)
        if cld in _COMMON_WORDS:
            votes[cld] += 0.6  # type: ignore[assignment]
        return _winner(votes)

    def _of_arabic(self, text: str) -> tuple[str | None, float]:
        votes: Counter[str] = Counter()
        votes["ps"] += len(_PASHTO_ONLY.findall(text)) + 0.5 * len(_PASHTO.findall(text))  # type: ignore[assignment]
        votes["fa"] += 0.6 * len(_PERSIAN.findall(text))  # type: ignore[assignment]
        votes["ar"] += 0.6 * len(_ARABIC_ONLY.findall(text))  # type: ignore[assignment]
        for language, probability in self._probabilities(self._arabic, text).items():
            votes[language] += probability * 0.8  # type: ignore[assignment]
        cld = _cld2(text)
        if cld in {"ar", "fa", "ps"}:
            votes[cld] += 0.6  # type: ignore[assignment]
        return _winner(votes)

    def _probabilities(self, factory: DetectorFactory, text: str) -> dict[str, float]:
        with self._lock:
            detector = factory.create()
            detector.seed = 0
            detector.append(text)
            try:
                return {item.lang: item.prob for item in detector.get_probabilities()}
            except LangDetectException:  # nothing in it that its profiles know
                return {}


def _factory(languages: tuple[str, ...]) -> DetectorFactory:
    """Langdetect with the profiles of these languages only: what is not ours cannot be guessed."""
    factory = DetectorFactory()
    factory.seed = 0
    profiles = [open(f"{PROFILES_DIRECTORY}/{language}", encoding="utf-8").read() for language in languages]  # noqa: SIM115, PTH123
    factory.load_json_profile(profiles)
    return factory


def _script(words: list[str]) -> str:
    scripts = Counter(unicodedata.name(char, "?").split(" ", 1)[0].split("-")[0] for word in words for char in word)
    return scripts.most_common(1)[0][0]


def _cld2(text: str) -> str | None:
    try:
        reliable, _, details = pycld2.detect(text, bestEffort=True)
    except pycld2.error:
        return None
    return str(details[0][1]) if reliable or details[0][2] else None


def _winner(votes: Counter[str]) -> tuple[str | None, float]:
    total = sum(votes.values())
    if total <= 0:
        return None, 0.0
    language, most = votes.most_common(1)[0]
    return language, most / total
