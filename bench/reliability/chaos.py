"""The instants: at each one victim is killed in the middle of the work, and started again.

All chance comes from the seed: who is killed, during what, and how long after it began. What the
machine does meanwhile is not in anybody's hand, so two runs of one seed are not the same run.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bench.reliability import invariants
from bench.reliability.arrivals import Arrivals
from bench.reliability.clicks import Clicks
from bench.reliability.importing import Importer
from bench.reliability.papers import papers
from bench.reliability.processes import descendants, end, wait_until
from bench.reliability.rounds import FLOWS, Rounds
from bench.reliability.stack import WORKERS, Stack
from bench.reliability.watch import DELIVERY, IMPORT, PHASES, ROLES, SWEEP, Watch
from ledger.database import DatabaseTrouble, connect
from tasks.sending import now

DAYS = timedelta(days=21)
"""So many days of the city pass while it is being killed."""
LAST = timedelta(days=24)
"""When the last sweep is, counted from the first."""
WITHIN = {IMPORT: 0.5, SWEEP: 0.9, DELIVERY: 1.5}
"""Seconds after it was seen at work, at most, that it is killed."""
PATIENCE = 60.0
"""Seconds a phase is waited for; then whatever is under way is what is killed."""
WHOLE = 20
"""After so many kills everything is verified, not only what is new."""

FLOW_RUN, WORKER, ALL_WORKERS, TASK_WORKER = "flow run", "worker", "all workers", "task worker"
PREFECT, POSTGRES, BACKEND = "Prefect server", "PostgreSQL", "PostgreSQL backend"
PORTAL, IMPORTER = "portal", "importer"


@dataclass(frozen=True, slots=True)
class Instant:
    """Who is to be killed, during what, and how long after that was seen at work."""

    victim: str
    phase: str
    delay: float


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, as it came about."""

    victim: str
    phase: str
    during: frozenset[str]
    """What was under way at that very instant."""
    hit: int
    """How many processes it took."""
    wrongs: tuple[str, ...]
    seconds: float
    """From the kill until the invariants had been asked."""


def plan(instants: int, seed: int, *, task_worker: bool) -> list[Instant]:
    """As many instants as asked for: every victim during every phase, in chance's order."""
    dice = Random(seed)
    victims = [FLOW_RUN, WORKER, ALL_WORKERS, PREFECT, POSTGRES, BACKEND, PORTAL]
    pairs = [(victim, phase) for victim in victims for phase in PHASES]
    pairs += [(IMPORTER, IMPORT)] * 2
    if task_worker:
        pairs += [(TASK_WORKER, phase) for phase in PHASES]
    drawn: list[tuple[str, str]] = []
    while len(drawn) < instants:
        drawn += dice.sample(pairs, len(pairs))
    return [Instant(v, p, dice.uniform(0, WITHIN[p])) for v, p in drawn[:instants]]


@dataclass
class Chaos:
    """One run of kills on one stack."""

    stack: Stack
    instants: int
    cases: int
    seed: int
    by: float
    """When it must be over, by `time.monotonic`."""
    kills: list[Kill] = field(default_factory=list)

    def __post_init__(self) -> None:
        # From now on: clicks are of the real present, and what they cause is done at once; what
        # is to come of the papers must not be due yet then.
        self.start_at = now()
        self.ledger = connect(self.stack.url)
        self.watch, self.chains = Watch(self.stack.postgres, self.stack.taken), invariants.Chains()
        self.rounds = Rounds(self.stack.api)
        self.importer = Importer(self.stack, deque(papers(self.cases, self.seed)))
        self.clicks = Clicks(self.stack.portal, self.seed)
        self.arrivals = Arrivals(self.stack.taken)
        self.over = threading.Event()
        self.dice = Random(self.seed + 1)

    @property
    def at(self) -> datetime:
        """The instant of the city: it goes on with the kills."""
        gone = len(self.kills) / max(self.instants, 1)
        return (self.start_at + DAYS * gone).replace(microsecond=0)

    # -- all of it -----------------------------------------------------------------------------

    def run(self, said: Callable[[str], None]) -> None:
        """Kill until all instants are tried or time is up; `said` hears of each."""
        self._begin()
        feeder = threading.Thread(target=self._feed, daemon=True)
        feeder.start()
        self.clicks.start()
        for instant in plan(
            self.instants, self.seed, task_worker="task worker" in self.stack.units
        ):
            if time.monotonic() > self.by:
                break
            kill = self._one(instant)
            self.kills.append(kill)
            said(_line(len(self.kills), kill, self.at))
        self.over.set()
        feeder.join()

    def _begin(self) -> None:
        """Two papers undisturbed: there must be something to sweep and to tell."""
        while self.importer.waiting and len(self.importer.done) < 2:
            self.importer.start(self.at)
            time.sleep(0.1)

    def _feed(self) -> None:
        """Rounds are asked for all the time, at ever later instants."""
        while not self.over.wait(1):
            self.rounds.keep_going(self.at)

    def _one(self, instant: Instant) -> Kill:
        self.stack.tend()
        # Papers keep coming, a few more than are killed over, while there are any.
        if instant.phase == IMPORT or self.dice.random() < 0.2:
            self.importer.start(self.at)
        self._await(instant.phase)
        time.sleep(instant.delay)
        during = frozenset(self.watch.under_way())
        began = time.monotonic()
        hit = _KILLS[instant.victim](self, instant)
        self.stack.tend()
        wait_until("PostgreSQL", self.stack.postgres.answers)
        wrongs = tuple(self.asked())
        seconds = time.monotonic() - began
        return Kill(instant.victim, instant.phase, during, hit, wrongs, seconds)

    def _await(self, phase: str) -> None:
        """Until the phase is in the middle of its work."""
        by, tended = time.monotonic() + PATIENCE, time.monotonic()
        while time.monotonic() < by:
            if phase in self.watch.under_way():
                return
            if time.monotonic() - tended > 2:
                self.stack.tend()
                self.importer.look()
                if phase == IMPORT:
                    self.importer.start(self.at)
                tended = time.monotonic()
            time.sleep(0.02)

    def asked(self) -> Iterator[str]:
        """What the invariants find wrong now."""
        for _ in range(120):  # it may still be recovering
            with suppress(DatabaseTrouble):
                yield from invariants.quick(self.ledger, self.chains, now())
                if (len(self.kills) + 1) % WHOLE == 0:
                    yield from invariants.whole(self.ledger)
                return
            time.sleep(0.5)
        yield "the ledger could not be asked"


# -- killing -----------------------------------------------------------------------------------


def _flow_run(chaos: Chaos, instant: Instant) -> int:
    """The process of one flow run, of the phase's own kind where one is at work."""
    runs = chaos.stack.flow_runs()
    chosen = chaos.dice.choice(_of_phase(chaos, instant) or list(runs)) if runs else 0
    return int(bool(chosen) and end(chosen))


def _of_phase(chaos: Chaos, instant: Instant) -> list[int]:
    """The processes of flow runs that do this phase's work."""
    asked = chaos.rounds.asked
    return [
        pid
        for pid, run in chaos.stack.flow_runs().items()
        if run in asked and FLOWS[asked[run][0]] == instant.phase
    ]


def _worker(chaos: Chaos, instant: Instant) -> int:
    """A worker with its flow runs: one that is at this phase's work, if any is."""
    mine = set(_of_phase(chaos, instant))
    units = [chaos.stack.units[name] for name in WORKERS]
    busy = [unit for unit in units if mine.intersection(descendants(unit.pid))]
    return len(chaos.dice.choice(busy or units).kill())


def _workers(chaos: Chaos, instant: Instant) -> int:
    return sum(len(chaos.stack.units[name].kill()) for name in WORKERS)


def _unit(name: str) -> Callable[[Chaos, Instant], int]:
    return lambda chaos, _: len(chaos.stack.units[name].kill())


def _postgres(chaos: Chaos, instant: Instant) -> int:
    chaos.stack.postgres.kill()
    return 1


def _backend(chaos: Chaos, instant: Instant) -> int:
    return int(bool(chaos.stack.postgres.kill_backend(ROLES[instant.phase])))


def _importer(chaos: Chaos, instant: Instant) -> int:
    return chaos.importer.kill()


_KILLS: dict[str, Callable[[Chaos, Instant], int]] = {
    FLOW_RUN: _flow_run, WORKER: _worker, ALL_WORKERS: _workers, TASK_WORKER: _unit(TASK_WORKER),
    PREFECT: _unit("server"), POSTGRES: _postgres, BACKEND: _backend, PORTAL: _unit("portal"),
    IMPORTER: _importer,
}  # fmt: skip
VICTIMS = tuple(_KILLS)


def _line(n: int, kill: Kill, at: datetime) -> str:
    during = ", ".join(sorted(kill.during)) or "nothing"
    wrong = f" WRONG: {kill.wrongs[:3]}" if kill.wrongs else ""
    return (f"{n:3d} {kill.victim:18s} wanted {kill.phase:8s} during {during:24s} "
            f"hit {kill.hit} as of {at:%m-%d %H:%M} asked {kill.seconds:.1f} s{wrong}")  # fmt: skip


# -- what is told of it ------------------------------------------------------------------------


def rows(kills: list[Kill]) -> Iterator[tuple[str, ...]]:
    """The table: of each victim how many instants, and during what."""
    for victim in VICTIMS:
        mine = [kill for kill in kills if kill.victim == victim]
        during = Counter(phase for kill in mine for phase in kill.during)
        idle = sum(not kill.during for kill in mine)
        wrong = sum(bool(kill.wrongs) for kill in mine)
        if mine:
            yield (victim, str(len(mine)), *(str(during[phase]) for phase in PHASES), str(idle),
                   str(wrong))  # fmt: skip


HEAD = ("killed", "instants", *(f"during {phase}" for phase in PHASES), "nothing under way",
        "invariants broken")  # fmt: skip
