"""A ledger's table, from Excel, CSV or Word alike: header, rows, drafts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from documents.columns import Columns, columns_of, is_header, looked_for
from documents.dates import DateTrouble, find_date, find_year, read_date
from documents.paper import MAX_CELL, MAX_ROWS, PaperTrouble, Sheet, row_name, too_large
from documents.parts import Units, is_done, is_fixed, problems, units
from documents.places import area_of
from documents.text import flat, label, shorten, simplify
from models.finding import Draft
from models.words import Words

Row = tuple[str, ...]
Merge = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of merged cells, counted from 0."""

HEADER_WITHIN = 30
_MAX_FILLED = 2_000_000
_MAX_UNITS_TEXT = 500
_TOTAL = re.compile(r"^(?:合计|小计|总计|共计|累计|本页小计)")
_NOTE = re.compile(
    r"^(?:注|备注|说明|填表说明|附注|附)\s*\d?\s*[:、.]|^(?:填报|填表|制表|审核|审批|报送|统计|联系|负责)"
    r"(?:人|单位|部门|电话|日期)|^(?:单位负责人|联系电话|制表时间|填报时间|打印时间)"
)
_NUMERAL = re.compile(r"[\d.、()（）一二三四五六七八九十]+")
_BARE_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")
_LIMIT_UNIT = re.compile(r"[(\[](?:单位[:]?)?(\S*?(?:天|日|小时|工作时|周|月))[)\]]")


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells as text, row by row from the first, and which of them are merged."""

    name: str
    rows: list[Row]
    merges: Sequence[Merge] = ()


@dataclass(slots=True)
class _Above:
    """What the rows above leave to a row: the area, and the row it may continue."""

    area: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Layout:
    columns: Columns
    header: Row
    title: str
    year: int | None
    top: int
    """The first row below the header, counted from 0."""
    wide: frozenset[int]
    """Rows merged across most of the table: headings, not data."""


def read_grids(grids: Sequence[Grid], title: str = "") -> tuple[list[Sheet], list[Draft]]:
    """Every grid that has a header, read into drafts. Raises PaperTrouble when none has.

    `title` stands for the lines above the header where a grid has none of its own.
    """
    found = [(grid, layout) for grid in map(_filled, grids) if (layout := _layout(grid, title))]
    if not found:
        raise _no_header(grids)
    if sum(1 for grid, _ in found for row in grid.rows if any(row)) > MAX_ROWS:
        raise too_large(f"超过{MAX_ROWS}行", f"more than {MAX_ROWS} rows")
    drafts: list[Draft] = []
    for grid, layout in found:
        drafts.extend(_drafts(grid, layout, len(found)))
    return [_sheet(grid, layout) for grid, layout in found], drafts


def has_header(grid: Grid) -> bool:
    """Whether one of the first rows names the columns of a ledger."""
    return any(is_header(columns_of(row)) for row in grid.rows[:HEADER_WITHIN])


def _layout(grid: Grid, title: str) -> _Layout | None:
    for index, row in enumerate(grid.rows[:HEADER_WITHIN]):
        columns = columns_of(row)
        if is_header(columns):
            return _below(grid, index, row, columns, title=title)
    return None


def _below(grid: Grid, index: int, header: Row, columns: Columns, *, title: str) -> _Layout:
    """The layout under a header row, which merged cells may stretch over two rows."""
    title = _title(grid.rows[:index]) or shorten(simplify(title))
    top = index + 1
    second = grid.rows[top] if top < len(grid.rows) else ()
    if second and _repeats_header(second, header, columns):
        header = _two_rows(header, second)
        columns, top = columns_of(header), top + 1
    wide = frozenset(
        first[0]
        for first, last in grid.merges
        if first[0] == last[0] and last[1] - first[1] + 1 >= max(3, len(header) // 2)
    )
    return _Layout(columns, header, title, find_year(title), top, wide)


def _two_rows(upper: Row, lower: Row) -> Row:
    width = max(len(upper), len(lower))
    rows = (row + ("",) * (width - len(row)) for row in (upper, lower))
    return tuple(low or high for high, low in zip(*rows, strict=True))


def _title(above: Sequence[Row]) -> str:
    said = (text for row in above for text in row if text.strip())
    return shorten(simplify(next(said, "")))


def _sheet(grid: Grid, layout: _Layout) -> Sheet:
    columns = layout.columns
    problem = (columns.get("problem") or columns["title"])[0]
    above = (row for row in grid.rows[: layout.top] if any(row))
    titles = tuple(row for row in above if not is_header(columns_of(row)))
    return Sheet(grid.name, layout.header, titles, problem, "area" in columns)


def _filled(grid: Grid) -> Grid:
    """Merged cells give their value to every row they cover."""
    tall = [(first, last) for first, last in grid.merges if last[0] > first[0]]
    if not tall:
        return grid
    rows = [list(row) for row in grid.rows]
    filled = 0
    for (top, column), (bottom, _) in tall:
        if top >= len(rows) or column >= len(rows[top]) or not rows[top][column]:
            continue
        for index in range(top + 1, min(bottom + 1, len(rows))):
            rows[index] += [""] * (column + 1 - len(rows[index]))
            rows[index][column] = rows[index][column] or rows[top][column]
        filled += bottom - top
        if filled > _MAX_FILLED:
            raise too_large("合并单元格太多", "too many merged cells")
    return Grid(grid.name, [tuple(row) for row in rows], grid.merges)


def _drafts(grid: Grid, layout: _Layout, sheets: int) -> Iterator[Draft]:
    above = _Above()
    for index, row in enumerate(grid.rows[layout.top :], start=layout.top):
        name = row_name(grid.name, str(index + 1), sheets)
        yield from _row(row, name, layout, above, wide=index in layout.wide)


def _row(row: Row, name: str, layout: _Layout, above: _Above, *, wide: bool) -> list[Draft]:
    values = _values(row, layout.columns)
    if _is_blank(row, layout.columns):
        above.values = {}
        return []
    if _is_furniture(row, values, layout):
        return []
    if (area := _area_line(row, values, layout, wide=wide)) is not None:
        above.area, above.values = area, {}
        return []
    if _continues(values, above.values, layout.columns):
        inherited = {key: text for key, text in above.values.items() if not values.get(key)}
        values = values | inherited
        row = _with_inherited(row, inherited, layout.columns)
    above.values = {
        key: values.get(key, "")
        for key in (
            "place",
            "spot",
            "unit",
            "lead",
            "assisting",
            "limit",
            "found_on",
            "area",
            "batch",
        )
    }
    return _finding(values, row, name, layout, above.area)


def _values(row: Row, columns: Columns) -> dict[str, str]:
    """The first cell with text of each field; remarks are joined."""
    return {name: _value(row, name, where) for name, where in columns.items()}


def _value(row: Row, name: str, where: list[int]) -> str:
    texts = [text for at in where if at < len(row) and (text := row[at].strip())]
    if name == "remark":
        return simplify(";".join(texts))
    return simplify(texts[0]) if texts else ""


def _is_blank(row: Row, columns: Columns) -> bool:
    """Nothing written, or only the running number of an unused line of the form."""
    serial = columns.get("serial", ())
    said = ((at, text.strip()) for at, text in enumerate(row))
    return not any(text and not (at in serial and _NUMERAL.fullmatch(text)) for at, text in said)


def _is_furniture(row: Row, values: dict[str, str], layout: _Layout) -> bool:
    """Totals, notes and repeated headers."""
    first = flat(next(text for text in row if text.strip())[:60])
    if _TOTAL.match(re.sub(r"\s", "", first)):
        return True
    if _NOTE.match(first) and not (_place(values) and _problem(values)):
        return True
    return _repeats_header(row, layout.header, layout.columns)


def _repeats_header(row: Row, header: Row, columns: Columns) -> bool:
    keys = [
        where[0] for key in ("place", "spot", "problem", "title") if (where := columns.get(key))
    ]
    texts = [(row[at], header[at]) for at in keys if at < len(row) and row[at].strip()]
    return bool(texts) and all(label(said) == label(named) for said, named in texts)


def _area_line(row: Row, values: dict[str, str], layout: _Layout, *, wide: bool) -> str | None:
    """The area a line between the rows names for the rows below; None for a row of data."""
    serial = layout.columns.get("serial", layout.columns.get("number", []))
    numbered = any(at < len(row) and row[at].strip()[:1].isdigit() for at in serial)
    said = [text for at, text in enumerate(row) if text.strip() and at not in serial]
    if not said:
        said = [text for text in row if text.strip()]
        numbered = False
    if len(said) != 1 or numbered or len(said[0]) > 40:
        return None
    return area_of(said[0], heading=wide)


def _continues(values: dict[str, str], last: dict[str, str], columns: Columns) -> bool:
    """Whether a row without place carries on the one above, as unmerged cells do.

    A running number of its own, or without such a column a unit or limit of its own, makes
    it a row by itself: then its place is missing.
    """
    if _place(values) or not _problem(values) or not _place(last):
        return False
    if "serial" in columns or "number" in columns:
        return not (values.get("serial") or values.get("number"))
    return not (values.get("unit") or values.get("limit"))


def _with_inherited(row: Row, inherited: dict[str, str], columns: Columns) -> Row:
    cells = list(row) + [""] * (max(max(at) for at in columns.values()) + 1 - len(row))
    for key, text in inherited.items():
        if key in columns:
            cells[columns[key][0]] = text
    return tuple(cells)


def _place(values: dict[str, str]) -> str:
    site, spot = values.get("place", ""), values.get("spot", "")
    return site if spot in site else site + spot


def _problem(values: dict[str, str]) -> str:
    return values.get("problem") or values.get("title", "")


def _finding(
    values: dict[str, str], row: Row, name: str, layout: _Layout, area: str
) -> list[Draft]:
    too_long = [key for key, text in values.items() if len(text) > MAX_CELL]
    if len(values.get("unit", "")) > _MAX_UNITS_TEXT:
        too_long.append("unit")
    if too_long:
        return [_overlong(values, row, name)]
    texts = problems(_problem(values))
    draft = _draft(values, row, name, layout, area=area, texts=texts)
    if len(texts) < 2:
        return [draft]
    return [
        replace(
            draft,
            row=f"{name}({number})",
            problem=text,
            fixed_on_spot=draft.fixed_on_spot or is_fixed(text),
        )
        for number, text in enumerate(texts, start=1)
    ]


def _draft(
    values: dict[str, str], row: Row, name: str, layout: _Layout, *, area: str, texts: list[str]
) -> Draft:
    said = values.get
    batch = said("batch") or layout.title
    found_on, trouble = _found_on(said("found_on", ""), batch, layout)
    named = _units(values)
    remark = said("remark", "")
    fixed = len(texts) == 1 and is_fixed(texts[0])
    return Draft(
        row=name,
        place=re.sub(r"\s*\n\s*", "", _place(values)),
        problem=texts[0] if texts else "",
        area=area_of(said("area", ""), heading=True) or said("area") or area,
        category=said("category", ""),
        units=named.names,
        coordinate=named.coordinate,
        limit=_limit(values, layout, batch),
        found_on=found_on,
        fixed_on_spot=fixed or is_fixed(remark) or is_done(said("state", "")),
        inspector=said("inspector", ""),
        severity=said("severity", ""),
        number=said("number", ""),
        batch=batch,
        remark=remark,
        trouble=_join([*_missing(values, texts), *trouble]),
        cells=row,
    )


def _units(values: dict[str, str]) -> Units:
    """Lead, responsible and assisting columns as one list, the first leading."""
    named = [units(values.get(key, "")) for key in ("lead", "unit", "assisting")]
    names = tuple(dict.fromkeys(name for one in named for name in one.names))
    return Units(names, coordinate=not names and any(one.coordinate for one in named))


def _found_on(text: str, batch: str, layout: _Layout) -> tuple[date | None, list[Words]]:
    year = find_year(batch) or layout.year
    try:
        day = read_date(text, year)
    except DateTrouble as trouble:
        return None, [trouble.words]
    if day is None and not text:
        day = find_date(batch) or find_date(layout.title)
    return day, []


def _limit(values: dict[str, str], layout: _Layout, batch: str) -> str:
    """The limit as it stands; a deadline as an ISO date; "3" under "时限(天)" as "3天"."""
    text = values.get("limit", "")
    if not text:
        return ""
    if _BARE_NUMBER.fullmatch(text):
        head = flat(layout.header[layout.columns["limit"][0]])
        unit = _LIMIT_UNIT.search(head)
        return text + unit[1] if unit else text
    try:
        day = read_date(text, find_year(batch) or layout.year)
    except DateTrouble:
        return text
    return day.isoformat() if day else text


def _missing(values: dict[str, str], texts: list[str]) -> list[Words]:
    found = []
    if not _place(values):
        found.append(
            Words("地点缺失，请填写点位", "The place is missing; please say where the problem is")
        )
    if not texts:
        found.append(
            Words("问题缺失，请填写存在的问题", "The problem is missing; please say what was found")
        )
    return found


def _join(troubles: list[Words]) -> tuple[str, str] | None:
    if not troubles:
        return None
    return ";".join(one.zh for one in troubles), "; ".join(one.en for one in troubles)


def _overlong(values: dict[str, str], row: Row, name: str) -> Draft:
    return Draft(
        row=name,
        place=shorten(_place(values)),
        problem=shorten(_problem(values)),
        trouble=(
            f"这一行有单元格过长（一格最多{MAX_CELL}字，单位一格最多{_MAX_UNITS_TEXT}字），请精简后再导入",
            f"A cell of this row is too long (at most {MAX_CELL} characters, "
            f"{_MAX_UNITS_TEXT} for units); please shorten it and import again",
        ),
        cells=row,
    )


def _no_header(grids: Sequence[Grid]) -> PaperTrouble:
    lines = [row for grid in grids for row in grid.rows[:HEADER_WITHIN] if any(row)][:3]
    if not lines:
        return PaperTrouble(
            "文件是空的，没有可导入的内容", "The file is empty; there is nothing to import"
        )
    seen = " / ".join(shorten("|".join(text for text in row if text), 80) for row in lines)
    return PaperTrouble(
        f"没有找到表头。前{HEADER_WITHIN}行里要有一行同时写明地点和问题两列"
        f"（可用的列名如：{looked_for()}）；现在开头是：{seen}",
        f"No header found. One of the first {HEADER_WITHIN} rows must name at least a place and "
        f"a problem column (names such as: {looked_for()}); the file begins: {seen}",
    )
