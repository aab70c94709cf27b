"""一案一档: one case with everything that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.parts import answering_of
from ledger.reference import Reference, read
from ledger.standing import Standing, standing
from ledger.sweeps import pauses_of
from models.assignment import Assignment
from models.case import Case, Pause
from models.escalation import Escalation
from models.finding import Finding
from models.record import Record
from models.request import Request
from models.unit import Unit
from models.words import Trouble
from rules.addressees import Answering
from rules.agenda import Book, Look, agenda


@dataclass(frozen=True, slots=True)
class Thread:
    """A case, its units, its records, its findings and the rules it is judged by."""

    case: Any
    parts: Sequence[Any]
    records: Sequence[Any]
    findings: Sequence[Any]
    pauses: Sequence[tuple[datetime, datetime]]
    reference: Reference
    answering: Answering
    log: Sequence[Any] = ()
    """Its rows of the escalation log, reminder points too."""
    rests: Sequence[Any] = ()
    """Its pauses as they are kept: one that runs has no end."""
    requests: Sequence[Any] = ()

    @property
    def book(self) -> Book:
        """The policy the case was dispatched by, with the city's working time."""
        return self.reference.books[self.case.policy_id]

    def agenda(self) -> list[Look]:
        """Every look still to come."""
        return agenda(self.case, self.book, self.case.looked_until, self.pauses)

    def as_of(self, at: datetime) -> Standing:
        """How the case stood at `at`, which is not before its first record."""
        return standing(self, at)


def read_case(ledger: Ledger, number: str, at: datetime) -> Thread:
    """Everything about one case. Raises Trouble when there is none of that number."""
    cases = table(Case)
    with ledger.transaction() as connection:
        case = connection.execute(sa.select(cases).where(cases.c.number == number)).one_or_none()
        if case is None:
            raise Trouble(
                f"没有编号为 {number} 的案件。编号形如 2026-000123，见 duban cases。",
                f"There is no case {number}. Numbers look like 2026-000123; see duban cases.",
            )
        return thread_of(connection, case, at, read(connection))


def thread_of(connection: Connection, case: Any, at: datetime, reference: Reference) -> Thread:
    """Everything that belongs to the row of a case, within a transaction."""
    parts, units = table(Assignment), table(Unit)
    who = (
        sa.select(parts, units.c.name)
        .join(units, parts.c.unit_id == units.c.id)
        .where(parts.c.case_id == case.id)
        .order_by(parts.c.id)
    )
    return Thread(
        case=case,
        parts=connection.execute(who).all(),
        records=rows_of(connection, Record, case.id),
        findings=rows_of(connection, Finding, case.id),
        pauses=pauses_of(connection, [case.id], at)[case.id],
        reference=reference,
        answering=answering_of(connection, {case.id: case.inspector_id})[case.id],
        log=rows_of(connection, Escalation, case.id),
        rests=rows_of(connection, Pause, case.id),
        requests=rows_of(connection, Request, case.id),
    )


def rows_of(connection: Connection, model: Any, case_id: int) -> Sequence[Any]:
    """The rows of a table that belong to a case, in order."""
    rows = table(model)
    query = sa.select(rows).where(rows.c.case_id == case_id).order_by(rows.c.id)
    return connection.execute(query).all()
