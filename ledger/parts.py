"""承办单位: the units that have a part in a case, and who answers for it through them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from models.assignment import Assignment
from models.category import Role
from rules.addressees import Answering


def answering(parts: Iterable[Any], inspector: int | None) -> Answering:
    """Who answers for a case with these assignments in force."""
    mine = list(parts)
    lead = next((part for part in mine if part.role == Role.LEAD), None)
    owing = [p.unit_id for p in mine if p.role != Role.LEAD and p.confirmed_at is None]
    if lead is None:
        return Answering(inspector=inspector, assisting=tuple(owing))
    return Answering(lead.unit_id, lead.handler_id, lead.leader_id, inspector, tuple(owing))


def answering_of(
    connection: Connection, inspectors: Mapping[int, int | None]
) -> dict[int, Answering]:
    """Who answers for each of many cases, given by id with its inspector."""
    found = parts_of(connection, list(inspectors))
    return {case: answering(found[case], who) for case, who in inspectors.items()}


def parts_of(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[Any]]:
    """The assignments in force of each case."""
    parts = table(Assignment)
    columns = ("case_id", "unit_id", "role", "handler_id", "leader_id", "confirmed_at")
    query = sa.select(*(parts.c[name] for name in columns)).where(
        among(connection, parts.c.case_id, ids), parts.c.ended_at.is_(None)
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(parts.c.id)):
        found[row.case_id].append(row)
    return found
