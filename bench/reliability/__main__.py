"""`python -m bench.reliability [part …] [--seed N] [--instants N] [--cases N] [--minutes M]`

Parts: `kill` (the kill runs), `lease` (a process paused past its lease), `disk` (a full disk),
`network` (a cut between worker and database); all of them without names. Disk and network need
root. The exit status is 1 if anything was lost, doubled unsaid, or found wrong.
"""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import show
from bench.reliability import chaos, disk, ending, lease, network, twin
from bench.reliability.chaos import Chaos
from bench.reliability.lease import Scene
from bench.reliability.stack import running


def kill(asked: argparse.Namespace) -> bool:
    """The kill runs; whether all is well."""
    began = time.monotonic()
    with running(asked.folder) as stack:
        _say(f"everything runs in {stack.folder} after {time.monotonic() - began:.0f} s")
        run = Chaos(stack, asked.instants, asked.cases, asked.seed,
                    time.monotonic() + asked.minutes * 60)  # fmt: skip
        run.run(_say)
        lasted = time.monotonic() - began
        end = ending.settle(run)
        beside = twin.beside(run, end.at)
    _tell(run, end, lasted)
    _tell_twin(beside)
    broken = [wrong for kill in run.kills for wrong in kill.wrongs]
    return not (broken or end.wrongs or beside.missing or beside.added or beside.rows_differ)


def _tell(run: Chaos, end: ending.End, lasted: float) -> None:
    name = f"Kills: {len(run.kills)} of {run.instants} instants in {lasted / 60:.0f} minutes"
    show(f"{name}, seed {run.seed}", chaos.HEAD, list(chaos.rows(run.kills)))
    taken, clicks = run.importer.done, run.clicks
    accepted = sum(click.accepted for click in clicks.done)
    of_papers = sum(paper.rows for paper in taken)
    again = sum(paper.tries > 1 for paper in taken)
    lines = [
        ("rows of paper taken in", f"{of_papers:,} on {len(taken)} papers; {again} broken off"),
        ("notices owed", f"{end.compared.owed:,}"),
        ("notices by state", ", ".join(f"{n:,} {state}" for state, n in end.states.items())),
        ("messages the mail server took", f"{run.arrivals.total:,}"),
        ("called sent and never came (lost)", len(end.compared.lost)),
        ("came again without a word (doubled unsaid)", len(end.compared.doubled_unsaid)),
        ("came again and said so", f"{end.compared.resent_said:,}"),
        ("clicks accepted", f"{accepted} of {len(clicks.done)}; {clicks.away} met a closed door"),
        ("flow runs in Prefect", ", ".join(f"{n} {s}" for s, n in end.all_runs.items() if n)),
        ("the last round", ", ".join(f"{name} {state}" for name, state in end.runs.items())),
        ("records verified", f"{sum(n for n, _ in run.chains.known.values()):,}"),
        ("found wrong at the end", len(end.wrongs)),
    ]
    show("What is left of it", ("what", "how many"), [(a, str(b)) for a, b in lines])
    for wrong in end.wrongs[:20]:
        _say(f"  wrong: {wrong}")


def _tell_twin(beside: twin.Beside) -> None:
    lines = [
        ("cases compared", f"{beside.compared:,}"),
        ("rows left out: people touched their case", beside.left_out),
        ("points of clocks in the twin's log", f"{beside.points:,}"),
        ("missing here", beside.missing),
        ("here and not there", beside.added),
        ("clocks whose highest level differs", beside.tops_differ),
        ("rows whose outcome, status or deadline differs", beside.rows_differ),
        ("notices owed about them, here", f"{beside.notices[0]:,}: {beside.why[0]}"),
        ("notices owed about them, there", f"{beside.notices[1]:,}: {beside.why[1]}"),
    ]  # fmt: skip
    show("Beside the undisturbed twin", ("what", "how many"), [(a, str(b)) for a, b in lines])
    for example in beside.examples:
        _say(f"  {example}")


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


def _scenes(play: Callable[[int], Iterator[Scene]]) -> Callable[[argparse.Namespace], bool]:
    def part(asked: argparse.Namespace) -> bool:
        well = True
        for scene in play(asked.seed):
            lines = [*scene.told, ("found wrong", str(len(scene.wrongs)))]
            show(scene.name.capitalize(), ("what", "how it went"), lines)
            for wrong in scene.wrongs[:20]:
                _say(f"  wrong: {wrong}")
            well = well and not scene.wrongs
        return well

    return part


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "kill": kill,
    "lease": _scenes(lease.scenes),
    "disk": _scenes(disk.scenes),
    "network": _scenes(network.scenes),
}


def main(arguments: list[str]) -> int:
    """Play the parts named, or all. Ended from outside, it takes its processes along."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = _asked(arguments)
    print(f"{datetime.now(UTC):%Y-%m-%d} · {os.cpu_count()} cores · Python "
          f"{platform.python_version()} · seed {asked.seed}", flush=True)  # fmt: skip
    well = [PARTS[name](asked) for name in asked.parts or PARTS]
    return 0 if all(well) else 1


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--instants", type=int, default=200)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--folder", type=Path, default=None)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
