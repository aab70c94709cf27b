"""The engine in the same run: findings in, due cases out, and the raw limits of the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from bench import intake, sweep
from bench.databases import Databases, Postgres
from bench.measure import Measured, Watch, alone, together
from ledger.changes import insert, table
from ledger.database import connect
from ledger.sweeps import BATCH
from models.case import Case

CITY = "peers_city"


@dataclass(slots=True)
class Taken:
    """What an import costs, and the rows of it alone."""

    ours: Measured
    bare: Measured
    """The same rows by executemany."""
    fastest: Measured
    """The same by what is fastest for the driver: COPY on PostgreSQL."""


@dataclass(slots=True)
class Due:
    """What a sweep costs among so many open cases."""

    idle: Measured
    ours: Measured
    bare: Measured
    """Claim and write of the same rows by executemany."""
    fastest: Measured
    """The same by COPY and one UPDATE for a batch on PostgreSQL."""
    claim: Measured
    """Claim and put off, no other row."""
    two: Measured | None = None
    """The engine in two processes at once, where the database lets two write."""


def found_city(databases: Databases) -> None:
    """What all others are copied from: founding a city takes longer than measuring in it."""
    databases.new(CITY)


def take_in(databases: Databases, count: int) -> Taken:
    """Import so many findings into a city without cases, once."""
    url = databases.copy(CITY, "peers_in")
    ours = alone(intake.take_in, url, count)
    raw = []
    for work in (intake.insert_bare, insert_fastest):
        raw.append(alone(work, url, databases.copy(CITY, "peers_raw"), count))
        databases.drop("peers_raw")
    databases.drop("peers_in")
    return Taken(ours, *raw)


def follow_up(databases: Databases, size: int, due: int, *, two: bool = False) -> Due:
    """Follow up so many due cases among so many open ones, once."""
    sweep.fill(databases.copy(CITY, "peers_open"), size, due)
    idle = alone(sweep.nothing_due, databases.copy("peers_open", "peers_idle"))
    databases.drop("peers_idle")
    url = databases.copy("peers_open", "peers_ours")
    ours = alone(sweep.look, url)
    assert ours.count == due
    raw = []
    for work in (sweep.write_bare, write_fastest, claim_only):
        raw.append(alone(work, url, databases.copy("peers_open", "peers_raw")))
        databases.drop("peers_raw")
    databases.drop("peers_ours")
    found = Due(idle, ours, *raw)
    if two and isinstance(databases, Postgres):
        found.two = together(2, sweep.look, databases.copy("peers_open", "peers_two"))
        databases.drop("peers_two")
    databases.drop("peers_open")
    return found


def prefect(databases: Databases) -> dict[str, Measured]:
    """One flow run for each finding, without the heartbeat Prefect ships and with it."""
    found = {}
    for label, heartbeat in (("heartbeat off", None), ("heartbeat on", 30)):
        url = databases.copy(CITY, "peers_prefect")
        found[label] = alone(intake.one_by_one, url, heartbeat)
        databases.drop("peers_prefect")
    return found


# -- raw limits --------------------------------------------------------------------------------


def insert_fastest(source: str, target: str, count: int) -> Measured:
    """The rows of an import by COPY, or on SQLite by the driver's own executemany."""
    chunks = intake._chunks(source)
    engine = connect(target).engine
    watch = Watch()
    for chunk in chunks:
        with engine.begin() as connection:
            for model, rows in chunk:
                insert(connection, model, rows)
    return watch.done(count)


def write_fastest(source: str, target: str) -> Measured:
    """Claim batch by batch and write what the sweep wrote, by COPY and one UPDATE."""
    rows, cases = sweep._written(source)

    def write(connection: Connection, ids: list[int]) -> None:
        _move(connection, [cases[case_id] for case_id in ids])
        for model in sweep.WRITTEN:
            insert(connection, model, [row for case_id in ids for row in rows[model][case_id]])

    return _claimed(target, write)


def claim_only(_: str, target: str) -> Measured:
    """Claim batch by batch and put the next look off by a day."""
    cases, later = table(Case), sweep.AT + timedelta(days=1)

    def put_off(connection: Connection, ids: list[int]) -> None:
        which = cases.c.id.in_(ids)
        connection.execute(sa.update(cases).where(which).values(next_look_at=later))

    return _claimed(target, put_off)


def _claimed(url: str, work: Callable[[Connection, list[int]], None]) -> Measured:
    cases, engine, done = table(Case), connect(url).engine, 0
    claim = (
        sa.select(cases.c.id)
        .where(cases.c.next_look_at <= sweep.AT)
        .order_by(cases.c.next_look_at, cases.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    watch = Watch()
    while True:
        with engine.begin() as connection:
            ids = list(connection.execute(claim).scalars())
            if not ids:
                return watch.done(done)
            work(connection, ids)
            done += len(ids)


def _move(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if connection.dialect.name != "postgresql":
        connection.execute(sweep._SET, rows)
        return
    cases = table(Case)
    kinds = {name: cases.c[name].type for name in ("id", *sweep._COLUMNS)}
    columns = {"id": [row["of"] for row in rows]}
    columns |= {name: [row[f"new_{name}"] for row in rows] for name in sweep._COLUMNS}
    arrays = [sa.cast(sa.literal(columns[name], ARRAY(kind)), ARRAY(kind))
              for name, kind in kinds.items()]  # fmt: skip
    new = sa.func.unnest(*arrays).table_valued(
        *(sa.column(name, kind) for name, kind in kinds.items()), name="new"
    ).render_derived()  # fmt: skip
    values = {name: new.c[name] for name in sweep._COLUMNS}
    connection.execute(sa.update(cases).where(cases.c.id == new.c.id).values(**values))
