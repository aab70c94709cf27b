"""长大: what a city of ten thousand cases costs, and what one of five million does.

Findings in, a sweep with nothing and with one in a hundred due, by one process and by two, the
pages of a supervisor, memory, disk. `python -m bench.growth SIZE … [--sqlite]` measures some sizes.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa

from bench import growing, pages
from bench.databases import Databases, Postgres, postgres, sqlite
from bench.findings import many
from bench.intake import ORIGIN
from bench.measure import Measured, Watch, alone, show, together
from bench.portal import NOW
from bench.sweep import AT, BEFORE
from ledger.database import connect
from ledger.intake import receive
from ledger.sweeps import follow_up
from models.case import SHARDS

SIZES = (10_000, 100_000, 1_000_000, 5_000_000)
QUICK = (1_000, 10_000)
MOST_ON_SQLITE = 1_000_000
MOST_DUE = 10_000
FINDINGS = 1_000
TIMES = 100

Line = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """What was measured at one size."""

    filled: Line
    taken: Line
    swept: Sequence[Line]
    seen: Sequence[Line]


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    most = SIZES[-1] if isinstance(databases, Postgres) else MOST_ON_SQLITE
    measure(databases, [size for size in (QUICK if quick else SIZES) if size <= most])


def measure(databases: Databases, sizes: Sequence[int]) -> None:
    """Measure these sizes, one after another, and print."""
    found = [_grown(databases, size) for size in sizes]
    name = f"{databases.name}, load {os.getloadavg()[2]:.1f}"
    show(f"Growth, findings in and disk · {name}",
         ("cases", "1,000 findings in, seconds", "own CPU s", "findings/s", "peak MB",
          "database MB", "bytes a case", "of it cases", "with its parts"),
         [(*one.taken, *one.filled) for one in found])  # fmt: skip
    show(f"Growth, a sweep where all are open · {name}",
         ("open cases", "what", "seconds", "own CPU s", "due cases/s", "of one process", "peak MB"),
         [line for one in found for line in one.swept])  # fmt: skip
    show(f"Growth, pages with one reader · {name}",
         ("cases", "page", "first ms", "p50 ms", "p95 ms", "portal's peak MB"),
         [line for one in found for line in one.seen])  # fmt: skip


def _grown(databases: Databases, size: int) -> Grown:
    name, all_open = f"city_{size}", f"open_{size}"
    url = databases.new(name)
    filled = alone(growing.fill, url, size)
    _say(f"{size:,}: filled in {filled.seconds:.0f} s")
    disk = _disk(url, size)
    seen = list(pages.lines(url, size))
    _say(f"{size:,}: pages read")
    taken = alone(take_in, url)
    databases.drop(name)
    url = databases.new(all_open)
    filled = alone(growing.fill_open, url, size, _due(size))
    _say(f"{size:,}: all open, filled in {filled.seconds:.0f} s")
    swept = list(_swept(databases, url, all_open, size))
    databases.drop(all_open)
    return Grown(disk, _taken(size, taken), swept, seen)


def _due(size: int) -> int:
    return min(size // 100, MOST_DUE)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# -- findings in, and disk ---------------------------------------------------------------------


def take_in(url: str) -> Measured:
    """A thousand findings on top of what is there, dispatched."""
    drafts, ledger = many(FINDINGS), connect(url)
    watch = Watch()
    return watch.done(sum(len(chunk) for chunk in receive(ledger, ORIGIN, drafts, NOW)))


def _taken(size: int, taken: Measured) -> Line:
    return (f"{size:,}", f"{taken.seconds:.2f}", f"{taken.cpu:.2f}", f"{taken.rate:,.0f}",
            f"{taken.peak:.0f}")  # fmt: skip


PARTS = ("finding", "assignment", "record", "escalation", "notice", "delivery")


def _disk(url: str, size: int) -> Line:
    """Megabytes of the database; bytes a case, of its own row, and of one with all its parts."""
    ledger = connect(url)
    with ledger.snapshot() as connection:
        if not ledger.postgresql:
            ask = connection.exec_driver_sql
            whole = ask("PRAGMA page_size").scalar_one() * ask("PRAGMA page_count").scalar_one()
            return f"{whole / 1e6:,.0f}", f"{whole / size:,.0f}", "", ""
        sizes = {name: _relation(connection, name) for name in ("case_", *PARTS)}
        whole = connection.exec_driver_sql(
            "SELECT pg_database_size(current_database())").scalar_one()  # fmt: skip
    case, lead = sizes["case_"] / size, sizes["assignment"] / size
    known = min(size, growing.THREADS)
    thread = sum(of for name, of in sizes.items() if name in PARTS and name != "assignment") / known
    return (f"{whole / 1e6:,.0f}", f"{whole / size:,.0f}", f"{case:,.0f}",
            f"{case + lead + thread:,.0f}")  # fmt: skip


def _relation(connection: sa.Connection, name: str) -> int:
    query = f"SELECT pg_total_relation_size('{name}')"
    return int(connection.exec_driver_sql(query).scalar_one())


# -- sweeps ------------------------------------------------------------------------------------


def _swept(databases: Databases, url: str, name: str, size: int) -> Iterator[Line]:
    due = _due(size)
    idle = alone(nothing_due, url)
    yield (f"{size:,}", "nothing due", f"{idle.seconds:.5f}", f"{idle.cpu:.5f}", "", "",
           f"{idle.peak:.0f}")  # fmt: skip
    one = alone(look, databases.copy(name, "one"))
    databases.drop("one")
    yield _line(size, f"{due:,} due", one, one)
    if isinstance(databases, Postgres):
        two = together(2, look, databases.copy(name, "two"))
        databases.drop("two")
        yield _line(size, f"{due:,} due, two processes", two, one)


def nothing_due(url: str) -> Measured:
    """A sweep while nothing is due; the median of a hundred."""
    ledger = connect(url)
    follow_up(ledger, BEFORE)
    seconds, cpu = [], []
    for _ in range(TIMES):
        start, began = perf_counter(), process_time()
        counts = follow_up(ledger, BEFORE)
        seconds.append(perf_counter() - start)
        cpu.append(process_time() - began)
        assert not counts["looked"]
    return Measured(1, median(seconds), median(cpu))


def look(url: str, start: Any = None) -> Measured:
    """A sweep by one process; where several wait for each other, its share of the shards."""
    ledger = connect(url)
    share, of = (start.wait(), start.parties) if start is not None else (0, 1)
    watch = Watch()
    counts = follow_up(ledger, AT, shards=[n for n in range(SHARDS) if n % of == share])
    return watch.done(counts["looked"])


def _line(size: int, label: str, measured: Measured, one: Measured) -> Line:
    return (f"{size:,}", label, f"{measured.seconds:.2f}", f"{measured.cpu:.2f}",
            f"{measured.rate:,.0f}", f"{measured.rate / one.rate:.2f} ×",
            f"{measured.peak:.0f}")  # fmt: skip


def main() -> None:
    """Measure the sizes asked for."""
    asked = [word for word in sys.argv[1:] if not word.startswith("--")]
    with (sqlite if "--sqlite" in sys.argv else postgres)() as databases:
        measure(databases, [int(word.replace("_", "")) for word in asked] or QUICK)


if __name__ == "__main__":
    main()
