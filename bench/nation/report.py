"""The tables: what was measured, what it takes, what happens on good and bad days."""

import json
from collections.abc import Sequence

from bench.measure import show
from bench.nation import measured
from bench.nation.around import Around
from bench.nation.assumed import TABLE
from bench.nation.measured import Times
from bench.nation.plan import Found
from bench.nation.profile import Day
from bench.nation.scenarios import Answer, Scenario

POOLER = 200
"""Connections of one PostgreSQL from which a pooler is worth its trouble: ours, see scale.md."""
GOOD, BAD = "met", "**missed**"


def taken(times: Times) -> None:
    """What was measured, when and where."""
    found = json.loads(measured.FILE.read_text("utf-8"))["taken"]
    show("Where and when it was measured", ("part", "at", "seconds", "load before · after", "by"), [
        (name, one["at"], f"{one['seconds']}", f"{one['load_before'][0]} · {one['load_after'][0]}",
         f"`{one['command']}{' --quick' if one['quick'] else ''}`")
        for name, one in found.items()
    ])  # fmt: skip
    one = next(iter(found.values()))
    print(f"\n{one['cores']} cores ({one['processor'] or 'not named'}), Python {one['python']}, "
          f"PostgreSQL {one['postgresql']}.")  # fmt: skip
    look, served = times.look, times.look_server
    start = sorted(times.start)[len(times.start) // 2]
    rows = [
        ("a batch of due cases, in the worker", f"{look.once * 1e3:.1f} ms and "
         f"{look.each * 1e6:.0f} µs a case: {1000 / look.of(1000):,.0f} a second by the 1,000"),
        ("the same, in the database", f"{served.once * 1e3:.1f} ms and {served.each * 1e6:.0f} µs "
         "a case"),
        ("reading the reference data", f"{times.reference.once * 1e3:.0f} ms and "
         f"{times.reference.each * 1e6:.0f} µs a unit, {times.bytes_per_unit / 1024:.1f} kB each"),
        ("how often each of a follow-up's parts reads it", f"{times.reads:.0f}"),
        ("a finding, from draft to dispatched", f"{times.finding * 1e6:.0f} µs, and "
         f"{times.finding_server * 1e6:.0f} µs in the database"),
        ("a notice claimed and marked", f"{times.notice * 1e6:.0f} µs, and "
         f"{times.notice_server * 1e6:.0f} µs in the database"),
        ("a message composed and handed over", f"{times.message * 1e6:.0f} µs"),
        ("a run's process, until its work begins and after", f"{start:.1f} s of a core "
         f"(`sweep` {sorted(times.start_sweep)[len(times.start_sweep) // 2]:.1f} s)"),
        ("a run, in Prefect's server",
         f"{times.prefect:.2f} s (`sweep` {times.prefect_sweep:.2f} s)"),
        ("a page", f"{sum(times.pages) / len(times.pages) * 1e3:.0f} ms, of it "
         f"{times.page_server * 1e3:.1f} in the database"),
        ("connections held", ", ".join(f"{k} {v}" for k, v in times.connections.items())),
        ("memory", ", ".join(f"{k} {v:.0f} MB" for k, v in times.megabytes.items())),
        ("write-ahead log", ", ".join(f"{k} {v / 1024:.1f} kB" for k, v in times.wal.items())),
        ("disk for a case just dispatched", f"{times.bytes_per_case / 1024:.1f} kB"),
    ]  # fmt: skip
    show("What was measured", ("what", "a core's time"), rows)


def assumptions() -> None:
    """What is assumed, with its source."""
    show("What is assumed", ("what", "value", "source"), TABLE)


def day(days: dict[str, Day], open_cases: int) -> None:
    """When things fall due."""
    rows = []
    for name, one in days.items():
        scale = open_cases / one.open_cases / 1e6
        for kind, values in one.minutes.items():
            top = sorted(range(len(values)), key=lambda minute: -values[minute])[:3]
            peaks = ", ".join(
                f"{m // 60:02}:{m % 60:02} {values[m] * scale:.2f}" for m in sorted(top)
            )
            rows.append((name, kind, f"{sum(values) * scale:.1f}", peaks))
    head = ("day", "what", "millions in the day", "the busiest minutes, millions")
    show(f"When things fall due, {open_cases:,} open cases", head, rows)


def layouts(found: Sequence[tuple[Found, Around]]) -> None:
    """The smallest installation of each layout."""
    rows = []
    lines: tuple[tuple[str, object], ...] = (
        ("aims", lambda f, a: GOOD if f.holds else BAD),
        ("databases", lambda f, a: f"{len(f.plan.sites):,}"),
        ("the largest, open cases", lambda f, a: f"{f.plan.sites[0].open_cases:,.0f}"),
        ("its units", lambda f, a: f"{f.plan.sites[0].units:,.0f}"),
        ("seconds between rounds", lambda f, a: f"{f.plan.interval:.0f}"),
        (
            "hands of the follow-up (`of`), largest · all",
            lambda f, a: (
                f"{len(f.plan.sites[0].shares)} · {sum(len(s.shares) for s in f.plan.sites):,}"
            ),
        ),
        (
            "runs of `deliver`, largest · all",
            lambda f, a: f"{f.plan.sites[0].senders} · {sum(s.senders for s in f.plan.sites):,}",
        ),
        (
            "databases that need no more than `sweep`",
            lambda f, a: f"{sum(s.whole for s in f.plan.sites):,}",
        ),
        (
            "worker places, a core each: a zone · all",
            lambda f, a: f"{f.plan.places:,} · {f.plan.places * f.plan.zones:,}",
        ),
        ("Prefect servers", lambda f, a: f"{f.plan.prefects:,}"),
        (
            "PostgreSQL instances · cores for rounds",
            lambda f, a: f"{len(f.plan.servers):,} · {sum(f.plan.servers):,}",
        ),
        ("**cores for rounds, all together**", lambda f, a: f"**{f.plan.cores:,}**"),
        ("pages a second at the peak", lambda f, a: f"{a.pages_a_second:,.0f}"),
        ("portal processes, a core each", lambda f, a: f"{a.portals:,}"),
        ("cores of PostgreSQL for pages", lambda f, a: f"{a.portal_servers:,.0f}"),
        ("task workers (`serve reactions`)", lambda f, a: f"{a.task_workers:,}"),
        ("the slowest reaction, seconds", lambda f, a: f"{a.slowest_reaction:.1f}"),
        (
            "connections: largest database · all",
            lambda f, a: f"{a.most_connections:,} · {a.connections:,}",
        ),
        (
            "connections of an instance, on average · pooler",
            lambda f, a: (
                f"{a.connections / len(f.plan.servers):,.0f} · "
                + ("needed" if a.connections / len(f.plan.servers) > POOLER else "not needed")
            ),
        ),
        ("memory of one run of the largest", lambda f, a: f"{a.most_memory:,.0f} MB"),
        ("write-ahead log at the peak, all", lambda f, a: f"{a.wal / 2**20:,.0f} MB/s"),
    )
    for label, value in lines:
        assert callable(value)
        rows.append((label, *(value(f, a) for f, a in found)))
    show("The smallest installation", ("", *(f.layout for f, _ in found)), rows)


def days_of(found: Found, answers: Sequence[tuple[Scenario, Answer]]) -> None:
    """What the scenarios do to a plan."""
    rows = [
        (
            scenario.name, _minutes(answer.latest), _minutes(answer.nearly),
            f"{answer.most_waiting * found.thin / 1e6:.2f}", _minutes(answer.caught_up),
            _minutes(answer.latest_message), _minutes(answer.messages_caught_up),
            f"{answer.places_used:.0%} · {answer.server_used:.0%} · {answer.prefect_used:.0%}",
            GOOD if answer.holds(scenario) else BAD,
        )
        for scenario, answer in answers
    ]  # fmt: skip
    head = (
        "what happens", "latest look, min", "all but 1 of 1,000",
        "looks waiting at worst, millions",
        "looks caught up after, min", "latest message, min", "messages caught up after",
        "busy: places · database · Prefect", "aims",
    )  # fmt: skip
    part = f", of every {found.thin} databases one simulated" if found.thin > 1 else ""
    show(f"Good days and bad ones, {found.layout}{part}", head, rows)


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.1f}"
