"""我单位的案件: what waits for a unit, by the time left, and signing for several at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from ledger.lists import CaseLine, Order, Wanted
from ledger.mine import TO_DO, WAITING, Sheet, Tally, own_units, sheet, subtree, tally
from models.account import AccountRole
from models.case import Status
from models.category import Role
from models.verb import Verb
from models.words import Trouble, Words
from portal.acting import carry_out
from portal.house import At, House, InHouse
from portal.seeing import having
from portal.templating import render
from rules.agenda import Book
from rules.countdown import Colour, Countdown, countdown, step
from rules.lifecycle import Refused
from rules.permission import Viewer

router = APIRouter()

Ours = Annotated[Viewer, Depends(having(AccountRole.CONTACT, AccountRole.HEAD))]

MOST_SIGNED = 100
"""So many are signed for at once; a page shows fewer."""
_TICK = timedelta(microseconds=1)

STATES: Mapping[str, tuple[Words, frozenset[Status]]] = {
    "": (Words("待办", "To do"), frozenset(TO_DO)),
    "sign": (Words("待签收", "To sign"), frozenset({Status.DISPATCHED})),
    "progress": (Words("整改中", "In progress"), frozenset({Status.IN_PROGRESS})),
    "rework": (Words("返工", "Rework"), frozenset(TO_DO)),
    "waiting": (Words("等待他人", "Waiting for others"), frozenset(WAITING)),
    "open": (Words("全部在办", "All open"), frozenset()),
    "closed": (Words("已销号", "Closed"), frozenset({Status.CLOSED})),
}
"""What a list is narrowed to. Whatever waits for the unit is shown first."""

DUES: Mapping[str, Words] = {
    "overdue": Words("已逾期", "Overdue"),
    "today": Words("今天到期", "Due today"),
    "week": Words("本周到期", "Due this week"),
}
PARTS = {"lead": Words("牵头", "Leading"), "assist": Words("协同", "Assisting")}
_SIGNABLE = {Status.DISPATCHED, Status.REWORK}


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter as it stands in the address. What cannot be read does not narrow the list."""

    part: str = "lead"
    state: str = ""
    due: str = ""
    unit: int | None = None
    text: str = ""

    def url(self, **other: object) -> str:
        """The address of the list under this filter, with these values instead."""
        given = {"part": self.part, "state": self.state, "due": self.due, "unit": self.unit,
                 "q": self.text, **other}  # fmt: skip
        known = {name: value for name, value in given.items() if value and value != "lead"}
        return f"/mine?{urlencode(known)}" if known else "/mine"

    @property
    def active(self) -> int:
        """How many conditions are set."""
        return sum(bool(value) for value in (self.state, self.due, self.unit, self.text))


def asked_for(
    part: Annotated[str, Query()] = "lead",
    state: Annotated[str, Query()] = "",
    due: Annotated[str, Query()] = "",
    unit: Annotated[str, Query()] = "",
    q: Annotated[str, Query()] = "",
) -> Filter:
    """What the address asks for."""
    return Filter(
        part if part in PARTS else "lead",
        state if state in STATES else "",
        due if due in DUES else "",
        int(unit) if unit.isdecimal() and len(unit) < 10 else None,
        q.strip()[:60],
    )


Sought = Annotated[Filter, Depends(asked_for)]


@router.get("/mine")
def mine(
    request: Request,
    house: InHouse,
    viewer: Ours,
    at: At,
    sought: Sought,
    after: Annotated[str, Query()] = "",
) -> Response:
    """What waits for the viewer's units: those they lead, and those they assist in."""
    return _page(request, house, viewer, at, sought, after)


@router.get("/mine/sign")
def signed(sought: Sought) -> Response:
    """Where a browser that asks again for the answer of signing belongs."""
    return RedirectResponse(sought.url(), 303)


@router.post("/mine/sign")
def sign(
    request: Request,
    house: InHouse,
    viewer: Ours,
    at: At,
    sought: Sought,
    case: Annotated[list[str] | None, Form()] = None,
    only: Annotated[str, Form()] = "",
) -> Response:
    """Sign for the cases that were ticked, or only for one; each is answered."""
    numbers = [only] if only else list(dict.fromkeys(case or []))[:MOST_SIGNED]
    answers = [(number, _sign(house, viewer, number, at)) for number in numbers]
    return _page(request, house, viewer, at, sought, answers=answers)


def _sign(house: House, viewer: Viewer, number: str, at: datetime) -> Words | None:
    """Sign for one case; why not, or None."""
    try:
        answer = carry_out(house.ledger, viewer, number, Verb.ACKNOWLEDGE, {}, at, house.zone)
    except Trouble as trouble:
        return trouble.words
    return answer.reason if isinstance(answer, Refused) else None


# -- the page ----------------------------------------------------------------------------------


def _page(
    request: Request,
    house: House,
    viewer: Viewer,
    at: datetime,
    sought: Filter,
    after: str = "",
    answers: Sequence[tuple[str, Words | None]] = (),
) -> Response:
    units = subtree(house.ledger, viewer)
    # One of their own units, or all of them: another's is as if it were not named.
    roots = (sought.unit,) if sought.unit in [unit for unit, _ in units] else own_units(viewer)
    wanted = _wanted(sought, roots, at, house.zone)
    found = sheet(house.ledger, viewer, wanted, at, after)
    ends = _midnight(at, house.zone, 1)
    led, assisted = tally(house.ledger, viewer, at, ends)
    books = house.reference().books
    return render(
        request, "mine.html", sought=sought, units=units, answers=answers,
        rows=[_row(line, found, books, at) for line in found.page.lines],
        tiles=_tiles(sought, led if sought.part == "lead" else assisted),
        tabs=_tabs(sought, {"lead": led, "assist": assisted}),
        states=[(name, words) for name, (words, _) in STATES.items() if name],
        dues=list(DUES.items()),
        page=_pager(sought, after, found.page.after),
    )  # fmt: skip


def _wanted(sought: Filter, roots: tuple[int, ...], at: datetime, zone: ZoneInfo) -> Wanted:
    start, until = _window(sought.due, at, zone)
    closed = sought.state == "closed"
    # A clock that rests is never due, so only what waits for the unit can be.
    statuses = frozenset(TO_DO) if sought.due and not closed else STATES[sought.state][1]
    if sought.due and sought.state in ("sign", "progress"):
        statuses = STATES[sought.state][1]
    return Wanted(
        order=Order.NEWEST if closed else Order.DUE,
        statuses=statuses,
        text=sought.text,
        due_from=start,
        due_until=until,
        reworked=sought.state == "rework",
        leads=roots if sought.part == "lead" else (),
        assists=roots if sought.part == "assist" else (),
    )


def _window(due: str, at: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From when and until when (half open) it is due. A midnight belongs to the day it closes."""
    if due == "overdue":
        return None, at + _TICK
    if due == "today":
        return at + _TICK, _midnight(at, zone, 1) + _TICK
    if due == "week":
        return at + _TICK, _midnight(at, zone, 7 - at.astimezone(zone).weekday()) + _TICK
    return None, None


def _midnight(at: datetime, zone: ZoneInfo, days: int) -> datetime:
    """The midnight that begins the day so many days after today."""
    day = at.astimezone(zone).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


_CLASSES = {Colour.RED: "row-late", Colour.YELLOW: "row-warn"}


def _row(line: CaseLine, found: Sheet, books: Mapping[int, Book], at: datetime) -> dict[str, Any]:
    book, parts = books[line.policy_id], found.parts.get(line.id, ())
    count = countdown(line, book, at, found.pauses.get(line.id, ()))
    to_sign = line.status is Status.DISPATCHED
    leads = any(part.role is Role.LEAD for part in parts)
    return {
        "line": line,
        "count": count,
        "sign_by": step(line, book, at) if to_sign and leads else None,
        "cls": _cls(line, count),
        "signable": leads and line.status in _SIGNABLE,
        "leads": leads,
        "parts": parts,
    }


def _cls(line: CaseLine, count: Countdown) -> str:
    if line.status not in TO_DO:
        return "row-done"
    return _CLASSES.get(count.colour, "")


_TILES = (
    ("to_sign", {"state": "sign"}, Words("待签收", "To sign"), "amber"),
    ("in_progress", {"state": "progress"}, Words("整改中", "In progress"), "blue"),
    ("due_today", {"due": "today"}, Words("今天到期", "Due today"), "amber"),
    ("overdue", {"due": "overdue"}, Words("已逾期", "Overdue"), "red"),
    ("rework", {"state": "rework"}, Words("返工", "Rework"), "red"),
    ("waiting", {"state": "waiting"}, Words("等待他人", "Waiting for others"), ""),
)


def _tiles(sought: Filter, counts: Tally) -> list[dict[str, object]]:
    plain = Filter(part=sought.part)
    return [
        {"number": str(number), "label": label, "tone": tone if number else "",
         "url": plain.url(**where)}
        for name, where, label, tone in _TILES
        for number in [getattr(counts, name)]
    ]  # fmt: skip


def _tabs(sought: Filter, counts: Mapping[str, Tally]) -> list[dict[str, object]]:
    return [
        {"url": Filter(part=part).url(), "label": label, "active": part == sought.part,
         "badge": counts[part].to_do}
        for part, label in PARTS.items()
    ]  # fmt: skip


def _pager(sought: Filter, after: str, following: str) -> dict[str, str | None]:
    return {
        "next_url": sought.url(after=following) if following else None,
        "first_url": sought.url() if after else None,
    }
