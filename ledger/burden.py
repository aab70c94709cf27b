"""减负: reminders are claimed by person, judged together, and bound into messages.

Whoever claims the reminders of a person holds the person: two hands never send one person two
digests in the same round.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.reference import Reference
from models.columns import Instant
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Person
from rules.digest import Due, Fate, Past, judge

Row = Mapping[Any, Any]

MOST = 5000
"""So many reminders are taken at once; what is beyond is judged in the next claim."""


def reminds(notices: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a notice is a reminder."""
    # Written into the statement: only a constant lets a database use an index of some rows.
    return notices.c.kind == sa.bindparam("reminds", NoticeKind.REMINDER, literal_execute=True)


@dataclass(slots=True)
class Judged:
    """What becomes of the reminders of one claim."""

    going: list[Row] = field(default_factory=list)
    messages: dict[int, str] = field(default_factory=dict)
    """Of each notice that goes, the message it goes in."""
    capped: list[int] = field(default_factory=list)
    waiting: dict[datetime, list[int]] = field(default_factory=dict)
    unsaid: dict[int, int] = field(default_factory=dict)
    """By person, how many reminders were held back since the last message that said so."""


def hold_people(connection: Connection, due: sa.ColumnElement[bool], most: int) -> list[int]:
    """Up to `most` people with reminders that are `due`, held for this transaction."""
    people = table(Person)
    reminded = sa.select(table(Notice).c.person_id).where(reminds(table(Notice)), due)
    # Nothing that refers to a person has to wait: their key does not change.
    query = (
        sa.select(people.c.id)
        .where(people.c.id.in_(reminded))
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return list(connection.execute(query).scalars())


def weigh(
    connection: Connection, reference: Reference, rows: Sequence[Row], at: datetime
) -> Judged:
    """Judge the reminders in `rows`, person by person; nothing is written.

    What was in a message already goes again in the same one: it has been judged.
    """
    judged = Judged()
    if not rows:
        return judged
    people = list({row["person_id"] for row in rows})
    messages = _messages(connection, [row["id"] for row in rows if row["attempts"]])
    pasts = _pasts(connection, people, _midnight(reference, at))
    for person, group in groupby(sorted(rows, key=_by_person), itemgetter("person_id")):
        mine = list(group)
        again = [row for row in mine if row["attempts"]]
        for row in again:
            judged.messages[row["id"]] = messages.get(row["id"]) or message_of(row["id"])
        judged.going += again
        before = len(judged.capped)
        _judge(judged, reference, [row for row in mine if not row["attempts"]], pasts[person], at)
        judged.unsaid[person] = pasts[person].capped + len(judged.capped) - before
    return judged


def message_of(notice_id: int) -> str:
    """The name of the message whose first notice this is."""
    return f"m{notice_id}"


def _by_person(row: Row) -> tuple[int, int]:
    return row["person_id"], row["id"]


def _judge(
    judged: Judged, reference: Reference, fresh: Sequence[Row], past: Past, at: datetime
) -> None:
    if not fresh:
        return
    due = [Due(row["owed_at"], row["limit"], reference.books[row["policy_id"]]) for row in fresh]
    verdict = judge(due, past, at)
    ids = [row["id"] for row in fresh]
    if verdict.fate is Fate.WAITS and verdict.until:
        judged.waiting.setdefault(verdict.until, []).extend(ids)
    elif verdict.fate is Fate.CAPPED:
        judged.capped += ids
    else:
        judged.going += fresh
        judged.messages |= dict.fromkeys(ids, message_of(ids[0]))


def _midnight(reference: Reference, at: datetime) -> datetime:
    """When the city's day began."""
    local = at.astimezone(reference.zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


# -- what people have been sent ----------------------------------------------------------------


def _messages(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The message each notice was last tried in; empty from before messages had names."""
    tries = table(Delivery)
    query = sa.select(tries.c.notice_id, tries.c.message)
    query = query.where(among(connection, tries.c.notice_id, ids)).order_by(tries.c.attempt)
    return {row.notice_id: row.message for row in connection.execute(query)}


def _pasts(
    connection: Connection, people: Sequence[int], midnight: datetime
) -> defaultdict[int, Past]:
    """What each person has been sent since `midnight`, and when the last message went.

    A message counts that arrived or may have, and one that is still being tried.
    """
    found: defaultdict[int, Past] = defaultdict(Past)
    for row in connection.execute(_last_told(connection, people)):
        found[row.id] = Past(last=row.last, capped=row.capped)
    sent: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for row in connection.execute(_sent_since(connection, people, midnight)):
        sent[row.person_id][row.message or message_of(row.notice_id)] = row.at
    for person, messages in sent.items():
        past = found[person]
        times = [*messages.values(), *([past.last] if past.last else [])]
        found[person] = replace(past, today=len(messages), last=max(times))
    return found


def _sent_since(
    connection: Connection, people: Sequence[int], midnight: datetime
) -> sa.Select[Any]:
    notices, tries = table(Notice), table(Delivery)
    arrived = tries.c.outcome.in_((DeliveryOutcome.SENT, DeliveryOutcome.UNKNOWN))
    tried = sa.and_(notices.c.ended_at.is_(None), notices.c.attempts > 0)
    today = sa.and_(notices.c.ended_at >= midnight, tries.c.at >= midnight, arrived)
    return (
        sa.select(notices.c.person_id, tries.c.notice_id, tries.c.message, tries.c.at)
        .join(tries, tries.c.notice_id == notices.c.id)
        .where(reminds(notices), among(connection, notices.c.person_id, people))
        .where(sa.or_(tried, today))
        .order_by(tries.c.at)
    )


_EVER = datetime.min.replace(tzinfo=UTC)


def _last_told(connection: Connection, people: Sequence[int]) -> sa.Select[Any]:
    """When each person's last reminder arrived, and how many were held back after it."""
    persons, told, held = table(Person), table(Notice).alias("told"), table(Notice).alias("held")
    last = (
        sa.select(sa.func.max(told.c.ended_at))
        .where(reminds(told), told.c.person_id == persons.c.id, told.c.state == NoticeState.SENT)
        .correlate(persons)
        .scalar_subquery()
    )
    capped = (
        sa.select(sa.func.count(held.c.id))
        .where(reminds(held), held.c.person_id == persons.c.id)
        .where(held.c.state == NoticeState.CAPPED)
        .where(held.c.ended_at > sa.func.coalesce(last, sa.literal(_EVER, Instant())))
        .correlate(persons)
        .scalar_subquery()
    )
    query = sa.select(persons.c.id, last.label("last"), capped.label("capped"))
    return query.where(among(connection, persons.c.id, people))
