"""通知的查阅: notices for one viewer, filtered, newest first, with all that is known of each.

A notice is seen by whoever sees its case. One about no case, as a summary, is its reader's own;
only who supervises the whole city sees it too. A page reads at most `REACH` notices backwards:
where a filter lets few through, it says how far it has come. What is asked for by its case or by
its number is found in the archive, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import past_notices
from ledger.changes import table
from ledger.database import Ledger
from ledger.logbook import known_id
from ledger.past_notices import past
from ledger.reference import Reference
from ledger.scope import Missing, units_under
from ledger.sieve import seen_among, sieve
from ledger.whereabouts import Whereabouts, known, notices, selected, tries
from models.account import AccountRole
from models.case import Case
from models.notice import NoticeKind, NoticeState
from models.person import Person
from rules.permission import Viewer

PAGE = 30
REACH = 10_000
"""So many notices are read for one page, whatever is looked for."""
OWN_REACH = 100_000
"""Of somebody's own, which are few among many, so many are looked through: each at a glance."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which notices are looked for; what is left empty does not narrow it.

    `unit` means the whole subtree; `person` is part of a name, or a code; `channel` is what an
    address begins with. `since` and `until` bound the instant it was owed, half open.
    """

    state: NoticeState | None = None
    kind: NoticeKind | None = None
    person: str = ""
    unit: int | None = None
    channel: str = ""
    case: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page. `after` asks for the next one, 0 at the end.

    `reached` is how far back was read where the page ended before it was full.
    """

    lines: Sequence[Whereabouts]
    after: int = 0
    reached: datetime | None = None


def page(
    ledger: Ledger,
    viewer: Viewer,
    reference: Reference,
    sought: Sought,
    at: datetime,
    after: int = 0,
    size: int = PAGE,
) -> Leaf:
    """One page of the notices a supervisor may see."""
    with ledger.snapshot() as connection:
        if sought.case:
            return _of_case(connection, viewer, reference, sought, at, after, size)
        conditions = list(_conditions(connection, sought))
        end = _reach(connection, sought, after)
        rows = sa.select(notices.c.id, notices.c.case_id, notices.c.person_id, notices.c.owed_at)
        rows = rows.where(*conditions, notices.c.id >= end).order_by(notices.c.id.desc())
        found = sieve(
            connection,
            viewer,
            lambda last: rows.where(*_before(last.id if last else after)),
            size + 1,
            alone=lambda row: _own(viewer, row),
        )
        lines = _lines(connection, [row.id for row in found[:size]], reference, at)
        if len(found) > size:
            return Leaf(lines, found[size - 1].id)
        return Leaf(lines, end, _owed_at(connection, end)) if end else Leaf(lines)


def _of_case(
    connection: Connection,
    viewer: Viewer,
    reference: Reference,
    sought: Sought,
    at: datetime,
    after: int,
    size: int,
) -> Leaf:
    """One page of what was sent about one case, of the outbox and of the archive."""
    found: list[int] = []
    for rows in (notices, past):
        query = sa.select(rows.c.id, rows.c.case_id, rows.c.person_id)
        query = query.where(*_conditions(connection, sought, rows)).order_by(rows.c.id.desc())
        some = sieve(
            connection,
            viewer,
            partial(_beyond, query, rows, after),
            size + 1,
            alone=partial(_own, viewer),
        )
        found += [row.id for row in some]
    newest = sorted(found, reverse=True)[: size + 1]
    lines = _lines(connection, newest[:size], reference, at)
    return Leaf(lines, newest[size - 1] if len(newest) > size else 0)


def _beyond(query: sa.Select[Any], rows: sa.Table, after: int, last: Any) -> sa.Select[Any]:
    return query.where(*_before(last.id if last else after, rows))


def own(ledger: Ledger, person_id: int, reference: Reference, at: datetime, after: int = 0) -> Leaf:
    """One page of what a person was sent, whatever it was about; most of it was sent lately."""
    with ledger.snapshot() as connection:
        end = _reach(connection, Sought(), after, OWN_REACH)
        query = sa.select(notices.c.id).where(notices.c.person_id == person_id)
        query = query.where(notices.c.id >= end, *_before(after))
        query = query.order_by(notices.c.id.desc()).limit(PAGE + 1)
        ids = list(connection.execute(query).scalars())
        lines = _lines(connection, ids[:PAGE], reference, at)
        if len(ids) > PAGE:
            return Leaf(lines, ids[PAGE - 1])
        return Leaf(lines, end, _owed_at(connection, end)) if end else Leaf(lines)


def one(
    ledger: Ledger, viewer: Viewer, reference: Reference, notice_id: int, at: datetime
) -> Whereabouts:
    """One notice. Raises Missing for one out of the viewer's scope, as if there were none."""
    with ledger.snapshot() as connection:
        row = _row(connection, notice_id)
        if row is None or not _sees(connection, viewer, row):
            raise Missing(
                "没有这条通知，或不在您的范围内。请从“通知”列表进入。",
                "There is no such notice, or not within your scope. Come by the list of notices.",
            )
        [line] = known(connection, [row], reference, at)
        return line


def _row(connection: Connection, notice_id: int) -> Any | None:
    if not known_id(notice_id):
        return None
    return _rows(connection, [notice_id]).get(notice_id)


def _sees(connection: Connection, viewer: Viewer, row: Any) -> bool:
    if row.case_id is None:
        return _own(viewer, row)
    return bool(seen_among(connection, viewer, [row.case_id]))


def _own(viewer: Viewer, row: Any) -> bool:
    """Whether what is about no single case is for this viewer's eyes."""
    everywhere = [
        grant
        for grant in viewer.grants
        if grant.role is AccountRole.SUPERVISOR and grant.area_id is None and grant.unit_id is None
    ]
    return row.person_id == viewer.person_id or bool(everywhere)


# -- what is sought ----------------------------------------------------------------------------

_FEW = (
    frozenset({NoticeState.OWED, NoticeState.SENDING}),
    frozenset({NoticeState.DEAD, NoticeState.CAPPED}),
)
"""States that have an index of their own: there all rows are within reach."""


def _conditions(
    connection: Connection, sought: Sought, notices: sa.Table = notices
) -> Iterator[sa.ColumnElement[bool]]:
    people, cases = table(Person), table(Case)
    if sought.state is not None:
        yield from _in_state(sought.state, notices)
    if sought.kind is not None:
        yield notices.c.kind == sought.kind
    if sought.person:
        named = people.c.name.contains(sought.person, autoescape=True)
        meant = sa.select(people.c.id).where(named | (people.c.code == sought.person))
        yield notices.c.person_id.in_(meant)
    if sought.unit is not None:
        yield notices.c.unit_id.in_(units_under(connection, [sought.unit]))
    if sought.channel:
        yield _by_channel(sought.channel, notices)
    if sought.case:
        meant = sa.select(cases.c.id).where(cases.c.number == sought.case)
        yield notices.c.case_id == meant.scalar_subquery()
    if sought.since is not None:
        yield notices.c.owed_at >= sought.since
    if sought.until is not None:
        yield notices.c.owed_at < sought.until


def _by_channel(channel: str, rows: sa.Table) -> sa.ColumnElement[bool]:
    """Whether it was tried over a channel of this kind."""
    if rows is past:
        return past_notices.says("channel", f"{channel}:", whole=False)
    by = tries.c.channel.startswith(f"{channel}:", autoescape=True)
    return sa.exists().where(tries.c.notice_id == rows.c.id, by)


def _in_state(state: NoticeState, notices: sa.Table = notices) -> Iterator[sa.ColumnElement[bool]]:
    """The state, beside the condition of its index where it has one."""
    for states in _FEW:
        if state in states:
            known_as = sorted(states, key=list(NoticeState).index)
            # Written into the statement, as the index of these rows has it.
            yield notices.c.state.in_(
                sa.bindparam("states", known_as, expanding=True, literal_execute=True)
            )
    yield notices.c.state == state


def _before(after: int, rows: sa.Table = notices) -> list[sa.ColumnElement[bool]]:
    return [rows.c.id < after] if known_id(after) else []


def _reach(connection: Connection, sought: Sought, after: int, most: int = REACH) -> int:
    """The id of the last notice that is read for this page; 0 when all are."""
    if sought.case or any(sought.state in states for states in _FEW):
        return 0
    query = sa.select(notices.c.id).where(*_before(after)).order_by(notices.c.id.desc())
    return connection.execute(query.offset(most - 1).limit(1)).scalar() or 0


def _owed_at(connection: Connection, notice_id: int) -> datetime | None:
    query = sa.select(notices.c.owed_at).where(notices.c.id == notice_id)
    at: datetime | None = connection.execute(query).scalar()
    return at


def _lines(
    connection: Connection, ids: Sequence[int], reference: Reference, at: datetime
) -> list[Whereabouts]:
    rows = _rows(connection, ids)
    return known(connection, [rows[each] for each in ids], reference, at)


def _rows(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    """These notices by their ids, wherever they lie."""
    rows = {row.id: row for row in connection.execute(selected().where(notices.c.id.in_(ids)))}
    left = [each for each in ids if each not in rows]
    if left:
        archived = selected(past).where(past_notices.within(connection, left))
        rows |= {row.id: row for row in connection.execute(archived)}
    return rows
