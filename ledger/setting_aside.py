"""搁置: the cases that could not be judged: kept, shown, tried again, let go when they could."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from ledger.changes import among, table
from ledger.sieve import seen_among
from models.case import Case, Status
from models.notice import Notice, NoticeState
from models.set_aside import SetAside
from rules.permission import Viewer
from rules.set_aside import ALARM, wait

MOST = 200
FOLLOW_UP, DISPATCH, DELIVER = "follow-up", "dispatch", "deliver"
"""What a case may wait for: to be looked at, to be dispatched, to have its notices written."""

aside, cases, notices = table(SetAside), table(Case), table(Notice)


@dataclass(frozen=True, slots=True)
class Aside:
    """Work on one case that waits to be tried again, and what went wrong the last time."""

    case_id: int
    number: str
    place: str
    work: str
    error: str
    tries: int
    first_at: datetime
    retry_at: datetime

    @property
    def alarms(self) -> bool:
        """Whether it will hardly mend itself."""
        return self.tries >= ALARM


def free(work: str, at: datetime) -> sa.ColumnElement[bool]:
    """Whether a case is not set aside for this work as of `at`, or is to be tried again."""
    waits = sa.select(aside.c.case_id).where(
        aside.c.case_id == cases.c.id, aside.c.work == work, aside.c.retry_at > at
    )
    return ~waits.exists()


def add(connection: Connection, case_id: int, work: str, error: Exception, at: datetime) -> int:
    """Set a case aside, for longer each time; gives how often it has been tried now."""
    mine = sa.and_(aside.c.case_id == case_id, aside.c.work == work)
    tries: int = connection.execute(sa.select(aside.c.tries).where(mine)).scalar() or 0
    values = {
        "error": said(error), "tries": tries + 1, "last_at": at, "retry_at": at + wait(tries + 1),
    }  # fmt: skip
    if tries:
        connection.execute(sa.update(aside).where(mine).values(**values))
    else:
        connection.execute(
            sa.insert(aside).values(case_id=case_id, work=work, first_at=at, **values)
        )
    return tries + 1


def said(error: Exception) -> str:
    """What went wrong, in a line: never the values a statement was sent with."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first = (str(cause).strip() or "—").splitlines()[0]
    return f"{type(cause).__name__}: {first}"[:300]


def held(connection: Connection, work: str, at: datetime) -> list[int]:
    """The cases that wait for this, and are left alone as of `at`."""
    query = sa.select(aside.c.case_id).where(aside.c.work == work, aside.c.retry_at > at)
    return list(connection.execute(query).scalars())


def forget(connection: Connection, ids: Sequence[int], work: str) -> None:
    """With these it could be done."""
    mine = among(connection, aside.c.case_id, ids)
    connection.execute(sa.delete(aside).where(mine, aside.c.work == work))


def tidy(connection: Connection) -> int:
    """Let go of cases that nothing waits for any more, as when they were closed by hand."""
    waits = sa.select(cases.c.id).where(cases.c.id == aside.c.case_id, _waits())
    return connection.execute(sa.delete(aside).where(~waits.exists())).rowcount


def alarms(connection: Connection) -> int:
    """How many have failed too often."""
    return _cases(connection, _listed().where(aside.c.tries >= ALARM))


def count(connection: Connection) -> int:
    """How many wait."""
    return _cases(connection, _listed())


def waiting(connection: Connection, viewer: Viewer | None = None) -> list[Aside]:
    """What waits, the oldest first, at most `MOST`; with a viewer, of the cases they see."""
    rows: Sequence[Any] = connection.execute(_listed().limit(MOST)).all()
    if viewer is not None:
        seen = seen_among(connection, viewer, {row.case_id for row in rows})
        rows = [row for row in rows if row.case_id in seen]
    return [Aside(*row) for row in rows]


def retry_now(connection: Connection, case_id: int, at: datetime) -> bool:
    """Try a case in the next round; whether it was set aside at all."""
    mine = sa.update(aside).where(aside.c.case_id == case_id).values(retry_at=at)
    return bool(connection.execute(mine).rowcount)


def _cases(connection: Connection, listed: sa.Select[Any]) -> int:
    """How many cases: one may wait for several things."""
    query = sa.select(sa.func.count(listed.subquery().c.case_id.distinct()))
    return int(connection.execute(query).scalar_one())


def _listed() -> sa.Select[Any]:
    return (
        sa.select(
            aside.c.case_id, cases.c.number, cases.c.place, aside.c.work, aside.c.error,
            aside.c.tries, aside.c.first_at, aside.c.retry_at,
        )
        .join(cases, cases.c.id == aside.c.case_id)
        .where(_waits())
        .order_by(aside.c.first_at, aside.c.case_id, aside.c.work)
    )  # fmt: skip


def _waits() -> sa.ColumnElement[bool]:
    unsent = sa.select(notices.c.id).where(
        notices.c.case_id == cases.c.id,
        notices.c.state.in_((NoticeState.OWED, NoticeState.SENDING)),
    )
    return sa.or_(
        cases.c.next_look_at.is_not(None),
        cases.c.status == Status.FILED,
        sa.and_(aside.c.work == DELIVER, unsent.exists()),
    )
