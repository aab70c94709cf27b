"""A week of a small city, in minutes: findings, signatures, submissions, checks, and many looks.

What is done to a case is planned when it comes in, as people are: most in time, some late, some
never. Working hours are busier than nights, and the first hour of the morning the busiest.
"""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from bench import compressed
from bench.compressed import DAYS, City, Guest

PAGES = ("/cases", "/board", "/wall", "/log", "/running", "/notices")
MINE = ("/mine", "/account/notices")
LOOKS = 4
"""Pages are read so many times as often as something is done."""
PROBLEMS = ("井盖缺失", "路面坑洼积水", "垃圾堆放未清理", "沿街商铺占道经营", "墙面小广告")


def busy(day: float) -> float:
    """How busy an instant is, as a multiple of the week's mean; `day` counts from Monday 0:00."""
    hour = day % 1 * 24
    if day % DAYS >= 5:
        return 0.3
    if 8 <= hour < 9:
        return 4.6
    return 2.6 if 9 <= hour < 18 else 0.2


@dataclass
class Townsfolk:
    """Everybody who clicks. `minutes` is how long the week takes, `findings` how many come in."""

    city: City
    minutes: float
    findings: int
    seed: int = 6
    counts: Counter[str] = field(default_factory=Counter)
    _plan: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice, self.over = Random(self.seed), threading.Event()
        self.alice, self.carol = (compressed.guest(self.city, n) for n in ("alice", "carol"))
        self.units = compressed.contacts(self.city)
        self.names = sorted(self.units)
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.start, self.numbers, self._asked = time.monotonic(), 0, 0

    @property
    def day(self) -> float:
        """How many days of the week have passed."""
        return (time.monotonic() - self.start) / 60 / self.minutes * DAYS

    def begin(self) -> None:
        """Monday begins."""
        self.start = time.monotonic()
        self.thread.start()

    def end(self) -> None:
        """Everybody goes home."""
        self.over.set()
        self.thread.join(60)

    def _live(self) -> None:
        before, due = self.day, 0.0
        while not self.over.wait(0.1):
            day = self.day
            # The busier, the more comes within the same time.
            due += (day - before) / DAYS * self.findings * busy(day)
            before = day
            while due >= 1:
                due -= 1
                self._try(self._find)
                for _ in range(LOOKS):
                    self._try(self._look)
            while self._plan and self._plan[0][0] <= self.day and not self.over.is_set():
                self._try(heapq.heappop(self._plan)[2])

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except (requests.RequestException, KeyError, ValueError):
            self.counts["not answered"] += 1

    def _later(self, days: float, do: Callable[[], None]) -> None:
        self._asked += 1
        heapq.heappush(self._plan, (self.day + days, self._asked, do))

    # -- what they do --------------------------------------------------------------------------

    def _find(self) -> None:
        self.numbers += 1
        name = self.dice.choice(self.names)
        body = {"place": f"人民路{self.numbers}号", "units": [name],
                "problem": f"{self.dice.choice(PROBLEMS)}，第{self.numbers}处"}  # fmt: skip
        answer = self.alice.ask("POST", "/api/v1/findings", json=body)
        self._count("findings", answer)
        number = answer.json()["case"]
        if self.dice.random() < 0.92:  # the others are never signed for
            unit = self.units[name]
            self._later(self.dice.uniform(0.02, 1.3), lambda: self._sign(unit, number))

    def _sign(self, unit: Guest, number: str) -> None:
        self._do("signatures", unit, number, "acknowledge")
        if self.dice.random() < 0.03:
            self._later(0.1, lambda: self._do("requests", unit, number, "request_extension",
                                              reason="等材料到货"))  # fmt: skip
        self._later(self.dice.uniform(0.3, 3.6), lambda: self._submit(unit, number))

    def _submit(self, unit: Guest, number: str) -> None:
        self._do("submissions", unit, number, "submit", text="已清理，现场恢复。")
        self._later(self.dice.uniform(0.1, 1.8), lambda: self._verify(unit, number))

    def _verify(self, unit: Guest, number: str) -> None:
        if self.dice.random() < 0.87:
            self._do("checks", self.alice, number, "verify_pass")
            return
        self._do("checks", self.alice, number, "verify_fail", reason="未清理干净")
        self._later(self.dice.uniform(0.3, 1.8), lambda: self._submit(unit, number))

    def _look(self) -> None:
        if self.dice.random() < 0.5:
            who, path = self.carol, self.dice.choice(PAGES)
        else:
            who, path = self.units[self.dice.choice(self.names)], self.dice.choice(MINE)
        self._count(f"pages {path}", who.ask("GET", path))

    def _do(self, what: str, who: Guest, number: str, verb: str, **body: Any) -> None:
        self._count(what, who.ask("POST", f"/api/v1/cases/{number}/{verb}", json=body))

    def _count(self, what: str, answer: requests.Response) -> None:
        self.counts[what] += 1
        if answer.status_code >= 500:
            self.counts["failed"] += 1
        elif answer.status_code >= 400:
            self.counts[f"turned down: {what}, {answer.status_code}"] += 1
