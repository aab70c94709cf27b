"""导出: the log as lines that somebody else can verify without Duban (`docs/verify-log.md`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.journal import raw, told
from models.calendar import City
from models.case import Case
from models.journal import Checkpoint, Entry
from models.record import Record
from rules.chain import moment

STREAM = 2000

entries, records = table(Entry), table(Record)
cases, checkpoints = table(Case), table(Checkpoint)

SAID = ("seq", "at", "verb", "actor", "status", "words", "data", "previous", "hash")


def export(ledger: Ledger, keys: list[str], at: datetime) -> Iterator[dict[str, Any]]:
    """A head, then every record in the order of the overall chain, as of one instant.

    Each checkpoint follows the record it ends with. `keys` are the public keys, for the head.
    """
    with ledger.snapshot() as connection:
        yield _head(connection, keys, at)
        seals = connection.execute(_seals().execution_options(yield_per=STREAM))
        waiting = next(seals, None)
        for row in connection.execute(_entered().execution_options(yield_per=STREAM)):
            while waiting and waiting.position < row.position:
                yield _seal(waiting)
                waiting = next(seals, None)
            yield _record(row)
        while waiting:
            yield _seal(waiting)
            waiting = next(seals, None)


def _head(connection: Connection, keys: list[str], at: datetime) -> dict[str, Any]:
    count = sa.select(sa.func.count()).select_from(entries)
    return {
        "duban": "log",
        "city": connection.execute(sa.select(table(City).c.name)).scalar(),
        "keys": keys,
        "exported_at": moment(at),
        "records": connection.execute(count).scalar_one(),
    }


def _entered() -> sa.Select[Any]:
    said = [raw(records.c[name]).label(name) for name in SAID]
    return (
        sa.select(entries.c.position, cases.c.number, *said, entries.c.hash.label("entry"))
        .join(records, entries.c.record_id == records.c.id)
        .join(cases, records.c.case_id == cases.c.id)
        .order_by(entries.c.position)
    )


def _record(row: Any) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in SAID}
    place = {"position": row.position, "case": row.number}
    return {**place, **said, "at": told(row.at), "entry": row.entry}


def _seals() -> sa.Select[Any]:
    c = checkpoints.c
    seal = (c.position, c.hash, raw(c.at).label("at"), c.key, c.signature)
    return sa.select(*seal).order_by(c.position, c.id)


def _seal(row: Any) -> dict[str, Any]:
    return {
        "checkpoint": row.position,
        "hash": row.hash,
        "at": told(row.at),
        "key": row.key,
        "signature": row.signature,
    }
