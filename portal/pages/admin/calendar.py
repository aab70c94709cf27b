"""日历: the years that are known, and a table of a year with what it would change."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from documents.commas import decode
from documents.paper import PaperTrouble
from ledger import admin_calendar
from ledger.admin import Hand
from ledger.admin_calendar import Turned
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.pages.admin.shared import MOST_SHOWN, ByHand, page
from portal.templating import flash

router = APIRouter()

LARGEST = 200_000
"""Bytes of a calendar table; eight years are 12 KB."""
WEEKDAYS = tuple(
    Words(f"星期{zh}", en)
    for zh, en in zip(
        "一二三四五六日",
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)


@router.get("/calendar")
def years(request: Request, house: InHouse, at: At) -> Response:
    """The years, the weekly hours, and the form for a table."""
    return _years(request, house, at)


def _years(request: Request, house: House, at: At, refused: Words | None = None) -> Response:
    known = admin_calendar.years(house.ledger)
    this_year = at.astimezone(house.zone).year
    missing = [y for y in (this_year, this_year + 1) if y not in {line.year for line in known}]
    return page(
        request, "calendar.html", 422 if refused else 200, refused=refused, years=known,
        missing=missing, hours=_hours(house),
    )  # fmt: skip


def _hours(house: House) -> list[tuple[Words, str]]:
    return [
        (WEEKDAYS[int(day)], "、".join("–".join(slot) for slot in slots))
        for day, slots in sorted(admin_calendar.hours(house.ledger).items())
    ]


@router.get("/calendar/{year}")
def one(request: Request, house: InHouse, year: int) -> Response:
    """The dates of a year that differ from their weekday."""
    days = admin_calendar.days(house.ledger, year)
    return page(request, "calendar_year.html", year=year, days=days, weekdays=WEEKDAYS)


@router.post("/calendar")
def load(
    request: Request,
    house: InHouse,
    hand: ByHand,
    at: At,
    file: Annotated[UploadFile | None, File()] = None,
    text: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Show what a table would change, or put it in force."""
    try:
        wanted = _text(file) or text
        if not wanted.strip():
            raise Trouble("请选择日历文件，或粘贴它的内容。", "Choose a file, or paste its text.")
        if sure:
            return _loaded(house, hand, wanted)
        turned = admin_calendar.load(house.ledger, hand, wanted, dry_run=True)
    except Trouble as trouble:
        return _years(request, house, at, trouble.words)
    return page(
        request, "calendar_preview.html", turned=turned, text=wanted, weekdays=WEEKDAYS,
        most=MOST_SHOWN,
    )  # fmt: skip


def _text(file: UploadFile | None) -> str:
    if file is None or not file.filename:
        return ""
    data = file.file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Trouble(
            "文件太大，不像一张日历表。每行一个日期，一年几十行。",
            "Too large for a calendar: one line a date, some dozens a year.",
        )
    try:
        return decode(data)[0]
    except PaperTrouble as trouble:
        raise Trouble(*trouble.words) from None


def _loaded(house: House, hand: Hand, text: str) -> Response:
    turned: Turned = admin_calendar.load(house.ledger, hand, text)
    response = RedirectResponse("/admin/calendar", 303)
    years_ = "、".join(map(str, turned.years))
    flash(
        response,
        Words(
            f"{years_} 年日历已启用，重算了 {len(turned.touched)} 件案件。",
            f"The calendar of {years_} is in force; {len(turned.touched)} cases were recomputed.",
        ),
    )
    return response
