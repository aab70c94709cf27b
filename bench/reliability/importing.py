"""Papers taken in by `duban import`, each in a process of its own, again until it is through."""

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench.reliability.city import DUBAN
from bench.reliability.papers import Paper
from bench.reliability.processes import Unit
from bench.reliability.stack import Stack
from bench.reliability.watch import IMPORT, ROLES


@dataclass
class Importer:
    """Takes one paper after another; one that was broken off comes again, as of its instant."""

    stack: Stack
    waiting: deque[Paper]
    done: list[Paper] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unit: Unit | None = None

    def start(self, at: datetime) -> None:
        """Begin the next paper, unless one is being taken in or there is none."""
        self.look()
        if self.unit or not self.waiting:
            return
        paper = self.waiting[0]
        paper.at, paper.tries = paper.at or at, paper.tries + 1
        file = paper.lie_in(self.stack.folder / "papers")
        said = ("import", str(file), "--at", paper.at.isoformat(), "--json",
                "--refused", str(file.with_suffix(".refused.csv")))  # fmt: skip
        url = self.stack.postgres.url("duban", role=ROLES[IMPORT])
        self.answer.unlink(missing_ok=True)
        self.unit = Unit("importer", [*DUBAN, *said], self.answer,
                         self.stack.env | {"DUBAN_DATABASE_URL": url})  # fmt: skip
        self.unit.start()

    @property
    def answer(self) -> Path:
        """What the command said of its last paper."""
        return self.stack.folder / "importer.out"

    def look(self) -> None:
        """See whether the paper at hand is through."""
        if self.unit is None or self.unit.alive or self.unit.process is None:
            return
        status = self.unit.process.returncode
        self.unit = None
        if status == 0:
            paper = self.waiting.popleft()
            paper.answers = _answered(self.answer.read_text("utf-8"))
            self.done.append(paper)
        elif status > 0:
            self.failures.append(self.answer.read_text("utf-8")[-300:])

    def kill(self) -> int:
        """SIGKILL to the command that is taking one in; how many processes that took."""
        if self.unit is None:
            return 0
        hit = len(self.unit.kill())
        self.look()
        return hit


def _answered(said: str) -> list[dict[str, str | None]]:
    """The rows of the answer; logs may stand before and behind the document."""
    start = said.index("{")
    rows: list[dict[str, str | None]] = json.JSONDecoder().raw_decode(said[start:])[0]["rows"]
    return rows
