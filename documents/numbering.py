"""Numbered lists inside running text: 一、 (一) 1. (1) ①, half- and full-width."""

import re
from typing import NamedTuple

from documents.text import depths

_CN = "一二三四五六七八九十"
_CN_VALUES = {
    f"{_CN[tens - 1] if tens > 1 else ''}{'十' if tens else ''}{_CN[ones - 1] if ones else ''}": (
        tens * 10 + ones
    )
    for tens in range(10)
    for ones in range(10)
    if tens or ones
}
STYLES: dict[str, re.Pattern[str]] = {
    "chinese": re.compile(rf"([{_CN}]{{1,3}})\s*[、.．]\s*"),
    "chinese brackets": re.compile(rf"[(（]\s*([{_CN}]{{1,3}})\s*[)）][、.．]?\s*|([㈠-㈩])\s*"),
    "plain": re.compile(r"(?<![\d.．(（])(\d{1,3})\s*(?:[、)）]|[.．](?!\d))\s*|([⒈-⒛])\s*"),
    "brackets": re.compile(r"[(（]\s*(\d{1,3})\s*[)）][、.．]?\s*|([⑴-⒇])\s*"),
    "circled": re.compile(r"([①-⑳])[、.．]?\s*"),
}
_FIRST_SYMBOLS = "①⑴⒈㈠"
_ANY = re.compile(rf"[①-⒛㈠-㈩]|[(（]\s*[\d{_CN}]|\d\s*[、..．)）]|[{_CN}]\s*[、.．]")
_BREAK = "\n\t 　;；。:：,，!！)）"


class Item(NamedTuple):
    """One entry of a list: how it is marked, its number and its text."""

    style: str
    number: int
    text: str


class Listed(NamedTuple):
    """A text that turned out to be a list, and what stood before its first entry."""

    lead: str
    items: list[Item]


class _Mark(NamedTuple):
    start: int
    end: int
    number: int


def marker(text: str) -> Item | None:
    """The entry this line begins, or None when it begins with no marker."""
    for style, pattern in STYLES.items():
        if match := pattern.match(text):
            return Item(style, _value(match), text[match.end() :])
    return None


def listed(text: str, outer: frozenset[str] = frozenset()) -> Listed | None:
    """The text as a list counted from 1, or None.

    Entries must count 1, 2, 3 ... in one style and stand outside brackets: "6月、7月" and
    "3.5米" are no list. One lone entry counts only at the very start. Styles in `outer`
    belong to a list around this text and are passed over.
    """
    if not _ANY.search(text):
        return None
    open_brackets = depths(text)
    found = [(style, _marks(text, style, open_brackets)) for style in STYLES if style not in outer]
    lists = [(style, marks) for style, marks in found if _is_list(text, marks)]
    if not lists:
        return None
    style, marks = min(lists, key=lambda one: one[1][0].start)
    ends = [mark.start for mark in marks[1:]] + [len(text)]
    items = [
        Item(style, mark.number, text[mark.end : end])
        for mark, end in zip(marks, ends, strict=True)
    ]
    return Listed(text[: marks[0].start], items)


def _marks(text: str, style: str, open_brackets: list[int]) -> list[_Mark]:
    marks: list[_Mark] = []
    for match in STYLES[style].finditer(text):
        in_place = _value(match) == len(marks) + 1 and open_brackets[match.start()] == 0
        if in_place and _may_begin(text, style, match, first=not marks):
            marks.append(_Mark(match.start(), match.end(), len(marks) + 1))
    return marks


def _may_begin(text: str, style: str, match: re.Match[str], *, first: bool) -> bool:
    """Whether a new entry may begin here, judged by what stands around it."""
    before = text[match.start() - 1] if match.start() else "\n"
    if before in _BREAK:
        return True
    if style in ("circled", "brackets", "chinese brackets"):
        return True
    after = text[match.end() : match.end() + 1]
    return style == "plain" and not first and not after.isdigit()


def _is_list(text: str, marks: list[_Mark]) -> bool:
    if not marks:
        return False
    if len(marks) == 1:
        after = text[marks[0].end : marks[0].end + 1]
        return not text[: marks[0].start].strip() and not after.isdigit()
    return True


def _value(match: re.Match[str]) -> int:
    text = next(group for group in match.groups() if group)
    if text.isdecimal():
        return int(text)
    if text in _CN_VALUES:
        return _CN_VALUES[text]
    offsets = (ord(text) - ord(first) for first in _FIRST_SYMBOLS)
    return next(offset + 1 for offset in offsets if 0 <= offset < 20)
