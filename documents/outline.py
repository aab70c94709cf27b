"""The outline of a circular: which line hangs below which, by its marker."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from documents.fields import Field, fields
from documents.numbering import Item, listed, marker
from documents.parts import is_fixed
from documents.places import is_generic, is_site

BARE = "bare"
ISSUE = re.compile(r"^[(（]?(?:总)?第?.{0,8}第?\s*[\d一二三四五六七八九十]+\s*[期号][)）]?$")
DATE_LINE = re.compile(r"^[(（]?[〇零○一二三四五六七八九\d]{4}年.{1,4}月.{1,4}[日号][)）]?$")
_INTRO = re.compile(r"如下|现将|以下|下列|\d月\d+日|(?:检查|督查|排查|巡查|走访)(?:中|时)?发现")
_COLON = re.compile(r"[:：]|——|--")
_WITHIN = re.compile(
    r"(?:请|须|务必|要求|必须)[^。;；]{0,24}?(?:((?:\d+|[一二三四五六七八九十两]+)个?"
    r"(?:工作日|工作时|日|天|小时|周))(?:之|以)?内|((?:\d{4}年)?\d{1,2}月\d{1,2}日)(?:之|以)?前)"
)
_PROSE = re.compile(r"请|望|希望|以上|上述|特此|各|对|下一步|要求")
_ENDED = re.compile(r"[。;；.!！?？:：]\s*$")
_FULL_LINE = 20
"""Characters from which a line may have been broken by the margin."""


@dataclass(slots=True, eq=False)
class Node:
    """One entry of the outline, with the entries below it."""

    style: str
    number: int
    text: str
    raw: str
    fields: list[Field] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    parent: "Node | None" = field(default=None, repr=False)


def outline(plain: Sequence[str], body: int) -> Node:
    """The outline: a marker seen before goes back to its level, a new one goes deeper."""
    root = Node("", 0, "", "")
    last, joined = root, False
    for at in range(body, len(plain)):
        line = plain[at]
        if not line:
            joined = False
            continue
        begun = _begun(plain, at)
        if begun is not None:
            last = _hang(root, last, begun, line)
            joined = True
            continue
        joined = _attach(root, last, line, joined=joined)
    return root


def path_of(node: Node | None) -> list[Node]:
    """An entry and those above it, the innermost first."""
    found = []
    while node is not None and node.style:
        found.append(node)
        node = node.parent
    return found


def split_colon(text: str) -> tuple[str, str, str]:
    """ "街心公园:座椅破损" in its two halves and the colon; without one, all in the first."""
    match = _COLON.search(text)
    if match is None:
        return text.strip(), "", ""
    return text[: match.start()].strip(), match[0], text[match.end() :].strip()


def own_value(node: Node, name: str) -> str | None:
    """A value this entry states for itself alone, in brackets."""
    values = [one.value for one in node.fields if one.name == name and one.own]
    return "、".join(values) or None


def plain_value(node: Node, name: str) -> str | None:
    """A value said on a line of its own below the entry, for its whole site."""
    values = [f.value for f in node.fields if f.name == name and not f.own and not f.shared]
    return "、".join(values) or None


def shared_value(node: Node, name: str) -> str | None:
    """A value said of everything above ("以上问题责任单位")."""
    values = [f.value for f in node.fields if f.name == name and f.shared]
    return "、".join(values) or None


def any_value(node: Node, name: str) -> str:
    """A value the entry states in whatever way, or ""."""
    return next((one.value for one in node.fields if one.name == name), "")


def opens(plain: Sequence[str], at: int) -> bool:
    """Whether the first entry of the circular may begin with this line."""
    line = plain[at]
    return bool(line) and (marker(line) is not None or _is_heading(plain, at) or _is_entry(line))


def _begun(plain: Sequence[str], at: int) -> Item | None:
    """The entry a line begins: marked, or a heading or one-line finding without a marker."""
    line = plain[at]
    if (item := marker(line)) is not None:
        return item
    if _is_heading(plain, at) or _is_entry(line):
        return Item(BARE, 0, line)
    return None


def _is_heading(plain: Sequence[str], at: int) -> bool:
    """An unmarked short line right above an entry numbered 1, or 点位:…"""
    line = plain[at]
    rest, said = fields(line)
    if any(one.name == "place" for one in said):
        return True
    if (
        len(line) > 40
        or re.search(r"[。;；,，]$", line)
        or (said and not rest)
        or _is_imprint(line)
        or _INTRO.search(line)
    ):
        return False
    below = next((plain[one] for one in range(at + 1, len(plain)) if plain[one]), "")
    item = marker(below)
    begins_list = item is not None and item.number == 1
    states_problem = item is None and any(one.name == "problem" for one in fields(below)[1])
    return (begins_list or states_problem) and not re.search(r"[。;；]", line)


def _is_imprint(line: str) -> bool:
    """The issue number or the date of a circular, standing alone."""
    return bool(DATE_LINE.match(line) or ISSUE.match(line))


def _is_entry(line: str) -> bool:
    """An unmarked "市科技馆:灭火器过期"."""
    rest, _ = fields(line)
    head, colon, tail = split_colon(rest)
    return bool(colon and tail) and len(head) <= 20 and is_site(head) and not is_generic(head)


def _hang(root: Node, last: Node, item: Item, raw: str) -> Node:
    """Put an entry into the outline, and the entries inside its own line below it."""
    parent = _parent(root, last, item)
    styles = {item.style, *(one.style for one in path_of(parent))}
    inner = listed(item.text, frozenset(styles))
    many = inner is not None and len(inner.items) > 1 and _opens_list(inner.lead)
    text = inner.lead if inner is not None and many else item.text
    rest, said = fields(text)
    number = item.number or len(parent.children) + 1
    node = Node(item.style, number, rest, raw, said, parent=parent)
    parent.children.append(node)
    if inner is None or not many:
        return node
    deepest = node
    for one in inner.items:
        deepest = _hang(root, deepest, one, f"({one.number}){one.text}")
    return deepest


def _opens_list(lead: str) -> bool:
    return bool(re.search(r"[:：;；。)）]\s*$", lead)) or is_site(lead)


def _parent(root: Node, last: Node, item: Item) -> Node:
    path = path_of(last)
    for node in path:
        if node.style == item.style:
            return node.parent or root
    if item.style == BARE and item.number == 0 and path:
        is_open = not last.children and not _ENDED.search(last.text) and is_site(last.text)
        return last if is_open else _above_lists(root, path)
    return last


def _above_lists(root: Node, path: list[Node]) -> Node:
    """A bare line opens a new site beside the list it follows, under the same 一、 heading."""
    headings = [node for node in path if node.style.startswith("chinese")]
    return headings[0] if headings else root


def _attach(root: Node, last: Node, line: str, *, joined: bool) -> bool:
    """A line without marker: labelled values, the rest of a wrapped line, or plain prose."""
    rest, said = fields(line)
    if said:
        last.fields += [one._replace(own=False) for one in said]
        rest = rest.strip(" ;；,，。")
        if rest and last.style and not last.text:
            last.text = rest
        return False
    if within := _WITHIN.search(line):
        root.fields.append(Field("limit", within[1] or within[2], shared=True, own=False))
        return False
    is_remark = re.fullmatch(r"[(（].*[)）][。;；]?", line) and is_fixed(line)
    if last.style and (is_remark or (joined and _wraps(last, line))):
        last.text = (last.text.rstrip("。;；") if is_remark else last.text) + line
        last.raw += line
        return True
    return False


def _wraps(last: Node, line: str) -> bool:
    """Whether a line goes on in the middle of the sentence above it."""
    if last.children or _ENDED.search(last.text) or _PROSE.match(line):
        return False
    return last.text.endswith((",", "，", "、")) or len(last.raw) >= _FULL_LINE
