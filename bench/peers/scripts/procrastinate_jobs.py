"""Procrastinate: jobs deferred one by one and in batches, and due jobs run that do nothing.

procrastinate_jobs.py schema
procrastinate_jobs.py defer --count N         one after another
procrastinate_jobs.py batch --count N [--later]   a thousand in a call
procrastinate_jobs.py run --count N --concurrency C
procrastinate_jobs.py idle                    a worker that finds nothing due
"""

import argparse
import asyncio
import os
from datetime import UTC, datetime, timedelta

import procrastinate
from report import Watch, say

ADDRESS = os.environ["PEER_DATABASE"].replace("+psycopg", "")
DUE = "due"
BATCH = 1000
TIMES = 20

app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=ADDRESS))


@app.task(name="nothing", queue=DUE)  # type: ignore[untyped-decorator, unused-ignore]
async def nothing(case: int) -> None:
    """What is measured is the queue, not the work."""


def schema() -> None:
    """Its tables, triggers and functions."""
    with app.open():
        app.schema_manager.apply_schema()
    say()


def defer(count: int) -> None:
    """A transaction for each."""
    with app.open():
        nothing.defer(case=0)
        watch = Watch()
        for case in range(1, count):
            nothing.defer(case=case)
        watch.report(count - 1)


def batch(count: int, *, later: bool) -> None:
    """A transaction for each thousand; `later` are due in a month."""
    at = datetime.now(UTC) + timedelta(days=30 if later else -1)
    with app.open():
        deferrer = nothing.configure(schedule_at=at)
        watch = Watch()
        for start in range(0, count, BATCH):
            cases = range(start, min(start + BATCH, count))
            deferrer.batch_defer(*({"case": case} for case in cases))
        watch.report(count)
        app.connector.get_sync_connector().execute_query("ANALYZE")


def run(count: int, concurrency: int) -> None:
    """A worker until nothing is due; one that finds fewer would not count."""
    asyncio.run(_run(count, concurrency))


async def _run(count: int, concurrency: int) -> None:
    connector = procrastinate.PsycopgConnector(conninfo=ADDRESS, max_size=concurrency + 3)
    with app.replace_connector(connector) as worker:
        async with worker.open_async():
            assert await _waiting(connector) == count
            watch = Watch()
            await worker.run_worker_async(wait=False, concurrency=concurrency, queues=[DUE])
            watch.report(count)
            assert await _waiting(connector) == 0


async def _waiting(connector: procrastinate.PsycopgConnector) -> int:
    row = await connector.execute_query_one_async(
        "SELECT count(*) AS waiting FROM procrastinate_jobs "
        "WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
    )
    return int(row["waiting"])


def idle() -> None:
    """Asking for a job where none is due, as its worker does; the mean of some."""
    asyncio.run(_idle())


async def _idle() -> None:
    connector = procrastinate.PsycopgConnector(conninfo=ADDRESS)
    with app.replace_connector(connector) as worker:
        async with worker.open_async():
            manager = worker.job_manager
            me = await manager.register_worker()
            await manager.fetch_job([DUE], me)
            watch = Watch()
            for _ in range(TIMES):
                assert await manager.fetch_job([DUE], me) is None
            watch.report(1, TIMES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["schema", "defer", "batch", "run", "idle"])
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--later", action="store_true")
    given = parser.parse_args()
    if given.step == "schema":
        schema()
    elif given.step == "defer":
        defer(given.count)
    elif given.step == "batch":
        batch(given.count, later=given.later)
    elif given.step == "run":
        run(given.count, given.concurrency)
    else:
        idle()
