"""发件箱: notices owed are claimed with a lease, sent by others, and marked with what came back.

At least once: the attempt is written before it is made, as UNKNOWN. Whoever is killed in
between leaves it so; the notice is then sent again, and the message and the log say that it
may come twice.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import burden
from ledger.changes import table
from ledger.database import Ledger
from ledger.parts import answering_of
from ledger.reference import Reference, read
from ledger.sweeps import pauses_of
from ledger.waiting import at_once, due_now, holder, reminders
from models.case import Case, Stage, Status
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Channel
from rules.agenda import Act, Look, agenda
from rules.relevance import about, still_needed
from rules.retry import Attempt, channel_for, wait

LEASE = timedelta(minutes=10)
"""Longer than a whole hand may take: 200 notices, eight at once, fifteen seconds each. By the
real clock: it is about processes, not about cases."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice in hand: what to say, to whom, and over which channel (None: none is left).

    `url` may hold a secret: it goes to the sender and nowhere else.
    """

    id: int
    key: str
    case_id: int
    person_id: int
    unit_id: int
    kind: NoticeKind
    facts: Mapping[str, Any]
    number: str
    place: str
    problem: str
    status: Status
    stage: Stage
    """The clock the notice speaks of; `due_at` and `left` are that clock's."""
    due_at: datetime | None
    provisional: bool
    left: timedelta | None
    unit: str
    person: str
    next: Look | None
    """What happens next to the case if nobody acts."""
    position: int | None
    url: str | None = field(repr=False)
    attempt: int
    resend: bool
    """An earlier attempt may have arrived."""
    message: str
    """The message it goes in: reminders to one person that go together share it."""
    unsaid: int = 0
    """So many reminders to this person were held back since anybody said so."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One claim: the notices in hand, and the reference data they were judged by.

    `moot` were no longer true, `waiting` go later with others, `capped` are held back.
    """

    owed: list[Owed]
    reference: Reference
    moot: int = 0
    waiting: int = 0
    capped: int = 0

    @property
    def empty(self) -> bool:
        """Whether there was nothing to claim."""
        return not (self.owed or self.moot or self.waiting or self.capped)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one notice in hand."""

    owed: Owed
    channel: str
    """The channel's address, masked."""
    outcome: DeliveryOutcome
    answer: str


def claim(ledger: Ledger, at: datetime, now: datetime, most: int = 200) -> Hand:
    """Take up to `most` messages that are due as of `at`, on a lease from `now`.

    What a dead process of this host still holds is free at once; other leases run out. The
    reminders of one person are taken together and judged by `rules.digest`.
    """
    with ledger.transaction() as connection:
        due = due_now(connection, at, now)
        rows = at_once(connection, due, most)
        people = burden.hold_people(connection, due, most - len(rows)) if len(rows) < most else []
        reminded = reminders(connection, due, people)
        reference = read(connection)
        needed = [row for row in reminded if _needed(row)]
        judged = burden.weigh(connection, reference, needed, at)
        kept = [row for row in rows if _needed(row)] + judged.going
        moot = [row["id"] for row in (*rows, *reminded) if not _needed(row)]
        _end(connection, moot, NoticeState.MOOT, at)
        _end(connection, judged.capped, NoticeState.CAPPED, at)
        for until, ids in judged.waiting.items():
            _wait(connection, ids, until)
        hand = _take(connection, reference, kept, judged, at)
        _lease(connection, hand, at, now)
    waiting = sum(map(len, judged.waiting.values()))
    return Hand(hand, reference, len(moot), waiting, len(judged.capped))


def mark(ledger: Ledger, results: Sequence[Result], at: datetime) -> Counter[str]:
    """Write what came back. Counts `sent`, `retrying`, `dead`."""
    counts: Counter[str] = Counter()
    with ledger.transaction() as connection:
        history = _history(connection, [result.owed.id for result in results])
        for result in results:
            counts[_mark_one(connection, result, history[result.owed.id], at)] += 1
    return counts


# -- claiming ----------------------------------------------------------------------------------


def _needed(row: Mapping[Any, Any]) -> bool:
    kind, stage, status = row["kind"], row["facts"].get("stage"), row["case_status"]
    clock = _DUE.get(about(kind, stage, status), "step_due_at")
    runs = clock == "due_at" or row[clock] is not None
    return still_needed(kind, stage, status, runs=runs)


def _take(
    connection: Connection,
    reference: Reference,
    rows: Sequence[Mapping[Any, Any]],
    judged: burden.Judged,
    at: datetime,
) -> list[Owed]:
    case_ids = list({row["case_id"] for row in rows})
    cases = _cases(connection, case_ids)
    answers = answering_of(connection, {case.id: case.inspector_id for case in cases.values()})
    pauses = pauses_of(connection, case_ids, at)
    channels = _channels(connection, [row["person_id"] for row in rows])
    history = _history(connection, [row["id"] for row in rows])
    taken = []
    for row in rows:
        case = cases[row["case_id"]]
        before = history[row["id"]]
        urls = channels[row["person_id"]]
        position = channel_for(len(urls), before)
        stage = about(row["kind"], row["facts"].get("stage"), row["case_status"])
        due = _due_of(case, stage)
        unit = reference.directory.units.get(answers[case.id].lead or 0)
        rests = pauses[case.id]
        looks = agenda(case, reference.books[case.policy_id], max(at, case.looked_until), rests)
        taken.append(
            Owed(
                id=row["id"],
                key=row["key"],
                case_id=row["case_id"],
                person_id=row["person_id"],
                unit_id=row["unit_id"],
                kind=row["kind"],
                facts=row["facts"],
                number=case.number,
                place=case.place,
                problem=case.problem,
                status=case.status,
                stage=stage,
                due_at=due,
                provisional=case.provisional,
                left=reference.worktime.between(at, due, rests) if due else None,
                unit=unit.name if unit else "",
                person=row["person"],
                next=_next_of(looks, stage),
                position=position,
                url=None if position is None else urls[position],
                attempt=len(before) + 1,
                resend=any(a.outcome is DeliveryOutcome.UNKNOWN for a in before),
                message=judged.messages.get(row["id"], burden.message_of(row["id"])),
                unsaid=judged.unsaid.get(row["person_id"], 0)
                if row["kind"] is NoticeKind.REMINDER
                else 0,
            )
        )
    return taken


def _due_of(case: Any, stage: Stage) -> datetime | None:
    """When the clock a notice speaks of is due; a clock that rests has no instant to name."""
    if stage is Stage.HANDLE and case.status is Status.SUSPENDED:
        return None
    due: datetime | None = getattr(case, _DUE.get(stage, "step_due_at"))
    return due


_DUE = {Stage.HANDLE: "due_at", Stage.LOOK_BACK: "look_back_due_at"}
"""Where the due instant of a clock stands; of all others it is the step's."""


def _next_of(looks: Sequence[Look], stage: Stage) -> Look | None:
    """What a message announces: the next level of its own clock, else whatever comes next of it."""
    mine = [look for look in looks if look.stage is stage and look.act is not Act.RESUME]
    return next((look for look in mine if look.level), mine[0] if mine else None)


def _cases(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    cases = table(Case)
    return {row.id: row for row in connection.execute(sa.select(cases).where(cases.c.id.in_(ids)))}


def _channels(connection: Connection, people: Sequence[int]) -> defaultdict[int, list[str]]:
    channels = table(Channel)
    query = sa.select(channels).where(channels.c.person_id.in_(people))
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in connection.execute(query.order_by(channels.c.person_id, channels.c.position)):
        found[row.person_id].append(row.url)
    return found


def _history(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[Attempt]]:
    attempts = table(Delivery)
    query = sa.select(attempts).where(attempts.c.notice_id.in_(ids)).order_by(attempts.c.attempt)
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.notice_id].append(Attempt(row.position, row.outcome))
    return found


def _lease(connection: Connection, hand: Sequence[Owed], at: datetime, now: datetime) -> None:
    if not hand:
        return
    notices, attempts = table(Notice), table(Delivery)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id.in_([owed.id for owed in hand]))
        .values(
            state=NoticeState.SENDING,
            attempts=notices.c.attempts + 1,
            lease_until=now + LEASE,
            lease_by=holder(),
        )
    )
    connection.execute(
        sa.insert(attempts),
        [
            {
                "notice_id": owed.id,
                "attempt": owed.attempt,
                "position": owed.position,
                "channel": "",
                "at": at,
                "outcome": DeliveryOutcome.UNKNOWN,
                "answer": "",
                "message": owed.message,
            }
            for owed in hand
        ],
    )


# -- marking -----------------------------------------------------------------------------------


def _mark_one(
    connection: Connection, result: Result, history: Sequence[Attempt], at: datetime
) -> str:
    owed = result.owed
    attempts = table(Delivery)
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.notice_id == owed.id, attempts.c.attempt == owed.attempt)
        .values(outcome=result.outcome, channel=result.channel, answer=result.answer)
    )
    if result.outcome is DeliveryOutcome.SENT:
        _end(connection, [owed.id], NoticeState.SENT, at)
        return "sent"
    if owed.url is None:
        _end(connection, [owed.id], NoticeState.DEAD, at)
        return "dead"
    tried = [*history[:-1], Attempt(owed.position, result.outcome)]
    # By the message, so that what went together comes back together.
    _again(connection, owed.id, at + wait(owed.message, tried))
    return "retrying"


def _again(connection: Connection, notice_id: int, next_try_at: datetime) -> None:
    notices = table(Notice)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id == notice_id)
        .values(state=NoticeState.OWED, next_try_at=next_try_at, lease_until=None, lease_by="")
    )


def _wait(connection: Connection, ids: Sequence[int], until: datetime) -> None:
    notices = table(Notice)
    connection.execute(sa.update(notices).where(notices.c.id.in_(ids)).values(next_try_at=until))


def _end(connection: Connection, ids: Sequence[int], state: NoticeState, at: datetime) -> None:
    if not ids:
        return
    notices = table(Notice)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id.in_(ids))
        .values(state=state, ended_at=at, lease_until=None, lease_by="")
    )
