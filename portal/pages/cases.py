"""全部案件: every case in scope, filtered; the wall drills down to here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from documents.exported import Cell
from ledger import lists
from ledger.lists import CaseLine, Order, Wanted
from ledger.sweeps import pauses_of
from models.case import Status
from models.words import Words
from portal.house import At, House, InHouse
from portal.narrowing import Given, Narrowed, area_named, choices, next_midnight
from portal.seeing import asking
from portal.templating import render, say
from portal.watching import Watcher
from portal.workbooks import above, workbook
from rules.countdown import HANDLED, Countdown, countdown
from rules.lifecycle import OPEN_STATUSES
from rules.permission import Viewer

router = APIRouter()

DUE: Mapping[str, Words] = {
    "overdue": Words("已逾期", "Overdue"),
    "today": Words("今天到期", "Due today"),
    "week": Words("7 天内到期", "Due within 7 days"),
}
OPEN, ALL = Words("在办", "Open"), Words("全部", "All")
FILTERS = ("q", "status", "unit", "area", "category", "due", "reworked")
_SOME = 500
_TICK = timedelta(microseconds=1)
_OPEN = [status for status in Status if status in OPEN_STATUSES]


@router.get("/cases")
def cases(request: Request, house: InHouse, viewer: Watcher, at: At, given: Narrowed) -> Response:
    """One page of the cases: the open ones by their deadline, or all, the newest first."""
    wanted, reference = wanted_in(given, at), house.reference()
    with house.ledger.snapshot() as connection:
        page = lists.page_in(connection, viewer, wanted, given.text("after"))
        pauses = pauses_of(connection, [line.id for line in page.lines], at)
    rows = [
        {"line": line, "count": _count(line, reference.books, at, pauses[line.id])}
        for line in page.lines
    ]
    return render(
        request, "cases/list.html", given=given, wanted=wanted, rows=rows, dues=list(DUE.items()),
        page=given.pager("/cases", page.after), reached=page.reached,
        choices=choices(house, viewer), tabs=_tabs(given),
        statuses=_OPEN if _shows_open(given) else list(Status), active=given.active(*FILTERS),
        total=_total(house, viewer, wanted, given, page),
    )  # fmt: skip


def _count(line: CaseLine, books: Mapping[int, Any], at: datetime, pauses: Any) -> Countdown:
    return countdown(line, books[line.policy_id], at, pauses)


def wanted_in(given: Given, at: datetime) -> Wanted:
    """What the address asks for."""
    statuses = frozenset(s for s in Status if s.value in given.many("status"))
    wanted = Wanted(
        order=Order.DUE if _shows_open(given) else Order.NEWEST,
        statuses=statuses,
        unit=given.unit(),
        leading=given.flag("leading"),
        area=given.number("area"),
        category=given.category(),
        text=given.text("q"),
        reworked=given.flag("reworked"),
    )
    return _due(wanted, given.text("due"), given, at)


def _due(wanted: Wanted, due: str, given: Given, at: datetime) -> Wanted:
    """What is due when is asked of cases whose handling clock runs, as the wall counts them."""
    if due not in DUE:
        return wanted
    midnight = next_midnight(at, given.reference)
    running = wanted.statuses or frozenset(HANDLED)
    if due == "overdue":
        return replace(wanted, statuses=running, due_until=at)
    # What is due at midnight is due on the day that it closes.
    until = midnight + _TICK + (timedelta(days=6) if due == "week" else timedelta(0))
    return replace(wanted, statuses=running, due_from=at, due_until=until)


def _shows_open(given: Given) -> bool:
    """Closed cases are shown where all are asked for, or one of their statuses is."""
    asked = [s for s in Status if s.value in given.many("status")]
    return given.text("show") != "all" and all(s in OPEN_STATUSES for s in asked)


def _tabs(given: Given) -> list[dict[str, Any]]:
    shows_open = _shows_open(given)
    return [
        {"url": given.address("/cases", show="", status=""), "active": shows_open,
         "label": OPEN},
        {"url": given.address("/cases", show="all"), "active": not shows_open,
         "label": ALL},
    ]  # fmt: skip


def _total(house: House, viewer: Viewer, wanted: Wanted, given: Given, page: lists.Page) -> str:
    """How many there are; beyond a thousand nobody needs the number."""
    if not page.after and not given.text("after"):
        return str(len(page.lines))
    total = lists.count(house.ledger, viewer, wanted)
    return f"{total.number}+" if total.more else str(total.number)


# -- the workbook ------------------------------------------------------------------------------

COLUMNS: Sequence[tuple[Words, int]] = (
    (Words("案号", "Case"), 14), (Words("状态", "Status"), 12),
    (Words("牵头单位", "Lead unit"), 22), (Words("辖区", "Area"), 14),
    (Words("类别", "Category"), 16), (Words("地点", "Place"), 26),
    (Words("问题", "Problem"), 40), (Words("上报时间", "Reported"), 16),
    (Words("时限", "Limit"), 12), (Words("到期", "Due"), 16), (Words("剩余", "Left"), 16),
    (Words("销号时间", "Closed"), 16), (Words("是否逾期", "Late"), 10),
    (Words("上报次数", "Reports"), 9), (Words("退单", "Returns"), 7), (Words("返工", "Reworks"), 7),
    (Words("延期", "Extensions"), 7), (Words("挂账", "Suspensions"), 7),
)  # fmt: skip


@router.get("/export/cases")
def exported(
    request: Request, house: InHouse, viewer: Watcher, at: At, given: Narrowed
) -> Response:
    """What the filter shows, as Excel."""
    lang = asking(request).lang
    rows = _rows(house, viewer, wanted_in(given, at), at, lang)
    lines = above(request, house, viewer, at, _named(request, house, viewer, given))
    title = say(request, "案件台账")
    return workbook(request, house, at, "duban-cases", title, lines, COLUMNS, rows)


def _rows(
    house: House, viewer: Viewer, wanted: Wanted, at: datetime, lang: str
) -> Iterator[Sequence[Cell]]:
    books, after = house.reference().books, ""
    with house.ledger.snapshot() as connection:
        while True:
            page = lists.page_in(connection, viewer, wanted, after, _SOME)
            pauses = pauses_of(connection, [line.id for line in page.lines], at)
            for line in page.lines:
                yield _cells(line, _count(line, books, at, pauses[line.id]), lang)
            after = page.after
            if not after:
                return


_YES, _NO = Words("是", "yes"), Words("否", "no")


def _cells(line: CaseLine, count: Countdown, lang: str) -> list[Cell]:
    late = "" if line.late is None else (_YES if line.late else _NO).within(lang)
    left = count.words.within(lang) if line.status in OPEN_STATUSES else ""
    return [
        line.number, line.status.words.within(lang), line.unit, line.area, line.category,
        line.place, line.problem, line.reported_at, line.limit, line.due_at, left,
        line.closed_at, late, line.reports, line.returns, line.reworks, line.extensions,
        line.suspensions,
    ]  # fmt: skip


def _named(request: Request, house: House, viewer: Viewer, given: Given) -> dict[str, str]:
    """The conditions in words."""
    lang = asking(request).lang
    statuses = [s.words.within(lang) for s in Status if s.value in given.many("status")]
    due = DUE.get(given.text("due"))
    return {
        say(request, "范围"): (OPEN if _shows_open(given) else ALL).within(lang),
        say(request, "关键词"): given.text("q"),
        say(request, "状态"): "、".join(statuses),
        say(request, "单位"): given.text("unit"),
        say(request, "辖区"): area_named(house, viewer, given.text("area")),
        say(request, "类别"): given.text("category"),
        say(request, "到期"): due.within(lang) if due else "",
        say(request, "返工过"): _YES.within(lang) if given.flag("reworked") else "",
    }
