"""A hand of the engine in a process of its own, to be paused, starved or cut off.

`python -m bench.reliability.hand sweep URL AT [--batch N]` follows up, `… deliver URL AT HOME`
sends what is owed. A database that is away is tried again for a while, as Prefect's tasks do.
`--lease S` and `--idle S` shorten, in this process alone, what a test cannot wait for: how long
a notice is held, and how long the server bears a transaction in which nothing happens.
Prints as JSON, line by line, what it did and what stood in its way.
"""

import argparse
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ledger import database, outbox, sweeps, waiting
from ledger.database import DatabaseTrouble, Ledger, connect
from tasks import keys, sending

PAUSES = (1, 5, 15, 30, 30)
"""Seconds between tries."""


def main() -> None:
    """Do what the arguments say."""
    asked = _asked()
    _shorten(asked.lease, asked.idle)
    say(ready=True)
    for pause in (*PAUSES, 0):
        try:
            say(done=_work(asked))
            return
        except DatabaseTrouble as trouble:
            say(trouble=trouble.words.en)
            time.sleep(pause)
    raise SystemExit(1)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["sweep", "deliver"])
    parser.add_argument("url")
    parser.add_argument("at", type=datetime.fromisoformat)
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--lease", type=float)
    parser.add_argument("--idle", type=float)
    return parser.parse_args()


def _shorten(lease: float | None, idle: float | None) -> None:
    if lease is not None:
        held = timedelta(seconds=lease)
        for module in (outbox, waiting):
            setattr(module, "LEASE", held)  # noqa: B010 - its name for it, not its own
    if idle is not None:
        said: dict[str, Any] = database._NEVER_FOR_EVER
        said["options"] += f" -c idle_in_transaction_session_timeout={int(idle * 1000)}"


def _work(asked: argparse.Namespace) -> dict[str, int]:
    ledger: Ledger = connect(asked.url)
    if asked.work == "sweep":
        done = sweeps.dispatch_filed(ledger, asked.at, asked.batch)
        return dict(done + sweeps.follow_up(ledger, asked.at, asked.batch))
    messages, vault = asked.home / "messages", keys.vault(asked.home)
    return dict(sending.deliver(ledger, asked.at, messages, vault=vault))


def say(**what: Any) -> None:
    """One line."""
    print(json.dumps({"t": time.time()} | what, default=str), flush=True)


if __name__ == "__main__":
    main()
