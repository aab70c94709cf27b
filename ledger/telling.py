"""告知: who was told by a row of the log, whether it arrived, was read, and was answered."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import past_notices
from ledger.changes import table
from ledger.log import attempts_of, keys_left
from models.delivery import DeliveryOutcome
from models.notice import Notice, NoticeState
from models.person import DutyKind
from models.record import Record
from models.verb import Verb

CHUNK = 500

_DUTIES = {duty.value: duty for duty in DutyKind}
_VERBS = {verb.value: verb for verb in Verb}


@dataclass(frozen=True, slots=True)
class Told:
    """One person who was told, and what came of it.

    `state` is None where no notice is known any more. `tries` are all attempts, in order;
    `answered_at` is when the person first did something to the case after it, by their name.
    """

    person: str
    unit: str
    duty: DutyKind | None
    state: NoticeState | None
    owed_at: datetime | None = None
    next_try_at: datetime | None = None
    read_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: Verb | None = None
    tries: Sequence[Any] = ()

    @property
    def last(self) -> Any | None:
        """The last attempt over a channel; giving up is no attempt."""
        return last_try(self.tries)

    @property
    def refused(self) -> bool:
        """Whether the last attempt failed, for now or for good."""
        failed = (DeliveryOutcome.PERMANENT, DeliveryOutcome.TEMPORARY)
        return self.last is not None and self.last.outcome in failed


def last_try(tries: Sequence[Any]) -> Any | None:
    """Of attempts in order, the last one over a channel; else the last."""
    over = [attempt for attempt in tries if attempt.channel]
    return next(reversed(over or list(tries)), None)


def told_of(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> dict[int, list[Told]]:
    """Those told by each of these rows of the log, by the row's id."""
    keys = [who["notice"] for row in rows for who in row["recipients"]]
    known = _notices(connection, keys)
    tries = _tries(connection, [notice.id for notice in known.values()])
    past = past_notices.by_key(connection, keys_left(keys, known))
    known |= past
    tries |= {notice.id: past_notices.attempts_of(notice) for notice in past.values()}
    done = _done(connection, rows)
    return {
        row["id"]: [_one(row, w, known.get(w["notice"]), tries, done) for w in row["recipients"]]
        for row in rows
    }


def _one(
    row: Mapping[Any, Any],
    who: Mapping[str, Any],
    notice: Any | None,
    tries: Mapping[int, Sequence[Any]],
    done: Mapping[tuple[int, str], Sequence[Any]],
) -> Told:
    mine = done.get((row["case_id"], who["person"]), ())
    # By their order, not by their time: an answer may be given at the instant of the sweep.
    answer = next((record for record in mine if record.seq > row["record_seq"]), None)
    return Told(
        person=who["person"],
        unit=who["unit"],
        duty=_DUTIES.get(who["duty"]),
        state=notice.state if notice else None,
        owed_at=notice.owed_at if notice else None,
        next_try_at=notice.next_try_at if notice else None,
        read_at=notice.read_at if notice else None,
        answered_at=answer.at if answer else None,
        answered_by=_VERBS.get(answer.verb) if answer else None,
        tries=tries.get(notice.id, ()) if notice else (),
    )


def _notices(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    rows = table(Notice)
    names = ("id", "key", "state", "owed_at", "next_try_at", "read_at")
    found: dict[str, Any] = {}
    for start in range(0, len(keys), CHUNK):
        query = sa.select(*(rows.c[name] for name in names))
        mine = query.where(rows.c.key.in_(keys[start : start + CHUNK]))
        found |= {row.key: row for row in connection.execute(mine)}
    return found


def _tries(connection: Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for start in range(0, len(ids), CHUNK):
        found |= attempts_of(connection, ids[start : start + CHUNK])
    return found


def _done(
    connection: Connection, rows: Sequence[Mapping[Any, Any]]
) -> dict[tuple[int, str], list[Any]]:
    """What each of those told has done to the case, in order."""
    records = table(Record)
    names = {who["person"] for row in rows for who in row["recipients"]}
    ids = sorted({row["case_id"] for row in rows})
    found: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for start in range(0, len(ids) if names else 0, CHUNK):
        query = sa.select(
            records.c.case_id, records.c.seq, records.c.at, records.c.actor, records.c.verb
        ).where(records.c.case_id.in_(ids[start : start + CHUNK]), records.c.actor.in_(names))
        for record in connection.execute(query.order_by(records.c.case_id, records.c.seq)):
            found[record.case_id, record.actor].append(record)
    return found
