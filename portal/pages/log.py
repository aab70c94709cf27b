"""督办日志: every level and every reminder, whom it reached, and what was said to it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from documents.exported import Cell
from duban.letters.fired import why
from ledger import logbook
from ledger.file import open_file
from ledger.logbook import Ending, Sought
from ledger.reference import Reference
from ledger.remarks import remark
from models.remark import RemarkKind
from models.verb import Verb
from models.words import Trouble, Words
from portal import casefile
from portal.escalations import COLUMNS, cells, shown
from portal.house import At, House, InHouse
from portal.narrowing import Given, Narrowed, area_named, choices, today
from portal.seeing import asking
from portal.templating import flash, render, say
from portal.watching import Watcher
from portal.workbooks import above, workbook
from rules.permission import Viewer

router = APIRouter()

LEVELS = ("1", "2", "3", "4", "5", "6", "7", "8", "9")
FILTERS = ("level", "unit", "area", "category", "since", "until", "ending", "case", "reminders")
_SOME = 500
"""Rows that are read at once for a workbook."""
_MOST_ROUNDS = 60
"""A workbook of what is seldom does not read the log of years to its end."""


@router.get("/log")
def log(request: Request, house: InHouse, viewer: Watcher, at: At, given: Narrowed) -> Response:
    """One page of the log, newest first."""
    sought = sought_in(given)
    leaf = logbook.page(house.ledger, viewer, sought, given.text("after"))
    reference = house.reference()
    return render(
        request, "log/list.html", given=given, sought=sought, leaf=leaf,
        rows=[shown(line, reference, viewer.person_id) for line in leaf.lines],
        page=given.pager("/log", leaf.after), choices=choices(house, viewer),
        endings=list(Ending), levels=LEVELS, periods=_periods(given, at, reference),
        active=given.active(*FILTERS), here=given.address("/log", after=given.text("after")),
    )  # fmt: skip


def sought_in(given: Given) -> Sought:
    """What the address asks for."""
    ending = given.text("ending")
    return Sought(
        levels=frozenset(int(level) for level in given.many("level") if level in LEVELS),
        unit=given.unit(),
        area=given.number("area"),
        category=given.category(),
        since=given.day("since"),
        until=given.day_after("until"),
        ending=next((each for each in Ending if each.value == ending), None),
        case=given.text("case")[:32],
        reminders=given.flag("reminders"),
    )


def _periods(given: Given, at: datetime, reference: Reference) -> list[dict[str, Any]]:
    """One-tap periods that end today."""
    day = today(at, reference)
    named = ((0, Words("今天", "Today")), (6, Words("近 7 天", "7 days")),
             (29, Words("近 30 天", "30 days")))  # fmt: skip
    found = []
    for back, label in named:
        since = (day - timedelta(days=back)).isoformat()
        url = given.address("/log", since=since, until="")
        active = given.text("since") == since and not given.text("until")
        found.append({"url": url, "label": label, "active": active})
    everything = given.address("/log", since="", until="")
    active = not given.text("since") and not given.text("until")
    return [{"url": everything, "label": Words("全部", "All"), "active": active}, *found]


# -- one row -----------------------------------------------------------------------------------


@router.get("/log/{row_id}")
def row(request: Request, house: InHouse, viewer: Watcher, at: At, row_id: int) -> Response:
    """One row with everything: why, who was told and how, what was said, and the whole case."""
    with house.ledger.snapshot() as connection:
        line = logbook.one(connection, viewer, row_id)
    file = open_file(house.ledger, viewer, line.number, at, house.reference())
    reference = file.thread.reference
    standing = file.thread.as_of(max(line.at, file.thread.records[0].at))
    reasons = list(why(file.thread, standing, line))[1:] if line.level else []
    return render(
        request, "log/row.html", row=shown(line, reference, viewer.person_id), file=file,
        reasons=reasons, course=casefile.course(file, viewer, asking(request).lang),
        urges=Verb.URGE in file.offered, takes_over=Verb.TAKE_OVER in file.offered,
        back=_inside(request.query_params.get("back", "")) or "/log",
    )  # fmt: skip


@router.post("/log/{row_id}/remark")
def say_to(
    house: InHouse,
    viewer: Watcher,
    at: At,
    row_id: int,
    kind: Annotated[str, Form()] = RemarkKind.COMMENT.value,
    text: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Say something to a row, or that it was seen."""
    what = next((each for each in RemarkKind if each.value == kind), RemarkKind.COMMENT)
    response = RedirectResponse(_inside(back) or f"/log/{row_id}", 303)
    try:
        remark(house.ledger, viewer, row_id, what, text, at)
    except Trouble as trouble:
        if type(trouble) is not Trouble:
            raise
        flash(response, trouble.words, "refused")
        return response
    flash(response, _SAID[what])
    return response


_SAID = {
    RemarkKind.SEEN: Words("已登记：您已阅这一行。", "Noted: you have seen this row."),
    RemarkKind.COMMENT: Words("批注已保存。", "Your comment is kept."),
}


def _inside(url: str) -> str:
    """An address of the log or of the board; nobody is sent on to a stranger."""
    path = url.partition("?")[0]
    ours = path in ("/log", "/board") or (path.startswith("/log/") and path[5:].isdecimal())
    return url if ours and url.isprintable() and "\\" not in url else ""


# -- the workbook ------------------------------------------------------------------------------


@router.get("/export/log")
def exported(
    request: Request, house: InHouse, viewer: Watcher, at: At, given: Narrowed
) -> Response:
    """What the filter shows, as Excel."""
    rows = _rows(house, viewer, sought_in(given), asking(request).lang)
    lines = above(request, house, viewer, at, _named(request, house, viewer, given))
    title = say(request, "督办日志")
    return workbook(request, house, at, "duban-log", title, lines, COLUMNS, rows)


def _rows(house: House, viewer: Viewer, sought: Sought, lang: str) -> Iterator[Sequence[Cell]]:
    after, reference = "", house.reference()
    with house.ledger.snapshot() as connection:
        for _ in range(_MOST_ROUNDS):
            leaf = logbook.page_in(connection, viewer, sought, after, _SOME)
            yield from (cells(line, reference, lang) for line in leaf.lines)
            after = leaf.after
            if not after:
                return
    yield [_NOT_TO_THE_END.within(lang)]


_NOT_TO_THE_END = Words(
    "日志没有查到最早。请限定时间，分次导出。", "The log was not read to its end: set a period."
)


def _named(request: Request, house: House, viewer: Viewer, given: Given) -> dict[str, str]:
    """The conditions in words."""
    lang, ending = asking(request).lang, given.text("ending")
    return {
        say(request, "级别"): "、".join(given.many("level")),
        say(request, "结果"): next((e.words.within(lang) for e in Ending if e.value == ending), ""),
        say(request, "单位"): given.text("unit"),
        say(request, "辖区"): area_named(house, viewer, given.text("area")),
        say(request, "类别"): given.text("category"),
        say(request, "案号"): given.text("case"),
        say(request, "自"): given.text("since"),
        say(request, "至"): given.text("until"),
        say(request, "含催办提醒"): say(request, "是") if given.flag("reminders") else "",
    }
