"""在办与到点: open cases by status, and how late the looks are that nobody has taken yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.health import LATE_LOOK
from ledger.scope import is_open
from ledger.setting_aside import FOLLOW_UP
from models.case import Case, Status
from models.set_aside import SetAside
from rules.lifecycle import OPEN_STATUSES

LATENESS = tuple(
    timedelta(seconds=seconds) for seconds in (60, 300, 600, 1800, 3600, 6 * 3600, 24 * 3600)
)
"""The upper edges by which lateness is counted. A round comes every minute."""

cases, aside = table(Case), table(SetAside)


@dataclass(frozen=True, slots=True)
class Overdue:
    """Looks that have come due and were not taken; those of cases set aside are counted there."""

    within: Sequence[int]
    """How many are late by at most each of `LATENESS`, and last all of them."""
    late: int
    """Those late by more than `LATE_LOOK`."""
    oldest: timedelta


def open_by_status(connection: Connection) -> Mapping[Status, int]:
    """Open cases, every open status with its count."""
    query = sa.select(cases.c.status, sa.func.count()).where(is_open).group_by(cases.c.status)
    found = dict(connection.execute(query).tuples().all())
    return {status: found.get(status, 0) for status in Status if status in OPEN_STATUSES}


def overdue(connection: Connection, at: datetime) -> Overdue:
    """How late the looks are that have come due by `at`. Reads only those."""
    look = cases.c.next_look_at
    edges = [sa.func.count().filter(look >= at - edge) for edge in LATENESS]
    late = sa.func.count().filter(look < at - LATE_LOOK)
    mine = aside.c.case_id == cases.c.id, aside.c.work == FOLLOW_UP
    waits = sa.select(aside.c.case_id).where(*mine).exists()
    query = sa.select(*edges, sa.func.count(), late, sa.func.min(look)).where(look <= at, ~waits)
    *within, late_ones, first = connection.execute(query).one()
    return Overdue(within, late_ones, at - first if first else timedelta(0))
