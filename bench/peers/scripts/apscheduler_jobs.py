"""APScheduler 3 with its SQLAlchemy store: jobs of one date added, and due ones run.

apscheduler_jobs.py add --count N    N jobs of next month, one after another
apscheduler_jobs.py idle             what its scheduler asks where nothing is due
apscheduler_jobs.py run --count N    N due jobs that do nothing
"""

import argparse
import os
from datetime import UTC, datetime, timedelta
from threading import Event

from apscheduler.events import EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from report import Watch
from sqlalchemy import Engine, create_engine, event

TIMES = 20


def nothing(case: int) -> None:
    """What is measured is the scheduler, not the work."""


def add(count: int) -> None:
    """A transaction for each: it has no other way."""
    scheduler = _scheduler()
    watch = Watch()
    _add(scheduler, count, datetime.now(UTC) + timedelta(days=30), "later")
    watch.report(count)


def run(count: int) -> None:
    """Due jobs, from the moment the scheduler may until the last has run and is gone."""
    scheduler = _scheduler()
    _add(scheduler, count, datetime.now(UTC) - timedelta(hours=1), "due")
    left, done = [count], Event()

    def ran(_: JobExecutionEvent) -> None:
        left[0] -= 1
        if not left[0]:
            done.set()

    scheduler.add_listener(ran, EVENT_JOB_EXECUTED)
    watch = Watch()
    scheduler.resume()
    assert done.wait(600)
    # It holds a lock until the round is over and the last job removed; this waits for it.
    assert scheduler.get_job(f"due-{count - 1}") is None
    watch.report(count)
    scheduler.shutdown()


def idle() -> None:
    """The two questions of each round; the mean of some."""
    store = SQLAlchemyJobStore(engine=_engine())
    store.start(BackgroundScheduler(), "default")
    watch = Watch()
    for _ in range(TIMES):
        assert not store.get_due_jobs(datetime.now(UTC))
        store.get_next_run_time()
    watch.report(1, TIMES)


def _scheduler() -> BackgroundScheduler:
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(engine=_engine())})
    scheduler.start(paused=True)
    return scheduler


def _add(scheduler: BackgroundScheduler, count: int, at: datetime, name: str) -> None:
    for place in range(count):
        scheduler.add_job(
            nothing,
            "date",
            run_date=at,
            args=[place],
            id=f"{name}-{place}",
            misfire_grace_time=None,
        )


def _engine() -> Engine:
    engine = create_engine(os.environ["PEER_DATABASE"])
    if engine.dialect.name == "sqlite":
        # As durable as the ledger's, and faster than what SQLite starts with.
        @event.listens_for(engine, "connect")
        def _settings(connection: object, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]
            connection.execute("PRAGMA synchronous=FULL")  # type: ignore[attr-defined]

    return engine


if __name__ == "__main__":
    # A job is kept by the name of its function, which this file has only when imported.
    import apscheduler_jobs

    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["add", "run", "idle"])
    parser.add_argument("--count", type=int, default=0)
    given = parser.parse_args()
    if given.step == "idle":
        apscheduler_jobs.idle()
    else:
        getattr(apscheduler_jobs, given.step)(given.count)
