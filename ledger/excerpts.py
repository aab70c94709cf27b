"""摘录: what programs read, in pages by the key of the last row.

Rows of cases are narrowed to what the viewer may see; of a page one row more is read than is
shown, to know whether another follows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import past_notices, photos
from ledger.changes import table
from ledger.database import Ledger
from ledger.lists import CaseLine, lines_of
from ledger.log import OutboxRow, attempts_of, outbox_row
from ledger.past_notices import is_past, past
from ledger.scope import case_for, concerns, visible
from ledger.sweeps import pauses_of
from models.assignment import Assignment
from models.case import Case
from models.category import Category
from models.notice import Notice, NoticeState
from models.person import Person
from models.record import Record
from models.unit import Area, Unit
from rules.permission import Concern, Viewer


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One page of rows. `after` is the key to ask for the next one with, empty at the end."""

    rows: Sequence[Any]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """One case as a viewer sees it: its line, its units, how they are concerned, its pauses."""

    line: CaseLine
    parts: Sequence[Any]
    concerns: frozenset[Concern]
    pauses: Sequence[tuple[datetime, datetime]]


# -- one case ----------------------------------------------------------------------------------


def whole(ledger: Ledger, viewer: Viewer, number: str, at: datetime) -> Whole:
    """One case. Raises Missing when it is out of the viewer's scope."""
    with ledger.snapshot() as connection:
        case = case_for(connection, viewer, number)
        [line] = lines_of(connection, viewer, [case.id])
        return Whole(
            line,
            _parts(connection, case.id),
            concerns(connection, viewer, case),
            pauses_of(connection, [case.id], at)[case.id],
        )


def _parts(connection: Connection, case_id: int) -> Sequence[Any]:
    """The units that have a part in a case now, each with who handles it there."""
    rows, units, people = table(Assignment), table(Unit), table(Person)
    query = (
        sa.select(rows, units.c.name.label("unit"), people.c.name.label("handler"))
        .join(units, rows.c.unit_id == units.c.id)
        .outerjoin(people, rows.c.handler_id == people.c.id)
        .where(rows.c.case_id == case_id, rows.c.ended_at.is_(None))
    )
    return connection.execute(query.order_by(rows.c.id)).all()


def records(ledger: Ledger, viewer: Viewer, number: str, after: int, size: int) -> Excerpt:
    """The records of a case in their order, from the one after `after` on. Raises Missing."""
    rows = table(Record)
    with ledger.snapshot() as connection:
        case = case_for(connection, viewer, number)
        query = sa.select(rows).where(rows.c.case_id == case.id, rows.c.seq > after)
        found = connection.execute(query.order_by(rows.c.seq).limit(size + 1)).all()
    return _page(found, size, lambda row: row.seq)


def pictures(ledger: Ledger, viewer: Viewer, number: str) -> Sequence[Any]:
    """The pictures of a case, in the order in which they were handed in. Raises Missing."""
    with ledger.snapshot() as connection:
        return photos.of_case(connection, case_for(connection, viewer, number).id)


# -- of many cases -----------------------------------------------------------------------------


def notices(
    ledger: Ledger,
    viewer: Viewer,
    state: NoticeState | None,
    case: str,
    after: int | None,
    size: int,
) -> tuple[Sequence[OutboxRow], str]:
    """Notices owed or sent about cases, the newest first, and the key of the next page.

    Of one `case` also what is in the archive.
    """
    with ledger.snapshot() as connection:
        seen, found = visible(connection, viewer), list[Any]()
        for rows in (table(Notice), past) if case else (table(Notice),):
            query = _notices(rows, state, case, after).where(seen).limit(size + 1)
            found += connection.execute(query)
        page = _page(sorted(found, key=lambda row: -row.id), size, lambda row: row.id)
        tries = attempts_of(connection, [row.id for row in page.rows])
    told = [past_notices.attempts_of(r) if is_past(r) else tries[r.id] for r in page.rows]
    return [outbox_row(*each) for each in zip(page.rows, told, strict=True)], page.after


def _notices(
    rows: sa.Table, state: NoticeState | None, case: str, after: int | None
) -> sa.Select[Any]:
    cases, people = table(Case), table(Person)
    query = (
        sa.select(rows, cases.c.number, people.c.name.label("person"))
        .join(cases, rows.c.case_id == cases.c.id)
        .join(people, rows.c.person_id == people.c.id)
        .order_by(rows.c.id.desc())
    )
    if after is not None:
        query = query.where(rows.c.id < after)
    if state is not None:
        query = query.where(rows.c.state == state)
    return query.where(cases.c.number == case) if case else query


# -- reference data ----------------------------------------------------------------------------


def units(ledger: Ledger, after: int, size: int) -> Excerpt:
    """Units by their ids."""
    return _in_order(ledger, table(Unit).c.id, after, size)


def areas(ledger: Ledger, after: int, size: int) -> Excerpt:
    """Areas by their ids."""
    return _in_order(ledger, table(Area).c.id, after, size)


def categories(ledger: Ledger, after: str, size: int) -> Excerpt:
    """Categories by their codes."""
    return _in_order(ledger, table(Category).c.code, after, size)


def _in_order(ledger: Ledger, key: sa.Column[Any], after: object, size: int) -> Excerpt:
    query = sa.select(key.table).where(key > after).order_by(key).limit(size + 1)
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
    return _page(found, size, lambda row: getattr(row, key.name))


def _page(found: Sequence[Any], size: int, key: Callable[[Any], object]) -> Excerpt:
    return Excerpt(found[:size], str(key(found[size - 1])) if len(found) > size else "")
