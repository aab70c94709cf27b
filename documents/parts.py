"""One cell, several things: problems, units, and remarks that it was put right at once."""

import re
from functools import lru_cache
from typing import NamedTuple

from documents.numbering import Listed, listed
from documents.text import depths, flat

_EDGES = " \t\n　;；,，、:：。"
_LABEL_LEAD = re.compile(
    r"(?:主要|具体|存在)*(?:的)?(?:问题|隐患|情况)(?:描述|如下|有|是)*\s*[:：]?"
)
_MAY_SPLIT = re.compile(r"[;；\n①-⒛㈠-㈩]|\d\s*[、.．)）]|[(（]\s*[\d一]|一\s*[、.．]")

_FIXED = re.compile(
    r"已经?(?:全部|现场|当场|立即|及时|完成|按要求|按期)*(?:整改|立行立改|立改|改正)(?!通知|中|方案|计划)"
    r"|(?:现场|当场|即时|即刻|立行立改[,，]?|立整立改)[^,，;；。]{0,12}(?:已完成|整改完成|整改完毕|整改到位|改正)"
    r"|整改(?:已经?)(?:完成|完毕|到位)|^整改(?:完成|完毕|到位)$"
)
_NOT_FIXED = re.compile(
    r"未(?:能|及时|按要求|按期|全部|完全|彻底|见)*(?:整改|改正|完成|落实)|没有?整改|整改中|正在整改|待整改"
    r"|限期|需要?(?:立即|继续)?整改|应整改|要求.{0,6}整改|责令|拒不|整改不|不彻底|反弹|回潮|谎报|虚报|虚假|是否"
    r"|部分(?:已|整改)|仍|但未|又出现|再次出现|第\d+项|计划整改|拟整改|将整改"
)
_DONE_STATES = re.compile(
    r"已?(?:完成|销号|办结|闭环)|(?:已|已经)?(?:完成)?整改(?:完成|完毕|到位)?|是"
)

_UNIT_BREAKS = re.compile(r"[、,，;；/|\n]+")
_UNIT_END = (
    r"(?:局|委|办|委员会|办公室|街道|街道办事处|办事处|公司|集团|中心|医院|支队|大队|中队|管理处|管委会"
    r"|业委会|居委会|村委会|学校|大学|银行|法院|检察院|政府|社区|物业|协会|所|科技馆)"
)
_JOINED = re.compile(rf"(.{{2,}}?{_UNIT_END})\s*(?:和|与|及|以及)\s*(.{{2,}}{_UNIT_END})$")
_UNIT_LABEL = re.compile(
    r"(?:(?:整改|问题)*(?:牵头|责任|主要责任|配合|协同|协助|主办|协办|主体)+(?:单位|部门)?|单位|部门)\s*[:：]\s*"
)
_UNIT_ROLE = re.compile(r"[(（](牵头|主办|主责|责任|配合|协办|协助|协同|次责)(?:单位|部门)?[)）]")
_NOBODY = re.compile(
    r"(?:各|有关|相关|所有|上述|以上|全体)*(?:责任|成员|相关|有关)*(?:单位|部门)|各(?:街道|区|镇|乡|社区|县).{0,12}"
    r"|无|暂无|没有|[-—/\\]+|待定|待明确|待确定|待核实|不明|不详|无主|未知|责任不清|权属不清"
)
_COORDINATE = re.compile(
    r"^(?:请|提请|报请|恳请|建议|需|须|由|拟请)?.{0,30}?(?:协调|协商|会商|研究解决|研究确定|明确责任|明确职责|指定)"
)
_COORDINATE_VERBS = re.compile(
    r"^(?:请|提请|报请|恳请|建议|需|须|由|拟请)|解决$|处理$|明确$|落实$|责任$|协调$"
)


class Units(NamedTuple):
    """Who is named as responsible, the leading one first; or that it must be settled."""

    names: tuple[str, ...]
    coordinate: bool = False


def problems(text: str) -> list[str]:
    """The separate problems of one cell, in order, without their numbers.

    Split at numbered entries, or else at semicolons and line breaks; never at 、 and never
    inside brackets.
    """
    if not _MAY_SPLIT.search(text):
        return _tidied([text])
    entries = listed(text)
    return _tidied(_pieces(text) if entries is None else _entries(text, entries, frozenset()))


def is_fixed(text: str) -> bool:
    """Whether the words say it has been put right already ("现场已整改"); doubts count as no."""
    if "改" not in text:
        return False
    plain = flat(text)
    return bool(_FIXED.search(plain)) and not _NOT_FIXED.search(plain)


def is_done(state: str) -> bool:
    """Whether a status cell says the rectification is complete."""
    plain = re.sub(r"\s", "", flat(state))
    return plain != "整改" and bool(_DONE_STATES.fullmatch(plain))


@lru_cache(maxsize=4096)
def units(text: str) -> Units:
    """The units of a cell. "请…协调解决" and "各责任单位" name nobody."""
    spoken = [one for one in _ranked(text) if not _NOBODY.fullmatch(flat(one.name))]
    named = [one for one in spoken if not _asks_to_settle(one.name)]
    ordered = sorted(named, key=lambda one: one.rank)
    clean = (_UNIT_ROLE.sub("", one.name).strip() for one in ordered)
    names = tuple(dict.fromkeys(name for name in clean if name))
    return Units(names, coordinate=bool(spoken) and not names)


def _entries(text: str, entries: Listed, outer: frozenset[str]) -> list[str]:
    lead = entries.lead.strip()
    inside = outer | {entries.items[0].style}
    texts = [piece for item in entries.items for piece in _nested(item.text, inside)]
    if not lead or _LABEL_LEAD.fullmatch(lead):
        return texts
    if lead[-1] in ":：":
        return [lead + text.strip() for text in texts]
    if lead[-1] in "。;；\n,，":
        return [*_pieces(lead), *texts]
    # "破损处有(1)东侧(2)西侧" is one sentence with counted parts.
    return [text]


def _nested(text: str, outer: frozenset[str]) -> list[str]:
    inner = listed(text, outer)
    if inner is None or len(inner.items) < 2:
        return [text.replace("\n", "")]
    return _entries(text, inner, outer)


def _pieces(text: str) -> list[str]:
    pieces, start = [], 0
    for place, depth in enumerate(depths(text)):
        if depth == 0 and text[place] in ";；\n":
            pieces.append(text[start:place])
            start = place + 1
    return [*pieces, text[start:]]


def _tidied(pieces: list[str]) -> list[str]:
    found: list[str] = []
    for piece in pieces:
        clean = piece.strip(_EDGES)
        if found and is_fixed(clean) and len(clean) <= 12:
            found[-1] = f"{found[-1]}({clean.strip('()（）')})"
        elif clean:
            found.append(clean)
    return found


class _Ranked(NamedTuple):
    name: str
    rank: int


def _ranked(text: str) -> list[_Ranked]:
    """Every unit named, with its rank: 0 leads, 1 is responsible, 2 assists."""
    found: list[_Ranked] = []
    labels = [None, *_UNIT_LABEL.finditer(text)]
    ends = [*(label.start() for label in labels[1:] if label), len(text)]
    for label, end in zip(labels, ends, strict=True):
        stretch = text[label.end() if label else 0 : end]
        said = label[0] if label else ""
        found += [_Ranked(one, _rank(f"{said}{_role(one)}")) for one in _split_units(stretch)]
    return found


def _rank(words: str) -> int:
    if re.search("牵头|主办|主责", words):
        return 0
    return 2 if re.search("配合|协办|协助|协同|次责", words) else 1


def _role(unit: str) -> str:
    role = _UNIT_ROLE.search(unit)
    return role[1] if role else ""


def _split_units(text: str) -> list[str]:
    found: list[str] = []
    for piece in _outside_brackets(text):
        words = piece.split()
        spaced = words if all(len(word) > 1 for word in words) else ["".join(words)]
        found.extend(part for word in spaced for part in _unjoined(word))
    return [one.strip(_EDGES) for one in found if one.strip(_EDGES)]


def _outside_brackets(text: str) -> list[str]:
    pieces, start, open_brackets = [], 0, depths(text)
    for match in _UNIT_BREAKS.finditer(text):
        if open_brackets[match.start()] == 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]


def _unjoined(text: str) -> list[str]:
    """Two units around 和; "区城管与执法局" stays one, as 区城管 alone is no unit."""
    match = _JOINED.fullmatch(text)
    return [match[1], *_unjoined(match[2])] if match else [text]


def _asks_to_settle(text: str) -> bool:
    return bool(_COORDINATE.search(text)) and bool(_COORDINATE_VERBS.search(text))
