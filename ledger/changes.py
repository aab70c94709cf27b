"""Writing: what verbs and sweeps decided, applied to many cases at once.

A `Change` is everything one decision does to one case. `apply` writes any number of them in
the transaction it is given: the case by compare-and-set on status and version, and with it the
records, assignments, escalations and notices owed. Nothing else writes a case.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from models.assignment import Assignment
from models.case import Case, Pause, Stage, Status
from models.category import Role
from models.escalation import Escalation
from models.evidence import Evidence
from models.look_back import LookBack
from models.notice import Notice, NoticeKind, NoticeState
from models.record import Record
from models.request import Request
from models.verb import Verb
from models.words import Words
from rules.chain import canonical, link
from rules.duty import Recipient
from rules.history import BLANK, written
from rules.ladder import Step
from rules.lifecycle import OPEN_STATUSES

ENGINE = "督办引擎"
"""The actor of what nobody did by hand."""


class Overtaken(Exception):  # noqa: N818 - it is an event, not a mistake
    """Somebody else moved one of the cases first; nothing was written."""


CLOCKS = {Stage.HANDLE: "epoch", Stage.LOOK_BACK: "look_backs"}
"""What counts the clocks of a stage; those of all others are counted by turns."""


class CaseState:
    """A case in the course of one transaction: as it was read, and as it will be.

    Reads fall through to what was set. It satisfies `rules.agenda.CaseFacts`.
    """

    __slots__ = ("old", "sets")

    def __init__(self, row: Mapping[Any, Any], *, new: bool = False) -> None:
        self.old: Mapping[Any, Any] = {} if new else row
        self.sets: dict[str, Any] = dict(row) if new else {}

    def __getattr__(self, name: str) -> Any:
        sets = self.sets
        if name in sets:
            return sets[name]
        try:
            return self.old[name]
        except KeyError:
            raise AttributeError(name) from None

    def set(self, **values: Any) -> None:
        """Take these values from here on."""
        self.sets.update(values)


@dataclass(slots=True)
class Change:
    """What one decision does to one case, and everything written beside it."""

    case: CaseState
    new: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    unassigned: dict[str, Any] | None = None
    parts: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What changes in assignments that go on, by their id."""
    escalations: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    decided: dict[str, Any] | None = None
    pauses: list[dict[str, Any]] = field(default_factory=list)
    resumed_at: datetime | None = None
    looked_back: dict[str, Any] | None = None
    more: list[tuple[type[SQLModel], dict[str, Any]]] = field(default_factory=list)
    """Rows of other tables that belong to the decision."""
    said: dict[str, Any] = field(default_factory=dict)

    def record(
        self, verb: Verb, at: datetime, words: Words | str, actor: str = ENGINE, **data: Any
    ) -> int:
        """Add a record, chained to the one before; gives its number within the case.

        Its data holds under "now" the facts of the case that changed with it: from its records
        anybody can tell how a case stood at any moment (`rules.history`).
        """
        case = self.case
        seq = case.records + 1
        sentence = str(words)
        if now := self._news():
            data["now"] = now
        text = canonical(data)
        digest = link(case.head, case.number, seq, at, verb, actor, case.status, sentence, text)
        self.records.append(
            {
                "case_id": case.id,
                "seq": seq,
                "at": at,
                "verb": verb.value,
                "actor": actor,
                "status": case.status,
                "words": sentence,
                "data": text,
                "previous": case.head,
                "hash": digest,
            }
        )
        case.set(records=seq, head=digest)
        return int(seq)

    def _news(self) -> dict[str, Any]:
        """The tracked facts that differ from what the record before said, as JSON values."""
        case, said = self.case, self.said
        news = {}
        for name in BLANK.keys() & case.sets.keys():
            value = case.sets[name]
            if value != said.get(name, case.old.get(name, BLANK[name])):
                said[name] = value
                news[name] = written(value)
        return news

    def assign(self, unit: int, role: Role, at: datetime) -> None:
        """Give a unit a part in the case from `at` on."""
        self.assignments.append(
            {"case_id": self.case.id, "unit_id": unit, "role": role, "started_at": at,
             "exempt": False, "section": ""}
        )  # fmt: skip

    def move(self, to: Status, at: datetime) -> None:
        """Enter a status. Its step clock, if it has one, is set by the caller."""
        self.case.set(status=to, since=at, step_due_at=None, turn=self.case.turn + 1)

    def clock(self, stage: Stage) -> int:
        """Which clock of the stage is running: an epoch of handling, a look-back, a turn."""
        return int(getattr(self.case, CLOCKS.get(stage, "turn")))

    def owe(
        self,
        kind: NoticeKind,
        at: datetime,
        recipients: Iterable[Recipient],
        why: str,
        not_before: datetime | None = None,
        **facts: Any,
    ) -> list[str]:
        """Owe a notice to each recipient under a key that says why; gives the keys."""
        case = self.case
        keys = []
        for recipient in recipients:
            key = f"{why}:{recipient.person_id}"
            keys.append(key)
            self.notices.append(
                {
                    "key": key,
                    "case_id": case.id,
                    "person_id": recipient.person_id,
                    "unit_id": recipient.unit_id,
                    "kind": kind,
                    "facts": {"duty": recipient.duty.value, **facts},
                    "owed_at": at,
                    "next_try_at": not_before or at,
                    "state": NoticeState.OWED,
                    "attempts": 0,
                    "forgiven": 0,
                    "lease_by": "",
                }
            )
        return keys

    def log(
        self, step: Step, at: datetime, seq: int, notices: Sequence[str], unit: int | None
    ) -> None:
        """Add a row to the escalation log against `unit`; `seq` is the record that says it."""
        look = step.look
        told = [
            {"person": r.person, "unit": r.unit, "duty": r.duty.value, "notice": key}
            for r, key in zip(step.recipients, notices, strict=True)
        ]
        self.escalations.append(
            {
                "case_id": self.case.id,
                "unit_id": unit,
                "epoch": self.clock(look.stage),
                "stage": look.stage,
                "level": look.level,
                "rule": look.rule,
                "card": look.card,
                "planned_at": look.at,
                "at": at,
                "outcome": step.outcome,
                "recipients": told,
                "record_seq": seq,
            }
        )


def apply(connection: Connection, changes: Sequence[Change]) -> None:
    """Write all changes. Raises Overtaken if any case is no longer as it was read."""
    insert(connection, Case, [c.case.sets for c in changes if c.new])
    _update(connection, [c for c in changes if not c.new])
    _close_rows(connection, changes)
    _open_and_shut(connection, changes)
    for model, rows in (
        (Assignment, [row for c in changes for row in _parts(c)]),
        (Pause, [row for c in changes for row in c.pauses]),
        (Request, [row for c in changes for row in c.requests]),
        (Record, [row for c in changes for row in c.records]),
        (Escalation, [row for c in changes for row in c.escalations]),
        (Evidence, [row for c in changes for row in c.evidence]),
        (Notice, [row for c in changes for row in c.notices]),
    ):
        insert(connection, model, rows)
    for kind, row in (more for change in changes for more in change.more):
        insert(connection, kind, [row])


def _parts(change: Change) -> list[dict[str, Any]]:
    is_open = change.case.status in OPEN_STATUSES
    return [{**row, "case_open": is_open} for row in change.assignments]


def _open_and_shut(connection: Connection, changes: Sequence[Change]) -> None:
    """Let the parts of cases that were closed or opened again know of it."""
    parts = table(Assignment)
    for is_open in (True, False):
        moved = [
            c.case.id
            for c in changes
            if not c.new
            and (c.case.status in OPEN_STATUSES) is is_open
            and (c.case.old["status"] in OPEN_STATUSES) is not is_open
        ]
        if moved:
            which = among(connection, parts.c.case_id, moved)
            connection.execute(sa.update(parts).where(which).values(case_open=is_open))


def table(model: type[SQLModel]) -> sa.Table:
    """The table of a model."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined]
    return found


def insert(connection: Connection, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Add rows that all name the same columns.

    The driver is asked directly: half of a bulk insert was spent on preparing parameters.
    """
    if not rows:
        return
    into, dialect, names = table(model), connection.dialect, list(rows[0])
    columns = [_bound(into.c[name].type, dialect, [row[name] for row in rows]) for name in names]
    values = list(zip(*columns, strict=True))
    listed = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
    if dialect.name == "postgresql":
        _copy(connection, f"COPY {into.name} ({listed}) FROM STDIN", values)
    else:
        marks = ", ".join("?" * len(names))
        # Names come from the models, values are bound.
        statement = f"INSERT INTO {into.name} ({listed}) VALUES ({marks})"  # noqa: S608
        connection.exec_driver_sql(statement, values)


def _bound(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect, column: list[Any]) -> list[Any]:
    """A column of values as the driver takes them. Instants and labels repeat: each once."""
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return column
    if isinstance(kind, sa.JSON):
        return [bind(value) for value in column]
    known = {value: bind(value) for value in set(column)}
    return [known[value] for value in column]


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows by COPY: half the time of as many INSERTs, and checked by the same constraints."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # Errors look the same whichever way rows are added.
        dialect = connection.dialect
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=dialect) from error


def among(connection: Connection, column: sa.Column[Any], values: Iterable[Any]) -> Any:
    """Whether a column is one of many values, a page of them or more.

    PostgreSQL takes them as one array: reading a statement of a thousand parameters would cost
    more than answering it.
    """
    if connection.dialect.name != "postgresql":
        return column.in_(values)
    return column == sa.any_(sa.literal(list(values), ARRAY(column.type)))


def unless_there(connection: Connection, rows: sa.Table) -> Any:
    """An INSERT that leaves a row alone which is there already.

    Of two who are the first at once, one inserts and the other waits for it, then finds its row.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(rows).on_conflict_do_nothing()


def _update(connection: Connection, changes: Sequence[Change]) -> None:
    """Compare and set, grouped by the columns that change: one statement for each group."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        case = change.case
        columns = tuple(sorted(case.sets))
        row = {f"new_{name}": case.sets[name] for name in columns}
        row.update({f"old_{name}": case.old[name] for name in ("id", "version", "status")})
        groups[columns].append(row)
    for columns, rows in groups.items():
        if connection.dialect.name == "postgresql":
            text = json.dumps(rows, ensure_ascii=False, default=datetime.isoformat)
            result = connection.execute(_compare_and_set_all(columns), {"rows": text})
        else:
            result = connection.execute(_compare_and_set(columns), rows)
        if result.rowcount != len(rows):
            raise Overtaken


@lru_cache(maxsize=64)
def _compare_and_set_all(columns: tuple[str, ...]) -> sa.Update:
    """The same in one statement for all rows, which come as one JSON array."""
    cases = table(Case)
    names = [*(f"old_{name}" for name in ("id", "version", "status")),
             *(f"new_{name}" for name in columns)]  # fmt: skip
    typed = [sa.column(name, cases.c[name[4:]].type) for name in names]
    array = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    row = sa.func.json_to_recordset(array).table_valued(*typed).render_derived("rows_", True)
    return (
        sa.update(cases)
        .where(
            cases.c.id == row.c.old_id,
            cases.c.version == row.c.old_version,
            cases.c.status == row.c.old_status,
        )
        .values(version=cases.c.version + 1, **{name: row.c[f"new_{name}"] for name in columns})
    )


def _compare_and_set(columns: Sequence[str]) -> sa.Update:
    cases = table(Case)
    return (
        sa.update(cases)
        .where(
            cases.c.id == sa.bindparam("old_id"),
            cases.c.version == sa.bindparam("old_version"),
            cases.c.status == sa.bindparam("old_status"),
        )
        .values(
            version=cases.c.version + 1, **{name: sa.bindparam(f"new_{name}") for name in columns}
        )
    )


def _close_rows(connection: Connection, changes: Sequence[Change]) -> None:
    """End what a decision ends: assignments, the open request, the pause, the look-back."""
    for change in changes:
        case_id = change.case.id
        if change.unassigned is not None:
            _end(connection, Assignment, case_id, "ended_at", change.unassigned)
        if change.resumed_at is not None:
            _end(connection, Pause, case_id, "ended_at", {"ended_at": change.resumed_at})
        if change.decided is not None:
            _end(connection, Request, case_id, "decided_at", change.decided)
        if change.looked_back is not None:
            _end(connection, LookBack, case_id, "done_at", change.looked_back)
        for part_id, values in change.parts.items():
            parts = table(Assignment)
            connection.execute(sa.update(parts).where(parts.c.id == part_id).values(**values))


def _end(
    connection: Connection,
    model: type[SQLModel],
    case_id: int,
    open_column: str,
    values: Mapping[str, Any],
) -> None:
    rows = table(model)
    connection.execute(
        sa.update(rows)
        .where(rows.c.case_id == case_id, rows.c[open_column].is_(None))
        .values(**values)
    )
