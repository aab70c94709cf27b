"""Labelled parts of a circular's lines: 责任单位:… 整改时限:… 点位:… 检查时间:…"""

import re
from typing import NamedTuple

from documents.text import depths

_LABELS = {
    "unit": (
        r"(?:(?:以上|上述|该|此|本|存在)?[^\s:：;；。,，、()（）]{0,6}?)?(?:牵头|责任|配合|协同|整改|主责)"
        r"(?:单位|部门|主体)"
    ),
    "limit": (
        r"(?:(?:以上|上述|该|此|本)?(?:各|所有)?(?:点位|问题)?)?(?:整改|完成|办理|处置)*(?:的)?"
        r"(?:时限|期限|截止日期|截止时间|时间要求)"
    ),
    "found": r"(?:检查|督查|发现|排查|巡查|测评)(?:时间|日期)",
    "place": (
        r"(?:具体|问题|检查|督查)?点位(?:名称|[一二三四五六七八九十\d]+)?"
        r"|(?:具体|问题)?(?:地点|位置|地址)"
    ),
    "problem": r"(?:主要|具体|存在|发现)?的?(?:主要)?问题(?:描述|内容)?",
}
_ANY = re.compile(
    "|".join(f"(?P<{name}>{pattern})" for name, pattern in _LABELS.items()).join(
        (r"(?<![一-鿿])(?:", r")\s*(?:[:：]|均?为(?=[\d一-鿿]))\s*")
    )
)
_SHARED = re.compile(r"^(?:以上|上述|各|所有)")
_EDGES = " \t　;；,，。、"


class Field(NamedTuple):
    """One labelled value of a line."""

    name: str
    value: str
    shared: bool
    """Said of everything above it ("以上问题责任单位")."""
    own: bool
    """Said in brackets, so of this entry alone."""


def fields(line: str) -> tuple[str, list[Field]]:
    """What is left of a line without its labelled parts, and those parts in order."""
    marks = list(_ANY.finditer(line))
    if not marks:
        return line, []
    open_brackets = depths(line)
    found, rest, place = [], [], 0
    for index, mark in enumerate(marks):
        following = marks[index + 1].start() if index + 1 < len(marks) else len(line)
        inside = open_brackets[mark.start()] > 0
        end = _end(line, mark.end(), following, open_brackets) if inside else following
        end = end if inside else _sentence_end(line, mark.end(), end)
        name = str(mark.lastgroup)
        value = line[mark.end() : end].strip(_EDGES)
        found.append(Field(name, value, bool(_SHARED.match(mark[0])), inside))
        rest.append(line[place : mark.start()])
        place = end
    rest.append(line[place:])
    return _without_empty_brackets("".join(rest)), found


def _end(line: str, start: int, stop: int, open_brackets: list[int]) -> int:
    """Where the bracket around a value closes."""
    depth = open_brackets[start - 1]
    return next((at for at in range(start, stop) if open_brackets[at] < depth), stop)


def _sentence_end(line: str, start: int, stop: int) -> int:
    at = line.find("。", start, stop)
    return stop if at < 0 else at


def _without_empty_brackets(text: str) -> str:
    return re.sub(r"[(（\[【][\s;；,，、。]*[)）\]】]", "", text).strip()
