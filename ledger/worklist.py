"""待办: every case that waits for somebody, with what that somebody needs to know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ledger.changes import table
from ledger.database import Ledger
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.request import Request, RequestKind
from models.unit import Area, Unit
from rules.lifecycle import OPEN_STATUSES


@dataclass(frozen=True, slots=True)
class OpenCase:
    """One case that waits. `unit` and `unit_name` are its lead's, empty while nobody leads.

    `since` is the instant it entered its status, `step_due_at` when that step is due, `due_at`
    when the rectification is. `asked` is the kind of a request that still waits for an answer.
    """

    number: str
    status: Status
    place: str
    problem: str
    category: str
    area: str
    unit: str
    unit_name: str
    since: datetime
    step_due_at: datetime | None
    due_at: datetime | None
    asked: RequestKind | None
    reports: int
    returns: int
    reworks: int
    extensions: int
    suspensions: int


def open_cases(ledger: Ledger) -> list[OpenCase]:
    """Every case not yet closed, by number."""
    return _read(ledger, table(Case).c.status.in_(OPEN_STATUSES))


def unpublished(ledger: Ledger) -> list[OpenCase]:
    """Every case that was verified and closed, but not yet published, by number."""
    cases = table(Case)
    return _read(ledger, sa.and_(cases.c.status == Status.CLOSED, cases.c.step_due_at.is_not(None)))


def listed(ledger: Ledger, status: Status | None = None) -> list[OpenCase]:
    """The cases of one status, or all that are open; those due first come first."""
    found = open_cases(ledger) if status is None else _read(ledger, table(Case).c.status == status)
    return sorted(found, key=lambda case: (case.due_at is None, case.due_at or case.since))


def _read(ledger: Ledger, which: sa.ColumnElement[bool]) -> list[OpenCase]:
    with ledger.transaction() as connection:
        rows = connection.execute(_query().where(which)).mappings()
        return [OpenCase(**row) for row in rows]


def _query() -> sa.Select[Any]:
    cases, areas, units = table(Case), table(Area), table(Unit)
    parts, requests = table(Assignment), table(Request)
    leads = sa.and_(
        parts.c.case_id == cases.c.id, parts.c.role == Role.LEAD, parts.c.ended_at.is_(None)
    )
    waiting = sa.and_(requests.c.case_id == cases.c.id, requests.c.decided_at.is_(None))
    own = ("number", "status", "place", "problem", "since", "step_due_at", "due_at")
    counts = ("reports", "returns", "reworks", "extensions", "suspensions")
    return (
        sa.select(
            *(cases.c[name] for name in (*own, *counts)),
            sa.func.coalesce(cases.c.category_code, "").label("category"),
            sa.func.coalesce(areas.c.code, "").label("area"),
            sa.func.coalesce(units.c.code, "").label("unit"),
            sa.func.coalesce(units.c.name, "").label("unit_name"),
            requests.c.kind.label("asked"),
        )
        .select_from(cases)
        .outerjoin(areas, areas.c.id == cases.c.area_id)
        .outerjoin(parts, leads)
        .outerjoin(units, units.c.id == parts.c.unit_id)
        .outerjoin(requests, waiting)
        .order_by(cases.c.number)
    )
