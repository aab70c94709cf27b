"""A message as it leaves the house: a subject of one line, a body, and when it was written."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

SUBJECT_LENGTH = 120

# Controls, unpaired surrogates, separators, and the invisible characters that reverse or hide
# text: a place name holding one of them could forge a mail header or a line of the message.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is to read. The subject is always one clean line.

    `at` is the aware instant of writing, in the zone in which it is to be shown.
    """

    subject: str
    body: str
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", one_line(self.subject, SUBJECT_LENGTH))


def one_line(text: str, length: int) -> str:
    """`text` as one visible line of at most `length` characters, cut with "…"."""
    # Long before cutting, so that a cell of 100 KB costs nothing.
    seen = "".join(_visible(char) for char in text[: length * 20])
    line = " ".join(seen.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rstrip() + "…"


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in _UNSEEN else char
