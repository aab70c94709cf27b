"""幂等: a request sent again under its key is not carried out again.

The first one claims the key by inserting it; whatever it writes to a case it marks here in the
same transaction (`Claim.written`). So a process that dies leaves a key of which it is known
whether anything came of it: nothing (after LEASE the next one begins anew), or all of it (the
next one only says so).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import Overtaken, table, unless_there
from ledger.database import Ledger
from models.account import Once

KEPT = timedelta(days=7)
"""How long an answer is kept; after that the key means another request."""
LEASE = timedelta(minutes=5)
"""Longer than any request takes: whoever has not answered by then is dead."""
UNDER_WAY = 0
WRITTEN = 1
"""Kept in the ledger, but whoever did it died before it could answer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out one request under its key, once."""

    account_id: int
    key: str
    at: datetime

    def written(self, connection: Connection) -> None:
        """Mark, in the transaction that does it, that it has been done.

        Raises Overtaken when somebody else has taken the key over: nothing must be written then.
        """
        rows = table(Once)
        marked = connection.execute(
            sa.update(rows)
            .where(_mine(self), rows.c.status.in_([UNDER_WAY, WRITTEN]))
            .values(status=WRITTEN)
        )
        if marked.rowcount != 1:
            raise Overtaken


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered: an HTTP status and its body. WRITTEN: done, but the answer is lost."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Other:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The same request is being carried out now."""


def claim(
    ledger: Ledger, account_id: int, key: str, digest: str, at: datetime
) -> Claim | Kept | Other | Busy:
    """Claim a key for the request of this digest, or say what is known of it already.

    `digest` is SHA-256, as hexadecimal digits, of what the request asks for.
    """
    mine = Claim(account_id, key, at)
    with ledger.transaction() as connection:
        if _insert(connection, mine, digest):
            return mine
        rows = table(Once)
        query = sa.select(rows).where(rows.c.account_id == account_id, rows.c.key == key)
        known = _known(connection.execute(query.with_for_update()).one_or_none(), digest, at)
        if known is not None:
            return known
        _take_over(connection, mine, digest)
        return mine


def _known(row: Any, digest: str, at: datetime) -> Kept | Other | Busy | None:
    """What is known under a key; None where it can be taken over."""
    if row is None:  # freed a moment ago: whoever held it was refused
        return Busy()
    if row.at + KEPT <= at:
        return None
    if row.digest != digest:
        return Other()
    if row.status != UNDER_WAY:
        return Kept(row.status, row.body)
    return Busy() if row.at + LEASE > at else None


def keep(ledger: Ledger, mine: Claim, status: int, body: str) -> None:
    """Keep what was answered."""
    rows = table(Once)
    with ledger.transaction() as connection:
        connection.execute(sa.update(rows).where(_mine(mine)).values(status=status, body=body))


def free(ledger: Ledger, mine: Claim, *, refused: bool = False) -> None:
    """Give the key back: nothing was written. Where that is not certain, it stays if marked.

    `refused`: it is certain, the desk has said no.
    """
    rows = table(Once)
    still = [UNDER_WAY, WRITTEN] if refused else [UNDER_WAY]
    with ledger.transaction() as connection:
        connection.execute(sa.delete(rows).where(_mine(mine), rows.c.status.in_(still)))


def forget_before(ledger: Ledger, at: datetime) -> int:
    """Forget the keys used before `at`; gives how many there were. Call it with now − KEPT."""
    rows = table(Once)
    with ledger.transaction() as connection:
        return connection.execute(sa.delete(rows).where(rows.c.at < at)).rowcount


def _mine(mine: Claim) -> sa.ColumnElement[bool]:
    rows = table(Once)
    return sa.and_(
        rows.c.account_id == mine.account_id, rows.c.key == mine.key, rows.c.at == mine.at
    )


def _insert(connection: Connection, mine: Claim, digest: str) -> bool:
    """Whether the key was new. On PostgreSQL this waits for whoever is inserting it just now."""
    rows = table(Once)
    row = {
        "account_id": mine.account_id, "key": mine.key, "digest": digest, "status": UNDER_WAY,
        "body": "", "at": mine.at,
    }  # fmt: skip
    made = connection.execute(unless_there(connection, rows).values(row).returning(rows.c.id))
    return made.first() is not None


def _take_over(connection: Connection, mine: Claim, digest: str) -> None:
    rows = table(Once)
    connection.execute(
        sa.update(rows)
        .where(rows.c.account_id == mine.account_id, rows.c.key == mine.key)
        .values(digest=digest, status=UNDER_WAY, body="", at=mine.at)
    )
