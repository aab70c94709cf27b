"""指标: figures for whoever watches over the house from outside, from the rows themselves.

What waits, failed or is open lies in indexes of its own and is counted as it is; of what is over
only the new is read (`ledger.metrics_tally`). So every process tells the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from ledger import setting_aside
from ledger.changes import table
from ledger.database import Ledger
from ledger.heartbeats import Beat, all_beats
from ledger.metrics_cases import Overdue, open_by_status, overdue
from ledger.metrics_past import Attempts
from ledger.metrics_tally import Tally, attempts, begin, count, notices_by_state, oldest_wait
from ledger.next_way import Exit, exits_of
from models.case import Status
from models.incoming import Incoming, IncomingKind
from models.notice import NoticeState

mails = table(Incoming)


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand at one instant. Channels are named by the beginning of their addresses."""

    notices: Mapping[NoticeState, int]
    oldest_wait: timedelta
    """For how long the notice that should have gone first has waited since then."""
    attempts: Attempts
    exits: Sequence[Exit]
    cases: Mapping[Status, int]
    """Open ones."""
    overdue: Overdue
    aside: int
    """Cases set aside, of which `alarms` have failed too often."""
    alarms: int
    beats: Sequence[Beat]
    incoming_unknown: int

    @property
    def cases_open(self) -> int:
        """All of them."""
        return sum(self.cases.values())


@dataclass(frozen=True, slots=True)
class Pool:
    """The database connections of this process: kept, lent out now, and how many there may be."""

    kept: int
    in_use: int
    most: int


def figures(ledger: Ledger, tally: Tally, at: datetime) -> Figures:
    """All figures as of `at`."""
    with tally.lock, ledger.snapshot() as connection:
        begin(connection, tally, at)
        return Figures(
            notices=notices_by_state(connection, tally),
            oldest_wait=oldest_wait(connection, at),
            attempts=attempts(connection, tally),
            exits=list(exits_of(connection, at).values()),
            cases=open_by_status(connection),
            overdue=overdue(connection, at),
            aside=setting_aside.count(connection),
            alarms=setting_aside.alarms(connection),
            beats=all_beats(connection),
            incoming_unknown=count(
                connection,
                mails,
                _is(mails.c.kind, IncomingKind.UNKNOWN),
                mails.c.settled_at.is_(None),
            ),
        )


def pool_of(ledger: Ledger) -> Pool | None:
    """The connections of this process as of now; None where it keeps none."""
    pool = ledger.engine.pool
    if not isinstance(pool, QueuePool):
        return None
    return Pool(pool.size(), pool.checkedout(), pool.size() + max(pool._max_overflow, 0))


def _is(column: sa.ColumnElement[Any], value: Any) -> sa.ColumnElement[bool]:
    # Written into the statement, as the index of these rows has it.
    return column == sa.bindparam("kind_is", value, type_=column.type, literal_execute=True)
