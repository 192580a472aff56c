"""The rules' data as they are: every phrase can be used, danger is seen in ten languages, everyday words are not."""

import re

import pytest

from hotline.app import NLU
from hotline.core.language import NAMES
from hotline.core.safety import Keyword
from hotline.core.screening import _pattern
from hotline.core.triage import Priority, judge
from hotline.lexicon import load_keywords, load_lexicon

LEXICON = load_lexicon(NLU)

# (language, at least this urgent, what a person may write)
DANGER = [
    ("en", Priority.P0, "he has a knife and says he will kill me tonight"),
    ("en", Priority.P0, "they will sell us tomorrow to another boss"),
    ("en", Priority.P1, "madam locks the door and took my phone"),
    ("en", Priority.P1, "they force me to sleep with customers"),
    ("en", Priority.P2, "my boss keeps my passport and does not pay me"),
    ("es", Priority.P0, "tiene un cuchillo y dice que me va a matar esta noche"),
    ("es", Priority.P0, "nos llevan mañana a otro lugar"),
    ("es", Priority.P1, "nos tienen encerradas y no nos dejan salir"),
    ("es", Priority.P1, "me obligan a acostarme con hombres"),
    ("es", Priority.P2, "el patrón me quitó el pasaporte y no me paga"),
    ("fr", Priority.P0, "il a un couteau il va me tuer ce soir"),
    ("fr", Priority.P0, "ils vont nous emmener demain pour nous vendre"),
    ("fr", Priority.P1, "on est enfermées dans la maison on ne peut pas sortir"),
    ("fr", Priority.P1, "on me force à me prostituer"),
    ("fr", Priority.P2, "mon patron garde mon passeport et ne me paie pas"),
    ("sw", Priority.P0, "ana kisu anasema ataniua leo usiku"),
    ("sw", Priority.P0, "wanataka kutuuza kesho"),
    ("sw", Priority.P1, "wamenifungia ndani ya nyumba siwezi kutoka"),
    ("sw", Priority.P1, "wananilazimisha kulala na wanaume"),
    ("sw", Priority.P2, "bosi amechukua pasipoti yangu na hanilipi"),
    ("so", Priority.P0, "mindi ayuu haystaa caawa ayuu i dilayaa"),
    ("so", Priority.P0, "berri ayay na iibinayaan"),
    ("so", Priority.P1, "guriga ayay igu xireen ma bixi karo"),
    ("so", Priority.P1, "wuu i kufsaday"),
    ("so", Priority.P2, "baasaboorkayga ayay iga qaateen mushaharna ima siiyaan"),
    ("ar", Priority.P0, "معه سكين ويقول انه سيقتلني الليلة"),
    ("ar", Priority.P0, "القارب يغرق ساعدونا"),
    ("ar", Priority.P1, "حبسوني في البيت ولا استطيع الخروج"),
    ("ar", Priority.P1, "اغتصبني صاحب العمل"),
    ("ar", Priority.P2, "أخذ الكفيل جواز سفري ولا يدفع راتبي"),
    ("fa", Priority.P0, "چاقو دارد و می‌گوید امشب مرا می‌کشد"),
    ("fa", Priority.P0, "فردا ما را میفروشند"),
    ("fa", Priority.P1, "مرا در خانه زندانی کرده‌اند و نمی‌توانم بیرون بروم"),
    ("fa", Priority.P1, "به من تجاوز کرد"),
    ("fa", Priority.P2, "صاحبکار پاسپورتم را گرفته و معاشم را نمی‌دهد"),
    ("ps", Priority.P0, "چاړه ورسره ده وايي نن شپه مې وژني"),
    ("ps", Priority.P0, "سبا مو خرڅوي"),
    ("ps", Priority.P1, "په کور کې یې بند کړی یم نشم وتلای"),
    ("ps", Priority.P1, "پر ما یې جنسي تېری وکړ"),
    ("ps", Priority.P2, "پاسپورټ یې رانه اخیستی او معاش نه راکوي"),
    ("am", Priority.P0, "ቢላ ይዟል ዛሬ ማታ ሊገድለኝ ነው"),
    ("am", Priority.P0, "ነገ ሊሸጡን ነው"),
    ("am", Priority.P1, "ቤት ውስጥ ቆልፈውብኛል መውጣት አልችልም"),
    ("am", Priority.P1, "አሰሪዬ ደፈረኝ"),
    ("am", Priority.P2, "ፓስፖርቴን ወሰደች ደሞዜን አልከፈለችኝም"),
    ("zh", Priority.P0, "他拿着刀说今晚要杀我"),
    ("zh", Priority.P0, "他们明天要把我们卖掉"),
    ("zh", Priority.P1, "我被锁在房间里出不去"),
    ("zh", Priority.P1, "他强奸了我"),
    ("zh", Priority.P2, "老板扣了我的护照不发工资"),
]

HARMLESS = [
    ("en", "hello, how are you today"),
    ("en", "what papers do I need to work in Qatar"),
    ("en", "thank you very much, have a nice day"),
    ("en", "how do i check if an agency is real"),
    ("en", "is this service free"),
    ("es", "hola, buenos días"),
    ("es", "qué documentos necesito para trabajar en Chile"),
    ("es", "muchas gracias por la información"),
    ("es", "cómo sé si una agencia es de verdad"),
    ("es", "este servicio es gratis"),
    ("fr", "bonjour, comment allez-vous"),
    ("fr", "quels documents faut-il pour travailler au Canada"),
    ("fr", "merci beaucoup, bonne journée"),
    ("fr", "comment savoir si une agence est sérieuse"),
    ("fr", "est-ce que ce service est gratuit"),
    ("sw", "habari za asubuhi"),
    ("sw", "ninahitaji hati gani kufanya kazi Qatar"),
    ("sw", "asante sana, siku njema"),
    ("sw", "nitajuaje kama wakala ni wa kweli"),
    ("sw", "huduma hii ni bure"),
    ("so", "subax wanaagsan"),
    ("so", "waa maxay warqadaha loo baahan yahay in laga shaqeeyo Qatar"),
    ("so", "aad baad u mahadsan tahay"),
    ("so", "sidee ku ogaan karaa in wakaaladdu run tahay"),
    ("so", "adeeggani ma bilaash baa"),
    ("ar", "صباح الخير كيف حالكم"),
    ("ar", "ما هي الوثائق المطلوبة للعمل في قطر"),
    ("ar", "شكرا جزيلا"),
    ("ar", "كيف اعرف ان المكتب حقيقي"),
    ("ar", "هل هذه الخدمة مجانية"),
    ("fa", "سلام صبح بخیر"),
    ("fa", "برای کار در قطر چه اسنادی لازم است"),
    ("fa", "بسیار تشکر"),
    ("fa", "چطور بدانم که این شرکت واقعی است"),
    ("fa", "آیا این خدمات رایگان است"),
    ("ps", "سلام سهار مو په خیر"),
    ("ps", "په قطر کې د کار لپاره کوم اسناد پکار دي"),
    ("ps", "ډېره مننه"),
    ("ps", "څنګه پوه شم چې دا شرکت ریښتینی دی"),
    ("ps", "دا خدمت وړیا دی"),
    ("am", "ሰላም እንደምን አደራችሁ"),
    ("am", "ኳታር ለመስራት ምን ሰነድ ያስፈልጋል"),
    ("am", "በጣም አመሰግናለሁ"),
    ("am", "ኤጀንሲው እውነተኛ መሆኑን እንዴት አውቃለሁ"),
    ("am", "አገልግሎቱ ነጻ ነው"),
    ("zh", "你好"),
    ("zh", "去卡塔尔工作需要什么文件"),
    ("zh", "非常感谢"),
    ("zh", "怎么知道中介是不是真的"),
    ("zh", "这个服务是免费的吗"),
]


def _priority(language: str, text: str) -> Priority | None:
    return judge(LEXICON.find(text, language), LEXICON.signs).priority


@pytest.mark.parametrize(("language", "least", "text"), DANGER)
def test_danger_is_seen(language: str, least: Priority, text: str):
    priority = _priority(language, text)
    assert priority is not None
    assert priority <= least


@pytest.mark.parametrize(("language", "text"), HARMLESS)
def test_everyday_words_call_nobody(language: str, text: str):
    assert _priority(language, text) is None


@pytest.mark.parametrize(("language", "text"), HARMLESS)
def test_everyday_words_are_no_orders(language: str, text: str):
    assert load_keywords(NLU).find(text) not in {Keyword.STOP, Keyword.HELP}


def test_both_tables_have_five_of_each_language():
    for table in (DANGER, HARMLESS):
        assert {language: sum(row[0] == language for row in table) for language in NAMES} == dict.fromkeys(NAMES, 5)


def test_every_phrase_can_be_compiled_and_matches_something():
    phrases = {phrase for filed in LEXICON._by_letters.values() for phrase in filed}
    assert len(phrases) > 1000
    for phrase in phrases:
        parsed = re._parser.parse(_pattern(phrase.line, phrase.language))  # a full compile of thousands takes too long
        shortest, _ = parsed.getwidth()
        assert shortest > 0, f"{phrase.line!r} would match every text"


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_language_has_phrases_for_every_grave_sign(language: str):
    known = {phrase.sign for filed in LEXICON._by_letters.values() for phrase in filed if phrase.language == language}
    grave = {sign.id for sign in LEXICON.signs.values() if sign.priority is not None and sign.priority <= Priority.P1}
    assert grave - known == set()


def test_every_sign_is_described_and_of_a_known_group():
    for sign in LEXICON.signs.values():
        assert sign.label
        assert sign.group in {"child", "exploitation", "captivity", "danger", "human"}
        assert (sign.priority is None) <= (sign.group == "child")


def test_no_affix_is_unbounded():
    """A key held down on a phone must not make the search take minutes: the work grows with the text, not its cube."""
    assert r"\w*" not in _pattern("*يبيع*|sell*|*uza", "ar")
    assert LEXICON.find("يبيعني" * 600, "ar") == ()
