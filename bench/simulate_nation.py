"""`python -m bench.simulate_nation`: a nation's installation, simulated from measured times.

`--measure` measures here first, on PostgreSQL through the real code, what the simulation draws
from, and writes it down with the date, the machine and how busy it was (bench/nation/*.json).
Without it the figures of the last measurement are used.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from time import perf_counter

from bench.databases import postgres, sqlite
from bench.nation import (
    machine,
    measured,
    measuring,
    measuring_processes,
    plan,
    profile,
    report,
)
from bench.nation.around import Around, around
from bench.nation.assumed import Assumed
from bench.nation.machine import apart
from bench.nation.plan import Found
from bench.nation.scenarios import SCENARIOS, Answer, Scenario, tried
from bench.nation.sites import LAYOUTS


def main(given: list[str]) -> int:
    """Measure if asked to, simulate, print."""
    asked = _asked(given)
    if asked.measure is not None:
        _measure(asked.measure, quick=asked.quick)
    if asked.only_measure:
        return 0
    _simulate(Assumed(open_cases=asked.open), asked)
    return 0


def _simulate(assumed: Assumed, asked: argparse.Namespace) -> None:
    """Look for the smallest installation of each layout, and try the scenarios on it."""
    times, days = measured.kept(), profile.kept()
    report.taken(times)
    report.assumptions()
    report.day(days, assumed.open_cases)
    with ProcessPoolExecutor(asked.processes, mp_context=get_context("spawn")) as pool:
        looking = [
            pool.submit(_smallest, layout, assumed, asked.seed, asked.quick)
            for layout in asked.layout or LAYOUTS
        ]
        found = [each.result() for each in looking]
        report.layouts(found)
        # What holds nothing on its worst minutes is not tried for days.
        good = [smallest for smallest, _ in found if smallest.holds] or [found[0][0]]
        days_of = [
            [pool.submit(_tried, smallest, scenario, assumed, asked.seed) for scenario in SCENARIOS]
            for smallest in good
        ]
        for smallest, answers in zip(good, days_of, strict=True):
            told = [answer.result() for answer in answers]
            report.days_of(smallest, list(zip(SCENARIOS, told, strict=True)))


def _smallest(layout: str, assumed: Assumed, seed: int, quick: bool) -> tuple[Found, Around]:
    times, days = measured.kept(), profile.kept()
    smallest = plan.Search(layout, times, days, assumed, seed, quick=quick).smallest()
    plan.say(f"{layout}: {smallest.knobs}, tries {smallest.tries}, holds {smallest.holds}")
    return smallest, around(smallest.plan, times, days["after a holiday"], assumed, seed)


def _tried(smallest: Found, scenario: Scenario, assumed: Assumed, seed: int) -> Answer:
    return tried(scenario, smallest.sample, measured.kept(), profile.kept(), assumed, seed)


def _asked(given: list[str]) -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="python -m bench.simulate_nation")
    arguments.add_argument("--measure", nargs="*", help="measure here first: all, or these parts")
    arguments.add_argument("--only-measure", action="store_true", help="and simulate nothing")
    arguments.add_argument("--quick", action="store_true", help="small and once, to try it out")
    arguments.add_argument("--open", type=int, default=100_000_000, help="open cases in all")
    arguments.add_argument("--processes", type=int, default=os.cpu_count())
    arguments.add_argument("--layout", action="append", choices=LAYOUTS)
    arguments.add_argument("--seed", type=int, default=20261122)
    return arguments.parse_args(given)


def _measure(parts: Sequence[str], *, quick: bool) -> None:
    """Measure some parts or all; each is written down as soon as it is there."""
    if "profile" in parts or not parts:
        apart(_profile, 5_000 if quick else profile.LIVES)
    work = {**measuring.PARTS, **measuring_processes.PARTS}
    wanted = [name for name in work if name in parts or not parts]
    if not wanted:
        return
    with postgres() as server:
        about = machine.described() | {"postgresql": apart(_version, server._url("postgres"))}
        for name in wanted:
            plan.say(f"measuring: {name}")
            began, load = perf_counter(), machine.load()
            found = work[name](server, quick)
            measured.keep(name, found, about | {
                "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z", "quick": quick, "load_before": load,
                "load_after": machine.load(), "seconds": round(perf_counter() - began),
                "command": f"python -m bench.simulate_nation --measure {name}",
            })  # fmt: skip


def _profile(lives: int) -> None:
    from ledger.database import connect  # noqa: PLC0415
    from ledger.reference import read  # noqa: PLC0415

    with sqlite() as databases, connect(databases.new("profile")).transaction() as connection:
        book = read(connection).book
    profile.write(profile.profile(book, lives), lives)


def _version(url: str) -> str:
    import sqlalchemy as sa  # noqa: PLC0415

    with sa.create_engine(url).connect() as connection:
        return str(connection.exec_driver_sql("SHOW server_version").scalar_one())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
