"""The simulated nation: what must hold of any simulation, whatever was measured."""

from dataclasses import replace
from math import factorial
from random import Random

import pytest

from bench.nation import around, measured, profile
from bench.nation.assumed import HOUR, Assumed, city_sizes
from bench.nation.measured import Line, Times
from bench.nation.model import Simulation
from bench.nation.plan import Knobs, laid_out
from bench.nation.profile import KINDS, MINUTES, Day
from bench.nation.queues import Calendar, Places, Process, Servers
from bench.nation.scenarios import Answer, Scenario, answered
from bench.nation.sites import LAYOUTS, Plan, Site, shares_of, sizes
from bench.nation.state import Fault

TIMES = Times(
    look=Line(0.005, 0.0002), look_spread=(1.0,), look_server=Line(0.002, 0.0001), ask=0.002,
    reference=Line(0.01, 1e-6), reads=1.0, finding=0.0004, finding_server=0.0002,
    notice=0.0008, message=0.0008, notice_server=0.0004, start=(5.0,), start_sweep=(6.0,),
    prefect=0.3, prefect_sweep=0.6, prefect_idle=0.02, pages=(0.03, 0.05, 0.07), page_server=0.005,
    connections={"follow-up": 4, "deliver": 1, "portal": 10},
    megabytes={"run": 190.0, "prefect": 220.0, "portal": 150.0, "backend": 8.0},
    wal={"look": 2500.0, "finding": 7300.0, "notice": 2300.0}, bytes_per_case=11_000.0,
    bytes_per_unit=3000.0,
)  # fmt: skip
EIGHT = 8 * HOUR


# -- queues as theory has them -----------------------------------------------------------------


def waited(servers: int, load: float, service: str, seed: int = 1, count: int = 60_000) -> float:
    """How long one waits on average, in services of one second, where chance sends them."""
    dice, here, now, total = Random(seed), Servers(servers), 0.0, 0.0
    for _ in range(count):
        now += dice.expovariate(load * servers)
        seconds = 1.0 if service == "always the same" else dice.expovariate(1.0)
        total += here.serve(now, seconds) - now - seconds
    return total / count


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_server_that_always_takes_as_long_makes_wait_as_pollaczek_and_khinchine_say(
    load: float,
) -> None:
    assert waited(1, load, "always the same") == pytest.approx(load / (2 * (1 - load)), rel=0.1)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (3, 0.8), (8, 0.6)])
def test_several_servers_make_wait_as_erlang_says(servers: int, load: float) -> None:
    offered = servers * load
    all_busy = offered**servers / factorial(servers) / (1 - load)
    waits = all_busy / (sum(offered**n / factorial(n) for n in range(servers)) + all_busy)
    wanted = waits / (servers * (1 - load))
    assert waited(servers, load, "by chance") == pytest.approx(wanted, rel=0.12)


def test_more_than_can_be_served_grows_without_end_and_less_does_not() -> None:
    assert waited(2, 0.9, "by chance", count=20_000) < 20
    assert waited(2, 1.2, "by chance", count=20_000) > 500


def test_places_are_taken_in_the_order_of_asking() -> None:
    calendar, places, order = Calendar(), Places(1), list[str]()

    def one(name: str) -> Process:
        yield places
        order.append(name)
        yield calendar.now + 10
        calendar.give_back(places)

    for place, name in enumerate("abc"):
        calendar.begin(one(name), at=float(place))
    calendar.until(25)
    assert order == ["a", "b", "c"]
    assert calendar.now == 25
    assert (places.longest, len(places.row)) == (2, 0)


# -- the day -----------------------------------------------------------------------------------


def day(until: int = 8 * 60 + 40) -> Day:
    """A hundred thousand open cases; every minute 200 looks, at 08:10 another 20,000 at once."""
    found = Day(open_cases=100_000)
    for kind in KINDS:
        found.minutes[kind][8 * 60 : until] = [200.0] * (until - 8 * 60)
    found.minutes["looks"][8 * 60 + 10] = 20_000.0
    return found


def plan(places: int = 20, hands: int = 1, *, whole: bool = False, interval: float = 60.0) -> Plan:
    """Three sites in three zones on one instance."""
    dice = Random(3)
    sites = tuple(
        Site(f"city {n}", 100_000.0, 2_000.0, n, 7.0 * n, shares_of(100_000, hands, dice), 1, 0, 0,
             whole)
        for n in range(3)
    )  # fmt: skip
    return Plan(sites, interval, places, 1, (4,))


def simulated(
    installed: Plan, fault: Fault | None = None, seed: int = 1, *, hours: float = 3.0,
    times: Times = TIMES,
) -> Simulation:  # fmt: skip
    start = EIGHT - 60
    return Simulation(
        installed, times, day(), Assumed(), start=start, seed=seed, fault=fault
    ).until(start + hours * HOUR)


FAULTS = {
    "none": None,
    "a zone lost": Fault(EIGHT + 605, EIGHT + 1800, zone=0),
    "everything away": Fault(EIGHT + 605, EIGHT + 1800, everything=True),
    "a broken shard": Fault(EIGHT + 300, EIGHT + 1800, broken_shard=True),
    "a slow account": Fault(EIGHT + 300, EIGHT + 1800, slow_account=True),
}


@pytest.mark.parametrize("whole", [True, False], ids=["sweep", "parts"])
@pytest.mark.parametrize("what", FAULTS)
def test_everything_that_came_due_is_done_once_in_the_end(what: str, *, whole: bool) -> None:
    simulation = simulated(plan(whole=whole), FAULTS[what])
    for backlog in [*simulation.backlogs(), *simulation.mail()]:
        assert backlog.came > 0
        assert backlog.count == pytest.approx(0, abs=1e-6)
        assert backlog.done == pytest.approx(backlog.came)


@pytest.mark.parametrize("what", FAULTS)
def test_at_any_instant_nothing_is_done_that_did_not_come(what: str) -> None:
    for hours in (0.2, 0.25, 0.4, 0.52):
        for backlog in simulated(plan(), FAULTS[what], hours=hours).backlogs():
            in_hand = backlog.came - backlog.done - backlog.count
            assert -1e-6 <= in_hand <= 4 * 1000 + 1e-6


def test_the_same_seed_gives_the_same_day_and_another_another() -> None:
    def told(seed: int) -> Answer:
        times = replace(TIMES, look_spread=(0.8, 1.0, 1.3), start=(5.0, 6.0))
        simulation = simulated(plan(), seed=seed, hours=0.5, times=times)
        return answered(simulation, Scenario("", "", 8, 9, 60), 1800.0)

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_more_places_never_make_anybody_wait_longer() -> None:
    times = replace(TIMES, start=(25.0,))
    latest = [worst(simulated(plan(n), hours=1, times=times)) for n in (1, 2, 3, 6)]
    assert latest == sorted(latest, reverse=True)
    assert latest[0] > latest[-1]


def test_two_hands_are_through_with_a_heap_sooner_than_one() -> None:
    times = replace(TIMES, look=Line(0.005, 0.004))
    one, two = (worst(simulated(plan(hands=n), hours=0.6, times=times)) for n in (1, 2))
    assert two < one - 10


def test_what_falls_due_just_after_a_round_waits_for_the_next() -> None:
    simulation = simulated(plan(), hours=1)
    start = TIMES.start[0] + TIMES.prefect
    assert worst(simulation) > start
    assert worst(simulation) < 60 + 3 * start + 20_000 * TIMES.look.each * 2


def test_a_long_delivery_holds_up_a_sweep_but_no_part() -> None:
    slow = replace(TIMES, message=0.4)
    whole = simulated(plan(whole=True), hours=1, times=slow)
    assert worst(whole) > worst(simulated(plan(), hours=1, times=slow)) + 60
    assert whole.skipped > 0


def test_a_lost_zone_is_stood_by_the_others() -> None:
    fault = Fault(EIGHT + 605, EIGHT + 3600, zone=0)
    simulation = simulated(plan(), fault, hours=0.75)
    waited_for = Assumed().stuck + Assumed().fail_over + 120
    assert 60 < worst(simulation) < waited_for
    assert simulation.states[1].looks[0].worst < 90


def test_nothing_is_done_while_everything_is_away() -> None:
    fault = Fault(EIGHT + 605, EIGHT + 1800, everything=True)
    away, over = simulated(plan(), fault, hours=0.5), simulated(plan(), fault, hours=0.52)
    began = simulated(plan(), fault, hours=0.19)
    assert sum(b.done for b in away.backlogs()) == sum(b.done for b in began.backlogs())
    assert sum(b.done for b in over.backlogs()) > sum(b.done for b in away.backlogs())


def test_a_broken_shard_holds_up_no_other() -> None:
    simulation = simulated(plan(hands=2), FAULTS["a broken shard"])
    mine, *others = simulation.backlogs()
    assert mine.worst > 1200
    assert max(each.worst for each in others) < 120


def test_a_slow_account_holds_up_no_other_messages() -> None:
    simulation = simulated(plan(), FAULTS["a slow account"])
    state = simulation.states[0]
    assert state.shared.worst > 1200
    assert state.messages.worst < 180


# -- what is around ----------------------------------------------------------------------------


def test_more_portal_processes_never_make_a_page_slower() -> None:
    slow = [around.slow_page(20.0, TIMES.pages, number, 1) for number in (1, 2, 3, 6)]
    assert slow == sorted(slow, reverse=True)
    needed = around.processes(20.0, TIMES.pages, 1)
    assert around.slow_page(20.0, TIMES.pages, needed, 1) <= around.PAGE


def test_the_cases_of_all_cities_are_all_cases() -> None:
    cities = city_sizes(Assumed())
    assert len(cities) == 300
    assert sum(cities) == pytest.approx(100_000_000)
    assert cities == sorted(cities, reverse=True)
    for layout in LAYOUTS:
        assert sum(size for _, size in sizes(layout, Assumed())) == pytest.approx(100_000_000)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_site_of_a_plan_has_all_its_cases_in_somebodys_hands(layout: str) -> None:
    days = {"ordinary": day(), "after a holiday": day()}
    knobs = Knobs(60.0, 10_000, 10_000, 20.0, 30, 5)
    found = laid_out(layout, knobs, TIMES, days, Assumed(), thin=10)
    assert {site.prefect for site in found.sites} == set(range(found.prefects))
    for site in found.sites:
        assert sum(part for part, _ in site.shares) == pytest.approx(1)
        assert site.server < len(found.servers)


# -- what was measured -------------------------------------------------------------------------


def test_a_line_is_found_again() -> None:
    line = measured.fitted([(n, 0.004 + 0.0002 * n) for n in (1, 10, 100, 1000)])
    assert (line.once, line.each) == pytest.approx((0.004, 0.0002))


def test_what_was_measured_can_be_simulated_with() -> None:
    times, days = measured.kept(), profile.kept()
    assert min(times.look.each, times.look_server.each, times.prefect, *times.pages) > 0
    assert set(days) == set(profile.DAYS)
    for one in days.values():
        assert one.open_cases > 0
        assert all(len(one.minutes[kind]) == MINUTES for kind in KINDS)


def worst(simulation: Simulation) -> float:
    """The latest look of all."""
    return max(backlog.worst for backlog in simulation.backlogs())
