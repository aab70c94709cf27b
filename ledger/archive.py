"""存档: what was sent about cases closed long ago leaves the outbox, and is told all the same.

A case stays with its records, its rows of the log and its evidence: proof, figures, relapses and
rankings rest on them. What was sent is most of the rows, and nothing is decided by it any more.
A message moves as a whole, when all the cases it spoke of were closed long ago.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import messages, metrics_past, partitions
from ledger.admin import Deed, Hand, acting, log
from ledger.changes import among, insert, table
from ledger.database import Ledger
from ledger.reference import zone
from models.account import Link, Session
from models.case import Case
from models.delivery import Delivery
from models.hook import HookCall, HookState
from models.incoming import Incoming
from models.notice import Notice, NoticeKind, NoticeState
from models.past_notice import PastNotice
from models.record import Record
from models.request import Request
from models.words import Trouble
from rules.lifecycle import OPEN_STATUSES

PAGE = 1_000
"""So many notices are looked at, and moved, in one transaction."""

notices, cases, tries = table(Notice), table(Case), table(Delivery)

OVER = (NoticeState.SENT, NoticeState.DEAD, NoticeState.MOOT, NoticeState.CAPPED)
_SAME = [c.name for c in table(PastNotice).columns if c.name in notices.c]


def archive(ledger: Ledger, before: datetime, *, dry_run: bool = False) -> Counter[str]:
    """Move what was sent about cases closed before an instant; counts what was moved.

    `notices`, `deliveries`, `links`, `calls`. Page by page, each in a transaction of its own:
    it may be stopped or killed at any instant, and run again. With `dry_run` nothing moves.
    """
    counts: Counter[str] = Counter()
    local, after = zone(ledger), 0
    while True:
        with ledger.snapshot() if dry_run else ledger.transaction() as connection:
            page = connection.execute(_page(after)).all()
            # Notices are numbered as they come to be owed: from here on all are newer.
            if not any(row.owed_at < before for row in page):
                return counts
            movable = _movable(connection, [row.id for row in page], before, lock=not dry_run)
            if dry_run:  # what goes with a message of another page is counted there
                ids = {row.id for row in page}
                counts["notices"] += len(ids & movable.keys())
            else:
                years = {each: at.astimezone(local).year for each, at in movable.items()}
                counts += _move(connection, years)
        after = page[-1].id


def cutoff(at: datetime, after_years: int, local: ZoneInfo) -> datetime | None:
    """What was closed before this is archived: midnight so many years ago. None: nothing is."""
    if after_years <= 0:
        return None
    day = at.astimezone(local)
    last = min(day.day, 28) if day.month == 2 else day.day
    return datetime(day.year - after_years, day.month, last, tzinfo=local)


def years(connection: Connection) -> dict[int, int]:
    """How many notices the archive holds of each year in which their cases were closed."""
    past = table(PastNotice).c
    query = sa.select(past.year, sa.func.count()).group_by(past.year).order_by(past.year)
    return dict(connection.execute(query).tuples().all())


def drop(ledger: Ledger, hand: Hand, year: int, document: str) -> int:
    """Let a year of the archive go, by the document that allows it; gives how many notices.

    The act is written down in the same transaction. Raises Trouble when there is no such year.
    """
    with acting(ledger) as connection:
        held = years(connection).get(year, 0)
        if not held:
            raise Trouble(
                f"存档中没有 {year} 年的通知。有哪些年份，见 duban db archive --dry-run。",
                f"The archive holds nothing of {year}. duban db archive --dry-run lists its years.",
            )
        partitions.drop(connection, year)
        log(connection, hand, Deed.YEAR_DROPPED, str(year), {"notices": held}, {"by": document})
    return held


def _page(after: int) -> sa.Select[Any]:
    query = sa.select(notices.c.id, notices.c.owed_at).where(notices.c.id > after)
    return query.order_by(notices.c.id).limit(PAGE)


# -- what may move -----------------------------------------------------------------------------


def _movable(
    connection: Connection, ids: Iterable[int], before: datetime, *, lock: bool
) -> dict[int, datetime]:
    """Those of these notices, with all that went in their messages, that may move; and when the
    case of each was closed."""
    known, together = _whole(connection, ids)
    query = _ended(connection, known, before)
    found = connection.execute(query.with_for_update(of=notices) if lock else query)
    movable = {row.id: row.at for row in found}
    while True:
        broken = [mine for mine in together.values() if not mine <= movable.keys()]
        stay = {each for mine in broken for each in mine if each in movable}
        if not stay:
            return movable
        for each in stay:
            del movable[each]


def _whole(connection: Connection, ids: Iterable[int]) -> tuple[set[int], dict[str, set[int]]]:
    """These notices with all others of their messages; and the notices of each message."""
    known: set[int] = set()
    together: dict[str, set[int]] = {}
    new = set(ids)
    while new:
        made = connection.execute(
            sa.select(tries.c.id, tries.c.message).where(among(connection, tries.c.notice_id, new))
        ).all()
        together |= messages.notices_of(connection, made)
        known |= new
        new = {each for mine in together.values() for each in mine} - known
    return known, together


def _ended(connection: Connection, ids: Iterable[int], before: datetime) -> sa.Select[Any]:
    closed = sa.func.coalesce(cases.c.closed_at, cases.c.since)
    mails, asked = table(Incoming), table(Request)
    return (
        sa.select(notices.c.id, closed.label("at"))
        .join(cases, notices.c.case_id == cases.c.id)
        .where(
            among(connection, notices.c.id, list(ids)),
            notices.c.state.in_(OVER),
            cases.c.status.not_in(OPEN_STATUSES),
            cases.c.next_look_at.is_(None),
            closed < before,
            # An appeal may still be open.
            ~sa.exists().where(asked.c.case_id == cases.c.id, asked.c.decided_at.is_(None)),
            # What somebody answered by mail stays beside the answer.
            ~sa.exists().where(mails.c.notice_id == notices.c.id),
            ~_last_reminder(),
            # The newest stays, so that no number is given out twice.
            notices.c.id < sa.select(sa.func.max(notices.alias().c.id)).scalar_subquery(),
        )
        .order_by(notices.c.id)
    )


def _last_reminder() -> sa.ColumnElement[bool]:
    """A person's last reminder: what was held back is counted from it."""
    later = notices.alias("later")
    after = sa.exists().where(
        later.c.person_id == notices.c.person_id,
        later.c.kind == NoticeKind.REMINDER,
        later.c.state == NoticeState.SENT,
        later.c.ended_at > notices.c.ended_at,
    )
    reminded = sa.and_(notices.c.kind == NoticeKind.REMINDER, notices.c.state == NoticeState.SENT)
    return sa.and_(reminded, ~after)


# -- moving ------------------------------------------------------------------------------------


def _move(connection: Connection, years: dict[int, int]) -> Counter[str]:
    if not years:
        return Counter()
    ids = list(years)
    partitions.provide(connection, years.values())
    rows = connection.execute(
        sa.select(notices).where(among(connection, notices.c.id, ids)).order_by(notices.c.id)
    ).all()
    made = _attempts(connection, ids)
    insert(connection, PastNotice, [_past(row, years[row.id], made[row.id]) for row in rows])
    metrics_past.keep(connection, among(connection, tries.c.notice_id, ids))
    counts = Counter(notices=len(rows))
    counts["deliveries"] = _delete(connection, tries, among(connection, tries.c.notice_id, ids))
    _delete(connection, notices, among(connection, notices.c.id, ids))
    of = {row.case_id for row in rows}
    counts["links"] = _delete(connection, table(Link), *_links(connection, of))
    counts["calls"] = _delete(connection, table(HookCall), *_calls(connection, of))
    return counts


def _past(row: Any, year: int, made: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SAME} | {"year": year, "deliveries": made}


def _attempts(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[dict[str, Any]]]:
    """The attempts at each notice as the archive keeps them; `together` went in its message."""
    query = sa.select(tries).where(among(connection, tries.c.notice_id, ids))
    made = connection.execute(query.order_by(tries.c.notice_id, tries.c.attempt)).mappings().all()
    together = messages.notices_of(connection, [_Named(row) for row in made])
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in made:
        said = {**row, "at": row["at"].isoformat(), "outcome": row["outcome"].value}
        said["together"] = len(together.get(row["message"], ()))
        found[row["notice_id"]].append(said)
    return found


class _Named:
    """An attempt by its id and message."""

    def __init__(self, row: Any) -> None:
        self.id, self.message = row["id"], row["message"]


def _links(connection: Connection, of: Iterable[int]) -> tuple[sa.ColumnElement[bool], ...]:
    """Links to these cases that nobody holds open any more."""
    links, sessions = table(Link), table(Session)
    held = sa.select(sessions.c.link_id).where(sessions.c.link_id.is_not(None))
    return among(connection, links.c.case_id, list(of)), links.c.id.not_in(held)


def _calls(connection: Connection, of: Iterable[int]) -> tuple[sa.ColumnElement[bool], ...]:
    """Calls about these cases that are over."""
    calls, records = table(HookCall), table(Record)
    theirs = sa.select(records.c.id).where(among(connection, records.c.case_id, list(of)))
    return calls.c.record_id.in_(theirs), calls.c.state != HookState.OWED


def _delete(connection: Connection, rows: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    return int(connection.execute(sa.delete(rows).where(*which)).rowcount)
