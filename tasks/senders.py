"""发送班: messages leave side by side, and no slow outlet holds up the others."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from ledger.outbox import Owed, Result
from models.delivery import DeliveryOutcome
from rules.pace import FAILURES, HAND, LEASE, LIMIT

MOST = 32
"""So many messages are under way at once, through all outlets."""
ENOUGH, GATHER = 50, 0.2
"""Answers are written down together: so many, or those of so many seconds."""

BEGIN_WITHIN = (LEASE - LIMIT).total_seconds()
"""What was not begun by then is given back: its lease might run out while it is under way."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One message to bring: `bring` never raises. `until` is by the monotonic clock."""

    together: Sequence[Owed]
    bring: Callable[[], list[Result]]
    until: float

    @property
    def outlet(self) -> str:
        """What must not be asked too much of: the outlet, or the address where none is known."""
        return self.together[0].outlet or self.together[0].url or ""


@dataclass(slots=True)
class Back:
    """What came back, and what was surely never sent."""

    results: list[Result] = field(default_factory=list)
    unsent: list[Owed] = field(default_factory=list)


class Senders:
    """A pool of threads. Only the thread that made it gives it errands and collects answers."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="sender")
        self._done: SimpleQueue[tuple[Errand, list[Result]]] = SimpleQueue()
        self._waiting: defaultdict[str, deque[Errand]] = defaultdict(deque)
        self._under_way: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._back = Back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    @property
    def busy(self) -> bool:
        """Whether anything is still to come back."""
        return bool(self._held or self._back.unsent)

    @property
    def room(self) -> bool:
        """Whether another hand may be claimed while this one is under way."""
        return self._held < HAND // 2

    def take(self, errands: Iterable[Errand]) -> None:
        """Bring these, in this order as far as their outlets bear it."""
        for errand in errands:
            self._waiting[errand.outlet].append(errand)
        self._start()

    def collect(self) -> Back:
        """What has come back: waits for one answer, and a moment for more."""
        by = time.monotonic() + GATHER
        while self._under_way and len(self._back.results) < ENOUGH:
            patience = None if not self._back.results else by - time.monotonic()
            try:
                errand, results = self._done.get(timeout=patience and max(patience, 0.001))
            except Empty:
                break
            self._settle(errand, results)
        back, self._back = self._back, Back()
        return back

    def stop(self) -> Back:
        """Begin nothing more; waits for what is under way."""
        for outlet in list(self._waiting):
            self._leave(outlet)
        back = Back()
        while self.busy:
            found = self.collect()
            back.results += found.results
            back.unsent += found.unsent
        return back

    @property
    def _held(self) -> int:
        return self._under_way.total() + sum(map(len, self._waiting.values()))

    def _start(self) -> None:
        now = time.monotonic()
        for outlet, waiting in list(self._waiting.items()):
            while waiting and self._under_way[outlet] < waiting[0].together[0].side_by_side:
                if self._under_way.total() >= self._most:
                    return
                self._begin(outlet, waiting.popleft(), now)
            if not waiting:
                del self._waiting[outlet]

    def _begin(self, outlet: str, errand: Errand, now: float) -> None:
        if now > errand.until:
            self._back.unsent += errand.together
            return
        self._under_way[outlet] += 1
        # What a thread says and does belongs to the run that asked for it.
        of_this_run = copy_context().run
        self._pool.submit(lambda: self._done.put((errand, of_this_run(errand.bring))))

    def _settle(self, errand: Errand, results: list[Result]) -> None:
        outlet = errand.outlet
        self._under_way[outlet] -= 1
        if not self._under_way[outlet]:
            del self._under_way[outlet]
        self._back.results += results
        if errand.together[0].outlet and results[0].channel and self._fails(outlet, results[0]):
            self._leave(outlet)
        self._start()

    def _fails(self, outlet: str, result: Result) -> bool:
        """Whether the rest of the hand had better not be tried through this outlet."""
        if result.outcome in _AT_ONCE:
            return True
        self._failed[outlet] = self._failed[outlet] + 1 if result.outcome in _FOR_NOW else 0
        return self._failed[outlet] >= FAILURES

    def _leave(self, outlet: str) -> None:
        self._failed.pop(outlet, None)
        for errand in self._waiting.pop(outlet, ()):
            self._back.unsent += errand.together


_AT_ONCE = (DeliveryOutcome.TOO_FAST, DeliveryOutcome.MISCONFIGURED)
_FOR_NOW = (DeliveryOutcome.TEMPORARY, DeliveryOutcome.UNKNOWN)
