"""已发: what people have been sent already, as far as it decides what goes now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.reference import Reference
from models.columns import Instant
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Person
from rules.digest import PACES, Pace, Past

NEWS = [kind for kind, pace in PACES.items() if pace is Pace.NEWS]


@dataclass(slots=True)
class Pasts:
    """What one person has been sent."""

    reminders: Past = field(default_factory=Past)
    news: Past = field(default_factory=Past)
    held_back: int = 0
    """Reminders that are held back in this round."""


def reminds(notices: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a notice is a reminder."""
    # Written into the statement: only a constant lets a database use an index of some rows.
    return notices.c.kind == sa.bindparam("reminds", NoticeKind.REMINDER, literal_execute=True)


def messages_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The message each notice was last tried in; empty from before messages had names."""
    tries = table(Delivery)
    query = sa.select(tries.c.notice_id, tries.c.message)
    query = query.where(among(connection, tries.c.notice_id, ids)).order_by(tries.c.attempt)
    return {row.notice_id: row.message for row in connection.execute(query)}


def pasts_of(
    connection: Connection, reference: Reference, rows: Sequence[Mapping[Any, Any]], at: datetime
) -> defaultdict[int, Pasts]:
    """What those have been sent since midnight who are due `rows`, and when the last went.

    A message counts that arrived or may have, and one that is still being tried.
    """
    found: defaultdict[int, Pasts] = defaultdict(Pasts)
    midnight = _midnight(reference, at)
    reminded = list({row["person_id"] for row in rows if row["kind"] is NoticeKind.REMINDER})
    told = list({row["person_id"] for row in rows if PACES[row["kind"]] is Pace.NEWS})
    if reminded:
        for row in connection.execute(_last_told(connection, reminded)):
            found[row.id].reminders = Past(last=row.last, capped=row.capped)
        for person, times in _by_message(connection, _reminded(connection, reminded, midnight)):
            past = found[person].reminders
            last = max([*times, *([past.last] if past.last else [])])
            found[person].reminders = Past(len(times), last, past.capped)
    if told:
        for person, times in _by_message(connection, _news(connection, told, midnight)):
            found[person].news = Past(len(times), max(times))
    return found


def _midnight(reference: Reference, at: datetime) -> datetime:
    """When the city's day began."""
    local = at.astimezone(reference.zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _by_message(
    connection: Connection, query: sa.Select[Any]
) -> Iterable[tuple[int, list[datetime]]]:
    """Each person, and when each of their messages went last."""
    sent: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for row in connection.execute(query):
        sent[row.person_id][row.message or f"m{row.notice_id}"] = row.at
    return [(person, list(messages.values())) for person, messages in sent.items()]


def _tries(notices: sa.Table, tries: sa.Table) -> sa.Select[Any]:
    return (
        sa.select(notices.c.person_id, tries.c.notice_id, tries.c.message, tries.c.at)
        .join(tries, tries.c.notice_id == notices.c.id)
        .order_by(tries.c.at)
    )


def _arrived(tries: sa.Table) -> sa.ColumnElement[bool]:
    return tries.c.outcome.in_((DeliveryOutcome.SENT, DeliveryOutcome.UNKNOWN))


def _reminded(connection: Connection, people: Sequence[int], midnight: datetime) -> sa.Select[Any]:
    notices, tries = table(Notice), table(Delivery)
    tried = sa.and_(notices.c.ended_at.is_(None), notices.c.attempts > 0)
    today = sa.and_(notices.c.ended_at >= midnight, tries.c.at >= midnight, _arrived(tries))
    mine = among(connection, notices.c.person_id, people)
    return _tries(notices, tries).where(reminds(notices), mine).where(sa.or_(tried, today))


def _news(connection: Connection, people: Sequence[int], midnight: datetime) -> sa.Select[Any]:
    """Read back from the newest attempt to the first of the day: so it costs what went today,
    not what ever went."""
    notices, tries = table(Notice), table(Delivery)
    before = sa.select(tries.c.id).where(tries.c.at < midnight).order_by(tries.c.id.desc())
    start = sa.func.coalesce(before.limit(1).scalar_subquery(), 0)
    tried = sa.or_(_arrived(tries), notices.c.ended_at.is_(None))
    mine = sa.and_(among(connection, notices.c.person_id, people), notices.c.kind.in_(NEWS))
    return _tries(notices, tries).where(tries.c.id > start, mine, tried)


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
