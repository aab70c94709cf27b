"""事由: what the notices in one hand say of their cases, as the cases are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.parts import answering_of
from ledger.reference import Reference
from ledger.sweeps import pauses_of
from models.case import Case, Stage, Status
from rules.addressees import Answering
from rules.agenda import Act, Look, agenda
from rules.relevance import about, still_needed

Row = Mapping[Any, Any]

NO_CASE: Mapping[str, Any] = {
    "number": "", "place": "", "problem": "", "status": None, "stage": Stage.HANDLE,
    "due_at": None, "provisional": False, "left": None, "unit": "", "next": None,
}  # fmt: skip
"""What is about no single case says what it has to say in its facts."""

_DUE = {Stage.HANDLE: "due_at", Stage.LOOK_BACK: "look_back_due_at"}
"""Where the due instant of a clock stands; of all others it is the step's."""


@dataclass(frozen=True, slots=True)
class Matters:
    """The cases of the notices in one hand, with all that is asked of them as of `at`."""

    reference: Reference
    at: datetime
    cases: Mapping[int, Any]
    answers: Mapping[int, Answering]
    pauses: Mapping[int, Sequence[tuple[datetime, datetime]]]

    @classmethod
    def read(
        cls, connection: Connection, reference: Reference, rows: Sequence[Row], at: datetime
    ) -> Self:
        """Those of these notices."""
        ids = list({row["case_id"] for row in rows if row["case_id"]})
        cases = table(Case)
        query = sa.select(cases).where(among(connection, cases.c.id, ids))
        found = {row.id: row for row in connection.execute(query)}
        answers = answering_of(connection, {case.id: case.inspector_id for case in found.values()})
        return cls(reference, at, found, answers, pauses_of(connection, ids, at))

    def of(self, row: Row) -> Mapping[str, Any]:
        """What a notice says of its case."""
        case = self.cases.get(row["case_id"])
        if case is None:
            return NO_CASE
        stage = about(row["kind"], row["facts"].get("stage"), row["case_status"])
        due, rests = _due_of(case, stage), self.pauses[case.id]
        unit = self.reference.directory.units.get(self.answers[case.id].lead or 0)
        book = self.reference.books[case.policy_id]
        looks = agenda(case, book, max(self.at, case.looked_until), rests)
        return {
            "number": case.number,
            "place": case.place,
            "problem": case.problem,
            "status": case.status,
            "stage": stage,
            "due_at": due,
            "provisional": case.provisional,
            "left": self.reference.worktime.between(self.at, due, rests) if due else None,
            "unit": unit.name if unit else "",
            "next": _next_of(looks, stage),
        }


def needed(row: Row) -> bool:
    """Whether a notice still tells what is so."""
    kind, stage, status = row["kind"], row["facts"].get("stage"), row["case_status"]
    clock = _DUE.get(about(kind, stage, status), "step_due_at")
    runs = clock == "due_at" or row[clock] is not None
    return still_needed(kind, stage, status, runs=runs, told=row["told"])


def _due_of(case: Any, stage: Stage) -> datetime | None:
    """When the clock a notice speaks of is due; a clock that rests has no instant to name."""
    if stage is Stage.HANDLE and case.status is Status.SUSPENDED:
        return None
    due: datetime | None = getattr(case, _DUE.get(stage, "step_due_at"))
    return due


def _next_of(looks: Sequence[Look], stage: Stage) -> Look | None:
    """What a message announces: the next level of its own clock, else whatever comes next of it."""
    mine = [look for look in looks if look.stage is stage and look.act is not Act.RESUME]
    return next((look for look in mine if look.level), mine[0] if mine else None)
