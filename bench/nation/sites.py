"""What is installed where: a database of cases, its share of people, its hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from random import Random

from bench.nation.assumed import CASES_PER_STREET, Assumed, city_sizes
from models.case import SHARDS

PROVINCES = 31


@dataclass(frozen=True, slots=True)
class Site:
    """One database with the deployments that work on it. Sizes in cases, times in seconds."""

    name: str
    open_cases: float
    units: float
    zone: int
    phase: float
    """When in each interval its rounds begin."""
    shares: tuple[tuple[float, int], ...]
    """For each hand of the follow-up: its part of the cases, and in how many shards they lie."""
    senders: int
    """Runs of `deliver` side by side."""
    prefect: int
    """Which Prefect server plans its runs."""
    server: int
    """Which PostgreSQL instance holds it."""
    whole: bool = False
    """Whether one run does the whole round: `sweep`."""

    @property
    def runs(self) -> int:
        """Runs that begin in each round."""
        return 1 if self.whole else len(self.shares) + self.senders + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """An installation."""

    sites: tuple[Site, ...]
    interval: float
    """Seconds between the rounds of a site."""
    places: int
    """Runs that may be under way in one zone: places of workers, a core each."""
    prefects: int
    servers: tuple[int, ...]
    """Cores of each PostgreSQL instance that are there for rounds."""
    zones: int = 3

    @property
    def cores(self) -> int:
        """Cores of workers, of Prefect's servers and of the databases."""
        return self.places * self.zones + self.prefects + sum(self.servers)


LAYOUTS = ("a database per city", "a database per province", "a database per district")
DISTRICT = 100_000
"""Open cases: a city with more is installed by district, each with a database of its own."""


def sizes(layout: str, assumed: Assumed) -> list[tuple[str, float]]:
    """The databases of a layout with their open cases, the largest first."""
    cities = city_sizes(assumed)
    if layout == LAYOUTS[1]:
        # Cities dealt out in turn, so that provinces differ as the largest cities do.
        dealt = [sum(cities[place::PROVINCES]) for place in range(PROVINCES)]
        return [(f"province {n + 1}", size) for n, size in enumerate(sorted(dealt, reverse=True))]
    if layout == LAYOUTS[2]:
        return sorted(
            ((f"city {n + 1}.{part + 1}", size / parts)
             for n, size in enumerate(cities)
             for parts in (ceil(size / DISTRICT),)
             for part in range(parts)),
            key=lambda named: -named[1],
        )  # fmt: skip
    return [(f"city {n + 1}", size) for n, size in enumerate(cities)]


def shares_of(open_cases: float, hands: int, dice: Random) -> tuple[tuple[float, int], ...]:
    """How unevenly the shards of a site fall to its hands.

    A shard is a street or several (`area_id % 64`), a street has some thousand cases: what is
    small has few shards with anything in them, and a hand more may have nothing to do.
    """
    streets = max(1, round(open_cases / CASES_PER_STREET))
    weights = [0.0] * SHARDS
    for street in range(streets):
        weights[street % SHARDS] += dice.lognormvariate(0, 0.5)
    total = sum(weights)
    parts: Sequence[Sequence[float]] = [weights[hand::hands] for hand in range(hands)]
    return tuple((sum(mine) / total, sum(each > 0 for each in mine)) for mine in parts)
