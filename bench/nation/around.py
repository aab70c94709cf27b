"""What stands around the rounds: the portal's processes, task workers, connections, disk."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from random import Random
from statistics import mean

from bench.nation.assumed import Assumed
from bench.nation.measured import Times
from bench.nation.profile import Day
from bench.nation.queues import Servers
from bench.nation.sites import Plan, Site

PAGE = 1.0
"""Seconds within which 95 of 100 pages are to be there."""
FAST = 2.0
"""Seconds within which what a click causes is to have left."""
WATCHED = 300.0
REPORTING = 0.2
"""A reaction is asked for and taken up: seconds (tasks/nudging.py gathers for a tenth)."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a plan needs besides its workers."""

    pages_a_second: float
    """At the peak."""
    portals: int
    portal_servers: float
    """Cores of the databases that pages take at the peak."""
    task_workers: int
    slowest_reaction: float
    connections: int
    most_connections: int
    """Of one database."""
    wal: float
    """Bytes of write-ahead log a second, at the peak, of all databases together."""
    most_memory: float
    """Megabytes of one run of the largest site."""


def around(plan: Plan, times: Times, day: Day, assumed: Assumed, seed: int) -> Around:
    """Reckon it for a plan."""
    rates = [requests(site, day, assumed) for site in plan.sites]
    portals = [processes(_rounded(rate), times.pages, seed) for rate in rates]
    reacting = [reactions(site, day, times, assumed) for site in plan.sites]
    held = [
        portal * times.connections["portal"] + workers + _held(site, times)
        for site, portal, (workers, _) in zip(plan.sites, portals, reacting, strict=True)
    ]
    return Around(
        pages_a_second=sum(rates),
        portals=sum(portals),
        portal_servers=sum(rates) * times.page_server,
        task_workers=sum(workers for workers, _ in reacting),
        slowest_reaction=max(seconds for _, seconds in reacting),
        connections=sum(held),
        most_connections=max(held),
        wal=sum(_wal(site, times, day) for site in plan.sites),
        most_memory=times.megabytes["run"] + plan.sites[0].units * times.bytes_per_unit / 2**20,
    )


def requests(site: Site, day: Day, assumed: Assumed) -> float:
    """Pages a second that a site is asked for at the peak: the busiest quarter of an hour."""
    values = day.minutes["actions"]
    peak = max(sum(values[start : start + 15]) / 15 for start in range(0, len(values), 15))
    return peak * _scale(site, day) * assumed.requests_per_action / 60


def _scale(site: Site, day: Day) -> float:
    return site.open_cases / max(day.open_cases, 1)


def _rounded(rate: float) -> float:
    """To a twentieth, so that sites alike are reckoned once."""
    step = 1.05
    found = 0.1
    while found < rate:
        found *= step
    return found


@lru_cache(maxsize=1024)
def processes(rate: float, pages: tuple[float, ...], seed: int) -> int:
    """The fewest portal processes that answer 95 of 100 pages within `PAGE`."""
    number = max(1, ceil(rate * mean(pages)))
    while slow_page(rate, pages, number, seed) > PAGE:
        number += max(1, number // 20)
    return number


def slow_page(rate: float, pages: tuple[float, ...], number: int, seed: int) -> float:
    """Seconds within which 95 of 100 pages are there: requests by chance, a core each process."""
    dice, servers, now = Random(seed), Servers(number), 0.0
    waited = []
    while now < WATCHED:
        now += dice.expovariate(rate)
        waited.append(servers.serve(now, dice.choice(pages)) - now)
    waited.sort()
    return waited[len(waited) * 95 // 100]


def reactions(site: Site, day: Day, times: Times, assumed: Assumed) -> tuple[int, float]:
    """Task workers of a site, and the seconds a reaction takes with them.

    One reaction does all there is to do, and clicks meanwhile are done by the next: the longer it
    takes, the more it finds. What it finds divides among those who react side by side.
    """
    rate = requests(site, day, assumed) / assumed.requests_per_action
    once = REPORTING + 2 * times.reference.of(site.units)
    each = times.notice + times.message + times.finding
    for workers in range(1, 65):
        load = rate * each / workers
        if load < 0.9 and (seconds := once / (1 - load) + assumed.answer) * 1.5 <= FAST:
            return workers, seconds * 1.5
    return 1, (once + assumed.answer) * 1.5


def _held(site: Site, times: Times) -> int:
    """Connections of a site's runs."""
    follow_up, deliver = times.connections["follow-up"], times.connections["deliver"]
    if site.whole:
        return max(follow_up, deliver)
    return len(site.shares) * follow_up + site.senders * deliver + 1


def _wal(site: Site, times: Times, day: Day) -> float:
    """Bytes a second in the busiest minute."""
    scale = _scale(site, day)
    minutes = day.minutes
    notices = [sum(each) for each in zip(*(minutes[k] for k in ("reminders", "levels", "news")),
                                         strict=True)]  # fmt: skip
    peak = max(
        looks * times.wal["look"] + owed * times.wal["notice"] + found * times.wal["finding"]
        for looks, owed, found in zip(minutes["looks"], notices, minutes["findings"], strict=True)
    )
    return float(peak * scale / 60)
