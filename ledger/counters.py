"""计数: named counters. Holding the row of one is also how those who do the same take turns."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table, unless_there
from models.case import Counter


def value(connection: Connection, name: str) -> int:
    """The last value of a counter, as of now; 0 while nobody has used it."""
    counters = table(Counter)
    query = sa.select(counters.c.value).where(counters.c.name == name)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def hold(connection: Connection, name: str) -> int:
    """The last value of a counter, held until the transaction ends."""
    counters = table(Counter)
    query = sa.select(counters.c.value).where(counters.c.name == name).with_for_update()
    value = connection.execute(query).scalar_one_or_none()
    if value is not None:
        return int(value)
    connection.execute(unless_there(connection, counters).values(name=name, value=0))
    return int(connection.execute(query).scalar_one())


def keep(connection: Connection, name: str, value: int) -> None:
    """Write a counter that is held."""
    counters = table(Counter)
    connection.execute(sa.update(counters).where(counters.c.name == name).values(value=value))


def step(connection: Connection, name: str) -> None:
    """Move a counter on by one."""
    keep(connection, name, hold(connection, name) + 1)
