"""`python -m bench.peers [--quick] [--only DATABASE] [--environment FOLDER]`: beside our peers.

The peers are installed from the package registry into an environment of their own: into FOLDER,
where the next run finds them, or a temporary one.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.databases import Databases, Postgres, postgres, sqlite
from bench.peers import ours, theirs
from bench.peers.environment import environment
from bench.peers.tables import Beside, Turn, print_tables

SIZES = {1_000: 1_000, 10_000: 1_000, 100_000: 1_000}
"""Open cases or tickets, and how many of them are due."""
QUICK = {1_000: 200, 10_000: 200}
CROWD = 100_000, 10_000
"""The engine by itself: so many open, so many due."""
KINDS: dict[str, Callable[[], AbstractContextManager[Databases]]] = {
    "postgresql": postgres,
    "sqlite": sqlite,
}


def main(arguments: list[str]) -> int:
    """Measure on both databases and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and in minutes")
    parser.add_argument("--environment", type=Path, metavar="FOLDER", help="keep the peers here")
    parser.add_argument("--only", choices=KINDS, help="one of the databases")
    given = parser.parse_args(arguments)
    print(f"{datetime.now(UTC):%Y-%m-%d} · {os.cpu_count()} cores · Python "
          f"{platform.python_version()}{' · quick' if given.quick else ''}")  # fmt: skip
    with ExitStack() as stack:
        python = stack.enter_context(environment(given.environment))
        for name in [given.only] if given.only else KINDS:
            databases = stack.enter_context(KINDS[name]())
            before = _load()
            found = _beside(python, databases, quick=given.quick)
            print_tables(found)
            print(f"\nLoad average over a minute {before} before, {_load()} after.", flush=True)
    return 0


def _beside(python: Path, databases: Databases, *, quick: bool) -> Beside:
    """Turn by turn, so that what is compared was measured within the same few minutes."""
    ours.found_city(databases)
    turns = [
        _turn(python, databases, size, due, quick=quick)
        for size, due in (QUICK if quick else SIZES).items()
    ]
    _say(f"{databases.name}: the engine, many due at once")
    crowd = ours.follow_up(databases, *((10_000, 2_000) if quick else CROWD), two=True)
    _say(f"{databases.name}: APScheduler")
    found = Beside(databases.name, turns, crowd, theirs.apscheduler(python, databases))
    if isinstance(databases, Postgres):
        _say(f"{databases.name}: Procrastinate")
        found.queue = theirs.procrastinate(python, databases, (0, *(t.size for t in turns)))
        _say(f"{databases.name}: Prefect")
        found.prefect = ours.prefect(databases)
    return found


def _turn(python: Path, databases: Databases, size: int, due: int, *, quick: bool) -> Turn:
    _say(f"{databases.name}, {size:,}: import and raw insert")
    taken = ours.take_in(databases, 2_000 if quick else 5_000)
    _say(f"{databases.name}, {size:,}: follow-up and raw claim")
    followed = ours.follow_up(databases, size, due)
    _say(f"{databases.name}, {size:,}: django-helpdesk")
    turn = Turn(size, taken, followed, theirs.helpdesk(python, databases, size, due))
    # Should the run be broken off, what it measured is not lost.
    print(json.dumps(asdict(turn)), file=sys.stderr, flush=True)
    return turn


def _say(what: str) -> None:
    now = datetime.now(UTC)
    print(f"{now:%H:%M:%S} load {_load()} · {what}", file=sys.stderr, flush=True)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
