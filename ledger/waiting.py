"""待发: which notices wait in the outbox and are in nobody's hand."""

import os
import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.burden import MOST, reminds
from ledger.changes import table
from models.case import Case
from models.notice import Notice, NoticeState
from models.person import Person


def holder() -> str:
    """This process, as a lease names it."""
    return f"{socket.gethostname()}/{os.getpid()}"


def due_now(connection: Connection, at: datetime, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a notice is to be sent as of `at`, and in nobody's hand."""
    notices = table(Notice)
    # Written into the statement, as the index of these rows has it.
    open_states: sa.BindParameter[Any] = sa.bindparam(
        "open", [NoticeState.OWED, NoticeState.SENDING], expanding=True, literal_execute=True
    )
    free = sa.or_(
        notices.c.lease_until.is_(None),
        notices.c.lease_until <= now,
        notices.c.lease_by.in_(_dead_holders(connection)),
    )
    return sa.and_(notices.c.state.in_(open_states), notices.c.next_try_at <= at, free)


def _rows(due: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Notices with what is asked of their cases and people before they are taken."""
    notices, cases, people = table(Notice), table(Case), table(Person)
    of_case = ("number", "limit", "policy_id", "step_due_at", "look_back_due_at")
    return (
        sa.select(
            notices,
            *(cases.c[name] for name in of_case),
            cases.c.status.label("case_status"),
            people.c.name.label("person"),
        )
        .join(cases, notices.c.case_id == cases.c.id)
        .join(people, notices.c.person_id == people.c.id)
        .where(due)
        .with_for_update(skip_locked=True, of=notices)
    )


def at_once(connection: Connection, due: sa.ColumnElement[bool], most: int) -> list[Any]:
    """What goes at once: everything but reminders."""
    notices = table(Notice)
    query = _rows(due).where(~reminds(notices))
    query = query.order_by(notices.c.next_try_at, notices.c.id).limit(most)
    return list(connection.execute(query).mappings())


def reminders(
    connection: Connection,
    due: sa.ColumnElement[bool],
    people: Sequence[int],
    most: int = MOST,
) -> list[Any]:
    """What these people are to be reminded of. Nobody's is cut in two, if that can be helped."""
    if not people:
        return []
    notices = table(Notice)
    query = _rows(due).where(reminds(notices), notices.c.person_id.in_(people))
    query = query.order_by(notices.c.person_id, notices.c.next_try_at, notices.c.id)
    rows = list(connection.execute(query.limit(most)).mappings())
    if len(rows) < most:
        return rows
    last = rows[-1]["person_id"]
    return [row for row in rows if row["person_id"] != last] or rows


def _dead_holders(connection: Connection) -> list[str]:
    """Processes of this host that still hold notices and no longer live."""
    notices = table(Notice)
    query = sa.select(notices.c.lease_by).where(notices.c.state == NoticeState.SENDING).distinct()
    here = f"{socket.gethostname()}/"
    names = [name for name in connection.execute(query).scalars() if name.startswith(here)]
    return [name for name in names if not _alive(int(name.removeprefix(here)))]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
