"""计数: of what is over only the new is read.

A `Tally` holds the counts of what cannot change any more, up to where the rows still move. Once a
day it begins anew, and whenever rows have gone to the archive: what they told is kept beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import metrics_past
from ledger.changes import table
from ledger.metrics_past import Attempts, attempts_of
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState

MARGIN = 20_000
"""So many of the newest rows are counted afresh each time: PostgreSQL gives out numbers before
the rows that bear them can be seen, and a hand of messages is under way for a while."""
ANEW = timedelta(days=1)

notices, tries = table(Notice), table(Delivery)

_WAITING = (NoticeState.OWED, NoticeState.SENDING)
_FAILED = (NoticeState.DEAD, NoticeState.CAPPED)


@dataclass
class Tally:
    """What one process has counted already of what cannot change: up to `tried` and `told`."""

    begun: datetime | None = None
    tried: int = 0
    told: int = 0
    rows: int = 0
    """Notices up to `told`."""
    moot: int = 0
    attempts: Attempts = field(default_factory=Attempts)
    """Those up to `tried`, and those in the archive."""
    past: Attempts = field(default_factory=Attempts)
    lock: Lock = field(default_factory=Lock)


def begin(connection: Connection, tally: Tally, at: datetime) -> None:
    """Begin anew after a day, after archiving, and where the ledger has become another."""
    past = metrics_past.kept(connection)
    shrunk = top(connection, tries) < tally.tried or top(connection, notices) < tally.told
    known = tally.begun is not None and tally.begun <= at < tally.begun + ANEW
    if known and not shrunk and past == tally.past:
        return
    tally.begun, tally.tried, tally.told = at, 0, 0
    tally.rows = tally.moot = 0
    tally.past, tally.attempts = past, past


# -- notices -----------------------------------------------------------------------------------


def notices_by_state(connection: Connection, tally: Tally) -> dict[NoticeState, int]:
    """By state. Those sent are all that are nothing else."""
    moving = {
        **_in_states(connection, _WAITING),
        **_in_states(connection, _FAILED),
    }
    newest, moved = top(connection, notices), _first_waiting(connection, tally.told)
    floor = min(newest - MARGIN, moved - 1)
    if floor > tally.told:
        span = notices.c.id.between(tally.told + 1, floor)
        tally.rows += count(connection, notices, span)
        tally.moot += count(connection, notices, span, notices.c.state == NoticeState.MOOT)
        tally.told = floor
    newer = notices.c.id > tally.told
    rows = tally.rows + count(connection, notices, newer)
    moot = tally.moot + count(connection, notices, newer, notices.c.state == NoticeState.MOOT)
    sent = rows - moot - sum(moving.values())
    return {**moving, NoticeState.MOOT: moot, NoticeState.SENT: max(sent, 0)}


def oldest_wait(connection: Connection, at: datetime) -> timedelta:
    """For how long the notice that should have gone first has waited since then."""
    query = sa.select(sa.func.min(notices.c.next_try_at)).where(_among(_WAITING))
    first = connection.execute(query).scalar()
    return max(at - first, timedelta(0)) if first is not None else timedelta(0)


def _in_states(connection: Connection, states: Sequence[NoticeState]) -> dict[NoticeState, int]:
    query = sa.select(notices.c.state, sa.func.count()).where(_among(states))
    found = dict(connection.execute(query.group_by(notices.c.state)).tuples().all())
    return {state: found.get(state, 0) for state in states}


def _first_waiting(connection: Connection, above: int) -> int:
    """The first notice beyond `above` that is still to become something else."""
    query = sa.select(sa.func.min(notices.c.id)).where(_among(_WAITING), notices.c.id > above)
    found = connection.execute(query).scalar()
    return int(found) if found is not None else top(connection, notices) + 1


def _among(states: Sequence[NoticeState]) -> sa.ColumnElement[bool]:
    # Written into the statement, as the index of these rows has it.
    listed: sa.BindParameter[Any] = sa.bindparam(
        states[0].value, list(states), expanding=True, literal_execute=True
    )
    return notices.c.state.in_(listed)


# -- attempts ----------------------------------------------------------------------------------


def attempts(connection: Connection, tally: Tally) -> Attempts:
    """Attempts that are over, by channel and outcome, and their times. Counts only ever grow."""
    floor = min(top(connection, tries) - MARGIN, _first_under_way(connection) - 1)
    if floor > tally.tried:
        tally.attempts += attempts_of(connection, tries.c.id.between(tally.tried + 1, floor))
        tally.tried = floor
    return tally.attempts + attempts_of(connection, tries.c.id > tally.tried, ~_under_way())


def _under_way() -> sa.ColumnElement[bool]:
    """Whether an attempt is being made now: nobody knows yet what becomes of it."""
    sending = notices.c.state == NoticeState.SENDING
    of = sa.and_(notices.c.id == tries.c.notice_id, notices.c.attempts == tries.c.attempt)
    open_ = sa.exists().where(of, sending)
    return sa.and_(tries.c.outcome == DeliveryOutcome.UNKNOWN, open_)


def _first_under_way(connection: Connection) -> int:
    query = (
        sa.select(sa.func.min(tries.c.id))
        .join(notices, tries.c.notice_id == notices.c.id)
        .where(
            _among(_WAITING),
            notices.c.state == NoticeState.SENDING,
            notices.c.attempts == tries.c.attempt,
        )
    )
    found = connection.execute(query).scalar()
    return int(found) if found is not None else top(connection, tries) + 1


# -- counting ----------------------------------------------------------------------------------


def count(connection: Connection, rows: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    """How many rows there are of these."""
    query = sa.select(sa.func.count()).select_from(rows).where(*which)
    return int(connection.execute(query).scalar_one())


def top(connection: Connection, rows: sa.Table) -> int:
    """The highest number given out."""
    return int(connection.execute(sa.select(sa.func.max(rows.c.id))).scalar() or 0)
