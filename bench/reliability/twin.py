"""The undisturbed twin: the same papers, swept at the same instants, and nobody killed.

Cases are known again by the row of paper that opened them. What people did at the portal the
twin knows nothing of: cases they touched are left out, and counted.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bench.reliability import city
from bench.reliability.chaos import Chaos
from bench.reliability.papers import Paper
from ledger import sweeps
from ledger.changes import table
from ledger.database import Ledger, connect
from models.case import Case
from models.escalation import Escalation, Outcome
from models.finding import Batch, Finding, FindingOutcome
from models.notice import Notice
from tasks import papers

Row = tuple[str, str]
"""A paper and its row."""


@dataclass(slots=True)
class City:
    """What one ledger made of the papers, in words that do not depend on the order of work."""

    rows: dict[Row, Any] = field(default_factory=dict)
    """Of each row of paper its outcome, and of its case status and deadline."""
    points: dict[Row, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """Of each case the points of its clocks that are in the log."""
    tops: dict[Row, dict[Any, int]] = field(default_factory=lambda: defaultdict(dict))
    """Of each clock of a case the highest level that was carried out."""
    notices: dict[Row, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, slots=True)
class Beside:
    """The two side by side."""

    compared: int
    """Cases."""
    left_out: int
    """Cases that people touched."""
    points: int
    missing: int
    added: int
    """Points of clocks that only one of them has in its log."""
    tops_differ: int
    rows_differ: int
    notices: tuple[int, int]
    """Notices owed about these cases, here and by the twin: reminders that fell together after
    an outage are fewer here."""
    why: tuple[str, str]
    """The same by what they are for."""
    examples: tuple[str, ...]


def beside(chaos: Chaos, at: datetime) -> Beside:
    """Make the twin, and compare; `at` is the last sweep."""
    twin = _twin(chaos)
    _replay(twin, chaos, at)
    touched = {click.case for click in chaos.clicks.done if click.kind != "finding"}
    here, there = seen(chaos.ledger, touched), seen(twin, set())
    twin.engine.dispose()
    return compare(here, there)


def _twin(chaos: Chaos) -> Ledger:
    stack = chaos.stack
    stack.postgres.new("twin")
    home = stack.folder / "twin"
    home.mkdir()
    url = stack.postgres.url("twin")
    city.set_up(stack.env | {"DUBAN_HOME": str(home), "DUBAN_DATABASE_URL": url}, 25)
    return connect(url)


def _replay(twin: Ledger, chaos: Chaos, last: datetime) -> None:
    """The same papers and sweeps, in the order of their instants; papers first."""
    taken: list[tuple[datetime, int, Paper | None]] = [
        (paper.at, 0, paper) for paper in chaos.importer.done if paper.at
    ]
    events = taken + [(at, 1, None) for at in chaos.rounds.swept | {last}]
    for at, _, paper in sorted(events, key=lambda event: (event[:2], event[2] and event[2].name)):
        if paper:
            papers.take(twin, paper.data, paper.name, at)
        else:
            sweeps.dispatch_filed(twin, at)
            sweeps.follow_up(twin, at)


# -- what is compared --------------------------------------------------------------------------


def seen(ledger: Ledger, touched: set[str]) -> City:
    """Everything of the papers' cases, but of those that are `touched`."""
    found = City()
    with ledger.snapshot() as connection:
        names = _rows(connection, found, touched)
        _log(connection, found, names)
        notices = table(Notice)
        numbers = _numbers(connection)
        for row in connection.execute(sa.select(notices.c.case_id, notices.c.key)):
            if row.case_id in names and not row.key.startswith("proposed:"):
                key = row.key.replace(numbers[row.case_id], "…")
                found.notices[names[row.case_id]].add(key)
    return found


def _rows(connection: sa.Connection, found: City, touched: set[str]) -> dict[int, Row]:
    """Fill in the rows; gives of each case the row that opened it."""
    rows, cases, batches = table(Finding), table(Case), table(Batch)
    joined = rows.join(batches, batches.c.id == rows.c.batch_id)
    joined = joined.outerjoin(cases, cases.c.id == rows.c.case_id)
    query = sa.select(batches.c.name, rows.c.row, rows.c.outcome, cases.c.id, cases.c.number,
                      cases.c.status, cases.c.due_at).select_from(joined)  # fmt: skip
    names = {}
    for row in connection.execute(query.where(batches.c.name.like("台账-%"))):
        if row.number in touched:
            continue
        found.rows[row.name, row.row] = (row.outcome, row.status, row.due_at)
        if row.outcome in (FindingOutcome.ACCEPTED, FindingOutcome.FIXED):
            names[row.id] = (row.name, row.row)
    return names


def _numbers(connection: sa.Connection) -> dict[int, str]:
    cases = table(Case)
    return {row.id: row.number for row in connection.execute(sa.select(cases.c.id, cases.c.number))}


def _log(connection: sa.Connection, found: City, names: dict[int, Row]) -> None:
    log = table(Escalation)
    columns = ("case_id", "epoch", "stage", "level", "rule", "planned_at", "outcome")
    for row in connection.execute(sa.select(*(log.c[name] for name in columns))):
        name = names.get(row.case_id)
        if name is None:
            continue
        clock = (row.epoch, row.stage.value)
        found.points[name].add((*clock, row.level, row.rule, row.planned_at))
        if row.outcome is Outcome.CARRIED_OUT:
            tops = found.tops[name]
            tops[clock] = max(tops.get(clock, 0), row.level)


def compare(here: City, there: City) -> Beside:
    """The two, case by case; what only the twin has because people touched it here is left out."""
    shared = here.rows.keys() & there.rows.keys()
    cases = [name for name in shared if name in there.points or name in here.points]
    missing = {name: there.points[name] - here.points[name] for name in cases}
    added = {name: here.points[name] - there.points[name] for name in cases}
    tops = [name for name in cases if here.tops[name] != there.tops[name]]
    rows = [name for name in shared if here.rows[name] != there.rows[name]]
    examples = [f"{name}: missing {sorted(map(str, points))[:2]}"
                for name, points in missing.items() if points]  # fmt: skip
    examples += [f"{name}: added {sorted(map(str, points))[:2]}"
                 for name, points in added.items() if points]  # fmt: skip
    examples += [f"{name}: top {here.tops[name]} here, {there.tops[name]} there" for name in tops]
    examples += [f"{name}: {here.rows[name]} here, {there.rows[name]} there" for name in rows]
    return Beside(
        compared=len(cases),
        left_out=len(there.rows.keys() - here.rows.keys()),
        points=sum(len(there.points[name]) for name in cases),
        missing=sum(map(len, missing.values())),
        added=sum(map(len, added.values())),
        tops_differ=len(tops),
        rows_differ=len(rows),
        why=(_why(here, cases), _why(there, cases)),
        notices=(
            sum(len(here.notices[n]) for n in cases),
            sum(len(there.notices[n]) for n in cases),
        ),
        examples=tuple(examples[:6]),
    )


def _why(city: City, cases: list[Row]) -> str:
    """How many notices for what, by the first word of their keys."""
    found = Counter(key.partition(":")[0] for name in cases for key in city.notices[name])
    return ", ".join(f"{count:,} {why}" for why, count in sorted(found.items()))
