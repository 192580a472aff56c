"""People who write to the helpline, as tests and screenshots meet them. All of them are made up."""

import hashlib
from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher

from hotline.core.access import Role, User
from hotline.core.contact import Contact
from hotline.core.conversation import Conversation, State
from hotline.core.message import Author, Channel, Direction, Kind, Status
from hotline.core.records import Shown, Stored
from hotline.core.screening import Finding
from hotline.core.triage import Priority

MEDIA = Path(__file__).resolve().parents[2] / "sandbox" / "media"
PASSWORD = "correct horse battery"


def pseudonym(name):
    return hashlib.sha256(name.encode()).hexdigest()


def said(own_id, at, text, kind=Kind.TEXT, **more):
    """What the person wrote."""
    return Shown(f"i{own_id}", Direction.IN, Author.CONTACT, kind, at, text, **more)


def told(own_id, at, text, author=Author.BOT, status=Status.DELIVERED, **more):
    """What we wrote."""
    return Shown(f"o{own_id}", Direction.OUT, author, Kind.TEXT, at, text, status, **more)


def person(
    helpline,
    name,
    channel,
    language,
    *,
    state=State.WAITING,
    priority=None,
    reasons=(),
    findings=(),
    minutes=0,
    holder=None,
    messages=(),
    stopped=False,
    opted_in=False,
    reporter=True,
    chosen=False,
):
    """Add somebody who asked for a human `minutes` ago; the id of the conversation."""
    now = helpline.clock()
    since = now - timedelta(minutes=minutes)
    seen = max((m.at for m in messages if m.direction is Direction.IN), default=since)
    contact = Contact(
        pseudonym(name),
        channel,
        language,
        stopped_at=since if stopped else None,
        opted_in_at=since if opted_in else None,
        reporter=reporter,
        last_seen=seen,
    )
    conversation = Conversation(
        f"c{name}",
        contact.id,
        channel,
        state,
        language,
        language_chosen=chosen,
        priority=priority,
        reasons=reasons,
        findings=findings,
        waiting_since=since if state in {State.WAITING, State.OPERATOR} else None,
        holder=holder,
        holder_until=now + timedelta(minutes=5) if holder else None,
    )
    helpline.add_person(contact, conversation, messages)
    return conversation.id


PASSWORD_HASH = PasswordHasher().hash(PASSWORD)  # once: each takes as long as it should


def staff(helpline):
    """Two operators, a supervisor, a campaign manager and an administrator, all with the same password."""
    helpline.add_user(User("amina", Role.OPERATOR, ("so", "ar", "en"), password_hash=PASSWORD_HASH))
    helpline.add_user(User("david", Role.OPERATOR, password_hash=PASSWORD_HASH))
    helpline.add_user(User("ruth", Role.SUPERVISOR, password_hash=PASSWORD_HASH))
    helpline.add_user(User("wanjiru", Role.CAMPAIGNS, password_hash=PASSWORD_HASH))
    helpline.add_user(User("admin", Role.ADMIN, password_hash=PASSWORD_HASH))


def waiting(helpline):
    """A queue as on a hard evening: Arabic, Somali, Amharic, Chinese, Spanish."""
    now = helpline.clock()

    def ago(minutes):
        return now - timedelta(minutes=minutes)

    person(
        helpline,
        "layla",
        Channel.WHATSAPP,
        "ar",
        priority=Priority.P0,
        minutes=3,
        reasons=("child_and_captivity", "attack_now", "child", "captive"),
        findings=(
            Finding("attack_now", "قال سيقتلنا الليلة", "ar", 0.9),
            Finding("captive", "الباب مقفل", "ar", 0.9),
            Finding("child", "أختي عمرها ١٤", "ar", 0.9),
        ),
        messages=[
            said("l1", ago(6), "مرحبا، هل هذا الرقم آمن؟"),
            told("l2", ago(6), "أهلاً بك. هذه خدمة مجانية وسرية. هل من الآمن أن تكتبي الآن؟", status=Status.READ),
            said("l3", ago(4), "نحن في بيت والباب مقفل ومعي أختي عمرها ١٤. أخذ هواتفنا إلا هذا"),
            said("l4", ago(3), "قال سيقتلنا الليلة إذا لم ندفع 3000$"),
            told("l5", ago(3), "سيقرأ شخص من فريقنا رسالتك ويرد عليك هنا في أقرب وقت.", Author.SYSTEM, Status.READ),
            told(
                "l6",
                ago(3),
                "إذا كانت هناك حياة في خطر الآن وكان الاتصال آمنًا، فرقم الطوارئ هو 999.",
                Author.SYSTEM,
                Status.DELIVERED,
            ),
            said(
                "l7",
                ago(2),
                "",
                Kind.VOICE,
                attachments=(Stored("f-layla-voice", "audio/ogg; codecs=opus", "stored", 48213),),
            ),
        ],
    )
    person(
        helpline,
        "hodan",
        Channel.SMS,
        "so",
        priority=Priority.P1,
        minutes=21,
        reasons=("captive", "papers_taken"),
        findings=(Finding("papers_taken", "baasaboorkayga wuu iga qaatay", "so", 0.9),),
        messages=[
            said(
                "h1",
                ago(25),
                "Waan ka baqayaa. Ninkii i shaqaaleeyay baasaboorkayga wuu iga qaatay, guriga kama bixi karo",
            ),
            told(
                "h2",
                ago(24),
                "Waan ku maqalnay. Qof ka mid ah kooxdayada ayaa halkan kaaga jawaabi doona.",
                Author.SYSTEM,
            ),
        ],
    )
    person(
        helpline,
        "tigist",
        Channel.TELEGRAM,
        "am",
        priority=Priority.P2,
        minutes=64,
        reasons=("unpaid", "media"),
        findings=(Finding("unpaid", "ደሞዜን ለሰባት ወር አልከፈለኝም", "am", 0.9),),
        messages=[
            said("t1", ago(70), "ሰላም፣ በቤት ሠራተኝነት እየሠራሁ ነው። ደሞዜን ለሰባት ወር አልከፈለኝም።"),
            told("t2", ago(70), "ስለጻፉልን እናመሰግናለን። ከቡድናችን አንድ ሰው እዚህ ይመልስልዎታል።"),
            said(
                "t3",
                ago(64),
                "ውሉ ይህ ነው",
                Kind.IMAGE,
                attachments=(Stored("f-tigist-photo", "image/jpeg", "stored", 34120),),
            ),
        ],
    )
    person(
        helpline,
        "wei",
        Channel.TELEGRAM,
        "zh",
        priority=Priority.P2,
        minutes=150,
        chosen=True,
        reasons=("deceived", "debt"),
        findings=(
            Finding("deceived", "说好是客服,来了才知道是诈骗园区", "zh", 0.9),
            Finding("debt", "不还钱不让走", "zh", 0.7),
        ),
        messages=[
            said("w1", ago(155), "说好是客服,来了才知道是诈骗园区。他们说我欠公司八万,不还钱不让走。"),
            told("w2", ago(154), "我们看到了。我们的同事会在这里回复您。", Author.SYSTEM, Status.READ),
        ],
    )
    person(
        helpline,
        "yuleisy",
        Channel.WHATSAPP,
        "es",
        priority=Priority.P3,
        minutes=12,
        reasons=("asks_human",),
        messages=[
            said("y1", ago(12), "Buenas, me ofrecieron trabajo en Trinidad, quiero hablar con una persona por favor 🙏")
        ],
    )


def held(helpline):
    """Conversations that operators have: an English one with every delivery status, a Spanish one after STOP."""
    now = helpline.clock()

    def ago(minutes):
        return now - timedelta(minutes=minutes)

    person(
        helpline,
        "grace",
        Channel.SMS,
        "en",
        state=State.OPERATOR,
        holder="amina",
        priority=Priority.P2,
        minutes=42,
        reasons=("unpaid", "papers_taken", "transferred"),
        findings=(Finding("unpaid", "has not paid me since March", "en", 0.9),),
        messages=[
            said("g1", ago(60 * 26), "Hello is anybody there"),
            told(
                "g2",
                ago(60 * 26),
                "Hello. This is a free and confidential service. An automatic assistant answers first.",
                status=Status.DELIVERED,
            ),
            said("g3", ago(45), "My boss in Riyadh has not paid me since March and keeps my passport"),
            told(
                "g4",
                ago(44),
                "A person from our team will read this and answer you here as soon as possible.",
                Author.SYSTEM,
            ),
            told(
                "g5",
                ago(20),
                "Hello, my name is A. I am a person, not a machine. Are you safe to write now?",
                Author.OPERATOR,
                Status.DELIVERED,
                user="amina",
            ),
            said("g6", ago(18), "yes they are sleeping"),
            said("g7", ago(17), "24.7136,46.6753", Kind.LOCATION),
            told(
                "g8",
                ago(15),
                "Thank you. Do you have a copy of your contract?",
                Author.OPERATOR,
                Status.FAILED,
                user="amina",
                code="30003",
            ),
            told("g9", ago(2), "We can try another way.", Author.OPERATOR, Status.UNCONFIRMED, user="amina"),
        ],
    )
    person(
        helpline,
        "carlos",
        Channel.WHATSAPP,
        "es",
        state=State.OPERATOR,
        holder="david",
        priority=Priority.P1,
        minutes=35,
        reasons=("captive", "stopped"),
        stopped=True,
        messages=[said("k1", ago(36), "me tienen encerrado"), said("k2", ago(35), "STOP")],
    )
    entry = {
        "what": "transfer",
        "user": "ruth",
        "at": ago(30),
        "details": {"to": "amina"},
        "note": "Speaks English. Night shift at the employer's.",
    }
    helpline.db.audit.append(("cgrace", entry))
    helpline.db.files["f-layla-voice"] = ("clayla", "audio/ogg; codecs=opus", (MEDIA / "voice.ogg").read_bytes())
    helpline.db.files["f-tigist-photo"] = ("ctigist", "image/jpeg", (MEDIA / "photo.jpg").read_bytes())


def subscribers(helpline, *, sms=14, somali=9):
    """People who asked for safety messages: Swahili and Somali by SMS, one reporter among them who must get none."""
    for number in range(sms):
        person(helpline, f"sub{number}", Channel.SMS, "sw", state=State.BOT, opted_in=True, reporter=False)
    for number in range(somali):
        person(helpline, f"som{number}", Channel.SMS, "so", state=State.BOT, opted_in=True, reporter=False)
    person(helpline, "subreporter", Channel.SMS, "sw", state=State.BOT, opted_in=True, reporter=True)
