"""What the operating system says of processes: processor time, memory, how busy the machine is."""

import os
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, TypeVar

T = TypeVar("T")

_TICK = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """Do the work in a fresh process and give its answer."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def family(pid: int) -> Iterator[int]:
    """A process and all it has started that still live."""
    yield pid
    with suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def cpu_of(pid: int) -> float:
    """Seconds of processor a process and its children have used, ended children included."""
    return sum(_cpu(each) for each in set(family(pid)))


def _cpu(pid: int) -> float:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICK


def memory_of(pid: int) -> float:
    """Megabytes of a process that nobody shares with it, and its part of what is shared."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def load() -> list[float]:
    """How many processes wanted to run, over 1, 5 and 15 minutes."""
    return [round(each, 2) for each in os.getloadavg()]


def described() -> dict[str, Any]:
    """The machine in a few words."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if "model name" in line), "")
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version()}


class Stopwatch:
    """Seconds by the clock, and of processor in this thread, since it was made."""

    def __init__(self) -> None:
        self.start, self.cpu = perf_counter(), thread_time()

    def read(self) -> tuple[float, float]:
        """(wall, processor)."""
        return perf_counter() - self.start, thread_time() - self.cpu
