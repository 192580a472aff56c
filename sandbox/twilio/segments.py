"""How many SMS segments a text takes (3GPP TS 23.038)."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_LAST_OF_ONE_UNIT = 0xFFFF  # characters beyond take two UTF-16 units
_EXTENDED = frozenset("\f^{}\\[~]|€")


def count_segments(text: str) -> int:
    """Segments of `text`: 160 septets, or 153 each when joined, in GSM-7; else 70 or 67 UTF-16 units."""
    if all(c in _BASIC or c in _EXTENDED for c in text):
        sizes = [2 if c in _EXTENDED else 1 for c in text]
        single, joined = 160, 153
    else:
        sizes = [2 if ord(c) > _LAST_OF_ONE_UNIT else 1 for c in text]
        single, joined = 70, 67
    if sum(sizes) <= single:
        return 1
    segments, room = 1, joined
    for size in sizes:  # a pair is never split over two segments
        if size > room:
            segments, room = segments + 1, joined
        room -= size
    return segments
