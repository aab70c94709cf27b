"""待核查: what an inspector may see to on site, by distance or by due, and their look-backs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import cos, degrees, radians
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.lists import CaseLine, lines_of
from ledger.nearby import Position, box, distance, inspected
from models.case import Case, Status
from models.look_back import LookBack
from rules.evidence import EARTH
from rules.permission import Viewer

PAGE = 30
MOST_LOOK_BACKS = 100
REACHES = (1_000.0, 5_000.0, 25_000.0)
"""Metres looked around, one after the other until a page is full: where cases lie close, few are
read. What lies farther than the last, or has no position, is in the list by due."""
T = TypeVar("T")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ToVerify:
    """One case to be seen on site; `metres` when both positions are known."""

    line: CaseLine
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `after` is the key to ask for the next one with, empty at the end."""

    found: Sequence[ToVerify]
    after: str = ""


def to_verify(
    ledger: Ledger, viewer: Viewer, here: Position | None, after: str = "", size: int = PAGE
) -> Page:
    """What waits for verification where a viewer inspects: the nearest first when it is known
    where they are, else in the order in which verification is due."""
    with ledger.snapshot() as connection:
        which = sa.and_(table(Case).c.status == Status.SUBMITTED, inspected(connection, viewer))
        rows = (
            _by_distance(connection, which, here, after, size)
            if here
            else _by_due(connection, which, after, size)
        )
        lines = lines_of(connection, viewer, [row.id for row in rows[:size]])
    found = [ToVerify(line, distance(here, line.lat, line.lon)) for line in lines]
    return Page(found, _after(rows[size - 1]) if len(rows) > size else "")


def look_backs(ledger: Ledger, viewer: Viewer, here: Position | None) -> list[ToVerify]:
    """The closed cases a viewer was drawn to look at again, those due first before the others."""
    looks, cases = table(LookBack), table(Case)
    query = (
        sa.select(cases.c.id)
        .join(looks, looks.c.case_id == cases.c.id)
        .where(
            looks.c.inspector_id == viewer.person_id,
            looks.c.done_at.is_(None),
            cases.c.inspector_id == viewer.person_id,
            cases.c.look_back_due_at.is_not(None),
        )
        .order_by(looks.c.due_at, looks.c.id)
        .limit(MOST_LOOK_BACKS)
    )
    with ledger.snapshot() as connection:
        lines = lines_of(connection, viewer, list(connection.execute(query).scalars()))
    return [ToVerify(line, distance(here, line.lat, line.lon)) for line in lines]


# -- in order ----------------------------------------------------------------------------------


def _by_due(
    connection: Connection, which: sa.ColumnElement[bool], after: str, size: int
) -> Sequence[Any]:
    cases = table(Case)
    due = sa.func.coalesce(cases.c.step_due_at, sa.literal(_NEVER, cases.c.step_due_at.type))
    query = sa.select(cases.c.id, due.label("key")).where(which)
    if key := _key(after, _instant):
        last = sa.literal(key[0], cases.c.step_due_at.type), sa.literal(key[1])
        query = query.where(sa.tuple_(due, cases.c.id) > sa.tuple_(*last))
    return connection.execute(query.order_by(due, cases.c.id).limit(size + 1)).all()


def _by_distance(
    connection: Connection,
    which: sa.ColumnElement[bool],
    here: Position,
    after: str,
    size: int,
) -> Sequence[Any]:
    rows: Sequence[Any] = ()
    for reach in REACHES:
        rows = connection.execute(_within(which, here, reach, after).limit(size + 1)).all()
        if len(rows) > size:
            break
    return rows


def _within(
    which: sa.ColumnElement[bool], here: Position, reach: float, after: str
) -> sa.Select[Any]:
    """The order is that of the square of the distance in degrees of latitude: within a city the
    Earth is flat enough."""
    (lat, lon), cases = here, table(Case)
    north, east = cases.c.lat - lat, cases.c.lon - lon
    far = north * north + east * east * cos(radians(lat)) ** 2
    query = sa.select(cases.c.id, far.label("key")).where(
        which, box(here, reach), far <= degrees(reach / EARTH) ** 2
    )
    if key := _key(after, float):
        last = sa.literal(key[0]), sa.literal(key[1])
        query = query.where(sa.tuple_(far, cases.c.id) > sa.tuple_(*last))
    return query.order_by(far, cases.c.id)


def _after(row: Any) -> str:
    key = row.key.astimezone(UTC).isoformat() if isinstance(row.key, datetime) else repr(row.key)
    return f"{key}~{row.id}"


def _key(after: str, read: Callable[[str], T]) -> tuple[T, int] | None:
    """The key of the last one shown; one that cannot be read means the beginning."""
    stamp, _, last = after.partition("~")
    try:
        return read(stamp), int(last[:9])
    except (ValueError, OverflowError):
        return None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
