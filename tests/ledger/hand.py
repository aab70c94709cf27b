"""A hand of the engine in a process of its own, to be killed, or to work beside others.

`python -m tests.ledger.hand import URL FILE INSTANT` takes a paper in,
`python -m tests.ledger.hand sweep URL INSTANT` follows up, `… deliver URL INSTANT FOLDER` sends;
`… many 8 sweep URL INSTANT` has eight processes do it at the same moment. Each says "ready"
before it begins and prints as JSON what it did.
"""

import importlib
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from ledger.database import connect


def take(url: str, file: str, at: str) -> dict[str, int]:
    """Take a paper in; counts the outcomes."""
    from tasks import papers

    path = Path(file)
    taken = papers.take(connect(url), path.read_bytes(), path.name, datetime.fromisoformat(at))
    return Counter(answer.outcome.value for answer in taken.answers)


def sweep(url: str, at: str) -> dict[str, int]:
    """Follow up; counts what was done."""
    from ledger import sweeps

    return sweeps.follow_up(connect(url), datetime.fromisoformat(at), batch=100)


def deliver(url: str, at: str, folder: str) -> dict[str, int]:
    """Send what is owed; counts what became of it."""
    from tasks import sending

    return sending.deliver(connect(url), datetime.fromisoformat(at), Path(folder))


DOES: dict[str, Callable[..., dict[str, int]]] = {
    "import": take,
    "sweep": sweep,
    "deliver": deliver,
}


NEEDS = {"import": "tasks.papers", "sweep": "ledger.sweeps", "deliver": "tasks.sending"}
"""What is imported before a hand is ready: it is killed at its work, not on its way to it."""


def many(hands: int, what: str, arguments: list[str]) -> list[dict[str, int]]:
    """So many processes begin at the same moment; what each of them did."""
    fork = multiprocessing.get_context("fork")
    start, did = fork.Barrier(hands), fork.SimpleQueue()

    def one() -> None:
        connect(arguments[0]).engine.dispose()
        start.wait()
        did.put(DOES[what](*arguments))

    processes = [fork.Process(target=one) for _ in range(hands)]
    for process in processes:
        process.start()
    answers = [did.get() for _ in processes]
    for process in processes:
        process.join()
    return answers


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    hands, (what, *rest) = 1, arguments
    if what == "many":
        hands, (what, *rest) = int(rest[0]), rest[1:]
    importlib.import_module(NEEDS[what])
    print("ready", flush=True)
    answer: Any = DOES[what](*rest) if hands == 1 else many(hands, what, rest)
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
