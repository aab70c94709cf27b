"""A small city on one database, as the scenes with a disk, a pause or a cut need it."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import sinks
from bench.reliability import city
from bench.reliability.papers import papers
from bench.reliability.processes import ROOT, python
from bench.reliability.server import Server
from ledger.database import Ledger, connect
from tasks import papers as taking
from tasks.sending import now

BEFORE = timedelta(days=24)
LATER = timedelta(days=3)
"""From a Monday to a Thursday, both at ten in the morning: nothing waits for quiet hours."""


@dataclass(slots=True)
class Town:
    """The city: where it lies, and what its mail server takes."""

    folder: Path
    env: dict[str, str]
    taken: Path
    at: datetime
    """When its papers came in."""

    @property
    def url(self) -> str:
        """Its ledger."""
        return self.env["DUBAN_DATABASE_URL"]

    @property
    def home(self) -> Path:
        """DUBAN_HOME."""
        return Path(self.env["DUBAN_HOME"])

    def ledger(self) -> Ledger:
        """Its ledger, opened."""
        return connect(self.url)

    def take(self, cases: int, seed: int) -> int:
        """So many cases, taken in undisturbed; gives how many rows that were."""
        ledger, rows = self.ledger(), 0
        for paper in papers(cases, seed):
            rows += len(taking.take(ledger, paper.data, paper.name, self.at).answers)
        ledger.engine.dispose()
        return rows

    def hand(self, work: str, at: datetime, *more: str, before: tuple[str, ...] = (),
             url: str = "") -> "Hand":  # fmt: skip
        """A hand of the engine, in a process of its own."""
        where = [str(self.home)] if work == "deliver" else []
        command = ("-m", "bench.reliability.hand", work, url or self.url, at.isoformat(), *where)
        return Hand([*before, *python(*command, *more)], self.env)


class Hand:
    """A process that does one piece of work, and what it says of it."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | dict(env), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()

    def said(self, patience: float = 300) -> list[dict[str, Any]]:
        """Wait for its end; gives every line of it."""
        out, err = self.process.communicate(timeout=patience)
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        if self.process.returncode and not any("trouble" in line for line in lines):
            lines.append({"crash": err.strip().splitlines()[-1] if err.strip() else "killed"})
        return lines


def monday(at: datetime) -> datetime:
    """Ten in the morning of that week's Monday, in the city."""
    first = at - timedelta(days=at.weekday())
    return first.replace(hour=2, minute=0, second=0, microsecond=0)


@contextmanager
def on_postgresql(
    folder: Path | None = None, wait: float = 0.0, data: Path | None = None, **how: Any
) -> Iterator[tuple[Town, Server]]:
    """A town on a PostgreSQL server of its own, whose files may lie elsewhere."""
    with ExitStack() as end:
        folder = folder or Path(end.enter_context(TemporaryDirectory(prefix="duban-town-")))
        folder.chmod(0o755)
        server = Server((data or folder) / "pg", **how)
        end.callback(server.stop)
        server.create()
        server.start()
        server.new("duban")
        yield end.enter_context(_founded(folder, server.local("duban"), wait)), server


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Town]:
    """A town on a SQLite file in this folder."""
    with _founded(folder, f"sqlite:///{folder / 'home' / 'duban.db'}", 0.0) as town:
        yield town


@contextmanager
def _founded(folder: Path, url: str, wait: float) -> Iterator[Town]:
    port = sinks.free_port()
    with TemporaryDirectory(prefix="duban-mail-") as mail:
        taken = Path(mail) / "taken"
        sink = sinks.start("smtp", port, taken, wait)
        try:
            (folder / "home").mkdir(exist_ok=True)
            env = {"DUBAN_HOME": str(folder / "home"), "DUBAN_DATABASE_URL": url,
                   "PREFECT_HOME": str(Path(mail) / "prefect")}  # fmt: skip
            city.set_up(env, port)
            yield Town(folder, env, taken, monday(now() - BEFORE))
        finally:
            sinks.end(sink)
