"""What the ledger holds of the cases of one example, in the form the model keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ledger.changes import table
from ledger.database import Ledger
from ledger.journal import told as as_chained
from models.assignment import Assignment
from models.case import Case
from models.escalation import Escalation
from models.notice import Notice
from models.person import Person
from models.record import Record
from models.request import Request
from models.unit import Unit
from rules.chain import link
from rules.history import BLANK, as_of
from rules.lifecycle import OPEN_STATUSES

cases, notices, log, records = table(Case), table(Notice), table(Escalation), table(Record)
assignments, requests = table(Assignment), table(Request)
people, units = table(Person), table(Unit)

NAMES = {"limit_source": "source", "category_code": "category", "inspector_id": "inspector"}
"""Columns that the model calls otherwise."""
NOT_COMPARED = {
    "id", "number", "version", "place", "place_key", "problem", "lat", "lon", "area_id", "severity",
    "recurrence_of", "split_from", "policy_id", "reported_at", "dispatched_at", "records", "head",
    "shard",
}  # fmt: skip


@dataclass
class Seen:
    """What is new since the last look, and how every case stands."""

    cases: dict[str, dict[str, Any]]
    parts: dict[str, list[tuple[Any, ...]]]
    requests: dict[str, list[tuple[str, str]]]
    owed: list[tuple[str, str, str]]
    logged: list[tuple[Any, ...]]
    written: list[tuple[str, str]]


@dataclass
class Reader:
    """Reads the cases opened since it was made, and checks what needs no model."""

    ledger: Ledger
    base: int = 0
    after: dict[str, int] = field(default_factory=dict)
    records: dict[str, list[Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    lateness: dict[str, Any] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.ledger.transaction() as connection:
            self.people = {row.id: row.name for row in connection.execute(sa.select(people))}
            self.units = {row.id: row.name for row in connection.execute(sa.select(units))}
            self.base = connection.execute(sa.select(sa.func.max(cases.c.id))).scalar() or 0
            for rows in (notices, log, records):
                last = connection.execute(sa.select(sa.func.max(rows.c.id))).scalar()
                self.after[rows.name] = last or 0

    def look(self) -> Seen:
        """Everything as it is now."""
        with self.ledger.snapshot() as connection:

            def fresh(rows: sa.Table) -> Sequence[Any]:
                after = self.after[rows.name]
                found = connection.execute(
                    sa.select(rows).where(rows.c.id > after).order_by(rows.c.id)
                ).all()
                if found:
                    self.after[rows.name] = found[-1].id
                return found

            def mine(rows: sa.Table) -> Sequence[Any]:
                query = sa.select(rows).where(rows.c.case_id > self.base).order_by(rows.c.id)
                return connection.execute(query).all()

            query = sa.select(cases).where(cases.c.id > self.base).order_by(cases.c.id)
            rows = connection.execute(query).mappings().all()
            number = {row["id"]: row["number"] for row in rows}
            new = fresh(records)
            seen = Seen(
                {row["number"]: self._case(row) for row in rows},
                {row["number"]: [] for row in rows},
                {row["number"]: [] for row in rows},
                [
                    (number[n.case_id], n.kind.value, self.people[n.person_id])
                    for n in fresh(notices)
                ],
                [self._log(number[r.case_id], r) for r in fresh(log)],
                [(number[r.case_id], r.verb) for r in new],
            )
            opened = {row["id"]: row["status"] in OPEN_STATUSES for row in rows}
            for row in mine(assignments):
                seen.parts[number[row.case_id]].append(self._part(row))
                assert row.case_open is opened[row.case_id]
            for row in mine(requests):
                seen.requests[number[row.case_id]].append((row.kind.value, row.state.value))
        self._check_chains(rows, new, number)
        return seen

    def _case(self, row: Any) -> dict[str, Any]:
        facts = {NAMES.get(name, name): row[name] for name in row if name not in NOT_COMPARED}
        facts["inspector"] = self.people.get(row["inspector_id"] or 0)
        return facts

    def _part(self, row: Any) -> tuple[Any, ...]:
        names = (self.people.get(who or 0) for who in (row.handler_id, row.leader_id))
        return (
            self.units[row.unit_id], row.role.value, row.ended_at is not None, row.exempt,
            row.confirmed_at is not None, row.late, *names,
        )  # fmt: skip

    def _log(self, number: str, row: Any) -> tuple[Any, ...]:
        names = tuple(sorted(who["person"] for who in row.recipients))
        return (
            number, row.epoch, row.stage.value, row.level, row.rule, row.card, row.planned_at,
            row.at, row.outcome.value, names, row.unit_id and self.units[row.unit_id],
        )  # fmt: skip

    # -- what needs no model -------------------------------------------------------------------

    def _check_chains(
        self, rows: Sequence[Any], new: Sequence[Any], number: dict[int, str]
    ) -> None:
        for record in new:
            self._check_link(number[record.case_id], record)
        for row in rows:
            name = row["number"]
            mine = self.records.get(name, [])
            assert (row["records"], row["head"]) == (len(mine), mine[-1].hash if mine else "")
            if self.versions.get(name) != row["version"]:
                self.versions[name] = row["version"]
                _check_history(row, mine)

    def _check_link(self, number: str, record: Any) -> None:
        mine = self.records.setdefault(number, [])
        assert record.seq == len(mine) + 1
        assert record.previous == (mine[-1].hash if mine else "")
        said = link(
            record.previous, number, record.seq, as_chained(record.at), record.verb, record.actor,
            record.status, record.words, record.data,
        )  # fmt: skip
        assert said == record.hash, f"the chain of {number} does not verify at {record.seq}"
        mine.append(record)


def _check_history(row: Any, mine: Sequence[Any]) -> None:
    """The records alone tell how the case stands."""
    told = as_of(mine, max(record.at for record in mine))
    assert told is not None
    wrong = {
        name: (told[name], row[name]) for name in (*BLANK, "status") if told[name] != row[name]
    }
    assert not wrong, f"the records of {row['number']} tell otherwise: {wrong}"
