"""One spelling for text from many hands: simplified, folded, tidy."""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

_INVISIBLE = re.compile(r"_x000D_|[\u200b-\u200f\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OPENING, _CLOSING = "(（[【", ")）]】"


@cache
def _simpler() -> OpenCC:
    return OpenCC("t2s")


def simplify(text: str) -> str:
    """The text in simplified characters, without invisible ones, ends trimmed."""
    if text.isascii() and text.isalnum():
        return text
    plain = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return str(_simpler().convert(plain)).strip()


def flat(text: str) -> str:
    """Half-width simplified text: for reading dates and labels, never for keeping."""
    return unicodedata.normalize("NFKC", simplify(text)).strip()


def label(text: str) -> str:
    """A column's name as it is compared: flat, no spaces, no stars, no colon at the end."""
    return re.sub(r"[\s*※★]", "", flat(text)).rstrip(":")


def depths(text: str) -> list[int]:
    """How many brackets are open at each character; all zero when they do not pair."""
    depth, found = 0, []
    for char in text:
        if char in _CLOSING:
            depth -= 1
        found.append(depth)
        if char in _OPENING:
            depth += 1
        if depth < 0:
            return [0] * len(text)
    return [0] * len(text) if depth else found


def shorten(text: str, limit: int = 200) -> str:
    """At most `limit` characters, with a mark where the rest was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
