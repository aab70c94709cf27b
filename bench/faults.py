"""Faults: is anything lost, or doubled without a word, whatever breaks while messages leave?

`python -m bench.faults [name …] [--quick] [--postgresql]` really does it, with real servers,
processes and databases (SQLite, unless told otherwise), and prints what was owed, what the sinks
took, and what the ledger says of it. Where minutes would have to pass, the clock is an argument.
The exit status is 1 if anything was lost.
"""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from bench import owing, sinks
from bench.databases import Databases, Postgres, _call, _programs, postgres, sqlite
from bench.measure import show
from bench.owing import AT, Counted, counted
from ledger.changes import table
from ledger.database import DatabaseTrouble, Ledger, connect
from models.notice import Notice
from models.person import Way
from tasks import sending

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ROUNDS = 3000
"""So many rounds of deliveries at most: a scenario ends, whatever is wrong."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a scenario happens: a fresh database, and the file of what its sink took."""

    databases: Databases
    url: str
    file: Path
    quick: bool

    def counted(self) -> Counted:
        """What came of it."""
        return counted(self.url, sinks.taken(self.file))

    def many(self, full: int, quick: int) -> int:
        """How many, in full or as a small example."""
        return quick if self.quick else full


Scenario = Callable[[Ground], Counted]


def deliver(ledger: Ledger, at: datetime, now: datetime | None = None) -> None:
    """One round, all of it at one instant; the database may be away for moments."""
    for _ in range(60):
        with suppress(DatabaseTrouble):
            sending.deliver(ledger, at, Path("/nonexistent"), clock=lambda: now or at)
            return
        time.sleep(0.5)


def until_done(url: str, at: datetime = AT, *, stop: Callable[[], bool] = lambda: True) -> datetime:
    """Rounds of deliveries, the clock put on to when the next is due; gives when all was done."""
    ledger = connect(url)
    for _ in range(ROUNDS):
        deliver(ledger, at)
        due = owing.next_due(url)
        if due is None and stop():
            break
        at = max(at + MINUTE / 2, due or at)
    ledger.engine.dispose()
    return at


# -- sinks that die ----------------------------------------------------------------------------


@contextmanager
def dying(kind: str, file: Path, times: int, messages: int) -> Iterator[int]:
    """A sink that is killed and revived so many times on the same port, while it takes these."""
    port, over = sinks.free_port(), threading.Event()
    running = [sinks.start(kind, port, file)]

    def live() -> None:
        for n in range(times):
            grown(file, (n + random.random()) * messages / times, over)
            sinks.end(running.pop(), kill=True)
            over.wait(random.uniform(0.05, 0.3))
            running.append(sinks.start(kind, port, file))

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield port
    finally:
        over.set()
        thread.join()
        sinks.end(running.pop())


def grown(
    file: Path, lines: float, over: threading.Event, patience: float = 60, offset: int = 0
) -> None:
    """Wait until a sink has taken so many messages since its file had so many bytes."""
    until = time.monotonic() + patience
    while lines > 0 and time.monotonic() < until and not over.wait(0.005):
        if file.exists():
            with file.open("rb") as opened:
                opened.seek(offset)
                data = opened.read()
            lines, offset = lines - data.count(b"\n"), offset + len(data)


def smtp_killed(ground: Ground) -> Counted:
    """The mail server is killed and revived ten times during 2,000 notices."""
    return _killed(ground, "smtp")


def http_killed(ground: Ground) -> Counted:
    """The web server is killed and revived ten times during 2,000 notices."""
    return _killed(ground, "http")


def _killed(ground: Ground, kind: str) -> Counted:
    count = ground.many(2000, 100)
    with dying(kind, ground.file, ground.many(10, 2), count) as port:
        owing.owe(ground.url, count, _ways(kind, port))
        until_done(ground.url)
    return ground.counted()


def _ways(kind: str, port: int) -> list[Way]:
    return [owing.mail(port) if kind == "smtp" else owing.robot(port)]


def accepts_then_500(ground: Ground) -> Counted:
    """A service takes every message and calls it a failure, for half an hour; then it works."""
    port = sinks.free_port()
    liar = sinks.start("http", port, ground.file, then_500=True)
    owing.owe(ground.url, ground.many(500, 20), _ways("http", port))
    ledger = connect(ground.url)
    for minute in range(30):
        deliver(ledger, AT + minute * MINUTE)
    ledger.engine.dispose()
    sinks.end(liar)
    with sinks_on("http", port, ground.file):
        until_done(ground.url, AT + 30 * MINUTE)
    return ground.counted()


@contextmanager
def sinks_on(kind: str, port: int, file: Path) -> Iterator[None]:
    """A sink on a port that is known already."""
    process = sinks.start(kind, port, file)
    try:
        yield
    finally:
        sinks.end(process)


# -- workers that die --------------------------------------------------------------------------


def worker_killed(ground: Ground) -> Counted:
    """A worker is killed at 200 random instants of its work; then one works undisturbed."""
    kills = ground.many(200, 5)
    with sinks.running("http", ground.file, wait=0.02) as port:
        owing.owe(ground.url, kills * 120, _ways("http", port))
        for _ in range(kills):
            _kill(_forked(lambda: deliver(connect(ground.url), AT, sending.now())), ground.file)
        left = ground.counted().waiting
        until_done(ground.url)
    print(f"worker_killed: {left} notices were still owed after the last of {kills} kills")
    return ground.counted()


def _forked(work: Callable[[], None]) -> int:
    """A worker of its own, imports done; gives its process id."""
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BaseException):
        work()
    os._exit(0)


def _kill(pid: int, file: Path) -> None:
    """At an instant of the work: after so many messages, and a moment more.

    Answers are written down every fifth of a second: most kills come after that was done once,
    or the same notices would be in the hands of all those who are killed.
    """
    before = file.stat().st_size if file.exists() else 0
    try:
        grown(file, random.randint(1, 40), threading.Event(), patience=10, offset=before)
        time.sleep(random.uniform(0, 0.4))
    finally:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the worker had nothing left to do"


# -- databases and clocks ----------------------------------------------------------------------


def database_restarted(ground: Ground) -> Counted:
    """PostgreSQL is stopped at once, as by a loss of power, and started again, three times."""
    with sinks.running("http", ground.file) as port:
        owing.owe(ground.url, ground.many(2000, 100), _ways("http", port))
        over = threading.Event()
        thread = threading.Thread(target=_restart, args=(ground.databases, over))
        thread.start()
        try:
            until_done(ground.url)
        finally:
            over.set()
            thread.join()
        until_done(ground.url)
    return ground.counted()


def _restart(databases: Databases, over: threading.Event) -> None:
    if not isinstance(databases, Postgres):
        return
    user = "nobody" if os.getuid() == 0 else None
    control = (_programs() / "pg_ctl", "-D", databases.socket / "data", "-m", "immediate", "-w")
    for _ in range(3):
        over.wait(1)
        _call(user, *control, "-l", databases.socket / "log", "restart")


def clock_set_back(ground: Ground) -> Counted:
    """The clock is set back an hour in the middle, while another host holds a hand and a robot
    waits for its tokens; every minute from then on is gone through."""
    with sinks.running("http", ground.file) as port:
        count = ground.many(1000, 60)
        robot = owing.robot(port, per_minute=count // 5, burst=count // 10)
        owing.owe(ground.url, count, [robot, owing.robot(port, "other")])
        ledger = connect(ground.url)
        _held_elsewhere(ledger)
        deliver(ledger, AT)
        at = AT - HOUR
        for _ in range(90):
            deliver(ledger, at)
            at += MINUTE
        ledger.engine.dispose()
        late = until_done(ground.url, at)
    print(f"clock_set_back: all done at {late - AT} after the instant they were owed for")
    return ground.counted()


def _held_elsewhere(ledger: Ledger, count: int = 20) -> None:
    """A hand is in the hands of a process of another host, which will never be heard of again."""
    from ledger import outbox  # noqa: PLC0415

    outbox.claim(ledger, AT, AT, count)
    notices = table(Notice)
    with ledger.transaction() as connection:
        held = notices.c.lease_by != ""
        connection.execute(sa.update(notices).where(held).values(lease_by="elsewhere/1"))


def robot_flooded(ground: Ground) -> Counted:
    """10,000 notices owed at once, 200 of them of the ladder, to people reached by one robot that
    takes 20 a minute; the clock goes on minute by minute."""
    count, levels = ground.many(10_000, 200), ground.many(200, 10)
    people = count // 10
    with sinks.running("http", ground.file) as port:
        robot = owing.robot(port, per_minute=20, burst=20)
        owing.owe(ground.url, count, [robot], people, levels)
        ledger = connect(ground.url)
        most, at, done, last_level = 0, AT, 0, 0
        for minute in range(ROUNDS):
            deliver(ledger, at)
            texts = sinks.taken(ground.file)
            most, done = max(most, len(texts) - done), len(texts)
            if _levels_left(ledger):
                last_level = minute + 1
            due = owing.next_due(ground.url)
            if due is None:
                break
            at = max(at + MINUTE, due)
        ledger.engine.dispose()
    took = (at - AT) / MINUTE
    print(f"robot_flooded: at most {most} messages a minute, {done} in all; the ladder was through "
          f"after {last_level} minutes, everything after {took:.0f}")  # fmt: skip
    return ground.counted()


def _levels_left(ledger: Ledger) -> int:
    notices = table(Notice)
    query = sa.select(sa.func.count(notices.c.id)).where(
        notices.c.kind == "escalation", notices.c.ended_at.is_(None)
    )
    with ledger.transaction() as connection:
        return int(connection.execute(query).scalar_one())


# -- running them ------------------------------------------------------------------------------

SCENARIOS: dict[str, Scenario] = {
    each.__name__: each
    for each in (
        smtp_killed, http_killed, accepts_then_500, worker_killed, database_restarted,
        clock_set_back, robot_flooded,
    )
}  # fmt: skip
ON_POSTGRESQL = ("database_restarted",)


def play(name: str, databases: Databases, *, quick: bool) -> Counted:
    """One scenario on a database of its own."""
    with TemporaryDirectory(prefix="duban-faults-") as folder:
        url = databases.new(name)
        try:
            return SCENARIOS[name](Ground(databases, url, Path(folder) / "taken", quick))
        finally:
            databases.drop(name)


def main(arguments: Sequence[str]) -> int:
    """Play the scenarios named, or all. Ended from outside, it takes its servers along."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    quick, elsewhere = "--quick" in arguments, "--postgresql" in arguments
    names = [name for name in arguments if not name.startswith("--")] or list(SCENARIOS)
    if unknown := set(names) - SCENARIOS.keys():
        print(f"no such fault: {', '.join(sorted(unknown))}; known: {', '.join(SCENARIOS)}")
        return 2
    played = _played(names, quick=quick, elsewhere=elsewhere)
    rows = [(name, kind, *found) for name, kind, found in played]
    head = ("fault", "database", "owed", "sent", "taken", "resent and said so", "lost",
            "doubled unsaid", "dead", "seconds")  # fmt: skip
    show("Faults", head, rows)
    return 1 if any(row[6] != "0" or row[7] != "0" for row in rows) else 0


def _played(
    names: Sequence[str], *, quick: bool, elsewhere: bool
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for name in names:
        kind = postgres if elsewhere or name in ON_POSTGRESQL else sqlite
        with kind() as databases:
            start = time.perf_counter()
            found = play(name, databases, quick=quick)
            seconds = time.perf_counter() - start
            lost = found.lost + found.waiting
            cells = (found.owed, found.sent, found.taken, found.said_so, lost,
                     found.doubled_unsaid, found.dead, round(seconds))  # fmt: skip
            yield name, databases.name, tuple(map(str, cells))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
