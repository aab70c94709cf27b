"""The service times the simulation draws from: what `--measure` wrote down, made ready."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

SETTLING = 1.0
"""Seconds for which the server was watched after a run had ended."""
FILE = Path(__file__).with_name("service_times.json")


@dataclass(frozen=True, slots=True)
class Line:
    """Seconds for so many things together: a beginning, and something for each."""

    once: float
    each: float

    def of(self, count: float) -> float:
        """Seconds for so many."""
        return self.once + self.each * count


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of a core, unless said otherwise."""

    look: Line
    """A batch of due cases in the worker."""
    look_spread: tuple[float, ...]
    """How batches differ: each sample as a part of what the line says."""
    look_server: Line
    """The same batch in the database."""
    ask: float
    """A worker asks a shard in vain."""
    reference: Line
    """Reading the reference data of so many units."""
    reads: float
    """How often each part of a follow-up does so, however many shards it looks at."""
    finding: float
    finding_server: float
    notice: float
    """Claim and mark a notice."""
    message: float
    """Compose and send a message, whatever the service takes to answer left out."""
    notice_server: float
    start: tuple[float, ...]
    """A fresh process of a run until the flow's first line, and what the flow itself needs."""
    start_sweep: tuple[float, ...]
    prefect: float
    """Prefect's server, for one run of a part."""
    prefect_sweep: float
    prefect_idle: float
    """Of a core, what a Prefect server uses by itself."""
    pages: tuple[float, ...]
    page_server: float
    connections: dict[str, int]
    """What a process holds: `follow-up`, `deliver`, `portal`."""
    megabytes: dict[str, float]
    wal: dict[str, float]
    """Bytes of write-ahead log: `look`, `finding`, `notice`."""
    bytes_per_case: float
    bytes_per_unit: float
    """Of a worker's memory, for each unit of the directory."""

    def a_look(self, count: float, dice: Random) -> float:
        """A batch of so many due cases, as long as one of those measured."""
        return self.look.of(count) * dice.choice(self.look_spread)


def kept() -> Times:
    """As they were last measured here."""
    return made_of(json.loads(FILE.read_text("utf-8")))


def keep(part: str, found: dict[str, Any], taken: dict[str, Any]) -> None:
    """Write a part down beside the others, with when, where and how it was taken."""
    there = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"taken": {}}
    there["taken"][part] = taken
    text = json.dumps(there | found, default=float, ensure_ascii=False)
    FILE.write_text(text.replace(', "', ',\n"') + "\n", "utf-8")


def made_of(found: dict[str, Any]) -> Times:
    """What the measurements say, as the simulation asks for it."""
    by_size = _by_size(found["look"])
    look = fitted([(n, median(mine)) for n, mine in by_size.items()])
    spread = tuple(each / look.of(n) for n, mine in by_size.items() if n >= 100 for each in mine)
    served = found["look_server"]
    single, digest = found["deliver_single"], found["deliver_digest"]
    message = (single["cpu"] / single["sent"] - digest["cpu"] / digest["sent"]) / (
        single["messages"] / single["sent"] - digest["messages"] / digest["sent"]
    )
    imports = [cpu / n for n, _, cpu in found["import"]]
    return Times(
        look=look,
        look_spread=spread,
        look_server=fitted([(int(n), each["cpu_per_case"] * int(n)) for n, each in served.items()]),
        ask=median(cpu for _, _, cpu in found["idle"]),
        reference=fitted([(each["units"], each["cpu"]) for each in found["reference"]]),
        reads=found["reference_reads"]["reads"],
        finding=median(imports),
        finding_server=found["import_server"]["cpu_per_case"],
        notice=max(single["cpu"] / single["sent"] - message, 0.0),
        message=message,
        notice_server=single["server_cpu"],
        start=tuple(each["cpu"] for each in found["idle_follow_up"] + found["idle_deliver"]),
        start_sweep=tuple(each["cpu"] for each in found["idle_sweep"]),
        prefect=_orchestrating(found, "idle_follow_up", "idle_deliver"),
        prefect_sweep=_orchestrating(found, "idle_sweep"),
        prefect_idle=found["prefect_idle"],
        pages=tuple(each for page in found["pages"].values() for each in _page(page)),
        page_server=mean(page["server"] for page in found["pages"].values()),
        connections=found["connections"] | {"portal": found["portal_connections"]},
        megabytes={
            "run": found["run_megabytes"], "prefect": found["prefect_megabytes"],
            "portal": found["portal_megabytes"], "backend": median(found["backend_megabytes"]),
        },
        wal={
            "look": served["1000"]["wal_per_case"],
            "finding": found["import_server"]["wal_per_case"],
            "notice": single["wal_per_notice"],
        },
        bytes_per_case=found["bytes_per_case"],
        bytes_per_unit=_per_unit(found["reference"]),
    )  # fmt: skip


def fitted(points: Sequence[tuple[float, float]]) -> Line:
    """The line through (count, seconds) that is as wrong, in parts, for the small as for the large.

    Least squares weighted by one over seconds squared; never below nothing.
    """
    points = [(n, y) for n, y in points if y > 0]
    weights = [1 / (y * y) for _, y in points]
    total = sum(weights)
    mean_n = sum(w * n for w, (n, _) in zip(weights, points, strict=True)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    over = sum(w * (n - mean_n) * (y - mean_y) for w, (n, y) in zip(weights, points, strict=True))
    under = sum(w * (n - mean_n) ** 2 for w, (n, _) in zip(weights, points, strict=True))
    each = max(over / under, 0.0) if under else 0.0
    return Line(max(mean_y - each * mean_n, 0.0), each)


def _by_size(samples: Sequence[Sequence[float]]) -> dict[int, list[float]]:
    """Seconds of the worker's own processor by size of the batch; odd ends of shards left out."""
    sizes = sorted({1, 10, 100, 1000})
    found: defaultdict[int, list[float]] = defaultdict(list)
    for n, _, cpu in samples:
        if n == sizes[min(bisect_left(sizes, n), 3)]:
            found[int(n)].append(cpu)
    return found


def _orchestrating(found: dict[str, Any], *names: str) -> float:
    """What a run costs Prefect's server, without what that would have used anyhow."""
    runs = [run for name in names for run in found[name]]
    idle = found["prefect_idle"]
    mine = [float(run["server"] - idle * (run["wall"] + SETTLING)) for run in runs]
    return max(median(mine), 0.05)


def _page(page: dict[str, Any]) -> list[float]:
    """Seconds of a core for a page: its processor time, as uneven as the clock saw it."""
    usual = median(page["wall"])
    return [page["cpu"] * min(wall / usual, 2.0) for wall in page["wall"]]


def _per_unit(samples: Sequence[dict[str, float]]) -> float:
    least, most = min(s["units"] for s in samples), max(s["units"] for s in samples)
    here = {s["units"]: s["megabytes"] for s in samples}
    return (here[most] - here[least]) * 2**20 / max(most - least, 1)
