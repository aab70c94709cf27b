"""What is tried: ordinary days and bad ones, and what a plan answers to them."""

from collections import Counter
from dataclasses import dataclass
from math import ceil

from bench.nation.assumed import HOUR, MINUTE, Assumed
from bench.nation.due import CALM, Backlog
from bench.nation.measured import Times
from bench.nation.model import Simulation
from bench.nation.profile import Day
from bench.nation.sites import Plan
from bench.nation.state import Fault


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stretch of a day, perhaps with a fault in it. Hours of the day."""

    name: str
    day: str
    begins: float
    ends: float
    aim: float
    """Seconds a look may be late."""
    fault: Fault | None = None
    catch_up: float | None = None
    """Seconds after the fault within which the aim must hold again."""


NINE, TEN, ELEVEN = 9 * HOUR, 10 * HOUR, 11 * HOUR
SCENARIOS = (
    Scenario("an ordinary working day", "ordinary", 7.5, 20.5, MINUTE),
    Scenario("the day after a holiday week", "after a holiday", 7.5, 20.5, 5 * MINUTE),
    Scenario("a zone lost 09:00 to 11:00", "ordinary", 8.5, 12.5, 15 * MINUTE,
             Fault(NINE, ELEVEN, zone=0), 15 * MINUTE),
    Scenario("everything away 10:00 to 11:00", "ordinary", 9.5, 14.5, 75 * MINUTE,
             Fault(TEN, ELEVEN, everything=True), 15 * MINUTE),
    Scenario("one shard broken 09:00 to 11:00", "ordinary", 8.5, 12.5, 3 * HOUR,
             Fault(NINE, ELEVEN, broken_shard=True), 15 * MINUTE),
    Scenario("the shared account slow 10:00 to 11:00", "ordinary", 9.5, 14.5, MINUTE,
             Fault(TEN, ELEVEN, slow_account=True)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scenario did to a plan. Times in seconds."""

    looks: float
    most_waiting: float
    latest: float
    elsewhere: float
    """The latest look but for those of the shard that breaks, if one does."""
    nearly: float
    """All but one of a thousand looks were done within so much."""
    latest_message: float
    half_messages: float
    messages: float
    left: float
    """Looks that still waited at the end, though due."""
    caught_up: float | None
    """After the fault: until no look was late for longer than `CALM` any more."""
    messages_caught_up: float | None
    skipped: int
    places_used: float
    """Of the places of all workers, on average."""
    server_used: float
    """Of the cores of the busiest database."""
    prefect_used: float
    row: int
    """Runs that waited for a place at once."""
    events: int

    def holds(self, scenario: Scenario) -> bool:
        """Whether the aims of the scenario are met."""
        in_time = self.latest <= scenario.aim and not self.left
        if scenario.catch_up is None or self.caught_up is None:
            return in_time
        return in_time and self.caught_up <= scenario.catch_up


def tried(
    scenario: Scenario, plan: Plan, times: Times, days: dict[str, Day], assumed: Assumed,
    seed: int, hours: tuple[float, float] | None = None,
) -> Answer:  # fmt: skip
    """A scenario, or some hours of it, on a plan."""
    begins, ends = (hour * HOUR for hour in hours or (scenario.begins, scenario.ends))
    simulation = Simulation(
        plan, times, days[scenario.day], assumed, start=begins, seed=seed, fault=scenario.fault
    ).until(ends)
    return answered(simulation, scenario, ends - begins)


def answered(simulation: Simulation, scenario: Scenario, lasted: float) -> Answer:
    """What is to be told of a simulation that has run for so long."""
    looks, mail = simulation.backlogs(), simulation.mail()
    plan, fault = simulation.plan, scenario.fault
    now = simulation.calendar.now
    mine = [*looks, *(state.broken for state in simulation.states)]
    overdue = [b for b in mine if b.waiting and now - b.waiting[0][0] > max(scenario.aim, CALM)]
    free = [server.busy / (lasted * len(server.free)) for server in simulation.servers]
    return Answer(
        looks=sum(b.done for b in looks),
        most_waiting=simulation.most_waiting,
        latest=max(b.worst for b in looks),
        elsewhere=max((b.worst for b in looks[1:]), default=0.0),
        nearly=_part(looks, 0.999),
        latest_message=max(b.worst for b in mail),
        half_messages=_part(mail, 0.5),
        messages=sum(b.done for b in mail),
        left=sum(b.count for b in overdue),
        caught_up=_after(looks, fault),
        messages_caught_up=_after(mail, fault),
        skipped=simulation.skipped,
        places_used=sum(p.used for p in simulation.places) / (plan.places * plan.zones * lasted),
        server_used=max(free),
        prefect_used=max(server.busy for server in simulation.prefects) / lasted,
        row=max(places.longest for places in simulation.places),
        events=simulation.calendar.events,
    )


def _part(backlogs: list[Backlog], part: float) -> float:
    """Within how many seconds such a part was done."""
    late: Counter[int] = Counter()
    for backlog in backlogs:
        late.update(backlog.late)
    wanted, seen = ceil(part * late.total()), 0
    for tenth in sorted(late):
        seen += late[tenth]
        if seen >= wanted:
            return (tenth + 1) * 6.0
    return 0.0


def _after(backlogs: list[Backlog], fault: Fault | None) -> float | None:
    """How long after the fault something was last done that had waited too long."""
    if fault is None:
        return None
    last = max((b.last_late for b in backlogs), default=0.0)
    return max(last - fault.over, 0.0)
