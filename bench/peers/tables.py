"""The tables of `python -m bench.peers`: what was measured side by side, and the aims."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.measure import Measured, show
from bench.peers.ours import Due, Taken
from bench.peers.theirs import Queue, Scheduler, Tickets


@dataclass(slots=True)
class Turn:
    """Everything measured one after another, among so many open cases or tickets."""

    size: int
    taken: Taken
    due: Due
    tickets: Tickets


@dataclass(slots=True)
class Beside:
    """Everything measured on one database in one run."""

    name: str
    turns: list[Turn]
    crowd: Due
    """The engine with many due at once."""
    scheduler: Scheduler
    queue: Queue | None = None
    """None where it cannot run: it knows PostgreSQL only."""
    prefect: dict[str, Measured] = field(default_factory=dict)


def print_tables(found: Beside) -> None:
    """What comes in, what is due, where nothing is due, and how the engine stands to its aims."""
    head = ("what", "how many", "seconds", "own CPU s", "a second", "the engine is",
            "by own CPU", "peak MB")  # fmt: skip
    show(f"In · {found.name}", ("others open", *head), list(_in(found)))
    show(f"Due · {found.name}", ("others open", *head), list(_due(found)))
    idle = ("open", "a sweep, ms", "`escalate_tickets`, ms", "Procrastinate asks, ms")
    show(f"Nothing due · {found.name}", idle, list(_idle(found)))
    aims = ("the engine is", "aim", "measured", "", "by own CPU")
    show(f"Against the aims · {found.name}", aims, list(_aims(found)))


def _in(found: Beside) -> Iterator[tuple[str, ...]]:
    fastest = _fastest(found)
    for turn in found.turns:
        taken, tickets, open_now = turn.taken, turn.tickets, f"{turn.size:,}"
        yield "", "**the engine**: import, judge, dispatch", *_line(taken.ours, taken.ours)
        yield "", "raw: the same rows, executemany", *_line(taken.bare, taken.ours)
        yield "", f"raw: the same rows, {fastest}", *_line(taken.fastest, taken.ours)
        yield open_now, "django-helpdesk: a ticket", *_line(tickets.create, taken.ours)
        yield open_now, "django-helpdesk: at its best", *_line(tickets.create_best, taken.ours)
    lines: list[tuple[str, Measured]] = []
    if found.queue:
        lines.append(("Procrastinate: defer, one by one", found.queue.defer))
        lines.append(("Procrastinate: batch_defer, 1,000 each", found.queue.batch))
    lines.append(("APScheduler: add_job", found.scheduler.add))
    lines += [(f"one Prefect run each, {label}", run) for label, run in found.prefect.items()]
    for label, measured in lines:
        yield "", label, *_line(measured, found.turns[-1].taken.ours)


def _due(found: Beside) -> Iterator[tuple[str, ...]]:
    for turn in found.turns:
        due, tickets = turn.due, turn.tickets
        for label, measured in (
            ("**the engine**: follow up", due.ours),
            ("raw: claim and write the same rows, executemany", due.bare),
            (f"raw: claim and write the same rows, {_fastest(found)}", due.fastest),
            ("raw: claim and put off", due.claim),
            ("django-helpdesk: `escalate_tickets`", tickets.escalate),
            ("django-helpdesk: at its best", tickets.escalate_best),
        ):
            yield f"{turn.size - measured.count:,}", label, *_line(measured, due.ours)
    crowd, last = found.crowd, found.turns[-1].due.ours
    for label, many in (
        ("**the engine**: many due at once", crowd.ours),
        ("**the engine**: the same, two processes", crowd.two),
        ("raw: the same rows, executemany", crowd.bare),
        (f"raw: the same rows, {_fastest(found)}", crowd.fastest),
    ):
        if many:
            yield "", label, *_line(many, crowd.ours)
    for size, jobs in found.queue.jobs.items() if found.queue else ():
        yield f"{size:,}", "Procrastinate: jobs that do nothing", *_line(jobs.one, last)
        yield f"{size:,}", "Procrastinate: the same, ten at once", *_line(jobs.ten, last)
    ran = found.scheduler.run
    yield f"{ran.count:,}", "APScheduler: jobs that do nothing", *_line(ran, last)


def _idle(found: Beside) -> Iterator[tuple[str, ...]]:
    for turn in found.turns:
        jobs = found.queue.jobs.get(turn.size) if found.queue else None
        asked = (turn.due.idle, turn.tickets.idle, *((jobs.idle,) if jobs else ()))
        yield (
            f"{turn.size:,}",
            *(f"{each.seconds * 1000:.1f}" for each in asked),
            *(() if jobs else ("",)),
        )


def _aims(found: Beside) -> Iterator[tuple[str, ...]]:
    turns, crowd, fastest = found.turns, found.crowd, _fastest(found)
    create = [(t.taken.ours, t.tickets.create) for t in turns]
    yield _times("import : django-helpdesk's creation", 40, create)
    best = [(t.taken.ours, t.tickets.create_best) for t in turns]
    yield _times("the same at its best", None, best)
    bare = [(t.taken.ours, t.taken.bare) for t in turns]
    yield _share("import : raw insert, executemany", 25, bare)
    copy = [(t.taken.ours, t.taken.fastest) for t in turns]
    yield _share(f"import : raw insert, {fastest}", 25, copy)
    escalate = [(t.due.ours, t.tickets.escalate) for t in turns]
    yield _times("follow-up : `escalate_tickets`", 50, escalate)
    best = [(t.due.ours, t.tickets.escalate_best) for t in turns]
    yield _times("the same at its best", None, best)
    for label, many in (("many due at once", crowd.ours), ("two processes", crowd.two)):
        if many:
            pairs = [(many, t.tickets.escalate) for t in turns]
            yield _times(f"the same, {label}", 50, pairs)
    bare = [(t.due.ours, t.due.bare) for t in turns]
    yield _share("follow-up : raw claim and write, executemany", 30, bare)
    copy = [(t.due.ours, t.due.fastest) for t in turns]
    yield _share(f"follow-up : raw claim and write, {fastest}", 30, copy)
    yield _share("many due : raw, executemany", 30, [(crowd.ours, crowd.bare)])
    yield _share(f"many due : raw, {fastest}", 30, [(crowd.ours, crowd.fastest)])


Pairs = list[tuple[Measured, Measured]]
"""Of each turn, the engine's measurement and the one beside it."""


def _times(label: str, aim: int | None, pairs: Pairs) -> tuple[str, ...]:
    wanted = f"{aim} ×" if aim else "none set"
    return _against(label, wanted, aim, "{:.1f}", "×", [_ratios(*pair) for pair in pairs])


def _share(label: str, aim: int, pairs: Pairs) -> tuple[str, ...]:
    ratios = [(100 * wall, 100 * cpu) for wall, cpu in (_ratios(*pair) for pair in pairs)]
    return _against(label, f"{aim} %", aim, "{:.0f}", "%", ratios)


def _against(
    label: str,
    wanted: str,
    aim: int | None,
    form: str,
    unit: str,
    ratios: list[tuple[float, float]],
) -> tuple[str, ...]:
    spans = []
    for values in zip(*ratios, strict=True):
        low, high = form.format(min(values)), form.format(max(values))
        spans.append(f"{low} {unit}" if low == high else f"{low} to {high} {unit}")
    lowest = min(wall for wall, _ in ratios)
    verdict = "" if aim is None else "met" if lowest >= aim else "**missed**"
    return label, wanted, spans[0], verdict, spans[1]


def _ratios(ours: Measured, other: Measured) -> tuple[float, float]:
    """How many of ours come to one of the other, by the clock and by the processor."""
    return ours.rate / other.rate, (other.cpu / other.count) / (ours.cpu / ours.count)


def _line(measured: Measured, ours: Measured) -> tuple[str, ...]:
    return (
        f"{measured.count:,}",
        f"{measured.seconds:.2f}",
        f"{measured.cpu:.2f}",
        f"{measured.rate:,.0f}" if measured.rate >= 100 else f"{measured.rate:.2f}",
        *(f"{r:,.0f} ×" if r >= 100 else f"{r:.2f} ×" for r in _ratios(ours, measured)),
        f"{measured.peak:.0f}",
    )


def _fastest(found: Beside) -> str:
    return "COPY" if found.name == "PostgreSQL" else "the driver's executemany"
