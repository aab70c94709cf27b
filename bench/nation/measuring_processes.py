"""Service times of whole processes: a run's start, Prefect's server, a page, and what they hold."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter

import requests
import sqlalchemy as sa

from bench import owing, portal, sinks, sweep
from bench.databases import Postgres
from bench.nation.machine import apart, cpu_of, family, memory_of
from bench.nation.measuring import Part, into_shards, postmaster

RUNS = 5
PAGES = 40
READERS = 8

IMPORT = "import flows.sweep, flows.follow_up, flows.deliver"
RUN = """
from datetime import datetime
from {module} import {flow}
{flow}(datetime.fromisoformat('{at}'))
"""


# -- runs --------------------------------------------------------------------------------------


def _runs(server: Postgres, quick: bool) -> Part:
    times, due = (2, 2_000) if quick else (RUNS, 8_000)
    url = server.new("ran")
    apart(sweep.fill, url, due * 2, due)
    apart(into_shards, url)
    done: Part = {"import_flows": [_child(IMPORT, os.environ) for _ in range(times)]}
    with TemporaryDirectory() as home, prefect_server(Path(home)) as (address, pid):
        there = os.environ | {
            "DUBAN_HOME": home, "DUBAN_DATABASE_URL": url, "PREFECT_API_URL": address,
            "PREFECT_HOME": home, "PREFECT_LOGGING_LEVEL": "WARNING",
        }  # fmt: skip
        for name in ("follow_up", "sweep", "deliver"):
            program = RUN.format(module=f"flows.{name}", flow=name, at=sweep.BEFORE.isoformat())
            _child(program, there)
            done[f"idle_{name}"] = [_beside(program, there, pid) for _ in range(times)]
        done |= _full_hands(server, url, there)
        done["prefect_megabytes"] = sum(map(memory_of, family(pid)))
    server.drop("ran")
    return done


def _full_hands(server: Postgres, url: str, there: Mapping[str, str]) -> Part:
    """Connections and memory of a run that has much to do."""
    program = RUN.format(module="flows.follow_up", flow="follow_up", at=sweep.AT.isoformat())
    with _counting(server, "ran") as held:
        looked = _child(program, there)
    follow_up = max(held)
    with sinks.running("http") as port:
        owing_url = server.new("sent")
        owing.owe(owing_url, 2_000, [owing.robot(port)])
        program = RUN.format(module="flows.deliver", flow="deliver", at=owing.AT.isoformat())
        with _counting(server, "sent") as held:
            _child(program, {**there, "DUBAN_DATABASE_URL": owing_url})
        deliver = max(held)
        server.drop("sent")
    return {"connections": {"follow-up": follow_up, "deliver": deliver},
            "run_megabytes": looked["megabytes"]}  # fmt: skip


def _child(program: str, environment: Mapping[str, str]) -> dict[str, float]:
    """Run a program in a fresh interpreter: its seconds, its processor, its peak of memory."""
    start = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=dict(environment), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(said.decode(errors="replace")[-2000:])
    return {"wall": perf_counter() - start, "cpu": used.ru_utime + used.ru_stime,
            "megabytes": used.ru_maxrss / 1024}  # fmt: skip


def _beside(program: str, environment: Mapping[str, str], server: int) -> dict[str, float]:
    """The same, with what Prefect's server spent on it meanwhile."""
    before = cpu_of(server)
    found = _child(program, environment)
    time.sleep(1)  # events and logs arrive a moment later
    return found | {"server": cpu_of(server) - before}


@contextmanager
def prefect_server(home: Path) -> Iterator[tuple[str, int]]:
    """A Prefect server of our own on SQLite: its address and its process."""
    port = sinks.free_port()
    environment = os.environ | {
        "PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1", "PREFECT_UI_ENABLED": "false",
    }  # fmt: skip
    command = (sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1",
               "--port", str(port))  # fmt: skip
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/api"
    try:
        _until_answered(f"{address}/health")
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _until_answered(address: str) -> None:
    give_up = time.monotonic() + 180
    while time.monotonic() < give_up:
        try:
            requests.get(address, timeout=2)
            return
        except requests.RequestException:
            time.sleep(0.3)
    raise RuntimeError(f"{address} does not answer")


@contextmanager
def _counting(server: Postgres, database: str) -> Iterator[list[int]]:
    """How many connections a database has, again and again, as long as this lasts."""
    engine = sa.create_engine(server._url("postgres"), isolation_level="AUTOCOMMIT")
    query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
    held, over = [0], Event()

    def count() -> None:
        with engine.connect() as connection:
            while not over.wait(0.03):
                held.append(int(connection.execute(query, {"name": database}).scalar_one()))

    thread = Thread(target=count)
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()
        engine.dispose()


# -- pages -------------------------------------------------------------------------------------


def _pages(server: Postgres, quick: bool) -> Part:
    size, times = (1_000, 10) if quick else (50_000, PAGES)
    url = server.new("pages")
    apart(portal.fill, url, size)
    people, numbers = portal._people(url), portal._numbers(url)
    others, pages = set(family(os.getpid())), {}
    with portal._served(url) as address:
        mine = next(iter(set(family(os.getpid())) - others))
        for name, ask in portal._pages(address, people, numbers).items():
            pages[name] = _page(ask, times, mine, postmaster(server))
        with _counting(server, "pages") as held:
            portal._percentiles(ask)
        backends = [memory_of(pid) for pid in family(postmaster(server))]
        megabytes = memory_of(mine)
    server.drop("pages")
    return {"pages": pages, "portal_connections": max(held), "portal_megabytes": megabytes,
            "backend_megabytes": sorted(backends)[-8:]}  # fmt: skip


def _page(ask: Callable[[int], object], times: int, mine: int, server: int) -> Part:
    """One page again and again by one reader: seconds, and processor here and in the database."""
    ask(0)
    before, served = cpu_of(mine), cpu_of(server)
    wall = [_timed(ask, n) for n in range(times)]
    return {"wall": wall, "cpu": (cpu_of(mine) - before) / times,
            "server": (cpu_of(server) - served) / times}  # fmt: skip


def _timed(ask: Callable[[int], object], n: int) -> float:
    start = perf_counter()
    ask(n)
    return perf_counter() - start


def _prefect(server: Postgres, quick: bool) -> Part:
    """What Prefect's server uses while nobody asks anything of it: of a core."""
    seconds = 20 if quick else 60
    with TemporaryDirectory() as home, prefect_server(Path(home)) as (_, pid):
        time.sleep(seconds / 2)
        before, start = cpu_of(pid), perf_counter()
        time.sleep(seconds)
        return {"prefect_idle": (cpu_of(pid) - before) / (perf_counter() - start)}


PARTS: dict[str, Callable[[Postgres, bool], Part]] = {
    "prefect": _prefect,
    "runs": _runs,
    "pages": _pages,
}
