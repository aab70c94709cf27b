"""分区: on PostgreSQL the archive has one partition for each year, made when it is needed."""

from collections.abc import Iterable

from sqlalchemy.engine import Connection

from ledger.changes import table
from models.past_notice import PastNotice

_THERE = """
    SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass"""


def name_of(year: int) -> str:
    """The table that holds one year of the archive."""
    return f"{table(PastNotice).name}_{int(year)}"


def years(connection: Connection) -> list[int]:
    """The years that have a partition. On SQLite none has: one table holds all."""
    if connection.dialect.name != "postgresql":
        return []
    found = connection.exec_driver_sql(_THERE, (table(PastNotice).name,)).scalars()
    return sorted(int(bound.partition("(")[2].strip("')")) for bound in found)


def provide(connection: Connection, wanted: Iterable[int]) -> None:
    """Make the partitions of these years, where they are missing."""
    if connection.dialect.name != "postgresql":
        return
    for year in sorted(set(wanted) - set(years(connection))):
        connection.exec_driver_sql(
            f"CREATE TABLE IF NOT EXISTS {name_of(year)} "
            f"PARTITION OF {table(PastNotice).name} FOR VALUES IN ({int(year)})"
        )


def drop(connection: Connection, year: int) -> None:
    """Let a year go with its partition; on SQLite with its rows."""
    past = table(PastNotice)
    if connection.dialect.name != "postgresql":
        connection.execute(past.delete().where(past.c.year == year))
    elif year in years(connection):
        connection.exec_driver_sql(f"ALTER TABLE {past.name} DETACH PARTITION {name_of(year)}")
        connection.exec_driver_sql(f"DROP TABLE {name_of(year)}")
