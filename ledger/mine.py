"""我单位的案件: what waits for a unit, how much of it there is, and its parts on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.lists import Page, Wanted, page_in
from ledger.scope import is_open, units_under, visible
from ledger.sweeps import pauses_of
from models.account import AccountRole
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.unit import Unit
from rules.permission import Viewer

_OF_UNITS = {AccountRole.CONTACT, AccountRole.HEAD}

TO_DO = (Status.DISPATCHED, Status.IN_PROGRESS, Status.REWORK)
"""What waits for the unit; its clock runs."""
WAITING = (Status.RETURNED, Status.SUBMITTED, Status.SUSPENDED)
"""What others have to move next."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many open cases there are of each kind. A case may be of several kinds."""

    to_sign: int = 0
    in_progress: int = 0
    due_today: int = 0
    overdue: int = 0
    rework: int = 0
    waiting: int = 0
    to_do: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a unit's cases, with the unit's own parts and the pauses of each, by id."""

    page: Page
    parts: Mapping[int, Sequence[Any]]
    pauses: Mapping[int, list[tuple[datetime, datetime]]]


def as_unit(viewer: Viewer) -> Viewer:
    """The viewer as somebody who answers for units, and nothing else."""
    return viewer.only(*_OF_UNITS)


def own_units(viewer: Viewer) -> tuple[int, ...]:
    """The units the viewer answers for; each stands for its subtree."""
    mine = (grant.unit_id for grant in as_unit(viewer).grants)
    return tuple(dict.fromkeys(unit for unit in mine if unit is not None))


def subtree(ledger: Ledger, viewer: Viewer) -> list[tuple[int, str]]:
    """Every unit the viewer answers for, by name."""
    units = table(Unit)
    with ledger.snapshot() as connection:
        ids = units_under(connection, own_units(viewer))
        query = sa.select(units.c.id, units.c.name).where(units.c.id.in_(ids))
        return [(row.id, row.name) for row in connection.execute(query.order_by(units.c.id))]


def sheet(
    ledger: Ledger, viewer: Viewer, wanted: Wanted, at: datetime, after: str = "", size: int = 50
) -> Sheet:
    """One page of what is wanted."""
    with ledger.snapshot() as connection:
        page = page_in(connection, as_unit(viewer), wanted, after, size)
        ids = [line.id for line in page.lines]
        parts = _parts(connection, ids, own_units(viewer))
        return Sheet(page, parts, pauses_of(connection, ids, at) if ids else {})


def _parts(
    connection: Connection, ids: Sequence[int], roots: Sequence[int]
) -> dict[int, list[Any]]:
    parts, units = table(Assignment), table(Unit)
    query = (
        sa.select(
            parts.c.case_id, parts.c.role, parts.c.confirmed_at, parts.c.section, units.c.name
        )
        .join(units, parts.c.unit_id == units.c.id)
        .where(
            parts.c.case_id.in_(ids),
            parts.c.unit_id.in_(units_under(connection, roots)),
            parts.c.ended_at.is_(None),
        )
        .order_by(parts.c.id)
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.case_id, []).append(row)
    return found


def tally(ledger: Ledger, viewer: Viewer, at: datetime, day_ends: datetime) -> tuple[Tally, Tally]:
    """How many there are, of those the viewer's units lead, and of those they assist in.

    `day_ends` is the midnight that closes today: what is due then is due today.
    """
    cases, parts = table(Case), table(Assignment)
    with ledger.snapshot() as connection:
        under = units_under(connection, own_units(viewer))
        mine = (
            sa.select(parts.c.case_id, sa.func.max(_one(parts.c.role == Role.LEAD)).label("leads"))
            .where(parts.c.unit_id.in_(under), parts.c.ended_at.is_(None), parts.c.case_open)
            .group_by(parts.c.case_id)
            .subquery()
        )
        kinds = {name: sa.func.sum(_one(kind)) for name, kind in _kinds(at, day_ends).items()}
        query = (
            sa.select(mine.c.leads, *(kind.label(name) for name, kind in kinds.items()))
            .join(cases, cases.c.id == mine.c.case_id)
            .where(is_open, visible(connection, as_unit(viewer), waiting=True))
            .group_by(mine.c.leads)
        )
        rows = {row.leads: row for row in connection.execute(query)}
    return _tally(rows.get(1), kinds), _tally(rows.get(0), kinds)


def _kinds(at: datetime, day_ends: datetime) -> dict[str, sa.ColumnElement[bool]]:
    cases = table(Case)
    to_do = cases.c.status.in_(TO_DO)
    return {
        "to_sign": cases.c.status == Status.DISPATCHED,
        "in_progress": cases.c.status == Status.IN_PROGRESS,
        "due_today": sa.and_(to_do, cases.c.due_at > at, cases.c.due_at <= day_ends),
        "overdue": sa.and_(to_do, cases.c.due_at <= at),
        "rework": sa.and_(to_do, cases.c.reworks > 0),
        "waiting": cases.c.status.in_(WAITING),
        "to_do": to_do,
    }


def _one(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.case((condition, 1), else_=0)


def _tally(row: Any, kinds: Mapping[str, Any]) -> Tally:
    return Tally(**{name: int(getattr(row, name)) for name in kinds}) if row else Tally()
