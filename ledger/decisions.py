"""待我决定: what waits for a supervisor, queue by queue, each matter with its evidence.

Counts stop at `MOST`: whoever has a thousand open decisions does not need the exact number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.candidates import Candidate, Site, candidates, named_on_paper, paths, territories
from ledger.changes import table
from ledger.database import Ledger
from ledger.lists import CaseLine, lines_of
from ledger.logbook import LogLine, known_id
from ledger.reference import Reference
from ledger.scope import Missing, is_open, visible
from ledger.sieve import sieve
from ledger.suspicions import RECENT, Pair, newest, pairs
from ledger.untold import untold
from models.assignment import Assignment
from models.case import Case, Status
from models.columns import Labelled
from models.measure import Proposal, ProposalState
from models.photo import Photo, PhotoPurpose
from models.record import Record
from models.request import Request, Review
from models.unit import Unit
from models.verb import Verb
from rules.permission import Viewer

MOST = 1000
PAGE = 20
REACH = 20_000
"""So much of a queue is read to find what a viewer may decide."""
_PICTURES = 3

cases, records = table(Case), table(Record)
requests, proposals = table(Request), table(Proposal)


class Queue(Labelled):
    """What kind of decision is asked for."""

    UNDECIDED = "undecided", "待定责", "No unit yet"
    RETURNED = "returned", "退单待裁定", "Returns"
    REQUESTS = "requests", "申请待审", "Requests"
    REPORTED = "reported", "待立案", "To be filed"
    ALIKE = "alike", "疑似重复与反弹", "Duplicates, relapses"
    CATEGORY = "category", "类别待核", "Uncertain categories"
    MEASURES = "measures", "处置建议", "Proposed measures"
    UNTOLD = "untold", "无人可告", "Nobody told"


@dataclass(frozen=True, slots=True)
class Item:
    """One matter to decide: its case, why it waits, and what speaks for what.

    Which of the rest is there depends on the queue: the record that says why, the request and
    its reviews, the case it looks like, the proposal, the row of the log, the notice.
    """

    key: int
    line: CaseLine
    record: Any | None = None
    candidates: Sequence[Candidate] = ()
    photos: Sequence[int] = ()
    request: Any | None = None
    reviews: Sequence[Any] = ()
    pair: Pair | None = None
    other: CaseLine | None = None
    proposal: Any | None = None
    row: LogLine | None = None
    notice: Any | None = None
    attempt: Any | None = None


@dataclass(frozen=True, slots=True)
class Pile:
    """Some matters of one queue, the longest waiting first. `after` asks for the next ones."""

    items: Sequence[Item]
    after: str = ""


def counts(ledger: Ledger, viewer: Viewer, at: datetime) -> dict[Queue, int]:
    """How much waits in each queue, counted up to `MOST`."""
    with ledger.snapshot() as connection:
        return {queue: _count(connection, viewer, queue, at) for queue in Queue}


def pile(
    ledger: Ledger,
    viewer: Viewer,
    queue: Queue,
    reference: Reference,
    at: datetime,
    after: str = "",
    size: int = PAGE,
) -> Pile:
    """Some of a queue, with evidence."""
    last = int(after) if after.isdecimal() and len(after) < 12 else 0
    with ledger.snapshot() as connection:
        keys = _KEYS.get(queue)
        if keys is None:
            return Pile(_OTHERS[queue](connection, viewer, at)[:size])
        rows = _waiting(connection, viewer, keys, last, size + 1)
        found = _items(connection, viewer, queue, rows[:size], reference, at)
        return Pile(found, str(rows[size - 1].key) if len(rows) > size else "")


def case_of_proposal(ledger: Ledger, viewer: Viewer, proposal: int) -> str:
    """The case that a proposal is about. Raises Missing when the viewer may not see it."""
    query = (
        sa.select(cases.c.number)
        .join(proposals, proposals.c.case_id == cases.c.id)
        .where(proposals.c.id == proposal)
    )
    with ledger.snapshot() as connection:
        seen = query.where(visible(connection, viewer))
        number = connection.execute(seen).scalar() if known_id(proposal) else None
    if number is None:
        raise Missing(
            "没有这条处置建议，或不在您的范围内。",
            "There is no such proposal, or not in your scope.",
        )
    return str(number)


def _count(connection: Connection, viewer: Viewer, queue: Queue, at: datetime) -> int:
    keys = _KEYS.get(queue)
    if keys is None:
        return len(_OTHERS[queue](connection, viewer, at))
    return len(_waiting(connection, viewer, keys, 0, MOST))


Keys = Callable[[Connection, int], sa.Select[Any]]
"""A queue from a key on: `key` and `case_id`, the lowest key first."""


def _waiting(connection: Connection, viewer: Viewer, keys: Keys, last: int, size: int) -> list[Any]:
    def more(row: Any | None) -> sa.Select[Any]:
        return keys(connection, row.key if row else last)

    return sieve(connection, viewer, more, size, reach=REACH)


# -- queues that are read by a key -------------------------------------------------------------


def _standing(*statuses: Status) -> Keys:
    def keys(connection: Connection, last: int) -> sa.Select[Any]:
        query = sa.select(cases.c.id.label("key"), cases.c.id.label("case_id")).where(
            cases.c.status.in_(statuses), cases.c.id > last
        )
        return query.order_by(cases.c.id)

    return keys


def _uncertain(connection: Connection, last: int) -> sa.Select[Any]:
    """Lately come in, open, and of no certain category."""
    since = max(last, newest(connection) - RECENT)
    query = sa.select(cases.c.id.label("key"), cases.c.id.label("case_id")).where(
        cases.c.category_code.is_(None), is_open, cases.c.id > since
    )
    return query.order_by(cases.c.id)


def _asked(connection: Connection, last: int) -> sa.Select[Any]:
    query = sa.select(requests.c.id.label("key"), requests.c.case_id).where(
        requests.c.decided_at.is_(None), requests.c.id > last
    )
    return query.order_by(requests.c.id)


def _proposed(connection: Connection, last: int) -> sa.Select[Any]:
    query = sa.select(proposals.c.id.label("key"), proposals.c.case_id).where(
        proposals.c.state == ProposalState.OPEN, proposals.c.id > last
    )
    return query.order_by(proposals.c.id)


_KEYS: Mapping[Queue, Keys] = {
    Queue.UNDECIDED: _standing(Status.UNDECIDED),
    Queue.RETURNED: _standing(Status.RETURNED),
    Queue.REPORTED: _standing(Status.REPORTED),
    Queue.REQUESTS: _asked,
    Queue.CATEGORY: _uncertain,
    Queue.MEASURES: _proposed,
}
_SAID = {Queue.UNDECIDED: Verb.HOLD, Queue.RETURNED: Verb.SEND_BACK, Queue.REPORTED: Verb.REPORT}
"""The record that says why a case waits in a queue."""
_NEEDS_UNIT = {Queue.UNDECIDED, Queue.RETURNED}


def _items(
    connection: Connection,
    viewer: Viewer,
    queue: Queue,
    rows: Sequence[Any],
    reference: Reference,
    at: datetime,
) -> list[Item]:
    ids = list(dict.fromkeys(row.case_id for row in rows))
    lines = {line.id: line for line in lines_of(connection, viewer, ids)}
    keys = [row.key for row in rows]
    found = [Item(row.key, lines[row.case_id]) for row in rows if row.case_id in lines]
    said = _last_records(connection, ids, _SAID[queue]) if queue in _SAID else {}
    pictures = _pictures(connection, ids)
    found = [
        replace(item, record=said.get(item.line.id), photos=pictures.get(item.line.id, ()))
        for item in found
    ]
    if queue in _NEEDS_UNIT:
        return _with_candidates(connection, found, reference, at)
    if queue is Queue.REQUESTS:
        return _with_requests(connection, found, keys)
    return _with_proposals(connection, found, keys) if queue is Queue.MEASURES else found


def _last_records(connection: Connection, ids: Sequence[int], verb: Verb) -> dict[int, Any]:
    query = sa.select(records).where(records.c.case_id.in_(ids), records.c.verb == verb.value)
    return {row.case_id: row for row in connection.execute(query.order_by(records.c.seq))}


def _pictures(connection: Connection, ids: Sequence[int]) -> dict[int, list[int]]:
    rows = table(Photo)
    query = sa.select(rows.c.id, rows.c.case_id).where(
        rows.c.case_id.in_(ids), rows.c.purpose == PhotoPurpose.FINDING
    )
    found: dict[int, list[int]] = {}
    for row in connection.execute(query.order_by(rows.c.id)):
        found.setdefault(row.case_id, []).append(row.id)
    return {case: mine[:_PICTURES] for case, mine in found.items()}


def _with_candidates(
    connection: Connection, items: Sequence[Item], reference: Reference, at: datetime
) -> list[Item]:
    ids = [item.line.id for item in items]
    rows = {row.id: row for row in connection.execute(sa.select(cases).where(cases.c.id.in_(ids)))}
    areas = paths(connection, {row.area_id for row in rows.values() if row.area_id})
    named, blocks = named_on_paper(connection, ids), territories(connection)
    had = _had(connection, ids)
    found = []
    for item in items:
        row = rows[item.line.id]
        site = Site(
            row.category_code, row.problem, row.place, areas.get(row.area_id, "/"),
            named.get(row.id, ()), had.get(row.id, frozenset()),
            item.record.words if item.record else "",
        )  # fmt: skip
        found.append(replace(item, candidates=candidates(reference, site, blocks, at)))
    return found


def _had(connection: Connection, ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """The units that have or had a part in each case."""
    parts = table(Assignment)
    query = sa.select(parts.c.case_id, parts.c.unit_id).where(parts.c.case_id.in_(ids))
    found: dict[int, set[int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.case_id, set()).add(row.unit_id)
    return {case: frozenset(units) for case, units in found.items()}


def _with_requests(
    connection: Connection, items: Sequence[Item], keys: Sequence[int]
) -> list[Item]:
    reviews = table(Review)
    mine = connection.execute(sa.select(requests).where(requests.c.id.in_(keys)))
    asked = {row.id: row for row in mine}
    said: dict[int, list[Any]] = {}
    for row in connection.execute(sa.select(reviews).where(reviews.c.request_id.in_(keys))):
        said.setdefault(row.request_id, []).append(row)
    return [
        replace(item, request=asked[item.key], reviews=said.get(item.key, ())) for item in items
    ]


def _with_proposals(
    connection: Connection, items: Sequence[Item], keys: Sequence[int]
) -> list[Item]:
    units = table(Unit)
    query = (
        sa.select(proposals, units.c.name.label("unit"))
        .join(units, proposals.c.unit_id == units.c.id)
        .where(proposals.c.id.in_(keys))
    )
    found = {row.id: row for row in connection.execute(query)}
    return [replace(item, proposal=found[item.key]) for item in items]


# -- the others --------------------------------------------------------------------------------


def _suspected(connection: Connection, viewer: Viewer, _: datetime) -> list[Item]:
    found = pairs(connection, viewer)
    ids = list({case for pair in found for case in (pair.case_id, pair.other_id)})
    lines = {line.id: line for line in lines_of(connection, viewer, ids)}
    return [
        Item(pair.case_id, lines[pair.case_id], pair=pair, other=lines[pair.other_id])
        for pair in found
        # A pair of which one case is out of scope does not exist either.
        if pair.case_id in lines and pair.other_id in lines
    ]


def _untold(connection: Connection, viewer: Viewer, at: datetime) -> list[Item]:
    found = untold(connection, viewer, at)
    lines = {line.id: line for line in lines_of(connection, viewer, [u.case_id for u in found])}
    return [
        Item(u.key, lines[u.case_id], row=u.row, notice=u.notice, attempt=u.attempt)
        for u in found
        if u.case_id in lines
    ]


_OTHERS: Mapping[Queue, Callable[[Connection, Viewer, datetime], list[Item]]] = {
    Queue.ALIKE: _suspected,
    Queue.UNTOLD: _untold,
}
