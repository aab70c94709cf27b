"""督办日志的查阅: the escalation log for one viewer, filtered, newest first, with what came of it.

Rows of cases that the viewer may not see do not exist. A page reads at most `REACH` rows of the
log backwards: where a filter lets few through, it says how far it has come instead of reading
on for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.past_notices import past, says
from ledger.scope import Missing, areas_under, units_under, visible
from ledger.sieve import sieve
from ledger.telling import Told, told_of
from models.case import Case, Stage, Status
from models.category import Category
from models.columns import Labelled
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation, Outcome
from models.notice import Notice, NoticeKind, NoticeState
from models.remark import Remark
from models.unit import Area, Unit
from rules.permission import Viewer

PAGE = 50
REACH = 10_000
"""So many rows of the log are read for one page, whatever is looked for."""

log, cases, notices = table(Escalation), table(Case), table(Notice)


class Ending(Labelled):
    """How a row ended, as it is looked for: what became of it, or of one of its messages."""

    CARRIED_OUT = "carried_out", "已执行", "carried out"
    SKIPPED = "skipped", "补偿跳过", "skipped: catch-up"
    NOBODY = "nobody", "无人在岗", "nobody on duty"
    REFUSED = "refused", "渠道拒收", "refused by the channel"
    UNDELIVERED = "undelivered", "未送达", "not delivered"
    CAPPED = "capped", "超上限未发", "held back by the daily cap"
    WAITING = "waiting", "尚未送出", "not sent yet"
    UNREAD = "unread", "已送达未读", "arrived, not read"


@dataclass(frozen=True, slots=True)
class Sought:
    """What of the log is looked for; what is left empty does not narrow it.

    `unit` (that led then) and `area` are ids and mean the whole subtree; `since` and `until`
    bound the instant it was carried out, half open.
    """

    levels: frozenset[int] = frozenset()
    unit: int | None = None
    area: int | None = None
    category: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ending: Ending | None = None
    case: str = ""
    reminders: bool = False
    """Reminder points too, not levels of the ladder only."""
    unremarked: bool = False
    """Only what nobody has remarked on yet."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One row of the log with its case, those who were told, and what was said to it."""

    id: int
    case_id: int
    number: str
    version: int
    status: Status
    place: str
    problem: str
    area: str
    category: str
    unit_id: int | None
    unit: str
    policy_id: int
    stage: Stage
    level: int
    rule: str
    card: str
    planned_at: datetime
    at: datetime
    outcome: Outcome
    recipients: Sequence[Mapping[str, Any]]
    record_seq: int
    told: Sequence[Told] = ()
    remarks: Sequence[Any] = ()

    def seen_by(self, person_id: int) -> bool:
        """Whether a person has remarked on it."""
        return any(remark.person_id == person_id for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page. `after` asks for the next one, empty at the end.

    `reached` is how far back was read where the page ended before it was full.
    """

    lines: Sequence[LogLine]
    after: str = ""
    reached: datetime | None = None


def page(ledger: Ledger, viewer: Viewer, sought: Sought, after: str = "", size: int = PAGE) -> Leaf:
    """One page of the log. An `after` that cannot be read means the beginning."""
    with ledger.snapshot() as connection:
        return page_in(connection, viewer, sought, after, size)


def page_in(
    connection: Connection, viewer: Viewer, sought: Sought, after: str = "", size: int = PAGE
) -> Leaf:
    """The same within a transaction."""
    start = _key(after)
    end = _reach(connection, [*_period(sought), *_before(start)])
    rows = _rows(connection, sought, end)
    found = sieve(
        connection,
        viewer,
        lambda last: rows.where(*_before((last.at, last.id) if last else start)),
        size + 1,
        *_of_cases(connection, sought),
    )
    lines = _lines(connection, [row.id for row in found[:size]])
    if len(found) > size:
        return Leaf(lines, _stamp(found[size - 1]))
    return Leaf(lines, _stamp(end), end.at) if end is not None else Leaf(lines)


def _rows(connection: Connection, sought: Sought, end: Any | None) -> sa.Select[Any]:
    """The rows that are sought, as far as the log itself says so, newest first, down to `end`."""
    query = sa.select(log.c.at, log.c.id, log.c.case_id)
    query = query.where(*_period(sought), *_of_rows(connection, sought))
    if end is not None:
        query = query.where(_place() >= _literal(end.at, end.id))
    return query.order_by(log.c.at.desc(), log.c.id.desc())


def one(connection: Connection, viewer: Viewer, row_id: int) -> LogLine:
    """One row. Raises Missing for one of a case out of scope, as if there were none."""
    query = (
        sa.select(log.c.id)
        .join(cases, log.c.case_id == cases.c.id)
        .where(log.c.id == row_id, visible(connection, viewer))
    )
    if not known_id(row_id) or connection.execute(query).first() is None:
        raise Missing(
            "没有这一行督办日志，或不在您的范围内。请从督办日志进入。",
            "There is no such row of the log, or not within your scope. Come by the log.",
        )
    [line] = _lines(connection, [row_id])
    return line


def known_id(number: int) -> bool:
    """Whether a number can be the id of a row at all: PostgreSQL takes no other."""
    return 0 < number < 2**31


# -- what is sought ----------------------------------------------------------------------------


def _period(sought: Sought) -> list[sa.ColumnElement[bool]]:
    since = [log.c.at >= sought.since] if sought.since is not None else []
    return since if sought.until is None else [*since, log.c.at < sought.until]


def _of_rows(connection: Connection, sought: Sought) -> Iterator[sa.ColumnElement[bool]]:
    if not sought.reminders:
        yield log.c.level > 0
    if sought.levels:
        yield log.c.level.in_(sorted(sought.levels))
    if sought.unit is not None:
        yield log.c.unit_id.in_(units_under(connection, [sought.unit]))
    if sought.case:
        yield (
            log.c.case_id
            == sa.select(cases.c.id).where(cases.c.number == sought.case).scalar_subquery()
        )
    if sought.ending is not None:
        yield _ENDINGS[sought.ending]
    if sought.unremarked:
        remarks = table(Remark)
        yield ~sa.exists().where(remarks.c.escalation_id == log.c.id)


def _of_cases(connection: Connection, sought: Sought) -> Iterator[sa.ColumnElement[bool]]:
    if sought.area is not None:
        yield cases.c.area_id.in_(areas_under(connection, [sought.area]))
    if sought.category:
        yield cases.c.category_code == sought.category


def _of_row(notices: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a notice, of the outbox or of the archive, is one of the row's."""
    facts = notices.c.facts
    return sa.and_(
        # The notices of a case are few: they are found by its id, then told apart by what they say.
        notices.c.case_id == log.c.case_id,
        notices.c.owed_at == log.c.at,
        sa.or_(
            sa.and_(
                facts["level"].as_integer() == log.c.level,
                facts["stage"].as_string() == sa.type_coerce(log.c.stage, sa.String),
                facts["rule"].as_string() == log.c.rule,
            ),
            # A dispatch that found nobody on duty is told by the notice of the dispatch itself.
            sa.and_(
                log.c.stage == Stage.DISPATCH,
                notices.c.kind == NoticeKind.DISPATCHED,
                notices.c.unit_id == log.c.unit_id,
            ),
        ),
    )


def _some(*states: NoticeState) -> sa.ColumnElement[bool]:
    """Whether one of the row's notices is in one of these states."""
    return sa.or_(
        *(sa.exists().where(_of_row(rows), rows.c.state.in_(states)) for rows in (notices, past))
    )


def _refused() -> sa.ColumnElement[bool]:
    tries = table(Delivery)
    lately = sa.exists().where(
        _of_row(notices),
        tries.c.notice_id == notices.c.id,
        tries.c.outcome == DeliveryOutcome.PERMANENT,
    )
    long_ago = sa.exists().where(_of_row(past), says("outcome", DeliveryOutcome.PERMANENT.value))
    return sa.or_(lately, long_ago)


def _unread() -> sa.ColumnElement[bool]:
    return sa.or_(
        *(
            sa.exists().where(
                _of_row(rows), rows.c.state == NoticeState.SENT, rows.c.read_at.is_(None)
            )
            for rows in (notices, past)
        )
    )


_ENDINGS: Mapping[Ending, sa.ColumnElement[bool]] = {
    Ending.CARRIED_OUT: log.c.outcome == Outcome.CARRIED_OUT,
    Ending.SKIPPED: log.c.outcome == Outcome.SKIPPED,
    Ending.NOBODY: log.c.outcome == Outcome.NOBODY,
    Ending.REFUSED: _refused(),
    Ending.UNDELIVERED: _some(NoticeState.DEAD),
    Ending.CAPPED: _some(NoticeState.CAPPED),
    Ending.WAITING: _some(NoticeState.OWED, NoticeState.SENDING),
    Ending.UNREAD: _unread(),
}


# -- one page ----------------------------------------------------------------------------------


def _place() -> sa.ColumnElement[Any]:
    return sa.tuple_(log.c.at, log.c.id)


def _literal(at: datetime, row_id: int) -> sa.ColumnElement[Any]:
    return sa.tuple_(sa.literal(at, log.c.at.type), sa.literal(row_id))


def _before(key: tuple[datetime, int] | None) -> list[sa.ColumnElement[bool]]:
    return [] if key is None else [_place() < _literal(*key)]


def _reach(connection: Connection, span: Sequence[sa.ColumnElement[bool]]) -> Any:
    """The last row that is read for this page; None when the log ends before it."""
    query = sa.select(log.c.at, log.c.id).where(*span)
    query = query.order_by(log.c.at.desc(), log.c.id.desc()).offset(REACH - 1).limit(1)
    return connection.execute(query).one_or_none()


def _stamp(row: Any) -> str:
    return f"{row.at.astimezone(UTC).isoformat()}~{row.id}"


def _key(after: str) -> tuple[datetime, int] | None:
    stamp, _, last = after.partition("~")
    try:
        at = datetime.fromisoformat(stamp)
        return (at, int(last)) if at.tzinfo is UTC and known_id(int(last)) else None
    except ValueError:
        return None


_OWN = ("id", "case_id", "unit_id", "stage", "level", "rule", "card", "planned_at", "at",
        "outcome", "recipients", "record_seq")  # fmt: skip
_OF_CASE = ("number", "version", "status", "place", "problem", "policy_id")


def _lines(connection: Connection, ids: Sequence[int]) -> list[LogLine]:
    """These rows in this order; what belongs to them is read by their ids."""
    if not ids:
        return []
    areas, kinds, units = table(Area), table(Category), table(Unit)
    query = (
        sa.select(
            *(log.c[name] for name in _OWN),
            *(cases.c[name] for name in _OF_CASE),
            sa.func.coalesce(areas.c.name, "").label("area"),
            sa.func.coalesce(kinds.c.minor, "").label("category"),
            sa.func.coalesce(units.c.name, "").label("unit"),
        )
        .join(cases, log.c.case_id == cases.c.id)
        .outerjoin(areas, areas.c.id == cases.c.area_id)
        .outerjoin(kinds, kinds.c.code == cases.c.category_code)
        .outerjoin(units, units.c.id == log.c.unit_id)
        .where(log.c.id.in_(ids))
    )
    rows = {row["id"]: row for row in connection.execute(query).mappings()}
    told, remarks = told_of(connection, list(rows.values())), _remarks(connection, ids)
    return [
        LogLine(**rows[row_id], told=told[row_id], remarks=remarks.get(row_id, ()))
        for row_id in ids
    ]


def _remarks(connection: Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    remarks = table(Remark)
    query = sa.select(remarks).where(remarks.c.escalation_id.in_(ids)).order_by(remarks.c.id)
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.escalation_id, []).append(row)
    return found
