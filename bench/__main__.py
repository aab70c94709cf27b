"""`python -m bench [name …] [--quick]`: measures and prints tables; all of them without names."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from bench import (
    backup,
    growth,
    intake,
    notices,
    portal,
    proof,
    reaction,
    recompute,
    start,
    sweep,
    worktime,
)
from bench.databases import Databases, postgres, sqlite

ON_DATABASES: dict[str, Callable[..., None]] = {
    "intake": intake.run, "sweep": sweep.run, "recompute": recompute.run,
    "proof": proof.run, "portal": portal.run, "notices": notices.run, "growth": growth.run,
    "backup": backup.run,
}  # fmt: skip
ALONE: dict[str, Callable[..., None]] = {
    "start": start.run, "reaction": reaction.run,
}  # fmt: skip
ALL = (*ON_DATABASES, *ALONE, "worktime")


def main(arguments: list[str]) -> int:
    """Run the measurements named, or all."""
    quick = "--quick" in arguments
    wanted = [name for name in arguments if name != "--quick"] or list(ALL)
    unknown = set(wanted) - set(ALL)
    if unknown:
        print(f"no such measurement: {', '.join(sorted(unknown))}; known: {', '.join(ALL)}")
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d} · {os.cpu_count()} cores · Python "
          f"{platform.python_version()}{' · quick' if quick else ''}")  # fmt: skip
    if "worktime" in wanted:
        worktime.run()
    for name in (name for name in ALONE if name in wanted):
        ALONE[name](quick=quick)
    with _databases() as all_databases:
        for name in (name for name in ON_DATABASES if name in wanted):
            for databases in all_databases:
                ON_DATABASES[name](databases, quick=quick)
    return 0


@contextmanager
def _databases() -> Iterator[list[Databases]]:
    with ExitStack() as stack:
        yield [stack.enter_context(sqlite()), stack.enter_context(postgres())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
