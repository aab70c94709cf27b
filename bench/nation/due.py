"""What falls due, and what waits."""

from collections import Counter, deque
from collections.abc import Sequence
from math import exp
from random import Random

from bench.nation.profile import MINUTES, Day

STEPS = 6
"""What comes in a minute comes in so many steps, unless it all falls due at its beginning."""
CALM = 120.0
"""Who waits longer feels that something is wrong: it is not caught up with yet."""


class Backlog:
    """What is due and not done, oldest first, and what became of it."""

    __slots__ = ("came", "done", "last_late", "late", "waiting", "worst")

    def __init__(self) -> None:
        self.waiting: deque[list[float]] = deque()
        self.came = self.done = self.worst = 0.0
        self.last_late = 0.0
        """When something was last done that had waited longer than `CALM`."""
        self.late: Counter[int] = Counter()
        """How many were done so many tenths of a minute late."""

    @property
    def count(self) -> float:
        """How many wait."""
        return sum(count for _, count in self.waiting)

    def come(self, due: float, count: float) -> None:
        """So many fall due."""
        if count > 0:
            self.waiting.append([due, count])
            self.came += count

    def take(self, most: float, at: float) -> list[list[float]]:
        """Up to so many that are due at an instant, the oldest first."""
        taken: list[list[float]] = []
        while self.waiting and most > 0 and self.waiting[0][0] <= at:
            first = self.waiting[0]
            part = min(first[1], most)
            taken.append([first[0], part])
            most -= part
            if part == first[1]:
                self.waiting.popleft()
            else:
                first[1] -= part
        return taken

    def put_back(self, taken: Sequence[Sequence[float]]) -> None:
        """What was in hand of one who was killed."""
        self.waiting = deque(sorted([*self.waiting, *map(list, taken)]))

    def finish(self, taken: Sequence[Sequence[float]], now: float) -> None:
        """What was taken is done."""
        for due, count in taken:
            self.done += count
            late = now - due
            self.late[int(late // 6)] += round(count)
            self.worst = max(self.worst, late)
            if late > CALM:
                self.last_late = max(self.last_late, now)


def about(dice: Random, mean: float) -> float:
    """A whole number around a mean, as chance has it."""
    if mean <= 0:
        return 0.0
    return float(max(0, round(dice.gauss(mean, mean**0.5))))


def together(notices: float, people: float) -> float:
    """Messages for each notice, where so many notices fall to so many people by chance."""
    load = notices / max(people, 1.0)
    return (1 - exp(-load)) / load if load > 0 else 1.0


def spikes(minutes: Sequence[float]) -> frozenset[int]:
    """Minutes at whose very beginning everything falls due: much more than around them."""
    found = set()
    for minute, value in enumerate(minutes):
        around = [*minutes[max(0, minute - 5) : minute], *minutes[minute + 1 : minute + 6]]
        if value > 5 * (sum(around) / len(around)):
            found.add(minute)
    return frozenset(found)


def steps(
    kind: str, day: Day, spikes: dict[str, frozenset[int]], after: float, until: float
) -> list[tuple[float, float]]:
    """What falls due after an instant up to another: when, and how much."""
    found = []
    values, peaks = day.minutes[kind], spikes[kind]
    for minute in range(int(after // 60), int(until // 60) + 1):
        value = values[minute % MINUTES]
        if not value:
            continue
        begins = minute * 60.0
        if minute % MINUTES in peaks:
            if after < begins <= until:
                found.append((begins, value))
            continue
        for step in range(STEPS):
            at = begins + (step + 1) * 60.0 / STEPS
            if after < at <= until:
                found.append((at, value / STEPS))
    return found
