"""单位周报的数: how a unit and those below it stand, and what happened in a week."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.scope import is_open, units_under, visible
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.escalation import Escalation, Outcome
from models.record import Record
from models.request import Request
from models.unit import Unit
from models.verb import Verb
from rules.countdown import HANDLED
from rules.permission import Viewer
from rules.subscription import NAMED, WEEK, Late, Summary, Week

AGAIN = (Verb.VERIFY_FAIL, Verb.VERIFY_PARTLY, Verb.LOOK_BACK_FAIL, Verb.REOPEN)
"""What sends a case back to be done again."""

cases, parts, log = table(Case), table(Assignment), table(Escalation)


def summary(connection: Connection, viewer: Viewer, unit_id: int, at: datetime) -> Summary:
    """The summary of a unit as of `at`, of the cases it leads that the viewer may see."""
    units = table(Unit)
    name = connection.execute(sa.select(units.c.name).where(units.c.id == unit_id)).scalar_one()
    mine = _Mine(connection, viewer, units_under(connection, [unit_id]))
    over = mine.running(cases.c.status.in_(sorted(HANDLED)), cases.c.due_at < at)
    return Summary(
        unit=name,
        since=at - WEEK,
        until=at,
        open=mine.count(mine.running()),
        overdue=mine.count(over),
        decision=mine.count(mine.running(_waits_for_a_decision())),
        week=mine.week(at - WEEK, at),
        before=mine.week(at - 2 * WEEK, at - WEEK),
        latest=mine.latest(over),
    )


@dataclass(frozen=True, slots=True)
class _Mine:
    """The cases that the units lead and the viewer sees."""

    connection: Connection
    viewer: Viewer
    units: Collection[int]

    def _led(self, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        leads = sa.select(parts.c.case_id).where(
            parts.c.unit_id.in_(self.units), parts.c.role == Role.LEAD, parts.c.ended_at.is_(None)
        )
        seen = visible(self.connection, self.viewer)
        return sa.select(cases.c.id).where(cases.c.id.in_(leads), seen, *conditions)

    def running(self, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Of those the open ones."""
        return self._led(is_open, *conditions)

    def count(self, query: sa.Select[Any]) -> int:
        """How many."""
        counted = sa.select(sa.func.count()).select_from(query.subquery())
        return int(self.connection.execute(counted).scalar_one())

    def latest(self, over: sa.Select[Any]) -> list[Late]:
        """Those that have been overdue the longest."""
        names = (cases.c.number, cases.c.place, cases.c.problem, cases.c.due_at)
        query = over.with_only_columns(*names).order_by(cases.c.due_at, cases.c.id).limit(NAMED)
        return [Late(*row) for row in self.connection.execute(query)]

    def week(self, since: datetime, until: datetime) -> Week:
        """What happened from `since` on and before `until`."""
        closed = self._led(
            cases.c.status == Status.CLOSED, _within(cases.c.closed_at, since, until)
        )
        late = cases.c.late.is_(True) & ~cases.c.exempt
        return Week(
            dispatched=self.count(self._led(_within(cases.c.dispatched_at, since, until))),
            on_time=self.count(closed.where(~late)),
            late=self.count(closed.where(late)),
            reworked=self._reworked(since, until),
            levels=self._levels(since, until),
        )

    def _reworked(self, since: datetime, until: datetime) -> int:
        records = table(Record)
        again = self._led((cases.c.reworks > 0) | (cases.c.relapses > 0))
        query = sa.select(sa.func.count(records.c.case_id.distinct())).where(
            records.c.case_id.in_(again),
            records.c.verb.in_([verb.value for verb in AGAIN]),
            _within(records.c.at, since, until),
        )
        return int(self.connection.execute(query).scalar_one())

    def _levels(self, since: datetime, until: datetime) -> dict[int, int]:
        """By level, of what the units answered for then."""
        query = (
            sa.select(log.c.level, sa.func.count())
            .join(cases, log.c.case_id == cases.c.id)
            .where(
                log.c.level > 0,
                log.c.unit_id.in_(self.units),
                log.c.outcome != Outcome.SKIPPED,
                _within(log.c.at, since, until),
                visible(self.connection, self.viewer),
            )
            .group_by(log.c.level)
        )
        return {row[0]: row[1] for row in self.connection.execute(query)}


def _within(
    column: sa.ColumnElement[Any], since: datetime, until: datetime
) -> sa.ColumnElement[bool]:
    return sa.and_(column >= since, column < until)


def _waits_for_a_decision() -> sa.ColumnElement[bool]:
    requests = table(Request)
    asked = sa.exists().where(requests.c.case_id == cases.c.id, requests.c.decided_at.is_(None))
    return sa.or_(cases.c.status == Status.RETURNED, asked)
