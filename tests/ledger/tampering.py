"""Changing the database behind the engine's back, as somebody with all rights to it could."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.guards import KEPT

NAMES = [table(kept).name for kept in KEPT]


def change(ledger: Ledger, *statements: Any) -> None:
    """Carry these statements out by hand: nothing refuses them, and no trace is left."""
    with by_hand(ledger) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def by_hand(ledger: Ledger) -> Iterator[Connection]:
    """A transaction in which neither triggers nor foreign keys hold; they are put back after."""
    # Without the settings of the ledger: on SQLite its foreign keys are off.
    engine = sa.create_engine(ledger.engine.url)
    within = _postgresql if ledger.postgresql else _sqlite
    with engine.begin() as connection, within(connection):
        yield connection
    engine.dispose()


@contextmanager
def _sqlite(connection: Connection) -> Iterator[None]:
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    there = connection.exec_driver_sql(triggers).all()
    for trigger in there:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger.name}")
    yield
    for trigger in there:
        connection.exec_driver_sql(trigger.sql)


@contextmanager
def _postgresql(connection: Connection) -> Iterator[None]:
    for name in NAMES:
        connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
    yield
    for name in NAMES:
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER ALL")


def unguard(ledger: Ledger, name: str) -> None:
    """Take the guard of one table away, and leave it so."""
    ends = [""] if ledger.postgresql else ["_update", "_delete"]
    on = f" ON {name}" if ledger.postgresql else ""
    with ledger.transaction() as connection:
        for end in ends:
            connection.exec_driver_sql(f"DROP TRIGGER keep_{name}{end}{on}")
