"""The search for the smallest installation that holds the aims.

Everything begins generous. Then one thing after the other is made as scarce as the aims allow, by
halving the range between what holds and what does not; cheapest is what has the fewest cores. More
of anything never makes anybody wait longer (a law the tests hold the simulation to), so halving
finds the edge.
"""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from heapq import heappop, heappush
from math import ceil, sqrt
from random import Random

from bench.nation.assumed import MINUTE, Assumed
from bench.nation.measured import Times
from bench.nation.profile import Day
from bench.nation.scenarios import SCENARIOS, Scenario, tried
from bench.nation.sites import Plan, Site, shares_of, sizes
from models.case import SHARDS

ORDINARY, HOLIDAY, ZONE, OUTAGE = SCENARIOS[:4]
CHECKS = (
    (ORDINARY, (17.98, 18.2)), (ORDINARY, (15.98, 16.12)), (HOLIDAY, (17.98, 18.2)),
    (ZONE, (8.95, 9.4)), (OUTAGE, (9.98, 11.35)), (HOLIDAY, (7.95, 9.05)),
)  # fmt: skip
"""The worst stretches of the scenarios: what holds there is tried all day at the end."""
LATE_MAIL = 60 * MINUTE
"""Ours, the issue names none: the last message of the heap after a holiday within the hour."""
INTERVALS = (60.0, 45.0, 30.0, 20.0)
SLACK = 0.7
"""Of the time there is, so much may be used: what chance takes is not known beforehand."""
THIN = 24
"""Of the databases of a layout, about so many are searched with."""
INSTANCE = 16
"""Cores of one PostgreSQL instance at most, for rounds."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """How generous a plan is. More is scarcer, but for `places` and `prefects`."""

    interval: float
    looks_per_hand: float
    """Of what falls due at once."""
    mail_per_sender: float
    """Of the morning after a holiday."""
    server_seconds: float
    """In which an instance is to be through with what falls due at once."""
    places: int
    prefects: int


def laid_out(
    layout: str, knobs: Knobs, times: Times, days: dict[str, Day], assumed: Assumed, thin: int = 1
) -> Plan:
    """The plan of a layout; or of each so manieth of its databases, with as much less around."""
    dice, day = Random(7), days["after a holiday"]
    peak, mail = max(day.minutes["looks"]), _morning(day)
    sites: list[Site] = []
    instances: list[float] = []
    for number, (name, size) in enumerate(sizes(layout, assumed)[::thin]):
        scale = size / max(day.open_cases, 1)
        hands = _between(1, peak * scale / knobs.looks_per_hand, SHARDS)
        senders = _between(1, mail * scale / knobs.mail_per_sender, 256)
        need = peak * scale * times.look_server.each / knobs.server_seconds
        if not instances or instances[-1] + need > INSTANCE:
            instances.append(0.0)
        instances[-1] += need
        held_up = _sending(max(_notices(day)) * scale, times, assumed) > knobs.interval / 4
        sites.append(Site(
            name, size, assumed.units(size), zone=number % assumed.zones,
            phase=dice.random() * knobs.interval, shares=shares_of(size, hands, dice),
            senders=senders, prefect=0, server=len(instances) - 1,
            whole=hands == senders == 1 and not held_up,
        ))  # fmt: skip
    prefects, places = max(1, knobs.prefects // thin), max(1, knobs.places // thin)
    servers = tuple(max(1, ceil(need)) for need in instances)
    shared_out = tuple(_over(sites, prefects))
    return Plan(shared_out, knobs.interval, places, prefects, servers, assumed.zones)


def _over(sites: list[Site], prefects: int) -> Iterator[Site]:
    """Each site to the Prefect server that has the fewest runs so far."""
    runs = [(0, number) for number in range(prefects)]
    for site in sites:
        busy, number = heappop(runs)
        heappush(runs, (busy + site.runs, number))
        yield replace(site, prefect=number)


def _sending(notices: float, times: Times, assumed: Assumed) -> float:
    """Seconds one sender takes for a heap."""
    shared = notices * assumed.shared_outlet * assumed.answer / assumed.side_by_side
    return max(shared, notices * (times.notice + times.message))


def _notices(day: Day) -> list[float]:
    kinds = (day.minutes[kind] for kind in ("reminders", "levels", "news"))
    return [sum(each) for each in zip(*kinds, strict=True)]


def _morning(day: Day) -> float:
    """Notices that wait for the opening at 08:00."""
    return _notices(day)[8 * 60]


def _between(least: int, wished: float, most: int) -> int:
    return max(least, min(ceil(wished), most))


@dataclass(frozen=True, slots=True)
class Found:
    """The smallest plan of a layout, or the best there is; `holds` says which."""

    layout: str
    knobs: Knobs
    plan: Plan
    sample: Plan
    thin: int
    holds: bool
    tries: int


class Search:
    """For one layout."""

    def __init__(
        self, layout: str, times: Times, days: dict[str, Day], assumed: Assumed, seed: int,
        *, quick: bool = False,
    ) -> None:  # fmt: skip
        self.layout, self.times, self.days = layout, times, days
        self.assumed, self.seed, self.quick = assumed, seed, quick
        self.tries = 0
        self.holds = cache(self._holds)

    def smallest(self) -> Found:
        """Look for it."""
        generous = [self._generous(interval) for interval in INTERVALS]
        knobs = next(filter(self.holds, generous), None)
        if knobs is None:
            return self._found(generous[2], holds=False)
        for name in () if self.quick else ("looks_per_hand", "mail_per_sender", "server_seconds"):
            knobs = self._scarcer(knobs, name)
        for name in ("prefects", "places"):
            knobs = self._fewer(knobs, name)
        return self._found(knobs, holds=True)

    def _found(self, knobs: Knobs, *, holds: bool) -> Found:
        plan, sample = self._plan(knobs), self.sample(knobs)
        return Found(self.layout, knobs, plan, sample, self.thin, holds, self.tries)

    def _generous(self, interval: float) -> Knobs:
        """As many hands as fill the time there is between two rounds, and twice of all else."""
        start = max(self.times.start) + 3 * self.times.prefect
        left = max(MINUTE - interval - start, 5.0) * SLACK
        looks = left / (self.times.look.each + self.times.look.once / 1000)
        mail = LATE_MAIL * SLACK / _sending(1, self.times, self.assumed)
        knobs = Knobs(interval, looks * SLACK, mail * SLACK, left / 2, 1, 1)
        runs = sum(site.runs for site in self._plan(knobs).sites)
        prefects = ceil(4 * runs * self.times.prefect / interval)
        return replace(knobs, places=ceil(runs * 2 / self.assumed.zones), prefects=prefects)

    def _plan(self, knobs: Knobs) -> Plan:
        return laid_out(self.layout, knobs, self.times, self.days, self.assumed)

    @property
    def thin(self) -> int:
        """One database of so many is simulated, with so much less around."""
        return max(1, len(sizes(self.layout, self.assumed)) // THIN)

    def sample(self, knobs: Knobs) -> Plan:
        """The plan that is simulated in place of the whole."""
        return laid_out(self.layout, knobs, self.times, self.days, self.assumed, self.thin)

    def _holds(self, knobs: Knobs) -> bool:
        plan = self.sample(knobs)
        self.tries += 1
        return all(self._holds_in(plan, *check) for check in CHECKS)

    def _holds_in(self, plan: Plan, scenario: Scenario, hours: tuple[float, float]) -> bool:
        answer = tried(scenario, plan, self.times, self.days, self.assumed, self.seed, hours)
        late = scenario is HOLIDAY and hours[0] < 9 and answer.latest_message > LATE_MAIL
        holds = answer.holds(scenario) and not late
        if not holds:
            say(f"  not {plan.interval:.0f} s, {plan.places} places, {plan.prefects} servers of "
                f"Prefect: {scenario.name} {hours}, {answer.latest:.0f} s late, caught up "
                f"{answer.caught_up}, last message {answer.latest_message:.0f} s")  # fmt: skip
        return holds

    def _scarcer(self, knobs: Knobs, name: str) -> Knobs:
        """As scarce as holds, to a third or less: from what is given to four times of it."""
        low, high = float(getattr(knobs, name)), 4.0 * float(getattr(knobs, name))
        while high / low > 1.3:
            middle = sqrt(low * high)
            if self.holds(_with(knobs, name, middle)):
                low = middle
            else:
                high = middle
        return _with(knobs, name, low)

    def _fewer(self, knobs: Knobs, name: str) -> Knobs:
        """As few as hold, to a tenth."""
        # The sample has at least one, which stands for as many as it is thin.
        low, high = self.thin - 1, int(getattr(knobs, name))
        while high - low > max(1, high // 10):
            middle = (low + high) // 2
            if self.holds(_with(knobs, name, middle)):
                high = middle
            else:
                low = middle
        return _with(knobs, name, high)


def _with(knobs: Knobs, name: str, value: float) -> Knobs:
    whole = name in ("places", "prefects")
    return Knobs(**asdict(knobs) | {name: int(value) if whole else value})


def say(text: str) -> None:
    """Progress, to standard error."""
    print(text, file=sys.stderr, flush=True)
