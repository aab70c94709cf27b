"""处置建议: after each look, whether a unit has gone so far that an interview is proposed.

The rules are `rules.proposals`; this reads what they must know, and writes what they call for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import counters
from ledger.changes import CaseState, Change, apply, table
from ledger.database import Ledger
from ledger.reference import Reference, read
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.escalation import Escalation, Outcome
from models.measure import Proposal, ProposalState
from models.notice import NoticeKind
from models.person import DutyKind
from models.verb import Verb
from rules.policy import Policy
from rules.proposals import OF_THE_UNIT, History, Kept, Mark, Proposed, Rule, proposed

log, cases, parts = table(Escalation), table(Case), table(Assignment)
asked = table(Proposal)


def propose(ledger: Ledger, at: datetime) -> int:
    """Propose what the rules call for, for units that have reached a level since the last look.

    Gives how many proposals were made. The office is told of each; nothing else is done.
    """
    with ledger.snapshot() as connection:
        if not _fresh(connection, counters.value(connection, NAME), at):
            return 0
    with ledger.transaction() as connection:
        mark = counters.hold(connection, NAME)  # two sweeps do not propose the same
        fresh, reference = _fresh(connection, mark, at), read(connection)
        found = [made for row in fresh for made in _called_for(connection, reference, row)]
        _write(connection, reference, found, at)
        newest = max((row.newest for row in fresh), default=0)
        counters.keep(connection, NAME, max(mark, newest))
    return len(found)


NAME = "proposals"
"""The counter that holds the id of the last row of the log that was looked at."""


def _fresh(connection: Connection, mark: int, at: datetime) -> Sequence[Any]:
    """The units with levels not yet looked at: since when, and how far they went."""
    # Ids are committed in any order: a slower sweep finds its own rows by its instant, though
    # a faster one has looked beyond them. Each half has an index; with OR neither would be used.
    beyond, own = (sa.select(log.c.id).where(rows) for rows in (log.c.id > mark, log.c.at == at))
    query = sa.select(
        log.c.unit_id,
        sa.func.min(log.c.at).label("since"),
        sa.func.max(log.c.id).label("newest"),
        sa.func.max(log.c.level).label("level"),
        sa.func.count().filter(log.c.card == "red").label("reds"),
    ).where(log.c.id.in_(beyond.union(own)), log.c.level > 0, log.c.unit_id.is_not(None))
    return connection.execute(query.group_by(log.c.unit_id).order_by(log.c.unit_id)).all()


def _called_for(connection: Connection, reference: Reference, fresh: Any) -> list[Proposed]:
    policy = reference.book.policy
    if not fresh.reds and fresh.level < policy.proposals.late_level:
        return []
    history = _history(connection, fresh.unit_id, fresh.since, policy)
    return proposed(history, policy, reference.zone)


def _write(
    connection: Connection, reference: Reference, found: Sequence[Proposed], at: datetime
) -> None:
    numbers = {made.cause.case for made in found}
    # In the order of their numbers, as a merge holds them: neither waits for the other for ever.
    query = sa.select(cases).where(cases.c.number.in_(numbers)).order_by(cases.c.number)
    rows = connection.execute(query.with_for_update()).mappings()
    changes = {row["number"]: Change(CaseState(row)) for row in rows}
    for made in found:
        _say(changes[made.cause.case], reference, made, at)
    apply(connection, list(changes.values()))


def _say(change: Change, reference: Reference, made: Proposed, at: datetime) -> None:
    """Write one proposal: its row, the record of the case that caused it, and who is told."""
    unit, kind = made.cause.unit, made.kind
    name = reference.directory.units[unit].name
    said = f"建议{kind.words.zh}{name}：{made.reason.zh}"
    office = reference.directory.who(unit, DutyKind.OFFICE, at)
    why = f"proposed:{change.case.number}:{made.rule.value}:{made.cause.id}"
    keys = change.owe(NoticeKind.PROPOSED, at, office, why, rule=made.rule.words.zh, reason=said)
    told = f"请{'、'.join(who.person for who in office)}决定" if office else "督办员无人在岗"
    change.record(
        Verb.PROPOSE, at, f"{said}{told}。", unit=name, unit_id=unit, kind=kind.value,
        rule=made.rule.value, cause=made.cause.id, reason_en=made.reason.en, recipients=keys,
    )  # fmt: skip
    row = {
        "unit_id": unit, "case_id": change.case.id, "cause_id": made.cause.id, "kind": kind,
        "rule": made.rule.value, "reason": made.reason.zh, "made_at": at,
        "state": ProposalState.OPEN, "actor": "",
    }  # fmt: skip
    change.more.append((Proposal, row))


# -- what speaks against a unit, and for it ----------------------------------------------------


def _history(connection: Connection, unit: int, since: datetime, policy: Policy) -> History:
    """What the rules must know of a unit whose newest levels were reached at `since` or later."""
    return History(
        reds(connection, unit, since),
        _levels(connection, unit, since, policy),
        _kept(connection, unit, since),
    )


def against() -> sa.ColumnElement[bool]:
    """Levels that count against the unit that led: carried out, its own, its time not exempt."""
    exempt = sa.exists().where(
        parts.c.case_id == log.c.case_id,
        parts.c.unit_id == log.c.unit_id,
        parts.c.exempt,
        parts.c.started_at <= log.c.at,
        sa.or_(parts.c.ended_at.is_(None), parts.c.ended_at >= log.c.at),
    )
    return sa.and_(
        log.c.level > 0,
        log.c.stage.in_(OF_THE_UNIT),
        log.c.outcome == Outcome.CARRIED_OUT,
        ~cases.c.exempt,
        ~exempt,
    )


def reds(connection: Connection, unit: int, since: datetime | None) -> list[Mark]:
    """The red cards that may still be part of a row: what was put right on time before `since`
    (None: ever) has broken every earlier one."""
    before = [] if since is None else [cases.c.submitted_at < since]
    last = sa.select(sa.func.max(cases.c.submitted_at)).join(parts, parts.c.case_id == cases.c.id)
    floor = connection.execute(last.where(_on_time(unit), *before)).scalar()
    later = [] if floor is None else [log.c.at >= floor]
    fresh = _afresh(connection, unit, Rule.REDS_IN_A_ROW)
    return _marks(connection, log.c.unit_id == unit, log.c.card == "red", *later, *fresh)


def _levels(connection: Connection, unit: int, since: datetime, policy: Policy) -> list[Mark]:
    """The levels within the policy's time before `since` and later, each clock once."""
    when, earlier = policy.proposals, log.alias()
    already = sa.exists().where(
        *(earlier.c[name] == log.c[name] for name in ("case_id", "unit_id", "epoch", "stage")),
        earlier.c.outcome == Outcome.CARRIED_OUT,
        earlier.c.level >= when.late_level,
        earlier.c.level < log.c.level,
    )
    return _marks(
        connection,
        log.c.unit_id == unit,
        log.c.at >= since - policy.window(when.late_within),
        log.c.level >= when.late_level,
        ~already,
        *_afresh(connection, unit, Rule.LATE_TIMES),
    )


def _afresh(connection: Connection, unit: int, rule: Rule) -> list[sa.ColumnElement[bool]]:
    """Only what came after the row of the log that last completed the rule."""
    last = (
        sa.select(log.c.at, log.c.id)
        .join(asked, asked.c.cause_id == log.c.id)
        .where(asked.c.unit_id == unit, asked.c.rule == rule.value)
        .order_by(log.c.at.desc(), log.c.id.desc())
    )
    cause = connection.execute(last.limit(1)).one_or_none()
    if cause is None:
        return []
    return [log.c.at >= cause.at, sa.or_(log.c.at > cause.at, log.c.id > cause.id)]


def _marks(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Mark]:
    query = sa.select(log.c.at, log.c.id, log.c.unit_id, cases.c.number).join(
        cases, log.c.case_id == cases.c.id
    )
    return [Mark(*row) for row in connection.execute(query.where(against(), *conditions))]


def _on_time(unit: int) -> sa.ColumnElement[bool]:
    """Cases that a unit led when they were handed in, on time, and that have not failed since."""
    return sa.and_(
        parts.c.unit_id == unit,
        parts.c.role == Role.LEAD,
        cases.c.status.in_((Status.SUBMITTED, Status.CLOSED)),
        cases.c.late.is_(False),
        # A rework has its own limit, and may be late where the first submission was not.
        cases.c.submitted_at < cases.c.due_at,
        parts.c.started_at <= cases.c.submitted_at,
        sa.or_(parts.c.ended_at.is_(None), parts.c.ended_at > cases.c.submitted_at),
    )


def _kept(connection: Connection, unit: int, since: datetime) -> list[Kept]:
    query = sa.select(cases.c.submitted_at).join(parts, parts.c.case_id == cases.c.id)
    found = connection.execute(query.where(_on_time(unit), cases.c.submitted_at >= since))
    return [Kept(unit, at) for at in found.scalars()]
