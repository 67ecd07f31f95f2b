"""How many pieces a text message is cut into, and what it is written in (clinical.md §5.4)."""

from dataclasses import dataclass
from typing import Literal

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[]~|€\f")  # an escape and a character: two units that stay together

Encoding = Literal["GSM-7", "UCS-2"]
_LIMITS: dict[Encoding, tuple[int, int]] = {
    "GSM-7": (160, 153),
    "UCS-2": (70, 67),
}  # alone, and each when split


@dataclass(frozen=True)
class Size:
    """What a carrier counts: the encoding, its units (septets or 16-bit units) and the segments."""

    encoding: Encoding
    units: int
    segments: int


def measure(text: str) -> Size:
    """Count as the carriers do. One character outside GSM-7 turns the whole text to UCS-2."""
    encoding, weights = _weigh(text)
    alone, each = _LIMITS[encoding]
    units = sum(weights)
    return Size(encoding, units, 1 if units <= alone else _cut(weights, each))


def is_one(text: str) -> bool:
    """Whether it goes in one segment: asked for every message that leaves, and mostly answered at a glance."""
    if len(text) <= 160 and GSM_BASIC.issuperset(text):
        return True
    return measure(text).segments == 1


def outside_gsm(text: str) -> str:
    """The characters that turn a text to UCS-2, each once; empty when none does."""
    return "".join(dict.fromkeys(char for char in text if char not in GSM_BASIC and char not in GSM_EXTENDED))


def _weigh(text: str) -> tuple[Encoding, list[int]]:
    if not outside_gsm(text):
        return "GSM-7", [2 if char in GSM_EXTENDED else 1 for char in text]
    return "UCS-2", [2 if ord(char) > 0xFFFF else 1 for char in text]


def _cut(weights: list[int], each: int) -> int:
    """Fill segments in order; a pair that does not fit whole moves to the next."""
    segments, room = 1, each
    for weight in weights:
        if weight > room:
            segments, room = segments + 1, each
        room -= weight
    return segments
