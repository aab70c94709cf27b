"""筛: rows in the order of an index, of which only those of visible cases are kept.

A database that is given both conditions in one statement may begin with the wrong one: with all
cases of a district instead of the newest rows of the log. So rows come first, by their index, a
few more each time; then it is asked which of their cases are to be seen.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.scope import visible
from models.case import Case
from rules.permission import Viewer

LARGEST = 4_000
"""So many rows are asked for at once, at most."""

More = Callable[[Any | None], sa.Select[Any]]
"""The rows after one row (None: from the beginning), in order; each with its `case_id`."""


def sieve(
    connection: Connection,
    viewer: Viewer,
    more: More,
    size: int,
    *conditions: sa.ColumnElement[bool],
    reach: int | None = None,
    alone: Callable[[Any], bool] = lambda row: False,
) -> list[Any]:
    """Up to `size` rows whose cases the viewer sees and `conditions` on `case_` hold for.

    At most about `reach` rows are read. Rows of no case are kept as `alone` says.
    """
    kept: list[Any] = []
    last, chunk, read = None, min(size, LARGEST), 0
    while len(kept) < size and (reach is None or read < reach):
        rows = connection.execute(more(last).limit(chunk)).all()
        seen = seen_among(connection, viewer, {row.case_id for row in rows}, *conditions)
        kept += [r for r in rows if (alone(r) if r.case_id is None else r.case_id in seen)]
        if len(rows) < chunk:
            break
        last, read, chunk = rows[-1], read + chunk, min(2 * chunk, LARGEST)
    return kept[:size]


def seen_among(
    connection: Connection,
    viewer: Viewer,
    ids: Collection[int | None],
    *conditions: sa.ColumnElement[bool],
) -> set[int]:
    """Those of some cases that the viewer sees, as far as the conditions hold; None is no case."""
    cases = table(Case)
    found: set[int] = set()
    known: Sequence[int] = sorted(case for case in ids if case is not None)
    for start in range(0, len(known), LARGEST):
        mine = among(connection, cases.c.id, known[start : start + LARGEST])
        query = sa.select(cases.c.id).where(mine, visible(connection, viewer), *conditions)
        found |= set(connection.execute(query).scalars())
    return found
