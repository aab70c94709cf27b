"""A circular in words: 点位 → numbered problems → 责任单位 → 时限, nested as it may be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from documents.dates import find_date, find_year
from documents.fields import fields
from documents.numbering import marker
from documents.outline import (
    BARE,
    DATE_LINE,
    ISSUE,
    Node,
    any_value,
    opens,
    outline,
    own_value,
    path_of,
    plain_value,
    shared_value,
    split_colon,
)
from documents.paper import MAX_CELL, MAX_ROWS, REASON, PaperTrouble, too_large
from documents.parts import is_fixed, problems, units
from documents.places import area_of, bare_name, is_generic, is_kind, is_office, is_site, site_name
from documents.text import flat, label, shorten, simplify
from models.finding import Draft

_TITLE = re.compile(r"通报|清单|督查|检查|通知|情况|第.{1,4}期|简报|交办|排查|问题|台账|专报|曝光")
_NO_FINDINGS = re.compile(
    r"要求|下一步|亮点|成效|基本情况|总体情况|概况|红榜|表扬|做得好|整改较好|督查情况|检查情况|工作建议|主送|抄送"
    r"|好的方面|主要做法|整改完成|组织领导|考核|值得肯定"
)
_FINDINGS = re.compile(r"问题|黑榜|不足|曝光|隐患")
_MOST_PEERS = 500
"""One-line sites that one closing line can serve."""
_LEAD_IN = re.compile(r"(?:存在|发现|主要|有|以下|下列|如下|的|问题|情况|具体|隐患)*")

Trouble = tuple[str, str]
_NO_PLACE = (
    "地点缺失：读不出这一条说的是哪个点位，请写成“点位：问题”",
    "The place is missing: this entry does not say which site it is about; write 点位：问题",
)
_NO_PROBLEM = (
    "问题缺失：这个点位下没有写明问题",
    "The problem is missing: nothing is said to be wrong at this site",
)
_TOO_LONG = (
    f"这一条过长（最多{MAX_CELL}字），请精简后再导入",
    f"This entry is too long (at most {MAX_CELL} characters); please shorten it and import again",
)


@dataclass(slots=True, eq=False)
class _Found:
    """A draft on its way: unit and limit may still be named further down."""

    node: Node
    site: Node
    section: Node | None
    place: str
    problem: str
    area: str
    unit: str | None
    limit: str | None
    found_on: date | None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Circular:
    """What a text says: its title, the lines before the first entry, and the findings."""

    title: str
    preface: tuple[str, ...]
    drafts: list[Draft]


def read_lines(lines: Sequence[str]) -> Circular:
    """Read a circular line by line. Raises PaperTrouble when it holds no finding."""
    if len(lines) > MAX_ROWS:
        raise too_large(f"超过{MAX_ROWS}行", f"more than {MAX_ROWS} lines")
    said = [line for line in lines if not label(line[:40]).startswith(REASON)]
    plain = [simplify(line) for line in said]
    title, body = _title(plain)
    batch = _batch(title, plain)
    root = outline(plain, body)
    preface = _preface(said, plain, body)
    day = find_date("\n".join(plain[:body] + _intro(plain, body)), find_year("\n".join(plain)))
    drafts = _drafts(root, batch, day)
    if not drafts:
        raise no_finding()
    return Circular(title, preface, drafts)


def no_finding() -> PaperTrouble:
    """A text in which nothing looks like a finding, with an example of what would."""
    return PaperTrouble(
        "没有找到任何问题。通报请写成这样：\n1. 市科技馆\n（1）灭火器过期未更换；\n"
        "责任单位：市科技馆 整改时限：3天",
        "No finding was found. A circular looks like this:\n1. 市科技馆\n（1）灭火器过期未更换；\n"
        "责任单位：市科技馆 整改时限：3天",
    )


def _title(plain: Sequence[str]) -> tuple[str, int]:
    """The title, and the first line after it."""
    first = next((at for at, line in enumerate(plain) if line), 0)
    line = plain[first] if plain else ""
    is_title = len(line) <= 60 and not marker(line) and not fields(line)[1] and _TITLE.search(line)
    if is_title and not re.search(r"[。;；]$", line):
        return line, first + 1
    return "", first


def _batch(title: str, plain: Sequence[str]) -> str:
    """Title, issue number and issue date, as far as the paper has them."""
    short = [line for line in plain if line and len(line) <= 30]
    issue = next((line for line in short[:4] if line != title and ISSUE.match(line)), "")
    ends = short[:4] + short[-4:]
    issued = next(
        (day for line in ends if DATE_LINE.match(line) and (day := find_date(line))), None
    )
    return " ".join(one for one in (title, issue, issued.isoformat() if issued else "") if one)


def _intro(plain: Sequence[str], body: int) -> list[str]:
    found = []
    for line in plain[body:]:
        if marker(line):
            break
        if not DATE_LINE.match(line):
            found.append(line)
    return found


def _preface(said: Sequence[str], plain: Sequence[str], body: int) -> tuple[str, ...]:
    end = body + next((at for at, line in enumerate(plain[body:]) if opens(plain, body + at)), 0)
    return tuple(line for line in said[:end] if line.strip())


def _drafts(root: Node, batch: str, day: date | None) -> list[Draft]:
    found = [one for node in root.children for one in _findings(node, None)]
    _name_units(found)
    whole_limit = next((one.value for one in root.fields if one.name == "limit"), "")
    whole_unit = next((one.value for one in root.fields if one.name == "unit"), "")
    rows = _row_names(found)
    return [
        _draft(one, row, batch, day, whole=(whole_unit, whole_limit))
        for one, row in zip(found, rows, strict=True)
    ]


def _findings(node: Node, section: Node | None) -> Iterator[_Found]:
    """The findings of one entry and below, in the order of the paper."""
    if _is_praise(node):
        return
    if not node.children:
        yield from _leaf(node, section)
        return
    head, colon, tail = split_colon(node.text)
    if colon and tail and not _LEAD_IN.fullmatch(tail) and is_site(head):
        yield from _told(node, node, section, _place(node), tail)
    for child in node.children:
        yield from _findings(child, section or node)


def _is_praise(node: Node) -> bool:
    """Sections that report or demand, without findings: 工作要求, 红榜, 基本情况."""
    text = bare_name(split_colon(node.text)[0])
    is_top = node.parent is not None and not any(is_site(one.text) for one in path_of(node.parent))
    return (
        is_top
        and len(text) <= 24
        and bool(_NO_FINDINGS.search(text))
        and not _FINDINGS.search(text)
    )


def _leaf(node: Node, section: Node | None) -> Iterator[_Found]:
    parent = node.parent
    said = {one.name: one.value for one in node.fields}
    if said.get("place"):
        problem = said.get("problem") or node.text
        yield from _told(node, node, section, _spot(said["place"]), problem)
        return
    if said.get("problem") and node.text:
        place = _joined_place(parent, site_name(node.text))
        yield from _told(node, node, section, place, said["problem"])
        return
    text = said.get("problem") or node.text
    if not text.strip(" ;；。,，:："):
        return
    if parent is not None and _is_site_node(parent):
        yield from _told(node, parent, section, _place(parent), text)
        return
    yield from _one_liner(node, section, text)


def _one_liner(node: Node, section: Node | None, text: str) -> Iterator[_Found]:
    """ "街心公园:座椅破损", "街心公园,座椅破损", or trouble."""
    head, colon, tail = split_colon(text)
    if colon and head and tail and len(head) <= 40:
        yield from _told(node, node, section, _joined_place(node.parent, site_name(head)), tail)
        return
    comma = re.match(r"([^,，\s]{2,24})[,，\s]\s*(.+)", text, re.DOTALL)
    if comma and is_site(comma[1]) and not is_generic(comma[1]):
        yield from _told(node, node, section, _joined_place(node.parent, comma[1]), comma[2])
        return
    name = bare_name(text)
    if is_generic(name) or (node.style.startswith("chinese") and area_of(name)):
        return
    if is_site(name) and len(name) <= 24:
        yield _found(node, node, section, name, "", trouble=_NO_PROBLEM)
        return
    if node.style != BARE:
        yield _found(node, node, section, "", text.strip(), trouble=_NO_PLACE)


def _told(node: Node, site: Node, section: Node | None, place: str, text: str) -> Iterator[_Found]:
    if len(text) > MAX_CELL or len(place) > MAX_CELL:
        yield _found(node, site, section, shorten(place), shorten(text), trouble=_TOO_LONG)
        return
    lead = re.match(rf"(?:{_LEAD_IN.pattern})[:：]\s*", text)
    pieces = problems(text[lead.end() :] if lead else text)
    for piece in pieces:
        yield _found(node, site, section, place, piece, trouble=None if place else _NO_PLACE)
    if not pieces:
        yield _found(node, site, section, place, "", trouble=_NO_PROBLEM)


def _found(
    node: Node,
    site: Node,
    section: Node | None,
    place: str,
    problem: str,
    *,
    trouble: Trouble | None,
) -> _Found:
    above = path_of(node)
    return _Found(
        node=node,
        site=site,
        section=section,
        place=place,
        problem=problem,
        area=next((area for one in above[1:] if (area := _area(one))), ""),
        unit=own_value(node, "unit"),
        limit=own_value(node, "limit"),
        found_on=next((day for one in above if (day := find_date(any_value(one, "found")))), None),
        trouble=trouble,
    )


def _is_site_node(node: Node) -> bool:
    """Whether the entries below are problems of this one place, not places themselves."""
    if any_value(node, "place"):
        return True
    name = site_name(split_colon(node.text)[0])
    if not node.style or not name or is_generic(name):
        return False
    below = [child for child in node.children if not child.children]
    if is_kind(name) and len(below) < len(node.children):
        return False
    coloned = [child for child in below if split_colon(child.text)[1]]
    are_places = bool(below) and len(coloned) == len(below)
    if are_places and (is_kind(name) or is_office(name) or area_of(name) or not is_site(name)):
        return False
    if any(child.children for child in node.children) and node.style.startswith("chinese"):
        return is_site(name) and not is_office(name) and not area_of(name)
    return not (node.style == "chinese" and area_of(name) and not is_site(name))


def _place(node: Node) -> str:
    stated = any_value(node, "place")
    name = _spot(stated) if stated else site_name(split_colon(node.text)[0])
    return _joined_place(node.parent, name)


def _joined_place(parent: Node | None, name: str) -> str:
    """The place with the site around it: 市科技馆 → 一楼大厅 gives 市科技馆一楼大厅."""
    for node in path_of(parent):
        around = site_name(split_colon(node.text)[0])
        is_chapter = is_generic(around) or is_kind(around)
        plain = around and not is_chapter and not area_of(around) and not is_office(around)
        named = is_site(around) or not node.style.startswith("chinese")
        if plain and named and around not in name:
            name = around + name
    return name


def _spot(text: str) -> str:
    return re.sub(r"\s*\n\s*", "", text).strip()


def _area(node: Node) -> str:
    name = bare_name(node.text)
    if not node.children or (_is_site_node(node) and not node.style.startswith("chinese")):
        return ""
    return area_of(name) or ""


def _name_units(found: list[_Found]) -> None:
    """Give each finding the unit and the limit that the paper names for it.

    In order: what its own entry says in brackets; the line that closes its site; a heading
    above; a line that closes several sites ("以上问题责任单位").
    """
    for name in ("unit", "limit"):
        _by_closing_lines(found, name)
        _by_headings(found, name)
        _by_shared_lines(found, name)


def _by_closing_lines(found: list[_Found], name: str) -> None:
    for index, one in enumerate(found):
        if index + 1 < len(found) and found[index + 1].node is one.node:
            continue
        value = plain_value(one.node, name)
        if value is None:
            continue
        for earlier in reversed(found[: index + 1]):
            if earlier.site is not one.site:
                break
            if getattr(earlier, name) is None:
                setattr(earlier, name, value)


def _by_headings(found: list[_Found], name: str) -> None:
    for one in found:
        if getattr(one, name) is not None:
            continue
        for node in path_of(one.node.parent):
            value = own_value(node, name) or plain_value(node, name)
            if value is None and name == "unit" and node.children and not _is_site_node(node):
                heading = bare_name(node.text)
                value = heading if is_office(heading) and not area_of(heading) else None
            if value is not None:
                setattr(one, name, value)
                break


def _by_shared_lines(found: list[_Found], name: str) -> None:
    """A closing line serves what stands above it and is still without, section by section."""
    for index, one in enumerate(found):
        value = shared_value(one.node, name)
        alone = value is None and _closes_one_liners(found, index, name)
        if alone:
            value = getattr(one, name)
        if value is None:
            continue
        waiting = [other for other in found[: index + 1] if getattr(other, name) is None]
        whole = not alone and len(waiting) == index + 1
        for earlier in waiting:
            if whole or earlier.site.parent is one.site.parent:
                setattr(earlier, name, value)


def _closes_one_liners(found: list[_Found], index: int, name: str) -> bool:
    """Several sites of one line each, and one line after the last: it is meant for them all."""
    one = found[index]
    ends = index + 1 == len(found) or found[index + 1].section is not one.section
    if not ends or plain_value(one.node, name) is None:
        return False
    above = reversed(found[max(0, index - _MOST_PEERS) : index + 1])
    peers = list(takewhile(lambda other: other.section is one.section, above))
    others = [other for other in peers if other.node is not one.node]
    lonely = all(getattr(other, name) is None for other in others)
    return bool(others) and lonely and all(other.site is other.node for other in peers)


def _row_names(found: list[_Found]) -> list[str]:
    """ "4(2)": the second problem of entry 4; "一/4(2)" where entries are numbered anew."""
    heads = [_head(one) for one in found]
    counts: dict[str, int] = {}
    for head in heads:
        counts[head] = counts.get(head, 0) + 1
    seen: dict[str, int] = {}
    names = []
    for head in heads:
        seen[head] = seen.get(head, 0) + 1
        names.append(f"{head}({seen[head]})" if counts[head] > 1 else head)
    return names


def _head(one: _Found) -> str:
    return "/".join(str(node.number) for node in reversed(path_of(one.site))) or "1"


def _draft(one: _Found, row: str, batch: str, day: date | None, *, whole: tuple[str, str]) -> Draft:
    named = units(one.unit or whole[0])
    limit = one.limit or whole[1]
    return Draft(
        row=row,
        place=one.place,
        problem=one.problem,
        area=one.area,
        units=named.names,
        coordinate=named.coordinate,
        limit=_limit(limit, batch),
        found_on=one.found_on or day,
        fixed_on_spot=is_fixed(one.problem),
        batch=batch,
        trouble=one.trouble,
        cells=(one.node.raw,),
    )


def _limit(text: str, batch: str) -> str:
    day = find_date(text, find_year(batch))
    return day.isoformat() if day else flat(text)
