"""Which language a person names, in whatever language they name it."""

import re
import unicodedata

# Names as people write them, in the language itself and in those around it. Latin names are matched as whole words,
# others anywhere in the text: Arabic, Amharic and Chinese put particles in front of a name without a space.
NAMES = {
    "en": (
        "english inglish engish ingles anglais kiingereza kizungu kingereza ingiriis ingiriisi af-ingiriis "
        "englisi inglisi الانجليزي الإنكليزي انجليزي انكليزي انگلیسی انګلیسي انگریزی እንግሊዝኛ እንግሊዘኛ inglizegna "
        "英语 英文 英語"
    ),
    "es": (
        "spanish espanol castellano espagnol kihispania isbaanish الاسباني اسباني اسپانیایی هسپانوی هسپانیایي "
        "ስፓኒሽ ስፓንኛ 西班牙语 西班牙文"
    ),
    "sw": "swahili kiswahili sawahili السواحيلي سواحيلي سواحیلی ስዋሂሊ ስዋሂልኛ 斯瓦希里",
    "fr": (
        "french francais frances kifaransa faransiis faransi الفرنسي فرنسي فرانسوی فرانسه فرانسوي ፈረንሳይኛ 法语 "
        "法文"
    ),
    "ar": "arabic arabe arabi kiarabu carabi العربي عربي عربی ዓረብኛ አረብኛ 阿拉伯语 阿拉伯文",
    "so": (
        "somali soomaali somalí somalie kisomali af-soomaali soomaaliga الصومالي صومالي سومالی سومالیایی ሶማልኛ "
        "ሶማሊኛ 索马里语"
    ),
    "fa": "dari farsi persian persa persan darri دری فارسی پارسی الفارسي الداري ዳሪ ፋርሲ 波斯语 达里语",
    "ps": "pashto pushto pashtu pachto پښتو پشتو البشتو بشتو ፓሽቶ 普什图语",
    "am": (
        "amharic amarigna amharigna amarinya amharico amharique kiamhari axmaari الامهري امهري امهری አማርኛ "
        "አማሪኛ 阿姆哈拉语"
    ),
    "zh": (
        "chinese chino chinois mandarin kichina shiine "
        "الصيني صيني چینی چينايي ቻይንኛ 中文 汉语 漢語 普通话 国语 華語 华语"
    ),
    "ti": "tigrinya tigrigna tigrinia ትግርኛ التغرينية تغرينيا تجرينية",
    "om": "oromo oromiffa oromifa oromoo ኦሮምኛ اورومو",
    "pt": "portuguese portugues portugais kireno البرتغالي برتغالي 葡萄牙语",
    "my": "burmese birmano birman မြန်မာ ဗမာ 缅甸语 缅语",
    "km": "khmer cambodian jemer ខ្មែរ 高棉语 柬埔寨语",
    "lo": "lao laotian ລາວ 老挝语",
    "th": "thai tailandes ไทย 泰语",
    "vi": "vietnamese vietnamita vietnamien tieng-viet 越南语",
}

# "I do not speak English" names the language that is not wanted
_NOT = re.compile(
    r"\b(not|dont|don t|doesnt|cant|cannot|no|ne|pas|sijui|siongei|sielewi|sisemi|hapana|maya|ma|kuma|aqaan maayo)\b"
    r"|لا |ما |مش|ليس|نمی|نیست|نه |نه\b|نشم|نه یم"
    r"|አልችልም|አልናገርም|አላውቅም"
    r"|不会|不懂|不说|不會|听不懂"
)


def named_language(text: str) -> str | None:
    """The ISO 639 code of the language named in ``text``; None where none is, or several, or it is refused."""
    plain = _plain(text)
    if _NOT.search(plain):
        return None
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)?", plain))
    named = {code for code, names in _NAMES.items() if any(n in words if n.isascii() else n in plain for n in names)}
    return named.pop() if len(named) == 1 else None


def _plain(text: str) -> str:
    """Casefolded, without Latin diacritics, Arabic-script letters unified."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in folded if not ("\u0300" <= c <= "\u036f") and not ("\u064b" <= c <= "\u0655"))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


_LETTERS = str.maketrans("أإآىيكة", "اااییکه", "\u0640\u2019'")
_NAMES = {code: tuple(_plain(names).split()) for code, names in NAMES.items()}
