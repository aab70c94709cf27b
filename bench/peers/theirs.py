"""What is measured of each peer on one database, step by step."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.databases import Databases
from bench.findings import many
from bench.measure import Measured
from bench.peers.environment import Peer, empty

CREATED = 200
"""Tickets created at each size."""
JOBS = 1_000
"""Due jobs of a queue."""
HOW: tuple[tuple[str, ...], ...] = ((), ("--best",))
FEW = 300
"""The same among the most others, where each takes long."""


@dataclass(slots=True)
class Tickets:
    """django-helpdesk among so many open tickets; `best` is many in a transaction, nobody told."""

    idle: Measured
    create: Measured
    create_best: Measured
    escalate: Measured
    escalate_best: Measured


@dataclass(slots=True)
class Jobs:
    """A queue among so many jobs that are not due."""

    idle: Measured
    one: Measured
    ten: Measured
    """Ten at once."""


@dataclass(slots=True)
class Queue:
    """Procrastinate."""

    defer: Measured
    batch: Measured
    jobs: dict[int, Jobs] = field(default_factory=dict)


@dataclass(slots=True)
class Scheduler:
    """APScheduler."""

    add: Measured
    idle: Measured
    run: Measured


def helpdesk(python: Path, databases: Databases, size: int, due: int) -> Tickets:
    """Tickets created among so many open ones, and so many of them escalated."""
    peer = Peer(python, "helpdesk_tickets.py", empty(databases, "tickets"))
    peer("migrate")
    with _texts() as texts:
        peer("fill", "--count", size, "--findings", texts)
        idle = peer("idle")
        create = [peer("create", "--count", CREATED, "--findings", texts, *how) for how in HOW]
    escalate = []
    for how in HOW:
        peer("age", "--count", due, *how)
        escalate.append(peer("escalate", "--count", due, *how))
    databases.drop("tickets")
    return Tickets(idle, *create, *escalate)


@contextmanager
def _texts() -> Iterator[Path]:
    """The findings that the engine imports, as titles and bodies of tickets."""
    with TemporaryDirectory(prefix="duban-peers-") as folder:
        path = Path(folder) / "findings.json"
        texts = [(draft.problem[:200], f"{draft.place}\n{draft.problem}") for draft in many(2_000)]
        path.write_text(json.dumps(texts), "utf-8")
        yield path


def procrastinate(python: Path, databases: Databases, sizes: tuple[int, ...]) -> Queue:
    """Jobs deferred, and due ones run among as many others as `sizes` say."""
    script = "procrastinate_jobs.py"
    peer = Peer(python, script, empty(databases, "queue"))
    peer("schema")
    found = Queue(peer("defer", "--count", JOBS), peer("batch", "--count", 10_000))
    databases.drop("queue")
    for size in sizes:
        peer = Peer(python, script, empty(databases, "queue"))
        peer("schema")
        if size:
            peer("batch", "--count", size, "--later")
        found.jobs[size] = _jobs(peer, JOBS if size < 100_000 else FEW)
        databases.drop("queue")
    return found


def _jobs(peer: Peer, due: int) -> Jobs:
    idle = peer("idle")
    ran = []
    for concurrency in (1, 10):
        peer("batch", "--count", due)
        ran.append(peer("run", "--count", due, "--concurrency", concurrency))
    return Jobs(idle, *ran)


def apscheduler(python: Path, databases: Databases) -> Scheduler:
    """Jobs of one date added, asked for, run."""
    peer = Peer(python, "apscheduler_jobs.py", empty(databases, "scheduler"))
    found = Scheduler(*(peer(step, "--count", JOBS) for step in ("add", "idle", "run")))
    databases.drop("scheduler")
    return found
