"""重复与反弹: is this finding one we already have, or one that came back?

A duplicate missed costs a supervisor one click; two problems merged by mistake lose one of
them. Every doubt is therefore decided for a new case.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache

import opencc
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from models.words import Words

NEAR_PLACE = 88.0
"""A site of four characters may carry one more (市科技馆, 市科技馆院: 89). 25号 and 235号 score
87 on a long address, but numbers are compared first and never come this far."""

SAME_WORDS = 85.0
"""One problem told twice, no category to help: above 电动车 and 摩托车未按指定区域停放 (82)."""

LIKE_WORDS = 66.0
"""One problem told by two people who agree on the category: 灭火器过期 and 灭火器超期未换 (67)."""

LONGEST = 4000
"""Texts longer than this many characters are only ever equal, never merely alike."""

REMEMBERED = 400
"""Texts up to this many characters are remembered in their folded form; a cell of 100 KB is not."""


class VerdictKind(StrEnum):
    """What a finding is beside those already known."""

    NEW = "new"
    DUPLICATE = "duplicate"
    RECURRENCE = "recurrence"

    @property
    def words(self) -> Words:
        return _KIND_WORDS[self]


_KIND_WORDS = {
    VerdictKind.NEW: Words("新问题", "new"),
    VerdictKind.DUPLICATE: Words("重复", "duplicate"),
    VerdictKind.RECURRENCE: Words("反弹", "recurrence"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A case already in the ledger, as far as duplicates are concerned. Instants are aware."""

    case_id: int
    number: str
    place: str
    category: str | None
    problem: str
    reported_at: datetime
    open: bool
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the finding is, of which case, and why."""

    kind: VerdictKind
    of: Seen | None
    reason: Words


# One spelling for one thing


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _traditional() -> frozenset[str]:
    """The characters that traditional-to-simplified folding can change."""
    hanzi = map(chr, range(0x3400, 0xA000))
    return frozenset(c for c in hanzi if _converter().convert(c) != c)


def plain(text: str) -> str:
    """`text` in half-width, lower-case, simplified characters; punctuation is kept."""
    text = unicodedata.normalize("NFKC", text).lower()
    if text.isascii() or _traditional().isdisjoint(text):
        return text
    return str(_converter().convert(text))


_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\W_]+(?=\d)")
_NOISE = re.compile(r"[^\w-]+|_+|(?<!\d)-+|-+(?!\d)")


def folded(text: str) -> str:
    """`plain` text without spaces and punctuation; a hyphen keeps two numbers apart (3-201)."""
    return _NOISE.sub("", _BETWEEN_DIGITS.sub("-", plain(text)))


_NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_COUNTED = "号幢栋单元层室楼座弄组期区排门户院巷"
_CHINESE = "[零〇一二两三四五六七八九十百千]+"
_NUMBERED = re.compile(rf"(?<=第){_CHINESE}|{_CHINESE}(?=[{_COUNTED}])")


def _number(chinese: str) -> str:
    """二十五 → 25, 三〇二 → 302: counted when it holds tens, else read digit by digit."""
    if not any(c in _TENS for c in chinese):
        return "".join(str(_NUMERALS[c]) for c in chinese)
    total = digit = 0
    for c in chinese:
        if c in _TENS:
            total += (digit or 1) * _TENS[c]
            digit = 0
        else:
            digit = _NUMERALS[c]
    return str(total + digit)


_TAIL = re.compile(r"(?<=..)(?:内|附近|旁边|周边|一带)+$")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def place_key(place: str) -> str:
    """The normal form of a place: an index key, so that an equality query finds candidates.

    Width, case, spaces, punctuation, traditional characters, Chinese numerals before 号, 幢,
    单元 and the like, leading zeros, and a closing 内 or 附近 no longer matter. Places that
    `same_place` holds merely near-identical may have different keys: the index finds equal
    normal forms only. A place of nothing but punctuation has the empty key.
    """
    return _remembered_key(place) if len(place) <= REMEMBERED else _key(place)


def _key(place: str) -> str:
    text = folded(place)
    text = _NUMBERED.sub(lambda found: _number(found.group()), text)
    text = _ZEROS.sub("", text)
    return _TAIL.sub("", text)


_remembered_key = lru_cache(maxsize=16_384)(_key)

# Same place


_DIGITS = re.compile(r"\d+")
_MARKS = re.compile(
    r"\d+|[a-z零〇一二两三四五六七八九十百千东南西北中上下左右前后对旁侧外分新老旧大甲乙丙丁]|小(?!区)"
)


def digits(address: str) -> tuple[str, ...]:
    """The numbers of an address in order: 东龙路二十五号3幢 → ("25", "3")."""
    return tuple(_DIGITS.findall(place_key(address)))


def _marks(key: str) -> list[str]:
    """What tells neighbours apart: numbers, and in one character letters, sides, 新 and 老."""
    return _MARKS.findall(key)


def same_place(a: str, b: str) -> bool:
    """Whether two descriptions name one place.

    Numbers and sides must be equal. Then the normal forms must be equal, or one must hold the
    other in order with little added: an exchanged character is another place, however long
    the name (龙泉, 龙山社区卫生服务中心).
    """
    return _same_key(place_key(a), place_key(b))


def _same_key(a: str, b: str) -> bool:
    if a == b:
        return True
    if max(len(a), len(b)) > LONGEST or _marks(a) != _marks(b):
        return False
    if fuzz.ratio(a, b, score_cutoff=NEAR_PLACE) < NEAR_PLACE:
        return False
    return LCSseq.similarity(a, b) == min(len(a), len(b))


# Same problem


_ORDINAL = re.compile(
    r"[0-9]+|[一二两三四五六七八九十]+(?=[楼层号处个栋幢])|[东南西北](?=[侧面区边门])"
)
_SPOT = re.compile(
    r"食堂|大厅|门诊|住院|病房|急诊|楼道|楼梯|电梯|卫生间|厕所|公厕|停车场|停车库|车库|车棚|机房"
    r"|会议室|办公室|教室|宿舍|厨房|仓库|阅览室|门卫|大门|前门|后门|广场|草坪|花坛|阳台|屋顶"
)


def _problem(text: str) -> tuple[str, list[str], frozenset[str]]:
    """A problem folded, its numbers and sides, and the parts of the site it names."""
    return _remembered_problem(text) if len(text) <= REMEMBERED else _told(text)


def _told(text: str) -> tuple[str, list[str], frozenset[str]]:
    words = folded(text)
    return words, _ORDINAL.findall(words), frozenset(_SPOT.findall(words))


_remembered_problem = lru_cache(maxsize=4_096)(_told)


def same_problem(a: str, b: str) -> bool:
    """Whether two texts tell one problem when no category is known."""
    return _alike(a, b, SAME_WORDS)


def _alike(a: str, b: str, least: float) -> bool:
    one, one_numbers, one_spots = _problem(a)
    other, other_numbers, other_spots = _problem(b)
    if one == other:
        return True
    if max(len(one), len(other)) > LONGEST:
        return False
    if one_numbers != other_numbers or _elsewhere(one_spots, other_spots):
        return False
    return fuzz.ratio(one, other, score_cutoff=least) >= least


def _elsewhere(one: frozenset[str], other: frozenset[str]) -> bool:
    """Both name a part of the site, and not the same one: 食堂 is not 大厅."""
    return bool(one and other and one.isdisjoint(other))


# The verdict


def judge(
    place: str,
    category: str | None,
    problem: str,
    at: datetime,
    seen: Iterable[Seen],
    *,
    window: timedelta,
    look_back: timedelta,
) -> Verdict:
    """Whether a finding reported `at` is new, a duplicate, or a recurrence, of which, and why.

    A duplicate is an open case at the same place, reported within `window` before `at`, with
    the same category and a like problem. Where either category is unknown, and between two
    findings of one instant (rows of one ledger, whose author does not tell one thing in two
    ways), the problem must be the same almost word for word. A recurrence is a case at the
    same place closed within `look_back` before `at`, with the same category, or the same
    problem where either is unknown; it opens a case of its own, so its words may differ.
    The newest of several wins. What was reported or closed after `at` is not yet known, and a
    finding without a place is always new.
    """
    key = place_key(place)
    if not key:
        return Verdict(VerdictKind.NEW, None, _NO_PLACE)
    known = [s for s in seen if s.reported_at <= at and _same_key(key, place_key(s.place))]
    again = [s for s in known if _is_duplicate(s, category, problem, at, window)]
    if again:
        return _duplicate(max(again, key=_reported))
    back = [s for s in known if _is_recurrence(s, category, problem, at, look_back)]
    if back:
        return _recurrence(max(back, key=_closed))
    if known:
        return Verdict(VerdictKind.NEW, None, _OTHER_PROBLEM)
    return Verdict(VerdictKind.NEW, None, _OTHER_PLACE)


def _is_duplicate(
    seen: Seen, category: str | None, problem: str, at: datetime, window: timedelta
) -> bool:
    if not seen.open or at - seen.reported_at > window:
        return False
    if not _may_agree(seen.category, category):
        return False
    close = bool(category and seen.category) and seen.reported_at != at
    return _alike(seen.problem, problem, LIKE_WORDS if close else SAME_WORDS)


def _is_recurrence(
    seen: Seen, category: str | None, problem: str, at: datetime, look_back: timedelta
) -> bool:
    if seen.open or seen.closed_at is None:
        return False
    if not timedelta(0) <= at - seen.closed_at <= look_back:
        return False
    if not (category and seen.category):
        return same_problem(seen.problem, problem)
    _, _, here = _problem(problem)
    _, _, there = _problem(seen.problem)
    return category == seen.category and not _elsewhere(here, there)


def _may_agree(one: str | None, other: str | None) -> bool:
    return not one or not other or one == other


def _reported(seen: Seen) -> tuple[datetime, int]:
    return seen.reported_at, seen.case_id


def _closed(seen: Seen) -> tuple[datetime, int]:
    return seen.closed_at or seen.reported_at, seen.case_id


_NO_PLACE = Words("未写明点位，无从比对", "no place is named, so nothing can be compared")
_OTHER_PLACE = Words("该点位没有在案的问题", "nothing is known at this place")
_OTHER_PROBLEM = Words("该点位在案的是另外的问题", "what is known at this place is another problem")


def _duplicate(of: Seen) -> Verdict:
    reason = Words(
        f"与{of.number}重复：同一点位、同一问题，该案尚未销号",
        f"duplicate of {of.number}: same place, same problem, and that case is still open",
    )
    return Verdict(VerdictKind.DUPLICATE, of, reason)


def _recurrence(of: Seen) -> Verdict:
    reason = Words(
        f"{of.number}反弹：同一点位、同类问题，该案销号后再次出现",
        f"recurrence of {of.number}: the same kind of problem is back after that case was closed",
    )
    return Verdict(VerdictKind.RECURRENCE, of, reason)
