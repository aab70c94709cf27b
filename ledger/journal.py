"""总账: every record of every case entered in one chain, and the chain signed from time to time.

A chain over the whole city at the time of writing would make every writer wait for one row;
records are therefore entered afterwards, in the order of their ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import insert, table
from ledger.counters import hold
from ledger.database import Ledger
from models.case import Case
from models.journal import Checkpoint, Entry
from models.record import Record
from rules.chain import checkpoint, entry, moment

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGE = 5000

entries, records = table(Entry), table(Record)
cases, checkpoints = table(Case), table(Checkpoint)


@dataclass(frozen=True, slots=True)
class Seal:
    """签封: one checkpoint as it was signed. Key and signature are hexadecimal."""

    position: int
    hash: str
    at: datetime
    key: str
    signature: str


def raw(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A column as the driver gives it: what was changed by hand may not be a value of its type."""
    return sa.type_coerce(column, sa.String)


def told(at: Any) -> str:
    """A raw instant as the chains write it. SQLite keeps text, PostgreSQL gives instants."""
    return moment(at) if isinstance(at, datetime) else f"{at}Z".replace(" ", "T", 1)


# -- entering ----------------------------------------------------------------------------------


def extend(ledger: Ledger) -> int:
    """Enter every record that is not yet in the overall chain; gives how many were entered."""
    settled = _settled(ledger)
    entered = 0
    while added := _page(ledger, settled):
        entered += added
    return entered


def _settled(ledger: Ledger) -> int:
    """An id below which no record can appear any more.

    PostgreSQL gives ids out in order but commits them in any: a record with a lower id may still
    be uncommitted. It was given its id under a lock (ROW EXCLUSIVE) which is held until it
    commits. While this lock is held, then, no id at or below the highest one is still to come. It
    is let go at once, so that writers wait only for those already writing; and it is not waited
    for long, since they queue behind it. On SQLite writers queue anyway.
    """
    with ledger.transaction() as connection:
        if ledger.postgresql:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
            connection.exec_driver_sql("LOCK TABLE record IN SHARE MODE")
        return int(connection.execute(sa.select(sa.func.max(records.c.id))).scalar() or 0)


def _page(ledger: Ledger, settled: int) -> int:
    with ledger.transaction() as connection:
        hold(connection, "journal")  # of two at once one waits for the other
        last = tip(connection)
        found = connection.execute(_next(last.record_id if last else 0, settled)).all()
        rows = _chained(last, found)
        insert(connection, Entry, rows)
    return len(rows)


def tip(connection: Connection) -> Any:
    """The last entry of the overall chain, or None."""
    query = sa.select(entries).order_by(entries.c.position.desc()).limit(1)
    return connection.execute(query).one_or_none()


def _next(after: int, settled: int) -> sa.Select[Any]:
    return (
        sa.select(records.c.id, cases.c.number, records.c.seq, records.c.hash)
        .join(cases, records.c.case_id == cases.c.id)
        .where(records.c.id > after, records.c.id <= settled)
        .order_by(records.c.id)
        .limit(PAGE)
    )


def _chained(last: Any, found: Sequence[Any]) -> list[dict[str, Any]]:
    position, digest = (last.position, last.hash) if last else (0, "")
    rows = []
    for row in found:
        position += 1
        digest = entry(digest, position, row.number, row.seq, row.hash)
        rows.append({"position": position, "record_id": row.id, "hash": digest})
    return rows


# -- signing -----------------------------------------------------------------------------------


def seal(
    ledger: Ledger, at: datetime, key: "Ed25519PrivateKey", last: Seal | None = None
) -> Seal | None:
    """Enter what is new and sign the overall chain as of `at`; gives the newest checkpoint.

    That is the one before where nothing is new, and None where there is nothing to sign. Where
    `last`, the newest one known outside of the database, is no longer in it, nothing is signed:
    a new signature would cover up what was lost.
    """
    public = key.public_key().public_bytes_raw().hex()
    extend(ledger)
    with ledger.transaction() as connection:
        hold(connection, "journal")  # of two at once one waits for the other
        end = tip(connection)
        if end is None or (last is not None and not holds(connection, last)):
            return None
        before = _newest(connection, public)
        if before is not None and (before.position, before.hash) == (end.position, end.hash):
            return before
        signature = key.sign(checkpoint(end.position, end.hash, at)).hex()
        sealed = Seal(end.position, end.hash, at, public, signature)
        insert(connection, Checkpoint, [as_row(sealed)])
    return sealed


def holds(connection: Connection, seal: Seal) -> bool:
    """Whether the database still has this checkpoint, as it was signed."""
    same = [checkpoints.c[name] == value for name, value in as_row(seal).items()]
    query = sa.select(sa.func.count()).select_from(checkpoints).where(*same)
    return bool(connection.execute(query).scalar_one())


def as_row(seal: Seal) -> dict[str, Any]:
    """A checkpoint as its table holds it."""
    names = ("position", "hash", "at", "key", "signature")
    return {name: getattr(seal, name) for name in names}


def _newest(connection: Connection, public: str) -> Seal | None:
    query = (
        sa.select(*(checkpoints.c[name] for name in ("position", "hash", "at", "key", "signature")))
        .where(checkpoints.c.key == public)
        .order_by(checkpoints.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Seal(*row) if row else None
