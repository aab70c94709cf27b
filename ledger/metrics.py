"""指标: figures for whoever watches over the house from outside, from the rows themselves.

What waits, failed or is open lies in indexes of its own and is counted as it is. Of what is over
only the new is read: a `Tally` holds the counts of what cannot change any more, up to where the
rows still move, so that every process tells the same. Once a day it begins anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.health import LATE_LOOK
from ledger.next_way import Exit, exits_of
from ledger.scope import is_open
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.incoming import Incoming, IncomingKind
from models.notice import Notice, NoticeState

MARGIN = 20_000
"""So many of the newest rows are counted afresh each time: PostgreSQL gives out numbers before
the rows that bear them can be seen, and a hand of messages is under way for a while."""
ANEW = timedelta(days=1)

cases, notices, tries, mails = table(Case), table(Notice), table(Delivery), table(Incoming)

_WAITING = (NoticeState.OWED, NoticeState.SENDING)
_FAILED = (NoticeState.DEAD, NoticeState.CAPPED)

Tried = tuple[str, DeliveryOutcome]


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand at one instant. Channels are named by the beginning of their addresses."""

    notices: Mapping[NoticeState, int]
    oldest_wait: timedelta
    """For how long the notice that should have gone first has waited since then."""
    deliveries: Mapping[Tried, int]
    exits: Sequence[Exit]
    cases_open: int
    late_looks: int
    incoming_unknown: int


@dataclass
class Tally:
    """What one process has counted already of what cannot change: up to `tried` and `told`."""

    begun: datetime | None = None
    tried: int = 0
    told: int = 0
    rows: int = 0
    """Notices up to `told`."""
    moot: int = 0
    deliveries: Counter[Tried] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)


def figures(ledger: Ledger, tally: Tally, at: datetime) -> Figures:
    """All figures as of `at`."""
    with tally.lock, ledger.snapshot() as connection:
        _begin(connection, tally, at)
        return Figures(
            notices=_notices(connection, tally),
            oldest_wait=_oldest_wait(connection, at),
            deliveries=_deliveries(connection, tally),
            exits=list(exits_of(connection, at).values()),
            cases_open=_count(connection, cases, is_open),
            late_looks=_count(connection, cases, cases.c.next_look_at < at - LATE_LOOK),
            incoming_unknown=_count(
                connection,
                mails,
                _is(mails.c.kind, IncomingKind.UNKNOWN),
                mails.c.settled_at.is_(None),
            ),
        )


def _begin(connection: Connection, tally: Tally, at: datetime) -> None:
    """Begin anew after a day, and where the ledger has become another."""
    shrunk = _top(connection, tries) < tally.tried or _top(connection, notices) < tally.told
    if tally.begun is None or shrunk or not tally.begun <= at < tally.begun + ANEW:
        tally.begun, tally.tried, tally.told = at, 0, 0
        tally.rows = tally.moot = 0
        tally.deliveries.clear()


# -- notices -----------------------------------------------------------------------------------


def _notices(connection: Connection, tally: Tally) -> dict[NoticeState, int]:
    """By state. Those sent are all that are nothing else."""
    moving = {
        **_in_states(connection, _WAITING),
        **_in_states(connection, _FAILED),
    }
    top, moved = _top(connection, notices), _first_waiting(connection, tally.told)
    floor = min(top - MARGIN, moved - 1)
    if floor > tally.told:
        span = notices.c.id.between(tally.told + 1, floor)
        tally.rows += _count(connection, notices, span)
        tally.moot += _count(connection, notices, span, notices.c.state == NoticeState.MOOT)
        tally.told = floor
    newer = notices.c.id > tally.told
    rows = tally.rows + _count(connection, notices, newer)
    moot = tally.moot + _count(connection, notices, newer, notices.c.state == NoticeState.MOOT)
    sent = rows - moot - sum(moving.values())
    return {**moving, NoticeState.MOOT: moot, NoticeState.SENT: max(sent, 0)}


def _in_states(connection: Connection, states: Sequence[NoticeState]) -> dict[NoticeState, int]:
    query = sa.select(notices.c.state, sa.func.count()).where(_among(states))
    found = dict(connection.execute(query.group_by(notices.c.state)).tuples().all())
    return {state: found.get(state, 0) for state in states}


def _first_waiting(connection: Connection, above: int) -> int:
    """The first notice beyond `above` that is still to become something else."""
    query = sa.select(sa.func.min(notices.c.id)).where(_among(_WAITING), notices.c.id > above)
    found = connection.execute(query).scalar()
    return int(found) if found is not None else _top(connection, notices) + 1


def _oldest_wait(connection: Connection, at: datetime) -> timedelta:
    query = sa.select(sa.func.min(notices.c.next_try_at)).where(_among(_WAITING))
    first = connection.execute(query).scalar()
    return max(at - first, timedelta(0)) if first is not None else timedelta(0)


def _among(states: Sequence[NoticeState]) -> sa.ColumnElement[bool]:
    # Written into the statement, as the index of these rows has it.
    listed: sa.BindParameter[Any] = sa.bindparam(
        states[0].value, list(states), expanding=True, literal_execute=True
    )
    return notices.c.state.in_(listed)


# -- attempts ----------------------------------------------------------------------------------


def _deliveries(connection: Connection, tally: Tally) -> Counter[Tried]:
    """Attempts that are over, by channel and outcome. Counts only ever grow."""
    floor = min(_top(connection, tries) - MARGIN, _first_under_way(connection) - 1)
    if floor > tally.tried:
        tally.deliveries += _tried(connection, tries.c.id.between(tally.tried + 1, floor))
        tally.tried = floor
    return tally.deliveries + _tried(connection, tries.c.id > tally.tried, ~_under_way())


def _tried(connection: Connection, *which: sa.ColumnElement[bool]) -> Counter[Tried]:
    query = sa.select(tries.c.channel, tries.c.outcome, sa.func.count()).where(*which)
    found: Counter[Tried] = Counter()
    for channel, outcome, count in connection.execute(
        query.group_by(tries.c.channel, tries.c.outcome)
    ):
        found[channel.partition(":")[0] or "none", outcome] += count
    return found


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
    return int(found) if found is not None else _top(connection, tries) + 1


# -- counting ----------------------------------------------------------------------------------


def _count(connection: Connection, rows: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(rows).where(*which)
    return int(connection.execute(query).scalar_one())


def _top(connection: Connection, rows: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.max(rows.c.id))).scalar() or 0)


def _is(column: sa.ColumnElement[Any], value: Any) -> sa.ColumnElement[bool]:
    # Written into the statement, as the index of these rows has it.
    return column == sa.bindparam("kind_is", value, type_=column.type, literal_execute=True)
