"""案件列表: pages of cases for a viewer, filtered, by the key of the last one seen.

A page costs what it shows, however many cases there are: what waits lies in an index in the
order in which it is due, and the rest is read from the newest backwards. What no index knows, as
a word in a sentence, is looked for in `REACH` cases a page; the page says how far that goes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import areas_under, is_open, units_under, visible
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Category, Role
from models.request import Request, RequestKind
from models.unit import Area, Unit
from rules.permission import Viewer

PAGE = 50
REACH = 50_000
"""So many cases are read for one page of all cases, whatever is looked for."""


class Order(StrEnum):
    """DUE: open cases only, those due first before the others; NEWEST: all, newest first."""

    DUE = "due"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; what is left empty does not narrow it.

    `unit` and `area` are ids and mean the whole subtree; `text` is a case number, or part of
    the place or the problem. `due_until` and `due_from` bound the handling deadline, half open.
    """

    order: Order = Order.DUE
    statuses: frozenset[Status] = frozenset()
    unit: int | None = None
    area: int | None = None
    category: str = ""
    text: str = ""
    due_from: datetime | None = None
    due_until: datetime | None = None
    reworked: bool = False
    leading: bool = False
    """Only where `unit` leads."""
    leads: tuple[int, ...] = ()
    """Only where one of these units, or of those below them, leads."""
    assists: tuple[int, ...] = ()
    """Only where one of these has another part, and none of them leads."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a list. It satisfies `rules.countdown.Clocks`."""

    id: int
    number: str
    version: int
    status: Status
    place: str
    problem: str
    category: str
    area: str
    unit: str
    """The lead's name, empty while nobody leads."""
    limit: str
    policy_id: int
    reported_at: datetime
    since: datetime
    step_due_at: datetime | None
    clock_from: datetime | None
    due_at: datetime | None
    look_back_due_at: datetime | None
    late: bool | None
    closed_at: datetime | None
    lat: float | None
    lon: float | None
    reports: int
    returns: int
    reworks: int
    extensions: int
    suspensions: int
    appeals: int
    asked: RequestKind | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `after` is the key to ask for the next one with, empty at the end.

    `reached` is the report of the last case read where the page ended before it was full.
    """

    lines: Sequence[CaseLine]
    after: str = ""
    reached: datetime | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How many were counted, and whether there may be more."""

    number: int
    more: bool


def page(ledger: Ledger, viewer: Viewer, wanted: Wanted, after: str = "", size: int = PAGE) -> Page:
    """One page of what the viewer may see. An `after` that cannot be read means the beginning."""
    with ledger.snapshot() as connection:
        return page_in(connection, viewer, wanted, after, size)


def page_in(
    connection: Connection, viewer: Viewer, wanted: Wanted, after: str = "", size: int = PAGE
) -> Page:
    """The same within a transaction."""
    within = _seen_within(connection, viewer, wanted)
    sifted = list(_sifted(wanted))
    if wanted.order is Order.NEWEST:
        return _newest(connection, within, sifted, after, size)
    ids, key = _by_due(connection, sa.and_(within, *sifted), after, size, _hint(viewer, wanted))
    return Page(_lines(connection, ids), key)


def lines_of(connection: Connection, viewer: Viewer, ids: Sequence[int]) -> list[CaseLine]:
    """These cases as lines, in this order; those out of scope are left out."""
    cases = table(Case)
    seen = sa.select(cases.c.id).where(cases.c.id.in_(ids), visible(connection, viewer))
    mine = set(connection.execute(seen).scalars())
    return _lines(connection, [case for case in ids if case in mine])


def count(ledger: Ledger, viewer: Viewer, wanted: Wanted, most: int = 1000) -> Total:
    """How many there are, counted up to `most` and as far as a first page reaches."""
    cases = table(Case)
    with ledger.snapshot() as connection:
        within = _seen_within(connection, viewer, wanted)
        sifted = list(_sifted(wanted))
        bounded = bool(sifted) and wanted.order is Order.NEWEST
        end = _reach(connection, within) if bounded else 0
        some = (
            sa.select(cases.c.id).where(within, *sifted, cases.c.id >= end).limit(most).subquery()
        )
        number = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
        return Total(number, number >= most or end > 0)


# -- what is wanted ----------------------------------------------------------------------------


def _seen_within(connection: Connection, viewer: Viewer, wanted: Wanted) -> sa.ColumnElement[bool]:
    seen = visible(connection, viewer, waiting=wanted.order is Order.DUE)
    return sa.and_(seen, *_within(connection, wanted))


def _within(connection: Connection, wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    """What an index leads to."""
    cases, waiting = table(Case), wanted.order is Order.DUE
    if waiting:
        yield is_open
    if wanted.statuses:
        yield cases.c.status.in_(sorted(wanted.statuses))
    if wanted.area is not None:
        yield cases.c.area_id.in_(areas_under(connection, [wanted.area]))
    if wanted.unit is not None:
        yield cases.c.id.in_(_of_unit(connection, [wanted.unit], waiting, wanted.leading))
    if wanted.leads:
        yield cases.c.id.in_(_of_unit(connection, wanted.leads, waiting, leading=True))
    if wanted.assists:
        yield cases.c.id.in_(_of_unit(connection, wanted.assists, waiting))
        yield cases.c.id.not_in(_of_unit(connection, wanted.assists, waiting, leading=True))
    if _is_number(wanted.text):
        yield cases.c.number == wanted.text


def _sifted(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    """What each case has to be asked for."""
    cases = table(Case)
    if wanted.category:
        yield cases.c.category_code == wanted.category
    if wanted.due_from is not None:
        yield cases.c.due_at >= wanted.due_from
    if wanted.due_until is not None:
        yield cases.c.due_at < wanted.due_until
    if wanted.reworked:
        yield cases.c.reworks > 0
    if wanted.text and not _is_number(wanted.text):
        place = cases.c.place.contains(wanted.text, autoescape=True)
        yield place | cases.c.problem.contains(wanted.text, autoescape=True)


def _of_unit(
    connection: Connection, roots: Sequence[int], waiting: bool, leading: bool = False
) -> sa.Select[Any]:
    parts = table(Assignment)
    mine = parts.c.unit_id.in_(units_under(connection, roots)) & parts.c.ended_at.is_(None)
    if waiting:
        mine &= parts.c.case_open
    if leading:
        mine &= parts.c.role == Role.LEAD
    return sa.select(parts.c.case_id).where(mine)


def _is_number(text: str) -> bool:
    return text[:4].isdigit() and text[4:5] == "-" and text[5:].isdigit()


# -- one page ----------------------------------------------------------------------------------


def _newest(
    connection: Connection,
    within: sa.ColumnElement[bool],
    sifted: Sequence[sa.ColumnElement[bool]],
    after: str,
    size: int,
) -> Page:
    cases = table(Case)
    if (last := _id(after)) is not None:
        within &= cases.c.id < last
    end = _reach(connection, within) if sifted else 0
    query = sa.select(cases.c.id).where(within, *sifted, cases.c.id >= end)
    ids = list(connection.execute(query.order_by(cases.c.id.desc()).limit(size + 1)).scalars())
    lines = _lines(connection, ids[:size])
    if len(ids) > size:
        return Page(lines, str(ids[size - 1]))
    if not end:
        return Page(lines)
    reached = sa.select(cases.c.reported_at).where(cases.c.id == end)
    return Page(lines, str(end), connection.execute(reached).scalar_one())


def _reach(connection: Connection, within: sa.ColumnElement[bool]) -> int:
    """The last case that is read for one page; 0 when there are no more than that."""
    cases = table(Case)
    query = sa.select(cases.c.id).where(within).order_by(cases.c.id.desc())
    return connection.execute(query.offset(REACH - 1).limit(1)).scalar() or 0


def _by_due(
    connection: Connection, which: sa.ColumnElement[bool], after: str, size: int, hint: str
) -> tuple[list[int], str]:
    """Those with a deadline in its order, then those without, in the order of their ids."""
    key = _key(after)
    due, last = key or (None, 0)
    rows: list[Any] = []
    if due is not None or key is None:
        rows = _with_deadline(connection, which, due, last, size + 1, hint)
    if len(rows) <= size:
        start = 0 if due is not None else last
        rows += _without(connection, which, start, size + 1 - len(rows))
    if len(rows) <= size:
        return [row.id for row in rows], ""
    end = rows[size - 1]
    stamp = end.due_at.astimezone(UTC).isoformat() if end.due_at else ""
    return [row.id for row in rows[:size]], f"{stamp}~{end.id}"


def _hint(viewer: Viewer, wanted: Wanted) -> str:
    """Where all open cases are shown, SQLite left to itself may sort them instead of reading on."""
    few = wanted.unit is not None or wanted.leads or wanted.assists
    of_areas = all(grant.unit_id is None for grant in viewer.grants)
    return "" if few or not of_areas else "INDEXED BY ix_case__open_due"


def _key(after: str) -> tuple[datetime | None, int] | None:
    """The deadline and id after which to go on; None when it cannot be read."""
    stamp, mark, last = after.partition("~")
    number = _id(last)
    if not mark or number is None:
        return None
    if not stamp:
        return None, number
    try:
        due = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (due, number) if due.tzinfo is UTC else None


def _id(text: str) -> int | None:
    """An id as it stands in a key; what no id can be means the beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _with_deadline(
    connection: Connection,
    which: sa.ColumnElement[bool],
    due: datetime | None,
    last: int,
    most: int,
    hint: str,
) -> list[Any]:
    cases = table(Case)
    query = sa.select(cases.c.id, cases.c.due_at).where(which, cases.c.due_at.is_not(None))
    if hint:
        query = query.with_hint(cases, hint, "sqlite")
    if due is not None:
        later = sa.tuple_(cases.c.due_at, cases.c.id) > sa.tuple_(
            sa.literal(due, cases.c.due_at.type), sa.literal(last)
        )
        query = query.where(later)
    query = query.order_by(cases.c.due_at, cases.c.id).limit(most)
    return list(connection.execute(query))


def _without(
    connection: Connection, which: sa.ColumnElement[bool], last: int, most: int
) -> list[Any]:
    cases = table(Case)
    query = sa.select(cases.c.id, cases.c.due_at).where(
        which, cases.c.due_at.is_(None), cases.c.id > last
    )
    return list(connection.execute(query.order_by(cases.c.id).limit(most)))


_OWN = ("id", "number", "version", "status", "place", "problem", "limit", "policy_id",
        "reported_at", "since", "step_due_at", "clock_from", "due_at", "look_back_due_at", "late",
        "closed_at", "lat", "lon", "reports", "returns", "reworks", "extensions", "suspensions",
        "appeals")  # fmt: skip


def _lines(connection: Connection, ids: Sequence[int]) -> list[CaseLine]:
    """The lines of some cases, in their order: what belongs to them is read by their ids."""
    if not ids:
        return []
    cases, areas, kinds = table(Case), table(Area), table(Category)
    query = (
        sa.select(
            *(cases.c[name] for name in _OWN),
            sa.func.coalesce(kinds.c.minor, "").label("category"),
            sa.func.coalesce(areas.c.name, "").label("area"),
        )
        .outerjoin(areas, areas.c.id == cases.c.area_id)
        .outerjoin(kinds, kinds.c.code == cases.c.category_code)
        .where(cases.c.id.in_(ids))
    )
    leads, asked = _leads(connection, ids), _asked(connection, ids)
    found = {
        row["id"]: CaseLine(**row, unit=leads.get(row["id"], ""))
        for row in connection.execute(query).mappings()
    }
    return [replace(found[case], asked=asked.get(case)) for case in ids if case in found]


def _leads(connection: Connection, ids: Sequence[int]) -> Mapping[int, str]:
    parts, units = table(Assignment), table(Unit)
    query = (
        sa.select(parts.c.case_id, units.c.name)
        .join(units, units.c.id == parts.c.unit_id)
        .where(parts.c.case_id.in_(ids), parts.c.role == Role.LEAD, parts.c.ended_at.is_(None))
    )
    return {row.case_id: row.name for row in connection.execute(query)}


def _asked(connection: Connection, ids: Sequence[int]) -> Mapping[int, RequestKind]:
    requests = table(Request)
    query = sa.select(requests.c.case_id, requests.c.kind).where(
        requests.c.case_id.in_(ids), requests.c.decided_at.is_(None)
    )
    return {row.case_id: row.kind for row in connection.execute(query)}
