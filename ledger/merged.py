"""并案: what was merged lives on in the case it joined, also where its place is seen again."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from models.case import Case, Status
from models.record import Record
from models.verb import Verb
from rules.duplicates import Seen
from rules.lifecycle import OPEN_STATUSES

cases, records = table(Case), table(Record)


def merged_at(connection: Connection, places: Collection[str]) -> list[Seen]:
    """What was merged at these places (by key), each under the case it lives on in.

    Place, category and problem are those of the merged case; whether it is open, or when it was
    closed, is told by the case that stands for it now.
    """
    query = sa.select(cases).where(
        among(connection, cases.c.place_key, places), cases.c.status == Status.MERGED
    )
    merged = connection.execute(query.order_by(cases.c.id)).all()
    return [_seen(row, heir) for row, heir in _heirs(connection, merged)]


def _seen(merged: Any, heir: Any) -> Seen:
    return Seen(
        heir.id,
        heir.number,
        merged.place,
        merged.category_code,
        merged.problem,
        merged.reported_at,
        heir.status in OPEN_STATUSES,
        heir.closed_at,
    )


def _heirs(connection: Connection, merged: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each merged case with the case that stands for it now. That may have been merged too."""
    found: list[tuple[Any, Any]] = []
    waiting = [(row, row.id) for row in merged]
    while waiting:
        into = _into(connection, {last for _, last in waiting})
        query = sa.select(cases).where(among(connection, cases.c.number, set(into.values())))
        rows = {row.number: row for row in connection.execute(query)}
        led = [(row, rows[into[last]]) for row, last in waiting]
        found += [(row, heir) for row, heir in led if heir.status is not Status.MERGED]
        waiting = [(row, heir.id) for row, heir in led if heir.status is Status.MERGED]
    return found


def _into(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The number of the case that each was merged into, as its record says."""
    query = sa.select(records.c.case_id, records.c.data).where(
        among(connection, records.c.case_id, ids), records.c.verb == Verb.MERGE.value
    )
    return {row.case_id: json.loads(row.data)["into"] for row in connection.execute(query)}
