"""发件箱: notices owed are claimed with a lease, sent by others, and marked with what came back.

At least once: the attempt is written before it is made, as UNKNOWN. Whoever is killed in
between leaves it so; the notice is then sent again, and the message and the log say that it
may come twice.
"""

import logging
from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import burden, marking, setting_aside
from ledger.changes import among, table
from ledger.choosing import Way, choose, history_of
from ledger.database import DatabaseTrouble, Ledger
from ledger.holders import holder
from ledger.marking import end as _end
from ledger.matter import Matters, needed
from ledger.reference import Reference, current
from ledger.waiting import due_now, hold_people, of_people
from models.case import Stage, Status
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from rules import pace
from rules.agenda import Look
from rules.digest import Overdue
from rules.retry import Attempt

_log = logging.getLogger("duban.outbox")

LEASE = pace.LEASE
"""By the real clock: it is about processes, not about cases."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice in hand: what to say, to whom, and over which channel (None: none is left).

    `url` is sealed: only the sender opens it.
    """

    id: int
    key: str
    case_id: int | None
    """None for what is about no single case: then everything that tells of one is empty."""
    person_id: int
    unit_id: int
    kind: NoticeKind
    facts: Mapping[str, Any]
    number: str
    place: str
    problem: str
    status: Status | None
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
    shown: str = ""
    """The channel's address, masked; empty where it was never sealed."""
    outlet: str = ""
    """The outlet it leaves through, by its digest."""
    side_by_side: int = 1
    """So many messages may be under way through that outlet at once."""
    probe: bool = False
    """It is sent to see whether an outlet that failed works again."""
    unsaid: int = 0
    """So many reminders to this person were held back since anybody said so."""
    lang: str = "zh"
    """The person's language."""
    overdue: tuple[Overdue, ...] = ()
    """The cases of this person that are overdue already, for the first lines of the message: on
    every notice of the day's first message that reminds, else empty; the most urgent first, at
    most 50, and none that the message tells of anyhow. A single reminder with these is a digest.
    """


@dataclass(frozen=True, slots=True)
class Hand:
    """One claim: the notices in hand, and the reference data they were judged by.

    `moot` were no longer true, `waiting` go later with others, `capped` are held back, `held`
    wait for their outlet: for its pace, or because it fails.
    """

    owed: list[Owed]
    reference: Reference
    moot: int = 0
    waiting: int = 0
    capped: int = 0
    held: int = 0

    @property
    def empty(self) -> bool:
        """Whether there was nothing to claim."""
        return not (self.owed or self.moot or self.waiting or self.capped or self.held)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one notice in hand."""

    owed: Owed
    channel: str
    """The channel's address, masked."""
    outcome: DeliveryOutcome
    answer: str
    receipt: str = ""
    again: timedelta | None = None
    """When the service asks to be called again."""
    took: float | None = None
    """Seconds until the channel answered; None when it was not asked."""


def claim(
    ledger: Ledger,
    at: datetime,
    now: datetime,
    most: int = pace.HAND,
    *,
    known: Reference | None = None,
    booked: MutableMapping[str, int] | None = None,
) -> Hand:
    """Take up to `most` messages that are due as of `at`, on a lease from `now`.

    What a dead process of this host still holds is free at once; other leases run out. What one
    person is due is taken together and judged by `rules.digest`. What its outlet does
    not bear now is put off, and no attempt is counted; `booked` is what earlier claims of the
    same run have put off, by outlet. `known` spares reading the reference data again.
    """
    booked = Counter() if booked is None else booked
    try:
        return _claim(ledger, at, now, most, known, booked)
    except DatabaseTrouble:
        raise
    except Exception:
        if not _set_guilty_aside(ledger, at, now, most):
            raise
        return _claim(ledger, at, now, most, known, booked)


def _claim(
    ledger: Ledger,
    at: datetime,
    now: datetime,
    most: int,
    known: Reference | None,
    booked: MutableMapping[str, int],
) -> Hand:
    with ledger.transaction() as connection:
        due = due_now(connection, at, now)
        rows = of_people(connection, due, hold_people(connection, due, most))
        reference = current(connection, known)
        true = [row for row in rows if needed(row)]
        judged = burden.weigh(connection, reference, true, at, most)
        moot = [row["id"] for row in rows if not needed(row)]
        _end(connection, moot, NoticeState.MOOT, at)
        _end(connection, judged.capped, NoticeState.CAPPED, at)
        for until, ids in judged.waiting.items():
            _wait(connection, ids, until)
        history = history_of(connection, list(judged.home))
        chosen = choose(connection, [m.rows for m in judged.bound], history, at, now, booked)
        for wait, ids in chosen.waiting.items():
            _wait(connection, ids, at + wait)
        going = [row for row in judged.going if row["id"] in chosen.ways]
        hand = _take(connection, reference, going, judged, at, history, chosen.ways)
        _lease(connection, hand, at, now)
    waiting = sum(map(len, judged.waiting.values()))
    held = sum(map(len, chosen.waiting.values()))
    return Hand(hand, reference, len(moot), waiting, len(judged.capped), held)


def _set_guilty_aside(ledger: Ledger, at: datetime, now: datetime, most: int) -> int:
    """Set the cases aside of which nothing can be said, so that the others' notices go."""
    with ledger.transaction() as connection:
        due = due_now(connection, at, now)
        rows = of_people(connection, due, hold_people(connection, due, most))
        reference = current(connection, None)
        matters = Matters.read(connection, reference, rows, at)
        guilty = _guilty(reference, rows, matters, at)
        for case_id, why in guilty.items():
            number = next(row["number"] for row in rows if row["case_id"] == case_id)
            said = {"case": number, "work": setting_aside.DELIVER}
            _log.error("notices of a case could not be prepared", extra=said, exc_info=why)
            setting_aside.add(connection, case_id, setting_aside.DELIVER, why, at)
        return len(guilty)


def _guilty(
    reference: Reference, rows: Sequence[Mapping[Any, Any]], matters: Matters, at: datetime
) -> dict[int, Exception]:
    """The cases whose notices cannot be judged or written, each with why."""
    found: dict[int, Exception] = {}
    for row in rows:
        try:
            burden.due_of(reference, row, at).held_until(at)
            matters.of(row)
        except Exception as error:
            found.setdefault(row["case_id"], error)
    return found


def mark(
    ledger: Ledger,
    results: Sequence[Result],
    at: datetime,
    now: datetime | None = None,
    unsent: Sequence[Owed] = (),
) -> Counter[str]:
    """Write what came back, by the real clock `now`. Counts `sent`, `retrying`, `dead`.

    `unsent` is given back as if it had never been in hand.
    """
    with ledger.transaction() as connection:
        counts = marking.record(connection, results, at, now or at) if results else Counter()
        marking.give_back(connection, unsent)
    return counts


# -- claiming ----------------------------------------------------------------------------------


_MAYBE = (DeliveryOutcome.UNKNOWN, DeliveryOutcome.SENT)
"""After such an attempt, one more may be the second to arrive."""


def _take(
    connection: Connection,
    reference: Reference,
    rows: Sequence[Mapping[Any, Any]],
    judged: burden.Judged,
    at: datetime,
    history: Mapping[int, Sequence[Attempt]],
    ways: Mapping[int, Way],
) -> list[Owed]:
    matters = Matters.read(connection, reference, rows, at)
    taken = []
    for row in rows:
        before = history[row["id"]]
        way = ways[row["id"]]
        taken.append(
            Owed(
                id=row["id"],
                key=row["key"],
                case_id=row["case_id"],
                person_id=row["person_id"],
                unit_id=row["unit_id"],
                kind=row["kind"],
                facts=row["facts"],
                person=row["person"],
                lang=row["lang"],
                position=way.position,
                url=way.url,
                shown=way.shown,
                outlet=way.outlet,
                side_by_side=way.side_by_side,
                probe=way.probe,
                attempt=len(before) + 1,
                resend=any(a.outcome in _MAYBE for a in before),
                message=judged.home[row["id"]].name,
                unsaid=judged.home[row["id"]].unsaid,
                overdue=judged.home[row["id"]].overdue,
                **matters.of(row),
            )
        )
    setting_aside.forget(connection, list(matters.cases), setting_aside.DELIVER)
    return taken


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
                "receipt": "",
                "message": owed.message,
            }
            for owed in hand
        ],
    )


def _wait(connection: Connection, ids: Sequence[int], until: datetime) -> None:
    notices = table(Notice)
    mine = among(connection, notices.c.id, ids)
    free = {"state": NoticeState.OWED, "lease_until": None, "lease_by": ""}
    connection.execute(sa.update(notices).where(mine).values(next_try_at=until, **free))
