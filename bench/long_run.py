"""长跑: a city's week in two hours, by the real processes; what grows is seen, and what is late.

`python -m bench.long_run --minutes 120 --out FILE` writes a sample every 15 seconds into FILE as it
comes and ends by itself; `--read FILE` prints the tables of such a file, also of one cut short.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import compressed, sampling
from bench.compressed import City
from bench.measure import show
from bench.sampling import KINDS, Sample, slope
from bench.townsfolk import Townsfolk
from models.words import Trouble

EVERY = 15.0
WARM = 600.0
"""Seconds until everything has been loaded once; a tenth of a run shorter than two hours."""
FLAT = {"rss": 10.0, "handles": 5.0, "threads": 5.0}
"""What may grow in an hour and is called flat: megabytes, and so many."""
SIGNS = ("Traceback", " ERROR ", "CRITICAL", "| ERROR")
Line = tuple[str, ...]


def main() -> int:
    """Run, or read what a run has left; 1 when something grew or came late."""
    asked = _asked()
    if asked.read:
        return tell(asked.read)
    with asked.out.open("w", encoding="utf-8") as out:
        for line in _run(asked):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
    return tell(asked.out)


def _asked() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=120)
    arguments.add_argument("--findings", type=int, default=1_000, help="in the whole week")
    arguments.add_argument("--out", type=Path, default=Path("long-run.jsonl"))
    arguments.add_argument("--sqlite", action="store_true")
    arguments.add_argument("--read", type=Path)
    return arguments.parse_args()


def _run(asked: argparse.Namespace) -> Iterator[Sample]:
    """The whole run: what was asked for, a sample every 15 seconds, and the end."""
    yield {"asked": {"minutes": asked.minutes, "findings": asked.findings}}
    with compressed.running(asked.minutes, postgresql=not asked.sqlite, rounds=True) as city:
        ledger = city.ledger
        people = Townsfolk(city, asked.minutes, asked.findings)
        began, died = time.monotonic(), 0
        people.begin()
        while (passed := time.monotonic() - began) < asked.minutes * 60:
            with suppress(Trouble, sa.exc.SQLAlchemyError):  # one sample less
                yield sampling.sample(city, ledger, began, dict(people.counts))
            died += _tended(city)
            time.sleep(max(0.0, EVERY - (time.monotonic() - began - passed)))
        people.end()
        yield {"end": sampling.looks(ledger) | {"died": died}, "said": _said(city)}


def _tended(city: City) -> int:
    """Start again what has ended; gives how many had."""
    gone = [unit for unit in city.units.values() if not unit.alive]
    for unit in gone:
        unit.start()
    return len(gone)


def _said(city: City) -> dict[str, list[str]]:
    """By process, the lines of its log that tell of something wrong; the first of them."""
    found = {}
    for name, unit in city.units.items():
        lines = unit.log.read_text("utf-8", "replace").splitlines()
        found[name] = [line[:300] for line in lines if any(sign in line for sign in SIGNS)][:20]
    return found


# -- telling -----------------------------------------------------------------------------------


def tell(file: Path) -> int:
    """Print what a file says, whole or not; 1 when something grew or came late."""
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    samples = [line for line in lines if "seconds" in line]
    if not samples:
        print("no samples yet")
        return 1
    end: Sample = next((line for line in lines if "end" in line), {"end": {}, "said": {}})
    minutes = samples[-1]["seconds"] / 60
    warm = min(WARM, minutes * 60 / 5)
    later = [each for each in samples if each["seconds"] >= warm]
    loads = sorted(float(each["load"]) for each in samples)
    show(f"Long run, {minutes:.0f} minutes, load {loads[len(loads) // 2]:.1f} (median)",
         ("process", "what", "after warming up", "at the end", "most", "an hour", ""),
         [*_processes(later), *_others(later)])  # fmt: skip
    show("What was done", ("what", "count"), _done(samples[-1], end["end"]))
    wrong = _wrong(samples, later, end)
    print("\n" + ("\n".join(wrong) if wrong else "flat, and nothing came late"))
    return 1 if wrong else 0


def _processes(later: list[Sample]) -> Iterator[Line]:
    for name in later[-1]["processes"]:
        for kind in KINDS:
            points = _points(later, name, kind)
            grows = slope(points)
            values = [value for _, value in points]
            flat = "flat" if grows <= FLAT[kind] else "grows"
            unit = "RSS MB" if kind == "rss" else kind
            yield (name, unit, f"{values[0]:.0f}", f"{values[-1]:.0f}", f"{max(values):.0f}",
                   f"{grows:+.1f}", flat)  # fmt: skip


def _points(samples: list[Sample], name: str, kind: str) -> list[tuple[float, float]]:
    return [(s["seconds"], s["processes"][name][kind]) for s in samples if name in s["processes"]]


OTHERS = {
    "open": "open cases", "waiting": "notices waiting", "overdue": "seconds the first look waits",
    "connections": "database connections", "ledger": "ledger MB",
    "prefect": "Prefect's database MB", "wal": "WAL MB",
}  # fmt: skip


def _others(later: list[Sample]) -> Iterator[Line]:
    for key, words in OTHERS.items():
        points = [(s["seconds"], float(s[key])) for s in later if key in s]
        if points:
            values = [value for _, value in points]
            yield ("", words, f"{values[0]:.0f}", f"{values[-1]:.0f}", f"{max(values):.0f}",
                   f"{slope(points):+.1f}", "")  # fmt: skip


def _done(last: Sample, end: dict[str, Any]) -> list[Line]:
    return [(what, f"{count:,.0f}") for what, count in {**last["done"], **end}.items()]


def _wrong(samples: list[Sample], later: list[Sample], end: Sample) -> list[str]:
    """What is not as it should be, in words."""
    late, done = sampling.LATE.total_seconds(), samples[-1]["done"]
    over = sum(each["overdue"] > late for each in samples)
    found = {
        f"{over} of {len(samples)} samples: a look was more than {late:.0f} s overdue": over,
        f"{end['end'].get('late', 0):.0f} looks were later than {late:.0f} s": end["end"].get(
            "late"
        ),
        f"{done.get('failed', 0)} requests failed": done.get("failed"),
        f"{done.get('not answered', 0)} requests were not answered": done.get("not answered"),
        f"{end['end'].get('died', 0):.0f} processes ended by themselves": end["end"].get("died"),
        "the run was cut short": not end["end"],
    }
    said = [f"{name}: {lines[0]}" for name, lines in end["said"].items() if lines]
    grown = [
        f"{name}: {kind} grows by {slope(_points(later, name, kind)):.1f} an hour"
        for name in later[-1]["processes"] for kind in KINDS
        if slope(_points(later, name, kind)) > FLAT[kind]
    ]  # fmt: skip
    return [words for words, wrong in found.items() if wrong] + said + grown


if __name__ == "__main__":
    sys.exit(main())
