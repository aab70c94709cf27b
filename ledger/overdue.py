"""已逾期: the cases of a person that are over their limit, as the morning's digest names them."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.reference import Reference
from models.assignment import Assignment
from models.case import Case, Stage
from models.category import Role
from models.escalation import Escalation, Outcome
from models.person import DutyKind
from rules.addressees import Answering, addressees
from rules.agenda import HANDLING
from rules.digest import Overdue
from rules.duty import Directory

NAMED = 50
"""So many cases are named to one person."""

_DUTIES = (DutyKind.CONTACT, DutyKind.HANDLER)


def overdue_of(
    connection: Connection, reference: Reference, people: Collection[int], at: datetime
) -> dict[int, list[Overdue]]:
    """The overdue cases these people are told of as contact or handler, the most urgent first.

    Whoever stands in for somebody has that person's cases.
    """
    found: dict[int, list[Overdue]] = {person: [] for person in people}
    units = list(_units_of(reference.directory, people, at)) if people else []
    if not units:
        return found
    rows = connection.execute(_overdue(connection, units, at)).all()
    levels = _levels(connection, [row.id for row in rows])
    for row in rows:
        case = Overdue(row.number, row.place, row.due_at, levels.get(row.id, 0))
        for person in _told(reference.directory, row, at) & found.keys():
            found[person].append(case)
    return {person: mine[:NAMED] for person, mine in found.items()}


def _units_of(directory: Directory, people: Collection[int], at: datetime) -> set[int]:
    """Units whose cases may be theirs: their own and those above, where a section has a part."""
    stands = {person for person in directory.people if directory.present(person, at) in people}
    return {above.id for unit in _homes(directory, stands) for above in directory.line(unit)}


def _homes(directory: Directory, people: set[int]) -> Iterator[int]:
    turns = [(key, roster.people) for key, roster in directory.rotas.items()]
    for (unit, _), holders in [*directory.duties.items(), *turns]:
        if not people.isdisjoint(holders):
            yield unit


def _overdue(connection: Connection, units: Sequence[int], at: datetime) -> sa.Select[Any]:
    """Of each unit, and of each handler in it, as many as may be named."""
    parts, cases = table(Assignment), table(Case)
    place = sa.func.row_number().over(
        partition_by=(parts.c.unit_id, parts.c.handler_id), order_by=(cases.c.due_at, cases.c.id)
    )
    columns = (cases.c.id, cases.c.number, cases.c.place, cases.c.due_at)
    late = (
        sa.select(*columns, parts.c.unit_id, parts.c.handler_id, place.label("nth"))
        .join(cases, cases.c.id == parts.c.case_id)
        .where(among(connection, parts.c.unit_id, units), parts.c.role == Role.LEAD)
        .where(parts.c.case_open, parts.c.ended_at.is_(None))
        .where(cases.c.status.in_(HANDLING), cases.c.due_at <= at)
        .subquery()
    )
    return sa.select(late).where(late.c.nth <= NAMED).order_by(late.c.due_at, late.c.id)


def _told(directory: Directory, row: Any, at: datetime) -> set[int]:
    answering = Answering(lead=row.unit_id, handler=row.handler_id)
    return {who.person_id for who in addressees(directory, answering, _DUTIES, at)}


def _levels(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """The highest level that each case has reached on the clock that runs."""
    log, cases = table(Escalation), table(Case)
    query = (
        sa.select(log.c.case_id, sa.func.max(log.c.level))
        .join(cases, sa.and_(cases.c.id == log.c.case_id, cases.c.epoch == log.c.epoch))
        .where(among(connection, log.c.case_id, ids), log.c.stage == Stage.HANDLE)
        .where(log.c.level > 0, log.c.outcome != Outcome.SKIPPED)
        .group_by(log.c.case_id)
    )
    return dict(connection.execute(query).tuples().all())
