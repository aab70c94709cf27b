"""A day of the installation, batch by batch.

Runs begin every interval, wait for a place with a worker, for Prefect's server, for their
process; then they claim what is due, as the real ones do: a follow-up batch by batch of its own
shards, a delivery hand by hand. A batch takes its worker's core, then one of the database's.
What is done is done when its transaction ends.
"""

from collections.abc import Callable
from random import Random

from bench.nation.assumed import Assumed
from bench.nation.due import Backlog, about, spikes, steps, together
from bench.nation.measured import Times
from bench.nation.profile import MINUTES, Day
from bench.nation.queues import Calendar, Places, Process, Servers
from bench.nation.sites import Plan, Site
from bench.nation.state import Fault, Run, State

BATCH, HAND = 1000, 200
GRAIN = 5
"""So many hands of a delivery are reckoned at once: they follow one another anyhow."""
PARTS = 4
"""DUBAN_SHARDS: threads of a follow-up, which share one core and wait for the database alone."""
RETRIES = 21.0
"""Seconds until a task that cannot reach its database gives up: tasks/retrying.py."""


class Simulation:
    """One day of a plan."""

    def __init__(
        self, plan: Plan, times: Times, day: Day, assumed: Assumed, *, start: float, seed: int,
        fault: Fault | None = None,
    ) -> None:  # fmt: skip
        self.plan, self.times, self.day, self.assumed = plan, times, day, assumed
        self.fault, self.start = fault, start
        self.dice = Random(seed)
        self.calendar = Calendar(start)
        self.places = [Places(plan.places) for _ in range(plan.zones)]
        self.zone_away = [False] * plan.zones
        self.prefects = [Servers(1) for _ in range(plan.prefects)]
        self.servers = [Servers(cores) for cores in plan.servers]
        self.runs: set[int] = set()
        self.alive: dict[int, Run] = {}
        self.skipped = 0
        self.started = 0
        self.states = [self._state(site, seed) for site in plan.sites]
        self.spikes = {
            kind: spikes(day.minutes[kind]) for kind in ("looks", "reminders", "levels", "news")
        }
        self.reminded = sum(day.minutes["reminders"])
        self.most_waiting = 0.0
        for number in range(len(plan.sites)):
            self.calendar.begin(self._rounds(number))
        self.calendar.begin(self._watch())
        if fault:
            self.calendar.begin(self._faults(fault), fault.begins)

    def _state(self, site: Site, seed: int) -> State:
        hands = len(site.shares)
        dice = [Random(f"{seed} {site.name} {hand}") for hand in range(hands + 1)]
        return State([Backlog() for _ in range(hands)], dice, seen=[self.start] * (hands + 1))

    def until(self, end: float) -> "Simulation":
        """Let the day go on to an instant."""
        self.calendar.until(end)
        return self

    # -- what comes ----------------------------------------------------------------------------

    def _fall_due(self, number: int, hand: int, at: float) -> None:
        """What fell due for a hand since it was last reckoned."""
        site, state = self.plan.sites[number], self.states[number]
        part = site.shares[hand][0] * site.open_cases / max(self.day.open_cases, 1)
        whole = site.shares[hand][1] or 1
        backlog = state.looks[hand]
        broken = self.fault is not None and self.fault.broken_shard and number == 0 and hand == 0
        for due, share in steps("looks", self.day, self.spikes, state.seen[hand], at):
            count = about(state.dice[hand], share * part)
            if broken:
                state.broken.come(due, count / whole)
                count -= count / whole
            backlog.come(due, count)
        state.seen[hand] = max(state.seen[hand], at)

    def _owed(self, number: int, at: float) -> None:
        """Messages that may leave, since it was last reckoned."""
        site, state, assumed = self.plan.sites[number], self.states[number], self.assumed
        scale = site.open_cases / max(self.day.open_cases, 1)
        people = site.units * assumed.people_per_unit
        for kind in ("reminders", "news", "levels"):
            part = 1.0
            if kind == "reminders":
                part = together(self.reminded * scale / 4, people)
            for due, share in steps(kind, self.day, self.spikes, state.seen[-1], at):
                burst = share * scale
                # A morning's heap goes to each person in one message.
                if kind == "news" and burst > people / 50:
                    part = together(burst, people)
                count = about(state.dice[-1], burst * part)
                state.notices += count / part
                state.shared.come(due, count * assumed.shared_outlet)
                state.messages.come(due, count * (1 - assumed.shared_outlet))
        state.seen[-1] = max(state.seen[-1], at)

    # -- rounds --------------------------------------------------------------------------------

    def _rounds(self, number: int) -> Process:
        """Prefect plans a site's rounds; one that is still under way is joined by no other."""
        site, interval = self.plan.sites[number], self.plan.interval
        yield self.start + site.phase
        while True:
            if not self._all_away():
                for key, work in self._deployments(number):
                    self._plan_run(number, key, work)
            yield self.calendar.now + interval

    def _deployments(self, number: int) -> list[tuple[str, Callable[[Run], Process]]]:
        site = self.plan.sites[number]
        if site.whole:
            return [("sweep", self._sweep)]
        shares = [(f"follow-up-{hand + 1}", self._share(hand)) for hand in range(len(site.shares))]
        senders = [(f"deliver-{sender + 1}", self._deliver_run) for sender in range(site.senders)]
        return [*shares, *senders, ("dispatch", self._dispatch_run)]

    def _plan_run(self, number: int, key: str, work: Callable[[Run], Process]) -> None:
        state, now = self.states[number], self.calendar.now
        if state.busy.get(key, 0.0) > now:
            self.skipped += 1
            return
        state.busy[key] = float("inf")
        self.calendar.begin(self._run(Run(number, key, now, self._zone_of(number)), work))

    def _zone_of(self, number: int) -> int:
        """The zone whose workers take a run: the site's own, or another while that is away."""
        zone = self.plan.sites[number].zone
        if not self.zone_away[zone]:
            return zone
        others = [other for other in range(self.plan.zones) if not self.zone_away[other]]
        return others[number % len(others)] if others else zone

    def _run(self, run: Run, work: Callable[[Run], Process]) -> Process:
        """A run, from being planned to its end."""
        site, state, now = self.plan.sites[run.site], self.states[run.site], self.calendar
        places = self.places[run.zone]
        yield places
        begun = now.now
        if self.zone_away[run.zone]:  # it had waited there
            state.busy[run.key] = 0.0
            return
        if begun - run.planned > self.assumed.stale:
            state.busy[run.key] = 0.0
            now.give_back(places)
            return
        self.alive[id(run)], run.begun = run, begun
        self.started += 1
        sweep = run.key == "sweep"
        orchestration = self.times.prefect_sweep if sweep else self.times.prefect
        yield begun + self.dice.choice(self.times.start_sweep if sweep else self.times.start)
        orchestration /= 1 - self.times.prefect_idle
        yield self.prefects[site.prefect].serve(now.now, orchestration)
        if state.away_until > now.now:
            yield now.now + RETRIES
        else:
            yield from work(run)
        self.alive.pop(id(run), None)
        places.used += now.now - begun
        if run.dead:
            return
        state.busy[run.key] = 0.0
        now.give_back(places)

    # -- work ----------------------------------------------------------------------------------

    def _sweep(self, run: Run) -> Process:
        yield from self._dispatch_run(run)
        yield from self._follow_up(run, 0)
        yield from self._deliver_run(run)

    def _share(self, hand: int) -> Callable[[Run], Process]:
        return lambda run: self._follow_up(run, hand)

    def _follow_up(self, run: Run, hand: int) -> Process:
        site, state, times, now = self._around(run)
        server = self.servers[site.server]
        self._fall_due(run.site, hand, run.planned)
        backlog, shards = state.looks[hand], site.shares[hand][1] or 1
        due = sum(count for at, count in backlog.waiting if at <= run.planned)
        looked = min(shards, due)
        reads = min(PARTS, looked) * times.reads
        yield now.now + reads * times.reference.of(site.units) + looked * times.ask
        if self._breaks(run, hand):
            yield now.now + 4 * 100 * times.look.once + RETRIES
        each = max(due / shards, 1.0)
        under_way: list[float] = []
        while taken := backlog.take(BATCH, run.planned):
            count = sum(part for _, part in taken)
            batches = max(count / min(each, BATCH), 1.0)
            yield now.now + batches * times.a_look(count / batches, self.dice)
            if run.dead or state.away_until > now.now:
                backlog.put_back(taken)
                return
            done = server.serve(now.now, batches * times.look_server.of(count / batches))
            backlog.finish(taken, done)
            under_way.append(done)
            if len(under_way) >= PARTS:
                under_way.sort()
                yield max(under_way.pop(0), now.now)
        yield max([*under_way, now.now])

    def _breaks(self, run: Run, hand: int) -> bool:
        """Whether the broken shard is this hand's; what waited comes back once it is mended."""
        fault, now = self.fault, self.calendar.now
        if not fault or not fault.broken_shard or run.site or hand:
            return False
        if fault.begins <= now < fault.ends:
            return True
        broken, looks = self.states[0].broken, self.states[0].looks[0]
        looks.came += broken.count
        broken.came -= broken.count
        looks.put_back(broken.waiting)
        broken.waiting.clear()
        return False

    def _dispatch_run(self, run: Run) -> Process:
        """Findings since the last round become cases with their units."""
        site, state, times, now = self._around(run)
        scale = site.open_cases / max(self.day.open_cases, 1)
        minute = int(now.now // 60) % MINUTES
        mean = self.day.minutes["findings"][minute] * scale * self.plan.interval / 60
        count = about(self.dice, mean)
        yield now.now + times.reference.of(site.units) + count * times.finding
        if count and not run.dead:
            state.findings += count
            yield self.servers[site.server].serve(now.now, count * times.finding_server)

    def _deliver_run(self, run: Run) -> Process:
        site, state, times, now = self._around(run)
        self._owed(run.site, run.planned)
        yield now.now + times.reference.of(site.units)
        while True:
            mine = GRAIN * HAND * (1 - self.assumed.shared_outlet)
            taken = state.messages.take(mine, run.planned)
            shared, waits = self._of_the_account(state, run.planned)
            if not taken and not shared and not waits:
                return
            count = sum(part for _, part in [*taken, *shared])
            own = count * (times.notice * self._in_each(state) + times.message)
            answers = max(
                sum(part for _, part in taken) / self.assumed.threads,
                sum(part for _, part in shared) / self.assumed.side_by_side,
            )
            yield now.now + max(own, answers * self.assumed.answer, waits)
            if run.dead or state.away_until > now.now:
                self._held(state, taken, shared)
                return
            served = count * self._in_each(state) * times.notice_server
            done = self.servers[site.server].serve(now.now, served)
            state.messages.finish(taken, done)
            state.shared.finish(shared, done)
            yield done

    @staticmethod
    def _in_each(state: State) -> float:
        """Notices in a message, on average."""
        return max(state.notices / max(state.messages.came + state.shared.came, 1.0), 1.0)

    def _of_the_account(self, state: State, at: float) -> tuple[list[list[float]], float]:
        """What goes through the city's one account now; and how long it is waited for in vain."""
        fault, now = self.fault, self.calendar.now
        if now < state.account_shut:
            return [], 0.0
        slow = fault and fault.slow_account and fault.begins <= now < fault.ends
        if not slow:
            state.account_pause = 60.0
            return state.shared.take(GRAIN * HAND * self.assumed.shared_outlet, at), 0.0
        if not state.shared.waiting:
            return [], 0.0
        # Five failures in a row, then one message to see, after pauses that double.
        state.account_shut = now + self.assumed.send_limit + state.account_pause
        state.account_pause = min(state.account_pause * 2, 1800.0)
        return [], self.assumed.send_limit

    def _held(self, state: State, taken: list[list[float]], shared: list[list[float]]) -> None:
        """A killed sender's messages wait for its lease to run out."""

        def later() -> Process:
            yield self.calendar.now + self.assumed.lease
            state.messages.put_back(taken)
            state.shared.put_back(shared)

        self.calendar.begin(later())

    def _around(self, run: Run) -> tuple[Site, State, Times, Calendar]:
        return self.plan.sites[run.site], self.states[run.site], self.times, self.calendar

    # -- faults --------------------------------------------------------------------------------

    def _all_away(self) -> bool:
        return all(self.zone_away)

    def _faults(self, fault: Fault) -> Process:
        lost = range(self.plan.zones) if fault.everything else [fault.zone]
        zones = [zone for zone in lost if zone is not None]
        for zone in zones:
            self.zone_away[zone] = True
            self.places[zone].free = 0
            self.places[zone].row.clear()
        for state, site in zip(self.states, self.plan.sites, strict=True):
            if site.zone in zones:
                ends = fault.ends if fault.everything else fault.begins + self.assumed.fail_over
                state.away_until = ends
                state.busy.clear()
        for run in self.alive.values():
            if run.zone in zones:
                run.dead = True
                # Its place with Prefect is free only when its lease runs out.
                free = run.begun + self.assumed.stuck + self.dice.uniform(0, 15)
                self.states[run.site].busy[run.key] = free
        yield fault.ends
        for zone in zones:
            self.zone_away[zone] = False
            self.places[zone].free = self.plan.places

    # -- what came of it -----------------------------------------------------------------------

    def _watch(self) -> Process:
        """Every ten seconds: how many looks wait."""
        while True:
            waiting = sum(b.count for state in self.states for b in state.looks)
            self.most_waiting = max(self.most_waiting, waiting)
            yield self.calendar.now + 10

    def backlogs(self) -> list[Backlog]:
        """Of looks, all sites and hands."""
        return [backlog for state in self.states for backlog in state.looks]

    def mail(self) -> list[Backlog]:
        """Of messages."""
        return [b for state in self.states for b in (state.messages, state.shared)]
