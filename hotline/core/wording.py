"""What the gateway itself says to a person; everything else that a person reads is in ``bot/domain.yml``.

Each value is the English source text and the key (msgid) into ``locales/``. At most 300 characters, plain words, one
question. ``{emergency}`` is the emergency number of the deployment's region.
"""

from enum import StrEnum


class Wording(StrEnum):
    """A text that the gateway sends without the assistant, so that it can be said when the assistant is away."""

    HANDOFF_STAFFED = "A person from our team will read this and answer you here as soon as possible."
    HANDOFF_UNSTAFFED = (
        "Nobody from our team is at the desk right now. Your message is saved, "
        "and the first person who comes will answer you here."
    )
    EMERGENCY = "If a life is in danger now and it is safe for you to call, the emergency number is {emergency}."
    NO_EMERGENCY = "If you are in danger now, go to someone you trust or to a place with other people, if you can."
    HELP = "We read you. You are not alone."
    HOLDING = "Our assistant cannot answer right now. Your message is saved and goes to a person from our team."
    WAITING_SAFE = "We have your message. A person will answer here. While you wait: is it safe for you to write now?"
    WAITING = "We have your message. It is in the queue, and a person will answer you here."
    WAITING_UNSAFE = "All right. Stop writing until it is safe. Your messages are with us, and we keep your place."
    WAITING_SAFE_YES = "Good. You can write more here at any time. A person will read all of it."
    RELEASED = "Our colleague has left the conversation. You can go on with the automatic assistant, at any hour."
    CLOSED = "This conversation is now closed. You can write to us again at any time."
    STOPPED = "You will get no more messages from us. If you want to come back, write START."
    STARTED = "Welcome back. You will get our answers again."
    JOINED = (
        "You will get our safety messages. They are free. Write STOP at any time to end them, "
        "or write to us when you need help."
    )
    MEDIA = "We have received it and keep it safe. A person from our team will look at it."
    VOICE = "We have received your voice message. A person from our team will listen to it."
    LOCATION = "We have received the place you sent. A person from our team will see it."
    CONTACT = "We have received the contact you sent. A person from our team will see it."
    STICKER = "Thank you. I cannot read pictures like this one. Please write to me in words."
    GROUP = "This service answers in private only. Please write to it directly, not in a group."
    UNSUPPORTED = "I cannot read this kind of message. Please write to me in words."
    YES = "Yes"
    NO = "No"
