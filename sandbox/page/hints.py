"""Things to write, for somebody who sees the helpline for the first time."""

# language tag, its own name, what to write
HINTS = (
    ("en", "English", "Hello"),
    ("en", "English", "They took my passport and I can't leave"),
    ("es", "Español", "Me quitaron el pasaporte"),
    ("ar", "العربية", "أخذوا جواز سفري ولا يسمحون لي بالخروج"),
    ("sw", "Kiswahili", "Habari, nahitaji msaada"),
    ("am", "አማርኛ", "እርዳታ እፈልጋለሁ"),
    ("en", "English", "I got a job offer abroad. Is it safe?"),
    ("fr", "Français", "Je veux parler à quelqu'un"),
    ("so", "Soomaali", "Waxaan u baahanahay caawimaad"),
    ("fa", "دری", "سلام، به کمک نیاز دارم"),
    ("ps", "پښتو", "زه مرستې ته اړتیا لرم"),
    ("zh", "中文", "他们拿走了我的护照"),
    ("en", "English", "STOP"),
)
