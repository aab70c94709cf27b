"""行的写入: lines of JSON into empty tables, fast and with everything checked in the end.

Indexes and foreign keys are taken away first and put back after the last row, within the same
transaction: built once they cost a fraction, and what does not hold undoes everything.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from ledger import partitions
from ledger.changes import table
from ledger.shapes import Kind, Shape
from models.past_notice import PastNotice
from models.words import Trouble

Fill = Callable[[Shape, bytes], int]
"""Writes the lines of one table; gives how many rows they were."""


class Unfit(Trouble):
    """Rows that cannot be rows of this ledger."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"表 {name} 的内容不能写入：{why}。什么都没有写下。请用另一份备份，或重新备份。",
            f"What is to be table {name} cannot be written: {why}. Nothing was kept. Use another "
            "backup, or make one anew.",
        )


@contextmanager
def filling(connection: Connection, shapes: Sequence[Shape]) -> Iterator[Fill]:
    """Gives what fills tables; at the end all is as it was, and every reference holds.

    The tables are empty, and nobody else reads or writes them until the transaction ends.
    """
    within = _on_postgresql if connection.dialect.name == "postgresql" else _on_sqlite
    with within(connection, shapes) as write:
        yield lambda shape, lines: _fill(connection, shape, lines, write)


_Write = Callable[[str, Sequence[str], Sequence[Sequence[Any]]], None]


def _fill(connection: Connection, shape: Shape, lines: bytes, write: _Write) -> int:
    try:
        rows = [json.loads(line) for line in lines.splitlines()]
        columns = [
            _values(kind, [row[name] for row in rows], connection.dialect.name)
            for name, kind in shape.columns.items()
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise Unfit(shape.name, f"{type(error).__name__}: {str(error)[:80]}") from None
    if shape.name == table(PastNotice).name:
        partitions.provide(connection, {row["year"] for row in rows})
    write(shape.name, list(shape.columns), list(zip(*columns, strict=True)))
    return len(rows)


def _values(kind: Kind, values: list[Any], dialect: str) -> list[Any]:
    if kind is Kind.JSON:  # as the ledger itself writes it
        return [None if v is None else json.dumps(v) for v in values]
    if kind is Kind.INSTANT and dialect == "sqlite":
        return [
            None if v is None else str(v).replace("T", " ", 1).removesuffix("Z") for v in values
        ]
    return values


# -- PostgreSQL --------------------------------------------------------------------------------

_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND conparentid = 0 AND connamespace = current_schema()::regnamespace
    AND conrelid::regclass::text = ANY(%s) ORDER BY 1, 2"""
# The index of a partitioned table is made of those of its parts: it stays.
_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relkind = 'r' AND NOT t.relispartition AND t.oid::regclass::text = ANY(%s)
    AND t.relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1"""
_SEQUENCE = "SELECT pg_get_serial_sequence(%s, %s)"


@contextmanager
def _on_postgresql(connection: Connection, shapes: Sequence[Shape]) -> Iterator[_Write]:
    quote = connection.dialect.identifier_preparer.quote
    names = [quote(shape.name) for shape in shapes]
    say = connection.exec_driver_sql
    # Nothing is heard from a ledger that is being filled while its indexes are built.
    say("SET LOCAL idle_in_transaction_session_timeout = 0")
    say("SET LOCAL maintenance_work_mem = '256MB'")
    keys = say(_KEYS, (names,)).all()
    indexes = say(_INDEXES, (names,)).all()
    for name, key, _ in keys:
        say(f"ALTER TABLE {name} DROP CONSTRAINT {quote(key)}")
    for index, _ in indexes:
        say(f"DROP INDEX {index}")
    yield lambda name, columns, rows: _copy(connection, name, columns, rows)
    for _, made in indexes:
        say(made.replace("%", "%%"))
    for name, key, made in keys:
        _refer(connection, name, f"ALTER TABLE {name} ADD CONSTRAINT {quote(key)} {made}")
    for shape in shapes:
        _count_on(connection, shape)


def _refer(connection: Connection, name: str, statement: str) -> None:
    try:
        connection.exec_driver_sql(statement)
    except IntegrityError as error:
        raise Unfit(name, str(error.orig).strip().splitlines()[0]) from None


def _count_on(connection: Connection, shape: Shape) -> None:
    """New rows are numbered after those that are there."""
    for name in shape.key:
        if shape.columns[name] is not Kind.INTEGER:
            continue
        sequence = connection.exec_driver_sql(_SEQUENCE, (shape.name, name)).scalar()
        if sequence:
            quote = connection.dialect.identifier_preparer.quote
            highest = f"(SELECT max({quote(name)}) FROM {quote(shape.name)})"  # noqa: S608
            connection.exec_driver_sql(
                f"SELECT setval('{sequence}', coalesce({highest}, 1), {highest} IS NOT NULL)"
            )


def _copy(
    connection: Connection, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    quote = connection.dialect.identifier_preparer.quote
    into = f"COPY {quote(name)} ({', '.join(map(quote, columns))}) FROM STDIN"
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(into.encode()) as copy:
            for row in rows:
                copy.write_row(row)
    except (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError) as error:
        raise Unfit(name, str(error).strip().splitlines()[0]) from None


# -- SQLite ------------------------------------------------------------------------------------

_MADE = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


@contextmanager
def _on_sqlite(connection: Connection, shapes: Sequence[Shape]) -> Iterator[_Write]:
    say = connection.exec_driver_sql
    say("PRAGMA defer_foreign_keys = ON")  # until the transaction ends
    indexes = say(_MADE).all()
    for name, _ in indexes:
        say(f'DROP INDEX "{name}"')
    yield lambda name, columns, rows: _insert(connection, name, columns, rows)
    for _, made in indexes:
        say(made)
    lost = say("PRAGMA foreign_key_check").first()
    if lost is not None:
        raise Unfit(lost[0], f"row {lost[1]} refers to a row of {lost[2]} that is not there")


def _insert(
    connection: Connection, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    quote = connection.dialect.identifier_preparer.quote
    marks = ", ".join("?" * len(columns))
    # Names come from the shape, which was held against the tables; values are bound.
    into = f"INSERT INTO {quote(name)} ({', '.join(map(quote, columns))}) VALUES ({marks})"  # noqa: S608
    if not rows:
        return
    try:
        connection.exec_driver_sql(into, [tuple(row) for row in rows])
    except IntegrityError as error:
        raise Unfit(name, str(error.orig)) from None
