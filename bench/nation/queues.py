"""What waits for what: a calendar of events, servers that take turns, pools of places.

A heap of a hundred lines and no SimPy: what is simulated is one loop over some million events, and
SimPy makes objects of its own for each wait (not compared here). A
process here is a generator: it yields the instant at which it goes on, or a pool of which it wants
a place.
"""

from collections import deque
from collections.abc import Generator
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count


class Servers:
    """Several alike, who take in turn what comes: first come, first served."""

    __slots__ = ("busy", "free")

    def __init__(self, number: int) -> None:
        self.free = [0.0] * number
        self.busy = 0.0
        """Seconds all of them have worked together."""

    def serve(self, now: float, seconds: float) -> float:
        """Take in what comes now; gives when it is done. To be asked in order of time."""
        done = max(now, self.free[0]) + seconds
        heapreplace(self.free, done)
        self.busy += seconds
        return done

    def shut(self, until: float) -> None:
        """Nobody begins anything before then."""
        self.free = [max(each, until) for each in self.free]
        heapify(self.free)


class Places:
    """Places of a worker: who finds none waits in a row."""

    __slots__ = ("free", "longest", "row", "used")

    def __init__(self, number: int) -> None:
        self.free = number
        self.row: deque[Process] = deque()
        self.longest = 0
        self.used = 0.0
        """Seconds during which places were taken, all together."""


Process = Generator["float | Places", None, None]


class Calendar:
    """The loop: what comes next, at which instant."""

    def __init__(self, start: float = 0.0) -> None:
        self.now = start
        self.events = 0
        self._heap: list[tuple[float, int, Process]] = []
        self._turn = count()

    def begin(self, process: Process, at: float | None = None) -> None:
        """A process begins, now or later."""
        heappush(self._heap, (self.now if at is None else at, next(self._turn), process))

    def until(self, end: float) -> None:
        """Let happen what happens up to an instant; what is later stays where it is."""
        heap = self._heap
        while heap and heap[0][0] <= end:
            self.now, _, process = heappop(heap)
            self.events += 1
            self._go_on(process)
        self.now = end

    def give_back(self, places: Places) -> None:
        """A place is free again, and whoever has waited longest takes it."""
        places.free += 1
        self.wake(places)

    def wake(self, places: Places) -> None:
        """Places may be free: those who wait take them."""
        while places.free > 0 and places.row:
            places.free -= 1
            heappush(self._heap, (self.now, next(self._turn), places.row.popleft()))

    def _go_on(self, process: Process) -> None:
        wanted = next(process, None)
        if wanted is None:
            return
        if isinstance(wanted, Places):
            if wanted.free > 0:
                wanted.free -= 1
                self.begin(process)
            else:
                wanted.row.append(process)
                wanted.longest = max(wanted.longest, len(wanted.row))
            return
        heappush(self._heap, (wanted, next(self._turn), process))
