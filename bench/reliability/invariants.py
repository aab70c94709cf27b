"""What must hold at every instant, whatever was killed: asked of the ledger in plain SQL.

Each question gives what it found wrong, in words; nothing found is well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import proof
from ledger.changes import among, table
from ledger.database import Ledger
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation, Outcome
from models.finding import Finding, FindingOutcome
from models.notice import Notice, NoticeState
from models.record import Record
from rules.pace import LEASE, SKEW

cases, findings, log = table(Case), table(Finding), table(Escalation)
notices, tries, records = table(Notice), table(Delivery), table(Record)

OPENING = (FindingOutcome.ACCEPTED, FindingOutcome.FIXED)
"""What opens a case of its own."""
ENDED = (NoticeState.SENT, NoticeState.DEAD, NoticeState.MOOT, NoticeState.CAPPED)

Wrongs = Iterator[str]


# -- every accepted row has one case ------------------------------------------------------------


def rows_and_cases(connection: Connection) -> Wrongs:
    """Every row that was accepted has one case, and every case one row that opened it."""
    opened = findings.c.outcome.in_(OPENING)
    joined = findings.outerjoin(cases, findings.c.case_id == cases.c.id)
    lost = sa.select(findings.c.id).select_from(joined).where(
        findings.c.outcome != FindingOutcome.REJECTED, cases.c.id.is_(None)
    )  # fmt: skip
    for row in connection.execute(lost):
        yield f"finding {row.id} was taken and has no case"
    twice = sa.select(findings.c.case_id).where(opened).group_by(findings.c.case_id)
    for row in connection.execute(twice.having(sa.func.count() > 1)):
        yield f"case {row.case_id} was opened by two rows"
    rows = sa.select(findings.c.id).where(findings.c.case_id == cases.c.id, opened)
    bare = sa.select(cases.c.number).where(~rows.exists(), cases.c.split_from.is_(None))
    for row in connection.execute(bare):
        yield f"case {row.number} was opened by no row"


# -- every level once ---------------------------------------------------------------------------


def levels_once(connection: Connection) -> Wrongs:
    """No point of a clock is in the log twice, no level of it was carried out twice."""
    clock = (log.c.case_id, log.c.epoch, log.c.stage, log.c.level)
    by_rule = sa.select(*clock, log.c.rule).group_by(*clock, log.c.rule)
    for row in connection.execute(by_rule.having(sa.func.count() > 1)):
        yield f"case {row.case_id}: {row.stage}{row.rule} is in the log twice"
    done = sa.select(*clock).where(log.c.outcome == Outcome.CARRIED_OUT, log.c.level > 0)
    for row in connection.execute(done.group_by(*clock).having(sa.func.count() > 1)):
        yield f"case {row.case_id}: level {row.level} of {row.stage} was carried out twice"


def levels_told(connection: Connection) -> Wrongs:
    """Whoever the log says was told is owed a notice, under the key the log names."""
    known = set(connection.execute(sa.select(notices.c.key)).scalars())
    query = sa.select(log.c.id, log.c.recipients).execution_options(yield_per=5000)
    for row in connection.execute(query):
        for who in row.recipients:
            if who["notice"] not in known:
                yield f"row {row.id} of the log: {who['notice']} is not owed"


# -- every notice sent, owed, or said to be unknown ---------------------------------------------


def in_hand(connection: Connection, now: datetime) -> Wrongs:
    """What is not ended is owed and free, or in a hand whose lease runs out and whose attempt is
    written down as unknown."""
    open_ = sa.or_(notices.c.state == NoticeState.OWED, notices.c.state == NoticeState.SENDING)
    last = sa.and_(tries.c.notice_id == notices.c.id, tries.c.attempt == notices.c.attempts)
    query = (
        sa.select(notices.c.id, notices.c.state, notices.c.attempts, notices.c.lease_until,
                  notices.c.lease_by, notices.c.ended_at, tries.c.outcome)
        .select_from(notices.outerjoin(tries, last))
        .where(open_)
    )  # fmt: skip
    for row in connection.execute(query):
        if wrong := _open_wrong(row, now):
            yield f"notice {row.id} is {row.state}, {wrong}"


def _open_wrong(row: Any, now: datetime) -> str:
    if row.ended_at is not None:
        return "and has ended"
    if row.attempts and row.outcome is None:
        return "and its attempt is not written down"
    if row.state is NoticeState.OWED:
        return "and held" if row.lease_until or row.lease_by else ""
    if row.lease_until is None or not row.lease_by:
        return "and in nobody's hand"
    if row.lease_until > now + LEASE + SKEW:
        return "and its lease never runs out"
    return "" if row.outcome is DeliveryOutcome.UNKNOWN else "and its attempt has ended"


def attempts_written(connection: Connection) -> Wrongs:
    """Every attempt is a row; what is called sent has one that was; what is dead an answer."""
    each = (
        sa.select(tries.c.notice_id, sa.func.count().label("rows"),
                  _counted(tries.c.outcome == DeliveryOutcome.SENT).label("sent"),
                  _counted(tries.c.answer != "").label("said"))
        .group_by(tries.c.notice_id)
        .subquery()
    )  # fmt: skip
    rows, sent, said = (sa.func.coalesce(each.c[name], 0) for name in ("rows", "sent", "said"))
    query = (
        sa.select(notices.c.id, notices.c.state, notices.c.attempts, rows.label("rows"),
                  sent.label("sent"), said.label("said"))
        .select_from(notices.outerjoin(each, each.c.notice_id == notices.c.id))
    )  # fmt: skip
    wrong = sa.or_(
        notices.c.attempts != rows,
        sa.and_(notices.c.state == NoticeState.SENT, sent == 0),
        sa.and_(notices.c.state == NoticeState.DEAD, said == 0),
        sa.and_(notices.c.state.in_(ENDED), notices.c.ended_at.is_(None)),
    )
    for row in connection.execute(query.where(wrong)):
        yield (f"notice {row.id} is {row.state} after {row.attempts} attempts, of which {row.rows} "
               f"are written, {row.sent} sent, {row.said} answered")  # fmt: skip


def _counted(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((which, 1), else_=0))


# -- the chain verifies -------------------------------------------------------------------------


class Chains:
    """The record chains of all cases, followed from where they were last time."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, str]] = {}
        """Of each case, how many of its records were verified, and the hash of the last."""

    def wrongs(self, connection: Connection) -> Wrongs:
        """Verify what has been added since the last time."""
        said = {
            row.id: (row.records, row.head)
            for row in connection.execute(sa.select(cases.c.id, cases.c.records, cases.c.head))
        }
        for lost in self.known.keys() - said.keys():
            yield f"case {lost} is gone"
        grown = [case for case, end in said.items() if self.known.get(case, (0, "")) != end]
        for start in range(0, len(grown), 1000):
            part = grown[start : start + 1000]
            yield from self._follow(connection, part)
            for case in part:
                if self.known.get(case, (0, "")) != said[case]:
                    yield f"case {case}: its chain does not end as its row says"

    def _follow(self, connection: Connection, part: Sequence[int]) -> Wrongs:
        query = proof._records().where(among(connection, records.c.case_id, part))
        for case, rows in groupby(connection.execute(query), lambda row: row.case_id):
            count, head = self.known.get(case, (0, ""))
            for row in rows:
                if row.seq <= count:
                    continue
                if row.seq != count + 1:
                    yield f"case {case}: record {count + 1} is missing"
                elif wrong := proof._wrong(row, row.number, head):
                    yield f"case {case}, record {row.seq}: {wrong}"
                count, head = row.seq, row.hash
            self.known[case] = count, head


def whole_chain(ledger: Ledger) -> Wrongs:
    """What `duban log verify` says."""
    yield from (f"{b.case}, {b.seq}: {b.what}" for b in proof.verify(ledger).broken)


# -- all of them --------------------------------------------------------------------------------

QUICK: tuple[Callable[[Connection], Wrongs], ...] = (rows_and_cases, levels_once)
SLOW: tuple[Callable[[Connection], Wrongs], ...] = (levels_told, attempts_written)
SHOWN = 5


def quick(ledger: Ledger, chains: Chains, now: datetime) -> list[str]:
    """A second or two: after every kill."""
    with ledger.snapshot() as connection:
        wrongs = [wrong for ask in QUICK for wrong in ask(connection)]
        wrongs += in_hand(connection, now)
        wrongs += chains.wrongs(connection)
    return wrongs


def whole(ledger: Ledger) -> list[str]:
    """What takes longer: now and then, and at the end."""
    with ledger.snapshot() as connection:
        wrongs = [wrong for ask in SLOW for wrong in ask(connection)]
    return wrongs + list(whole_chain(ledger))


def states(ledger: Ledger) -> dict[str, int]:
    """How many notices stand where."""
    query = sa.select(notices.c.state, sa.func.count()).group_by(notices.c.state)
    found: defaultdict[str, int] = defaultdict(int)
    with ledger.transaction() as connection:
        for state, count in connection.execute(query):
            found[state.value] = count
    return found
