"""门户: pages over real HTTP while eight people read, with ten thousand cases and with a million.

A tenth of the cases is open. The portal is a process of its own; its readers each have a
connection and ask again as soon as they are answered. Beside it, by the same number of readers
in a process of theirs: the bare SELECT of the rows that such a page shows.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import requests
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench.databases import Databases
from bench.measure import Measured, alone, show
from ledger import accounts
from ledger.changes import insert, table
from ledger.database import connect
from ledger.opening import _BLANK
from ledger.reference import Reference, read
from models.account import AccountRole
from models.assignment import Assignment
from models.case import Case, Counter, LimitSource, Stage, Status
from models.category import Role
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation, Outcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Duty, Person
from models.record import Record
from rules.permission import Grant

READERS = 8
REQUESTS = 240
CHUNK = 5_000
NOW = datetime.now(UTC).replace(microsecond=0)
OPEN = (Status.IN_PROGRESS,) * 5 + (Status.DISPATCHED,) * 2 + (Status.SUBMITTED,) * 2 + (
    Status.UNDECIDED,
)  # fmt: skip
PASSWORD = "a plain long sentence"


@dataclass(frozen=True, slots=True)
class People:
    """Tokens of those who read."""

    supervisor: str
    contact: str


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    sizes = (1_000, 10_000) if quick else (10_000, 1_000_000)
    found: dict[tuple[str, int], tuple[float, float]] = {}
    for size in sizes:
        name = f"portal_{size}"
        url = databases.new(name)
        alone(fill, url, size)
        people, numbers = _people(url), _numbers(url)
        with _served(url) as address:
            for what, ask in _pages(address, people, numbers).items():
                found[what, size] = _percentiles(ask)
        for what, ask in _bare(url, numbers).items():
            found[what, size] = _percentiles(ask)
        databases.drop(name)
    small, large = sizes
    head = ("page", f"p50 ms at {small:,}", "p95 ms", f"p50 ms at {large:,}", "p95 ms", "p95 ratio")
    lines = [
        (what, *_ms(found[what, small]), *_ms(found[what, large]),
         f"{found[what, large][1] / found[what, small][1]:.2f} ×")
        for what in dict.fromkeys(what for what, _ in found)
    ]  # fmt: skip
    show(f"Pages, {READERS} readers · {databases.name}", head, lines)


def _ms(pair: tuple[float, float]) -> tuple[str, str]:
    return f"{pair[0] * 1000:.0f}", f"{pair[1] * 1000:.0f}"


# -- reading -----------------------------------------------------------------------------------

Ask = Callable[[int], object]
"""Asks for the nth thing."""


def _pages(address: str, people: People, numbers: Sequence[str]) -> dict[str, Ask]:
    def page(token: str, path: Callable[[int], str]) -> Ask:
        session = requests.Session()
        session.cookies.set("duban", token)

        def ask(n: int) -> object:
            answer = session.get(f"{address}{path(n)}", timeout=60, allow_redirects=False)
            assert answer.status_code == 200, (path(n), answer.status_code)
            return answer

        return ask

    return {
        "all cases /cases": page(people.supervisor, lambda n: "/cases"),
        "a unit's cases /mine": page(people.contact, lambda n: "/mine"),
        "one case /cases/…": page(
            people.supervisor, lambda n: f"/cases/{numbers[n % len(numbers)]}"
        ),
        "the escalation log /log": page(people.supervisor, lambda n: "/log"),
        "to decide /board": page(people.supervisor, lambda n: "/board"),
    }  # fmt: skip


def _bare(url: str, numbers: Sequence[str]) -> dict[str, Ask]:
    engine = connect(url).engine
    cases, log, records = table(Case), table(Escalation), table(Record)
    newest = sa.select(cases).order_by(cases.c.id.desc()).limit(50)
    rows = sa.select(log, cases.c.number, cases.c.place).join(cases, cases.c.id == log.c.case_id)
    latest = rows.order_by(log.c.at.desc(), log.c.id.desc()).limit(50)

    def one(n: int) -> object:
        with engine.connect() as connection:
            which = cases.c.number == numbers[n % len(numbers)]
            case = connection.execute(sa.select(cases).where(which)).one()
            mine = sa.select(records).where(records.c.case_id == case.id)
            return connection.execute(mine).all()

    def of(query: sa.Select[Any]) -> Ask:
        def ask(_: int) -> object:
            with engine.connect() as connection:
                return connection.execute(query).all()

        return ask

    return {
        "bare: 50 cases": of(newest),
        "bare: one case": one,
        "bare: 50 rows of the log": of(latest),
    }


def _percentiles(ask: Ask) -> tuple[float, float]:
    """The median and the 95th percentile of so many answers, in seconds."""

    def timed(n: int) -> float:
        start = perf_counter()
        ask(n)
        return perf_counter() - start

    with ThreadPoolExecutor(READERS) as readers:
        list(readers.map(timed, range(READERS * 4)))
        times = list(readers.map(timed, range(REQUESTS)))
    parts = quantiles(times, n=100)
    return parts[49], parts[94]


@contextmanager
def _served(url: str) -> Iterator[str]:
    """The portal in a process of its own."""
    with TemporaryDirectory() as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = os.environ | {
            "DUBAN_HOME": home, "DUBAN_DATABASE_URL": url, "DUBAN_PORTAL_PORT": str(port),
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "portal.serve"], env=environment)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            requests.get(f"{address}/health", timeout=2)
            return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError("the portal does not answer")


def _people(url: str) -> People:
    ledger = connect(url)
    with ledger.transaction() as connection:
        people, duties = table(Person), table(Duty)
        ids = list(connection.execute(sa.select(people.c.id).order_by(people.c.id)).scalars())
        unit = connection.execute(sa.select(sa.func.min(duties.c.unit_id))).scalar_one()
        made = [
            accounts.add_account(
                connection, person, login, PASSWORD, [grant], NOW, must_change=False
            )
            for person, login, grant in (
                (ids[0], "supervisor", Grant(AccountRole.SUPERVISOR)),
                (ids[1], "contact", Grant(AccountRole.CONTACT, unit + 5)),
            )
        ]
    opened = [accounts.open_session(ledger, account, NOW) for account in made]
    return People(*[o.token for o in opened if isinstance(o, accounts.Opened)])


def _numbers(url: str) -> list[str]:
    """Numbers of cases from all over those of which everything is there."""
    cases, of = table(Case), table(Record).c.case_id
    with connect(url).snapshot() as connection:
        first, last = connection.execute(sa.select(sa.func.min(of), sa.func.max(of))).one()
        wanted = [first + (last - first) * n // 200 for n in range(200)]
        query = sa.select(cases.c.number).where(cases.c.id.in_(wanted))
        return list(connection.execute(query).scalars())


# -- the cases ---------------------------------------------------------------------------------


def fill(url: str, size: int) -> Measured:
    """So many cases, a tenth of them open, every fifth in the log; the way rows of months lie."""
    ledger = connect(url)
    start = perf_counter()
    with ledger.transaction() as connection:
        reference = read(connection)
    ids = iter(range(1, size + 1))
    while chunk := list(islice(ids, CHUNK)):
        with ledger.transaction() as connection:
            _write(connection, reference, chunk, size)
    with ledger.transaction() as connection:
        rows = table(Counter)
        connection.execute(sa.delete(rows).where(rows.c.name == "case"))
        connection.execute(sa.insert(rows).values(name="case", value=size))
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    return Measured(size, perf_counter() - start)


def _write(connection: Connection, reference: Reference, ids: Sequence[int], size: int) -> None:
    cases = [_case(reference, n, size) for n in ids]
    units = sorted(reference.directory.units)
    insert(connection, Case, cases)
    insert(connection, Assignment, [
        {"case_id": c["id"], "unit_id": units[c["id"] % len(units)], "role": Role.LEAD,
         "started_at": c["clock_from"], "exempt": False, "section": "",
         "case_open": c["closed_at"] is None}
        for c in cases if c["clock_from"]
    ])  # fmt: skip
    insert(connection, Record, [
        {"case_id": c["id"], "seq": 1, "at": c["reported_at"], "verb": "dispatch",
         "actor": "督办引擎", "status": c["status"], "words": "交办，时限 3 工作日。", "data": "{}",
         "previous": "", "hash": f"{c['id']:064x}"}
        for c in cases
    ])  # fmt: skip
    late = [c for c in cases if c["id"] % 5 == 0 and c["clock_from"]]
    people = sorted(reference.directory.people)
    insert(connection, Escalation, [_row(c, units, people) for c in late])
    insert(connection, Notice, [_notice(c, units, people) for c in late])
    insert(connection, Delivery, [
        {"notice_id": c["id"], "attempt": 1, "position": 0, "channel": "folder://…",
         "at": c["due_at"], "outcome": DeliveryOutcome.SENT, "answer": "已写入", "message": "",
         "receipt": ""}
        for c in late
    ])  # fmt: skip


def _case(reference: Reference, n: int, size: int) -> dict[str, Any]:
    age = timedelta(minutes=(size - n) * 300 * 24 * 60 // size)
    opened = n % 10 == 0
    if opened:
        age = timedelta(minutes=n * 7919 % (14 * 24 * 60))
    at, status = NOW - age, OPEN[n // 10 % len(OPEN)] if opened else Status.CLOSED
    given = status is not Status.UNDECIDED
    areas = sorted(id_ for id_, _ in reference.areas.values())
    return {
        **_BLANK, "id": n, "number": f"2026-{n:07d}", "status": status, "version": 3,
        "place": f"人民路{n}号", "place_key": f"人民路{n}号",
        "problem": "沿街商铺占道经营，垃圾堆放未清理", "policy_id": reference.active,
        "area_id": areas[n % len(areas)], "reported_at": at, "since": at, "looked_until": at,
        "clock_from": at if given else None, "dispatched_at": at if given else None,
        "due_at": at + timedelta(days=5) if given else None,
        "step_due_at": at + timedelta(days=1) if opened else None,
        "limit": "3 工作日" if given else "", "limit_source": LimitSource.POLICY if given else None,
        "closed_at": None if opened else at + timedelta(days=3), "late": None if opened else False,
        "records": 1, "head": f"{n:064x}", "lat": 30 + n % 1000 / 5000, "lon": 104 + n % 997 / 5000,
    }  # fmt: skip


def _row(case: dict[str, Any], units: Sequence[int], people: Sequence[int]) -> dict[str, Any]:
    n = case["id"]
    return {
        "case_id": n, "unit_id": units[n % len(units)], "epoch": 1, "stage": Stage.HANDLE,
        "level": 1 + n % 3, "rule": "逾期", "card": "yellow" if n % 3 == 0 else "",
        "planned_at": case["due_at"], "at": case["due_at"], "outcome": Outcome.CARRIED_OUT,
        "recipients": [{"person": "Bob", "unit": "市城市管理局", "duty": "contact",
                        "notice": f"escalate:{n}:1:1:{people[0]}"}],
        "record_seq": 1,
    }  # fmt: skip


def _notice(case: dict[str, Any], units: Sequence[int], people: Sequence[int]) -> dict[str, Any]:
    n = case["id"]
    return {
        "id": n, "key": f"escalate:{n}:1:1:{people[0]}", "case_id": n, "person_id": people[0],
        "unit_id": units[n % len(units)], "kind": NoticeKind.ESCALATION, "facts": {},
        "owed_at": case["due_at"], "next_try_at": case["due_at"], "state": NoticeState.SENT,
        "attempts": 1, "forgiven": 0, "lease_by": "", "ended_at": case["due_at"],
    }  # fmt: skip
