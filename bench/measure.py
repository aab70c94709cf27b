"""How things are measured: each in a process of its own, with its time and its peak of memory."""

import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """How many things were done, in how many seconds, with how much memory at most."""

    count: int
    seconds: float
    cpu: float = 0.0
    """Seconds of processor the process itself used: steady where others keep the machine busy."""
    peak: float = 0.0
    """Megabytes of the process, the interpreter and its libraries included."""

    @property
    def rate(self) -> float:
        """Things per second."""
        return self.count / self.seconds


class Watch:
    """Started when made; says what was done since."""

    def __init__(self) -> None:
        self.start, self.cpu = perf_counter(), process_time()

    def done(self, count: int) -> Measured:
        """So many things, in the time since the start."""
        return Measured(count, perf_counter() - self.start, process_time() - self.cpu)


def alone(work: Callable[..., Measured], *arguments: Any) -> Measured:
    """Do the work in a fresh process, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_peak, work, arguments).result()


def together(hands: int, work: Callable[..., Measured], *arguments: Any) -> Measured:
    """Do the work in several fresh processes at once: all they did, in the time of the slowest."""
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(hands, mp_context=context) as pool:
        start = manager.Barrier(hands)
        found = [pool.submit(_peak, work, (*arguments, start)) for _ in range(hands)]
        parts = [future.result() for future in found]
    return Measured(
        sum(part.count for part in parts),
        max(part.seconds for part in parts),
        sum(part.cpu for part in parts),
        max(part.peak for part in parts),
    )


def _peak(work: Callable[..., Measured], arguments: Sequence[Any]) -> Measured:
    done = work(*arguments)
    return replace(done, peak=peak())


def peak() -> float:
    """The most memory this process ever had, in megabytes."""
    # What getrusage says counts what the parent had when it started this one.
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def middle(runs: Sequence[Measured]) -> Measured:
    """The run of median time."""
    seconds = median(run.seconds for run in runs)
    return min(runs, key=lambda run: abs(run.seconds - seconds))


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as Markdown, so that it can be put into the README as it stands."""
    print(f"\n### {title}\n")
    print(f"| {' | '.join(head)} |")
    print(f"|{'|'.join('---' for _ in head)}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
