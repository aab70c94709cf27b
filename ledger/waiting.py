"""待发: which notices wait in the outbox and are in nobody's hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import setting_aside
from ledger.changes import table
from ledger.holders import dead
from ledger.past import reminds
from models.case import Case
from models.columns import Instant
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from models.person import Person
from rules.digest import FAR, PACES, Pace
from rules.pace import LEASE, SKEW
from rules.relevance import CLOSING, OPENING

MOST = 5000
"""So many notices are taken at once; what is beyond is judged in the next claim."""


def due_now(connection: Connection, at: datetime, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a notice is to be sent as of `at`, and in nobody's hand."""
    notices = table(Notice)
    # Written into the statement, as the index of these rows has it.
    open_states: sa.BindParameter[Any] = sa.bindparam(
        "open", [NoticeState.OWED, NoticeState.SENDING], expanding=True, literal_execute=True
    )
    free = sa.or_(
        notices.c.lease_until.is_(None),
        notices.c.lease_until <= now,
        # Nobody could be given so long a lease: the clock has been set back since.
        notices.c.lease_until > now + LEASE + SKEW,
        notices.c.lease_by.in_(_dead_holders(connection)),
    )
    due = sa.and_(notices.c.state.in_(open_states), notices.c.next_try_at <= at, free)
    if aside := setting_aside.held(connection, setting_aside.DELIVER, at):
        due &= notices.c.case_id.is_(None) | notices.c.case_id.not_in(aside)
    return due


def hold_people(connection: Connection, due: sa.ColumnElement[bool], most: int) -> list[int]:
    """Up to `most` people with notices that are `due`, held for this transaction.

    Those the ladder speaks to come first, then those there is news for; among them those whose
    case is due first.
    """
    people, first = table(Person), _first(due)
    # Nothing that refers to a person has to wait: their key does not change.
    query = (
        sa.select(people.c.id)
        .join(first, first.c.person_id == people.c.id)
        .order_by(first.c.rank, first.c.urgent, people.c.id)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True, of=people)
    )
    return list(connection.execute(query).scalars())


def _first(due: sa.ColumnElement[bool]) -> sa.Subquery:
    """People, by the most urgent notice of each, among the first `MOST` of the ladder and the
    first `MOST` of all else: what else is due is read no further."""
    cases, at_once = table(Case), _of(table(Notice), Pace.AT_ONCE)
    windows = [_window(sa.and_(due, at_once)), _window(sa.and_(due, ~at_once))]
    window = sa.union_all(*(sa.select(part) for part in windows)).subquery()
    far = sa.literal(FAR, Instant())
    own = sa.func.coalesce(cases.c.due_at, cases.c.step_due_at, far, type_=Instant())
    return (
        sa.select(
            window.c.person_id,
            sa.func.min(window.c.rank).label("rank"),
            sa.func.min(own).label("urgent"),
        )
        .join(cases, cases.c.id == window.c.case_id, isouter=True)
        .group_by(window.c.person_id)
        .subquery()
    )


def _window(which: sa.ColumnElement[bool]) -> sa.Subquery:
    notices = table(Notice)
    rank = sa.case((_of(notices, Pace.AT_ONCE), 0), (reminds(notices), 2), else_=1)
    return (
        sa.select(notices.c.person_id, notices.c.case_id, rank.label("rank"))
        .where(which)
        .order_by(notices.c.next_try_at, notices.c.id)
        .limit(MOST)
        .subquery()
    )


def _of(notices: sa.FromClause, pace: Pace) -> sa.ColumnElement[bool]:
    return notices.c.kind.in_([kind for kind, own in PACES.items() if own is pace])


def of_people(
    connection: Connection,
    due: sa.ColumnElement[bool],
    people: Sequence[int],
    most: int = MOST,
) -> list[Any]:
    """What these people are due, what is at once before all else.

    Nobody's is cut in two, if that can be helped: it may have to go in one message.
    """
    if not people:
        return []
    notices = table(Notice)
    later = sa.case((_of(notices, Pace.AT_ONCE), 0), else_=1).label("later")
    query = _rows(due).add_columns(later).where(notices.c.person_id.in_(people))
    query = query.order_by(later, notices.c.person_id, notices.c.next_try_at, notices.c.id)
    rows = list(connection.execute(query.limit(most)).mappings())
    if len(rows) < most:
        return rows
    last = (rows[-1]["later"], rows[-1]["person_id"])
    return [row for row in rows if (row["later"], row["person_id"]) != last] or rows


def _rows(due: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Notices with what is asked of their cases and people before they are taken."""
    notices, cases, people = table(Notice), table(Case), table(Person)
    of_case = ("number", "limit", "policy_id", "due_at", "step_due_at", "look_back_due_at")
    return (
        sa.select(
            notices,
            *(cases.c[name] for name in of_case),
            cases.c.status.label("case_status"),
            people.c.name.label("person"),
            people.c.lang,
            people.c.digest_at,
            _told_of(notices).label("told"),
        )
        # What is about no single case, as a summary, has none.
        .join(cases, notices.c.case_id == cases.c.id, isouter=True)
        .join(people, notices.c.person_id == people.c.id)
        .where(due)
        .with_for_update(skip_locked=True, of=notices)
    )


def _told_of(notices: sa.Table) -> sa.ColumnElement[bool]:
    """Whether whoever is to hear of the end may have heard of the beginning."""
    opening, tries = notices.alias("opening"), table(Delivery)
    heard = (
        sa.select(opening.c.id)
        .join(tries, tries.c.notice_id == opening.c.id)
        .where(opening.c.case_id == notices.c.case_id, opening.c.person_id == notices.c.person_id)
        .where(opening.c.kind.in_(OPENING))
        .where(tries.c.outcome.in_((DeliveryOutcome.SENT, DeliveryOutcome.UNKNOWN)))
        .correlate(notices)
    )
    return sa.or_(notices.c.kind.not_in(CLOSING), heard.exists())


def _dead_holders(connection: Connection) -> list[str]:
    """Processes that still hold notices and no longer live."""
    notices = table(Notice)
    query = sa.select(notices.c.lease_by).where(notices.c.state == NoticeState.SENDING).distinct()
    return [name for name in connection.execute(query).scalars() if name and dead(name)]
