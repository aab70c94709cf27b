"""通知的来龙去脉: everything known of a notice, from why it is owed to what came of it.

The command line, the portal and a person's own page all tell it from here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import messages, next_way, past_notices
from ledger.changes import table
from ledger.database import Ledger
from ledger.log import attempts_of
from ledger.next_way import NextWay
from ledger.past_notices import PastAttempt, past
from ledger.reference import Reference, read
from ledger.telling import last_try
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import DutyKind, Person
from models.record import Record
from models.unit import Unit
from models.verb import Verb
from models.words import Words
from rules.because import rule, standing_in_for, why
from rules.digest import Due, why_waits
from rules.waits import Waiting, waits_for

CHUNK = 500

notices, cases, tries = table(Notice), table(Case), table(Delivery)
_DUTIES = {duty.value: duty for duty in DutyKind}
_VERBS = {verb.value: verb for verb in Verb}
_BY_THE_ENGINE = {NoticeKind.REMINDER, NoticeKind.ESCALATION}
WAITS = {NoticeState.OWED, NoticeState.SENDING}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: when, by which channel (masked), and what the service said."""

    attempt: int
    at: datetime
    channel: str
    outcome: DeliveryOutcome
    answer: str
    message: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """All that is known of one notice. What has not happened is None or empty.

    `case` is empty for a summary. `stands_for` are those in whose place
    the person was told. `planned_at` is when the rule would have it, `owed_at` when it came to
    be owed, `sent_at` when a channel took it, `arrived_at` and `read_at` as far as anybody said
    so, `answered_at` when the person first did something to the case after it. `channel` is the
    last one tried, else the one to be tried first. `together` notices went in its `message`.
    """

    id: int
    key: str
    kind: NoticeKind
    state: NoticeState
    case: str | None
    about: Words
    """Place and problem; of a summary what it is headed."""
    why: Words
    rule: str
    person_id: int
    person: str
    duty: DutyKind | None
    unit: str
    stands_for: tuple[str, ...]
    planned_at: datetime
    owed_at: datetime
    first_tried_at: datetime | None
    sent_at: datetime | None
    arrived_at: datetime | None
    read_at: datetime | None
    answered_at: datetime | None
    answered_by: Verb | None
    ended_at: datetime | None
    channel: str
    answer: str
    attempts: int
    message: str
    together: int
    next_try_at: datetime | None
    next_channel: str | None
    """None where no channel is left."""
    waits_for: Words | None
    maybe_twice: bool
    """An attempt ended without an answer and was made again."""
    resent_at: datetime | None
    """When somebody last had it sent again, and by what name."""
    resent_by: str
    tries: tuple[Attempt, ...]

    archived: bool = False
    """Its case was closed long ago: it is kept as it was, and never sent again."""

    @property
    def resendable(self) -> bool:
        """Whether it can be sent again by hand: it was given up, or held back by the cap."""
        return not self.archived and self.state in (NoticeState.DEAD, NoticeState.CAPPED)


def outbox(
    ledger: Ledger,
    at: datetime,
    state: NoticeState | None = None,
    last: int | None = None,
    case: str | None = None,
) -> list[Whereabouts]:
    """Every notice as of `at`, the newest last; only those in `state`, only the `last` so many.

    Of one `case` also what is in the archive.
    """
    with ledger.snapshot() as connection:
        rows: list[Any] = []
        for rows_of in (notices,) if case is None else (notices, past):
            query = selected(rows_of).order_by(rows_of.c.id.desc()).limit(last)
            if case is not None:
                query = query.where(cases.c.number == case)
            if state is not None:
                query = query.where(rows_of.c.state == state)
            rows += connection.execute(query)
        newest = sorted(rows, key=lambda row: row.id)[-last if last else 0 :]
        return known(connection, newest, read(connection), at)


def selected(notices: sa.Table = notices) -> sa.Select[Any]:
    """Notices of the outbox, or of the archive, with what is told of their cases, people, units."""
    people, units = table(Person), table(Unit)
    of_case = ("number", "place", "problem", "policy_id", "limit")
    return (
        sa.select(
            notices,
            *(cases.c[name] for name in of_case),
            people.c.name.label("person"),
            people.c.code,
            people.c.digest_at,
            units.c.name.label("unit"),
        )
        # A summary is about no single case.
        .join(cases, notices.c.case_id == cases.c.id, isouter=True)
        .join(people, notices.c.person_id == people.c.id)
        .join(units, notices.c.unit_id == units.c.id)
    )


def known(
    connection: Connection, rows: Sequence[Any], reference: Reference, at: datetime
) -> list[Whereabouts]:
    """Everything known, as of `at`, of rows as `selected` gives them; in their order."""
    found: list[Whereabouts] = []
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        live = [row for row in some if not past_notices.is_past(row)]
        made = attempts_of(connection, [row.id for row in live])
        before = {r.id: past_notices.attempts_of(r) for r in some if past_notices.is_past(r)}
        beside = _Beside(
            tries=made | before,
            together=_together(connection, made, before),
            records=_records(connection, some),
            next=next_way.next_of(
                connection, [row for row in some if row.state in WAITS], made, at
            ),
        )
        found += [_one(row, beside, reference, at) for row in some]
    return found


@dataclass(frozen=True, slots=True)
class _Beside:
    """What other tables know: attempts, sizes of messages, what people did, the way onward."""

    tries: Mapping[int, Sequence[Any]]
    together: Mapping[str, int]
    records: Mapping[tuple[int, str], Sequence[Any]]
    next: Mapping[int, NextWay]


def _one(row: Any, beside: _Beside, reference: Reference, at: datetime) -> Whereabouts:
    made = tuple(
        Attempt(t.attempt, t.at, t.channel, t.outcome, t.answer, t.message)
        for t in beside.tries.get(row.id, ())
    )
    last, onward = last_try(made), beside.next.get(row.id)
    message = made[-1].message if made else ""
    answer = _answer(row, beside.records)
    duty = _DUTIES.get(row.facts.get("duty", ""))
    book, again = reference.books.get(row.policy_id), row.facts.get("resent")
    return Whereabouts(
        id=row.id,
        key=row.key,
        kind=row.kind,
        state=row.state,
        case=row.number,
        about=_about(row),
        why=why(row.kind, row.facts, book),
        rule=rule(row.kind, row.facts),
        person_id=row.person_id,
        person=row.person,
        duty=duty,
        unit=row.unit,
        stands_for=standing_in_for(
            reference.directory, row.unit_id, duty, row.person_id, row.owed_at
        ),
        planned_at=_planned(row),
        owed_at=row.owed_at,
        first_tried_at=made[0].at if made else None,
        sent_at=row.ended_at if row.state is NoticeState.SENT else None,
        arrived_at=row.arrived_at,
        read_at=row.read_at,
        answered_at=answer.at if answer else None,
        answered_by=_VERBS.get(answer.verb) if answer else None,
        ended_at=row.ended_at,
        channel=(last.channel if last else "") or (onward.channel if onward else ""),
        answer=made[-1].answer if made else "",
        attempts=row.attempts,
        message=message,
        together=beside.together.get(message, 0),
        next_try_at=row.next_try_at if row.state in WAITS else None,
        next_channel=onward.channel if onward else None,
        waits_for=_waits_for(row, made, onward, reference, at),
        maybe_twice=any(t.outcome is DeliveryOutcome.UNKNOWN for t in made[:-1]),
        resent_at=datetime.fromisoformat(again["at"]) if again else None,
        resent_by=again["by"] if again else "",
        tries=made,
        archived=past_notices.is_past(row),
    )


def _about(row: Any) -> Words:
    if row.number:
        return Words(f"{row.place}：{row.problem}", f"{row.place}: {row.problem}")
    said = row.facts.get("subject", {})
    return Words(said.get("zh", ""), said.get("en", ""))


def _planned(row: Any) -> datetime:
    """When the rule would have it; of what follows at once from an event, when that happened."""
    said = row.facts.get("planned")
    return datetime.fromisoformat(said).astimezone(UTC) if said else row.owed_at


def _waits_for(
    row: Any,
    made: Sequence[Attempt],
    onward: NextWay | None,
    reference: Reference,
    at: datetime,
) -> Words | None:
    outlet = onward.outlet if onward else None
    return waits_for(
        Waiting(
            state=row.state,
            next_try_at=row.next_try_at,
            tried=made[-1].outcome if made else None,
            shut_until=outlet.shut_until if outlet else None,
            per_minute=outlet.tap.per_minute if outlet else 0,
            tokens=outlet.tap.tokens if outlet else 0,
            held=None if made else _held(row, reference, at),
        ),
        at,
    )


def _held(row: Any, reference: Reference, at: datetime) -> Words | None:
    """What the policy holds it for, if anything."""
    book = reference.books.get(row.policy_id, reference.book)
    due = Due(row.owed_at, row.limit or "", book, row.kind, row.facts.get("level", 0))
    times = reference.book.policy.burden.digest_times
    digest_at = times.within(row.digest_at) if times and row.digest_at else None
    why_not = why_waits(due, at, row.next_try_at, digest_at)
    return why_not.words if why_not else None


# -- what lies beside --------------------------------------------------------------------------


def _together(
    connection: Connection,
    made: Mapping[int, Sequence[Any]],
    before: Mapping[int, Sequence[PastAttempt]],
) -> dict[str, int]:
    """How many notices went in each message; a message is archived as a whole, with its number."""
    lately = messages.notices_of(connection, [each for mine in made.values() for each in mine])
    long_ago = {each.message: each.together for mine in before.values() for each in mine}
    return long_ago | {message: len(mine) for message, mine in lately.items()}


def _records(
    connection: Connection, rows: Sequence[Any]
) -> defaultdict[tuple[int, str], list[Any]]:
    """What those told have done to the cases, in order."""
    records = table(Record)
    names = {name for row in rows for name in _names(row)}
    ids = sorted({row.case_id for row in rows if row.case_id is not None})
    query = sa.select(
        records.c.case_id, records.c.seq, records.c.at, records.c.actor, records.c.verb
    ).where(records.c.case_id.in_(ids), records.c.actor.in_(names))
    found: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for record in connection.execute(query.order_by(records.c.case_id, records.c.seq)):
        found[record.case_id, record.actor].append(record)
    return found


def _names(row: Any) -> tuple[str, str]:
    """By which names a person acts: with their code among namesakes."""
    return row.person, f"{row.person}（{row.code}）"[:60]


def _answer(row: Any, records: Mapping[tuple[int, str], Sequence[Any]]) -> Any | None:
    """The first thing the person did to the case after the notice was owed.

    What is owed by the engine may be answered at the instant of its round; what is owed by a
    verb must not be taken for answered by that verb.
    """
    at_once = row.kind in _BY_THE_ENGINE
    mine = [each for name in _names(row) for each in records.get((row.case_id, name), ())]
    after = [e for e in mine if e.at > row.owed_at or (at_once and e.at == row.owed_at)]
    return min(after, key=lambda each: each.seq, default=None)
