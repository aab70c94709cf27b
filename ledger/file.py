"""案卷: one case as one viewer may read it.

Whether they may see it at all is asked first; what else it names (other cases, the cases in
which a picture was used before) is shown only as far as their scope goes.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import photos
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import Reference, current
from ledger.scope import case_for, concerns, own_parts, visible
from ledger.telling import Told, told_of
from ledger.thread import Thread, rows_of, thread_of
from models.case import Case, Status
from models.columns import Labelled
from models.cost import Cost
from models.evidence import Evidence
from models.measure import Measure
from models.meeting import Meeting
from models.photo import PhotoPurpose
from models.request import RequestKind, Review
from models.unit import Area
from models.verb import Verb
from rules.evidence import Doubt, Use, warnings
from rules.permission import Concern, Viewer, offered

MOST_TIES = 20
_JOINED = re.compile(r"(\d{4}-\d{6,}) 并入本案")


class Tie(Labelled):
    """关联: how another case belongs to this one."""

    RELAPSE_OF = "relapse_of", "本案是它的反弹", "this case is a relapse of it"
    RELAPSE = "relapse", "它是本案的反弹", "it is a relapse of this case"
    WHOLE = "whole", "本案由它拆分", "this case was split from it"
    PART = "part", "由本案拆分", "split from this case"
    INTO = "into", "本案已并入", "this case was merged into it"
    MERGED = "merged", "已并入本案", "merged into this case"


@dataclass(frozen=True, slots=True)
class Related:
    """Another case that the viewer may see, and how it belongs to this one."""

    tie: Tie
    number: str
    status: Status
    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the case with the doubts about it; none where the viewer does not verify."""

    id: int
    purpose: PhotoPurpose
    record_seq: int
    taken_at: datetime | None
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """One case with everything that belongs to it, for one viewer.

    `told` is who was told by each row of the escalation log, by the row's id.
    """

    thread: Thread
    area: str
    concerns: frozenset[Concern]
    own_parts: Sequence[Any]
    shots: Sequence[Shot]
    accounts: Sequence[Any]
    costs: Sequence[Any]
    measures: Sequence[Any]
    meetings: Sequence[Any]
    reviews: Sequence[Any]
    related: Sequence[Related]
    told: Mapping[int, Sequence[Told]]

    @property
    def case(self) -> Any:
        """The row of the case."""
        return self.thread.case

    @property
    def asked(self) -> Any | None:
        """The request that waits for an answer."""
        return next((row for row in self.thread.requests if row.decided_at is None), None)

    @property
    def offered(self) -> list[Verb]:
        """What the viewer can do to it now."""
        asked: RequestKind | None = self.asked.kind if self.asked else None
        return offered(self.concerns, self.case, asked)

    @property
    def verifies(self) -> bool:
        """Whether the viewer judges its pictures."""
        return bool(self.concerns & JUDGES)


JUDGES = {Concern.VERIFIER, Concern.LOOKS_BACK, Concern.SUPERVISOR}
"""Who is told the doubts about pictures. They are not said to whoever handed these in."""


def open_file(
    ledger: Ledger, viewer: Viewer, number: str, at: datetime, known: Reference | None = None
) -> File:
    """Read one case for a viewer; `known` spares reading reference data that has not changed.

    Raises Missing when it is not in their scope, as if there were none.
    """
    with ledger.snapshot() as connection:
        case = case_for(connection, viewer, number)
        thread = thread_of(connection, case, at, current(connection, known))
        mine = concerns(connection, viewer, case)
        judges = bool(mine & JUDGES)
        return File(
            thread=thread,
            area=_area(connection, case.area_id),
            concerns=mine,
            own_parts=own_parts(connection, viewer, case.id),
            shots=_shots(connection, viewer, thread, judges),
            accounts=rows_of(connection, Evidence, case.id),
            costs=rows_of(connection, Cost, case.id),
            measures=rows_of(connection, Measure, case.id),
            meetings=rows_of(connection, Meeting, case.id),
            reviews=_reviews(connection, [row.id for row in thread.requests]),
            related=_related(connection, viewer, thread),
            told=told_of(connection, [row._mapping for row in thread.log]),
        )


def seen_by(ledger: Ledger, viewer: Viewer, number: str) -> bool:
    """Whether the viewer sees the case."""
    cases = table(Case)
    with ledger.snapshot() as connection:
        query = sa.select(cases.c.id).where(cases.c.number == number, visible(connection, viewer))
        return connection.execute(query).first() is not None


# -- pictures ----------------------------------------------------------------------------------


def _shots(connection: Connection, viewer: Viewer, thread: Thread, judges: bool) -> list[Shot]:
    rows = photos.of_case(connection, thread.case.id)
    zone = thread.reference.zone
    doubts: dict[int, tuple[Doubt, ...]] = {}
    if judges:
        uses = {row.id: photos.earlier_uses(connection, row) for row in rows}
        known = _visible_numbers(connection, viewer, [u.number for of in uses.values() for u in of])
        for row in rows:
            shown = [_within(use, known) for use in uses[row.id]]
            doubts[row.id] = warnings(row, thread.case, shown, zone)
    return [
        Shot(row.id, row.purpose, row.record_seq or 0, row.taken_at, doubts.get(row.id, ()))
        for row in rows
    ]


def _within(use: Use, known: Collection[str]) -> Use:
    return use if use.here or use.number in known else replace(use, number="")


def _visible_numbers(connection: Connection, viewer: Viewer, numbers: Collection[str]) -> set[str]:
    if not numbers:
        return set()
    cases = table(Case)
    query = sa.select(cases.c.number).where(
        cases.c.number.in_(set(numbers)), visible(connection, viewer)
    )
    return set(connection.execute(query).scalars())


# -- other cases -------------------------------------------------------------------------------


def _related(connection: Connection, viewer: Viewer, thread: Thread) -> list[Related]:
    cases, case = table(Case), thread.case
    into, merged = _merging(thread.records)
    # What came of this case lies at its place, which is indexed; the columns themselves are not.
    here = cases.c.place_key == case.place_key
    ties: tuple[tuple[Tie, sa.ColumnElement[bool]], ...] = (
        (Tie.RELAPSE_OF, cases.c.id == case.recurrence_of),
        (Tie.WHOLE, cases.c.id == case.split_from),
        (Tie.INTO, cases.c.number.in_(into)),
        (Tie.MERGED, cases.c.number.in_(merged)),
        (Tie.RELAPSE, sa.and_(here, cases.c.recurrence_of == case.id)),
        (Tie.PART, sa.and_(here, cases.c.split_from == case.id)),
    )
    columns = (cases.c.number, cases.c.status, cases.c.place, cases.c.problem)
    mine = visible(connection, viewer)
    found = []
    for tie, which in ties:
        query = sa.select(*columns).where(which, mine).order_by(cases.c.id).limit(MOST_TIES)
        found += [Related(tie, *row) for row in connection.execute(query)]
    return found


def _merging(records: Sequence[Any]) -> tuple[list[str], list[str]]:
    """The number of the case it was merged into, and of those merged into it, by the records."""
    into = [json.loads(r.data).get("into", "") for r in records if r.verb == Verb.MERGE.value]
    joins = (_JOINED.match(r.words) for r in records if r.verb == Verb.JOIN.value)
    return into, [found[1] for found in joins if found]


# -- the rest ----------------------------------------------------------------------------------


def _area(connection: Connection, area_id: int | None) -> str:
    areas = table(Area)
    query = sa.select(areas.c.name).where(areas.c.id == area_id)
    return connection.execute(query).scalar_one_or_none() or ""


def _reviews(connection: Connection, requests: Collection[int]) -> Sequence[Any]:
    if not requests:
        return ()
    rows = table(Review)
    query = sa.select(rows).where(rows.c.request_id.in_(requests)).order_by(rows.c.id)
    return connection.execute(query).all()
