"""无人可告: what should have been said lately about open cases, and reached nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.log import attempts_of
from ledger.logbook import Ending, LogLine, Sought, page_in
from ledger.scope import is_open
from ledger.sieve import sieve
from ledger.telling import last_try
from models.notice import Notice, NoticeState
from models.person import Person
from rules.lifecycle import OPEN_STATUSES
from rules.permission import Viewer

FOR = timedelta(days=7)
"""What could not be said longer ago than this is no longer a matter of telling somebody."""
RECENT = 5_000
"""So many of the newest notices are looked at."""
MOST = 20

notices = table(Notice)


@dataclass(frozen=True, slots=True)
class Untold:
    """A row of the log that found nobody on duty, or a notice that no channel took."""

    case_id: int
    key: int
    row: LogLine | None = None
    notice: Any | None = None
    attempt: Any | None = None
    """The last attempt at the notice."""


def untold(connection: Connection, viewer: Viewer, at: datetime) -> list[Untold]:
    """What a viewer should know of; what somebody has remarked on is known."""
    sought = Sought(ending=Ending.NOBODY, since=at - FOR, reminders=True, unremarked=True)
    lines = page_in(connection, viewer, sought).lines
    dead = _dead(connection, viewer, at - FOR)
    tries = attempts_of(connection, [row.id for row in dead])
    return [
        *(Untold(x.case_id, x.id, row=x) for x in lines if x.status in OPEN_STATUSES),
        *(Untold(d.case_id, d.id, notice=d, attempt=last_try(tries[d.id])) for d in dead),
    ]


def _dead(connection: Connection, viewer: Viewer, since: datetime) -> list[Any]:
    people = table(Person)
    top = int(connection.execute(sa.select(sa.func.max(notices.c.id))).scalar() or 0)
    query = (
        sa.select(notices, people.c.name.label("person"))
        .join(people, notices.c.person_id == people.c.id)
        .where(
            notices.c.id > top - RECENT,
            notices.c.state == NoticeState.DEAD,
            notices.c.ended_at >= since,
        )
        .order_by(notices.c.id.desc())
    )
    return sieve(
        connection,
        viewer,
        lambda last: query.where(notices.c.id < last.id) if last else query,
        MOST,
        is_open,
    )
