"""重封: what lies sealed is sealed anew, with another key."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa

from ledger.changes import table
from ledger.database import Ledger
from models.hook import Hook
from models.person import Channel

PAGE = 500
SEALED: tuple[sa.Column[str], ...] = (
    table(Channel).c.url, table(Hook).c.url, table(Hook).c.secret,
)  # fmt: skip
"""Everything in the ledger that a vault has sealed."""


def reseal(ledger: Ledger, again: Callable[[str], str]) -> int:
    """Write everything that is sealed as `again` gives it; gives how many that were.

    A page is one transaction: broken off, the rest is done the next time. What somebody changes
    meanwhile is left as they wrote it.
    """
    return sum(
        _page(ledger, column, ids, again) for column in SEALED for ids in _ids(ledger, column)
    )


def _ids(ledger: Ledger, column: sa.Column[str]) -> Iterator[tuple[int, int]]:
    """Stretches of ids, each of at most a page."""
    with ledger.snapshot() as connection:
        top = connection.execute(sa.select(sa.func.max(column.table.c.id))).scalar() or 0
    return ((start, start + PAGE) for start in range(0, top + 1, PAGE))


def _page(
    ledger: Ledger, column: sa.Column[str], ids: tuple[int, int], again: Callable[[str], str]
) -> int:
    rows, (start, end) = column.table, ids
    within = sa.and_(rows.c.id >= start, rows.c.id < end)
    done = 0
    with ledger.transaction() as connection:
        for id_, was in connection.execute(sa.select(rows.c.id, column).where(within)).all():
            now = again(was)
            if now != was:
                mine = sa.update(rows).where(rows.c.id == id_, column == was)
                done += connection.execute(mine.values({column.name: now})).rowcount
    return done
