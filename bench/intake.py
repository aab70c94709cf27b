"""收件: findings a second, from drafts to dispatched cases with assignments, records, notices.

Beside it, in the same run on the same database: the bare bulk insert of the very rows that
were written, and the way of one Prefect flow run for each finding.
"""

import os
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from bench.databases import Databases
from bench.findings import many
from bench.measure import Measured, Watch, alone, middle, show
from ledger.changes import table
from ledger.database import connect
from ledger.intake import CHUNK, Origin, receive
from models.assignment import Assignment
from models.case import Case
from models.finding import Batch, Finding
from models.notice import Notice
from models.record import Record

AT = datetime(2026, 9, 24, 7, tzinfo=UTC)
ORIGIN = Origin("b" * 64, "bench.csv")
WRITTEN = (Case, Assignment, Record, Notice, Finding)
SAMPLE = 20


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    count, times = (2_000, 1) if quick else (20_000, 3)
    ours, bare, rows = [], [], 0
    for turn in range(times):
        name = f"intake_{turn}"
        url = databases.new(name)
        ours.append(alone(take_in, url, count))
        bare_url = databases.new(f"{name}_bare")
        bare.append(alone(insert_bare, url, bare_url, count))
        rows = _rows(url)
        databases.drop(name)
        databases.drop(f"{name}_bare")
    lines = [
        _line("import, judge, dispatch", middle(ours), middle(ours)),
        _line("bare insert of the same rows", middle(bare), middle(ours)),
    ]
    for label, heartbeat in (("heartbeat off", None), ("heartbeat on", 30)):
        url = databases.new("intake_prefect")
        prefect = alone(one_by_one, url, heartbeat)
        lines.append(_line(f"one Prefect run each, {label}", prefect, middle(ours)))
        databases.drop("intake_prefect")
    title = f"Intake of {count:,} findings ({rows:,} rows) · {databases.name}"
    show(title, ("what", "seconds", "own CPU s", "findings/s", "of ours", "peak MB"), lines)


def _line(label: str, measured: Measured, ours: Measured) -> tuple[str, ...]:
    return (
        label,
        f"{measured.seconds:.2f}",
        f"{measured.cpu:.2f}",
        f"{measured.rate:,.0f}" if measured.rate >= 100 else f"{measured.rate:.2f}",
        f"{measured.rate / ours.rate:.4g} ×",
        f"{measured.peak:.0f}",
    )


def take_in(url: str, count: int) -> Measured:
    """The whole of intake, as `duban import` does it after reading the paper."""
    drafts = many(count)
    ledger = connect(url)
    watch = Watch()
    taken = sum(len(chunk) for chunk in receive(ledger, ORIGIN, drafts, AT))
    return watch.done(taken)


def insert_bare(source: str, target: str, count: int) -> Measured:
    """Only the rows: Core executemany, table by table, as many findings in a transaction."""
    chunks = _chunks(source)
    engine = connect(target).engine
    watch = Watch()
    for chunk in chunks:
        with engine.begin() as connection:
            for model, rows in chunk:
                connection.execute(sa.insert(table(model)), rows)
    return watch.done(count)


def _chunks(url: str) -> list[list[tuple[Any, list[dict[str, Any]]]]]:
    """The rows that intake wrote, in the chunks and the order in which it wrote them."""
    with connect(url).engine.connect() as connection:
        findings = _read(connection, Finding)
        chunk_of: dict[int, int] = {}
        for place, row in enumerate(findings):
            row["batch_id"] = None
            row["chunk"] = place // CHUNK
            if row["case_id"]:
                chunk_of.setdefault(row["case_id"], row["chunk"])
        found: list[list[tuple[Any, list[dict[str, Any]]]]] = [
            [] for _ in range(len(findings) // CHUNK + 1)
        ]
        for model in WRITTEN:
            rows = findings if model is Finding else _read(connection, model)
            for row in rows:
                key = row["id"] if model is Case else row["case_id"]
                row["chunk"] = row["chunk"] if model is Finding else chunk_of[key]
                if model is not Case:
                    del row["id"]
            rows.sort(key=lambda row: row["chunk"])
            for chunk, mine in groupby(rows, key=lambda row: row.pop("chunk")):
                found[chunk].append((model, list(mine)))
    return found


def _read(connection: sa.Connection, model: Any) -> list[dict[str, Any]]:
    rows = table(model)
    query = sa.select(*(rows.c[name] for name in written(rows))).order_by(rows.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def written(rows: sa.Table) -> list[str]:
    """The columns that are written: not those which the database reckons itself."""
    return [column.name for column in rows.c if column.computed is None]


def _rows(url: str) -> int:
    with connect(url).engine.connect() as connection:
        return sum(
            connection.execute(sa.select(sa.func.count()).select_from(table(model))).scalar_one()
            for model in (*WRITTEN, Batch)
        )


def one_by_one(url: str, heartbeat: int | None) -> Measured:
    """One flow run for each finding, on Prefect's own server inside this process."""
    with TemporaryDirectory(prefix="duban-bench-") as home:
        _prefect_home(Path(home))
        from prefect import flow  # noqa: PLC0415
        from prefect.settings import (  # noqa: PLC0415
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
            temporary_settings,
        )

        ledger = connect(url)
        drafts = many(SAMPLE + 1)

        @flow(name="one-finding")
        def one(row: int) -> int:
            return sum(len(c) for c in receive(ledger, ORIGIN, drafts[row : row + 1], AT))

        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: heartbeat}):
            one(SAMPLE)  # starts the server; not counted
            watch = Watch()
            done = sum(one(row) for row in range(SAMPLE))
            return watch.done(done)


def _prefect_home(home: Path) -> None:
    os.environ.pop("PREFECT_API_URL", None)
    os.environ |= {
        "PREFECT_HOME": str(home),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
