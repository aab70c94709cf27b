"""运行情况: whether the rounds go, what waits to be sent, and which channels refuse since when.

Only what is new is read: the newest attempts, the newest notices, and what lies in the indexes
of what waits. Somebody who sees a part of the city is told of the channels and notices of that
part only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.choosing import channels_of
from ledger.database import Ledger
from ledger.health import CALENDAR_ENDS, LATE_LOOK, STUCK_NOTICE
from ledger.log import attempts_of
from ledger.next_way import Exit, exits_of, next_of
from ledger.reference import Reference
from ledger.sieve import seen_among
from models.account import AccountRole
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation
from models.journal import Checkpoint, Entry
from models.notice import Notice, NoticeState
from models.person import Person
from models.record import Record
from models.unit import Unit
from rules.permission import Viewer

NEWEST = 2_000
"""So many of the newest attempts and notices are looked at."""
MOST = 1000

cases, notices, tries = table(Case), table(Notice), table(Delivery)
log, records, seals, entries = table(Escalation), table(Record), table(Checkpoint), table(Entry)


@dataclass(frozen=True, slots=True)
class Line:
    """One channel of one unit, as its newest attempts show it.

    `since` is the first refusal after the last success, None while it works; `last` its newest
    attempt, `good_at` the newest that went well among those looked at.
    """

    channel: str
    unit: str
    people: tuple[str, ...]
    ids: frozenset[int]
    """Of those people."""
    last: datetime
    outcome: DeliveryOutcome
    answer: str
    since: datetime | None
    good_at: datetime | None
    refused: int

    @property
    def works(self) -> bool:
        """Whether its newest attempt went well."""
        return self.since is None


@dataclass(frozen=True, slots=True)
class Queue:
    """An outlet that fails or has a limit, and how many notices wait to go through it next."""

    exit: Exit
    waiting: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the engine does, as of an instant. Counts stop at `MOST`."""

    recorded_at: datetime | None
    fired_at: datetime | None
    tried_at: datetime | None
    oldest_look: datetime | None
    """The instant of the earliest look that is still to be done."""
    late_looks: int
    waiting: int
    stuck: int
    oldest_wait: datetime | None
    lines: Sequence[Line]
    queues: Sequence[Queue]
    dead: Counter[str]
    """Notices that reached nobody, among the newest, by person."""
    capped: Counter[str]
    unpublished: int | None
    """The year whose calendar will soon be needed and is not loaded."""
    sealed_at: datetime | None
    unsealed: int
    """Records since the last seal."""

    @property
    def goes(self) -> bool:
        """Whether the rounds keep up."""
        return not self.late_looks


def pulse(ledger: Ledger, viewer: Viewer, reference: Reference, at: datetime) -> Pulse:
    """How things run at `at`, for a supervisor or an administrator."""
    with ledger.snapshot() as connection:
        mine = _Mine(connection, viewer)
        waiting = mine.of(_next_to_go())
        lines = _lines(mine)
        late = sa.select(cases.c.id.label("case_id")).where(cases.c.next_look_at < at - LATE_LOOK)
        return Pulse(
            recorded_at=_newest(connection, records),
            fired_at=connection.execute(sa.select(sa.func.max(log.c.at))).scalar(),
            tried_at=_newest(connection, tries),
            oldest_look=connection.execute(sa.select(sa.func.min(cases.c.next_look_at))).scalar(),
            late_looks=len(mine.of(late.order_by(cases.c.next_look_at).limit(MOST))),
            waiting=len(waiting),
            stuck=sum(row.next_try_at < at - STUCK_NOTICE for row in waiting),
            oldest_wait=waiting[0].next_try_at if waiting else None,
            lines=lines,
            queues=_queues(mine, waiting, lines, at),
            dead=_ended(mine, NoticeState.DEAD),
            capped=_ended(mine, NoticeState.CAPPED),
            unpublished=_unpublished(reference, at),
            **_sealed(connection),
        )


@dataclass(frozen=True, slots=True)
class _Mine:
    """What a viewer hears of: the administrator, who looks after channels, of everything."""

    connection: Connection
    viewer: Viewer

    def of(self, query: sa.Select[Any]) -> list[Any]:
        """The rows of a bounded query whose cases are the viewer's."""
        rows = self.connection.execute(query).all()
        if self.viewer.is_(AccountRole.ADMINISTRATOR):
            return list(rows)
        seen = seen_among(self.connection, self.viewer, {row.case_id for row in rows})
        return [row for row in rows if row.case_id in seen]


def _next_to_go() -> sa.Select[Any]:
    """The notices that wait, the longest waiting first."""
    states: sa.BindParameter[Any] = sa.bindparam(
        "waiting",
        [NoticeState.OWED, NoticeState.SENDING],
        expanding=True,
        # Written into the statement, as the index of these rows has it.
        literal_execute=True,
    )
    names = ("id", "case_id", "person_id", "next_try_at", "owed_at", "attempts", "forgiven")
    query = sa.select(*(notices.c[name] for name in names)).where(notices.c.state.in_(states))
    return query.order_by(notices.c.next_try_at).limit(MOST)


def _capped(connection: Connection, query: sa.Select[Any]) -> int:
    some = query.limit(MOST).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def _newest(connection: Connection, rows: sa.Table) -> datetime | None:
    """The instant of the row written last."""
    query = sa.select(rows.c.at).order_by(rows.c.id.desc()).limit(1)
    at: datetime | None = connection.execute(query).scalar()
    return at


def _floor(connection: Connection, rows: sa.Table) -> int:
    top = connection.execute(sa.select(sa.func.max(rows.c.id))).scalar() or 0
    return int(top) - NEWEST


def _ended(mine: _Mine, state: NoticeState) -> Counter[str]:
    people = table(Person)
    query = (
        sa.select(notices.c.case_id, people.c.name)
        .join(people, notices.c.person_id == people.c.id)
        .where(notices.c.id > _floor(mine.connection, notices), notices.c.state == state)
    )
    return Counter(row.name for row in mine.of(query))


def _unpublished(reference: Reference, at: datetime) -> int | None:
    year = (at + CALENDAR_ENDS).astimezone(reference.zone).year
    return None if year in reference.published else year


def _sealed(connection: Connection) -> dict[str, Any]:
    query = sa.select(seals.c.at, seals.c.position).order_by(seals.c.id.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    if last is None:
        return {"sealed_at": None, "unsealed": _capped(connection, sa.select(records.c.id))}
    upto = sa.select(entries.c.record_id).where(entries.c.position == last.position)
    since = sa.select(records.c.id).where(records.c.id > upto.scalar_subquery())
    return {"sealed_at": last.at, "unsealed": _capped(connection, since)}


# -- channels ----------------------------------------------------------------------------------


def _lines(mine: _Mine) -> list[Line]:
    """The channels that were used lately; those that refuse come first, the longest first."""
    units, people = table(Unit), table(Person)
    query = (
        sa.select(
            tries.c.channel, tries.c.at, tries.c.outcome, tries.c.answer, notices.c.case_id,
            notices.c.person_id,
            units.c.name.label("unit"), people.c.name.label("person"),
        )
        .join(notices, tries.c.notice_id == notices.c.id)
        .join(units, notices.c.unit_id == units.c.id)
        .join(people, notices.c.person_id == people.c.id)
        .where(tries.c.id > _floor(mine.connection, tries), tries.c.channel != "")
        .order_by(tries.c.id)
    )  # fmt: skip
    found: dict[tuple[str, str], list[Any]] = {}
    for row in mine.of(query):
        found.setdefault((row.channel, row.unit), []).append(row)
    lines = [_line(*key, attempts) for key, attempts in found.items()]
    return sorted(lines, key=lambda line: (line.works, line.since or line.last, line.unit))


def _line(channel: str, unit: str, attempts: Sequence[Any]) -> Line:
    last = attempts[-1]
    good = [n for n, row in enumerate(attempts) if row.outcome is DeliveryOutcome.SENT]
    refused = attempts[good[-1] + 1 :] if good else attempts
    return Line(
        channel=channel,
        unit=unit,
        people=tuple(dict.fromkeys(row.person for row in attempts)),
        ids=frozenset(row.person_id for row in attempts),
        last=last.at,
        outcome=last.outcome,
        answer=last.answer,
        since=refused[0].at if refused else None,
        good_at=attempts[good[-1]].at if good else None,
        refused=len(refused),
    )


# -- outlets -----------------------------------------------------------------------------------


def _queues(
    mine: _Mine, waiting: Sequence[Any], lines: Sequence[Line], at: datetime
) -> list[Queue]:
    """The outlets that fail or have a limit, with what waits for each; the worst first.

    Of others than administrators: those of the people they see notices of.
    """
    connection, digests = mine.connection, None
    if not mine.viewer.is_(AccountRole.ADMINISTRATOR):
        people = {who for line in lines for who in line.ids} | {row.person_id for row in waiting}
        ways = channels_of(connection, sorted(people)).values()
        digests = {channel.outlet for channels in ways for channel in channels}
    tried = attempts_of(connection, [row.id for row in waiting if row.attempts])
    onward = next_of(connection, waiting, tried, at).values()
    counts = Counter(way.outlet.digest for way in onward if way.outlet)
    exits = exits_of(connection, at, digests).values()
    found = [Queue(each, counts[each.digest]) for each in exits if _is_worth_telling(each)]
    return sorted(found, key=lambda q: (q.exit.tap.failing_since is None, -q.waiting, q.exit.id))


def _is_worth_telling(each: Exit) -> bool:
    return bool(each.tap.failing_since or each.shut_until or each.tap.per_minute)
