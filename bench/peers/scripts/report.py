"""What every script of a peer says when it is done: one line of JSON on standard output."""

import json
from pathlib import Path
from time import perf_counter, process_time


class Watch:
    """Started when made; reports what was done since."""

    def __init__(self) -> None:
        self.start, self.cpu = perf_counter(), process_time()

    def report(self, count: int, times: int = 1) -> None:
        """So many things were done, on the average of so many times."""
        seconds, cpu = perf_counter() - self.start, process_time() - self.cpu
        say(count, seconds / times, cpu / times)


def say(count: int = 1, seconds: float = 0.0, cpu: float = 0.0) -> None:
    """The line itself; of steps that are not measured, only that they are done."""
    print(json.dumps({"count": count, "seconds": seconds, "cpu": cpu, "peak": _peak()}))


def _peak() -> float:
    """The most memory this process ever had, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
