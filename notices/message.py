"""A message as it leaves the house: a subject of one line, a body, and when it was written."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

SUBJECT_LENGTH = 120

# Controls, unpaired surrogates, separators, and the invisible characters that reverse or hide
# text: a place name holding one of them could forge a mail header or a line of the message.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is to read. The subject is always one clean line.

    `body` is plain text and always there; `markdown`, `html` and `short` (a text message of at
    most 70 characters) say the same where a channel can show them, empty: nobody wrote them.
    `at` is the aware instant of writing, in the zone in which it is to be shown. `key` names
    the message and, where it is about one case, `thread` the case: mail is threaded by them.
    """

    subject: str
    body: str
    at: datetime
    markdown: str = ""
    html: str = ""
    short: str = ""
    key: str = ""
    thread: str = ""
    lang: str = "zh"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of a mail."""
    trouble: str = ""
    """What went wrong with a template: then the form it makes is plain text instead."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", one_line(self.subject, SUBJECT_LENGTH))


def one_line(text: str, length: int) -> str:
    """`text` as one visible line of at most `length` characters, cut with "…"."""
    if len(text) <= length and text.isprintable() and "  " not in text and text == text.strip():
        return text if type(text) is str else str(text)
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
