"""When in the day things fall due: many lives of cases, judged by the shipped policy and calendar.

Cases come for weeks, as people find them; each is signed for, put right and verified, as
`bench.nation.assumed` says. Its looks are those of `rules.agenda`, as long as the step lasts that
they belong to. Counted are two days: an ordinary one, and the first after a holiday week.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.nation.assumed import LIMITS
from models.case import Stage, Status
from rules.agenda import Act, Book, agenda
from rules.limits import LimitUnit
from rules.quiet import held_until

FILE = Path(__file__).with_name("profile.json")
FIRST, LAST = date(2026, 8, 20), date(2026, 10, 9)
DAYS = {"ordinary": date(2026, 9, 16), "after a holiday": date(2026, 10, 8)}
MINUTES = 24 * 60
KINDS = ("findings", "actions", "looks", "reminders", "levels", "news")
"""Findings and deeds of people as they come; looks as they fall due; notices as they may leave."""

LIVES = 60_000
DAY_OFF, IN_HOURS, OUTSIDE = 0.3, 0.85, (7, 21)
"""Findings of a day off; the part of a working day's in opening hours; when people go round."""
IN_TIME, ONCE_MORE = 0.8, 0.1
HOUR = timedelta(hours=1)


class Event(NamedTuple):
    """So many things of a kind at an instant."""

    kind: str
    at: datetime
    times: float = 1


@dataclass(slots=True)
class Day:
    """What happens in each minute of a day, for so many cases that are open as it begins."""

    open_cases: int = 0
    minutes: dict[str, list[float]] = field(
        default_factory=lambda: {kind: [0.0] * MINUTES for kind in KINDS}
    )


@dataclass(slots=True)
class Life:
    """A case as `rules.agenda` asks for it."""

    limit: str
    since: datetime
    clock_from: datetime
    due_at: datetime
    status: Status = Status.DISPATCHED
    step_due_at: datetime | None = None
    resumes_at: datetime | None = None
    look_back_from: datetime | None = None
    look_back_due_at: datetime | None = None
    raised: int = 0
    raised_at: datetime | None = None


def profile(book: Book, lives: int = LIVES, seed: int = 20260916) -> dict[str, Day]:
    """The two days, by name."""
    dice, days = Random(seed), {name: Day() for name in DAYS}
    of = {DAYS[name]: day for name, day in days.items()}
    for found in _findings(book, dice, lives):
        ended = found
        for event in _life(book, dice, found):
            local = book.worktime.local(event.at)
            if (day := of.get(local.date())) is not None:
                day.minutes[event.kind][local.hour * 60 + local.minute] += event.times
            ended = max(ended, event.at) if event.kind == "actions" else ended
        for on, day in of.items():
            day.open_cases += found < book.worktime.midnight(on) < ended
    return days


def _findings(book: Book, dice: Random, lives: int) -> Iterator[datetime]:
    """So many instants at which something is found, over all the weeks."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    weights = [1.0 if book.worktime.is_workday(day) else DAY_OFF for day in days]
    for day in dice.choices(days, weights, k=lives):
        midnight = book.worktime.midnight(day)
        if book.worktime.is_workday(day) and dice.random() < IN_HOURS:
            opening = book.worktime.next_open(midnight)
            yield book.worktime.add(opening, dice.random() * 8 * HOUR)
        else:
            yield midnight + dice.uniform(*OUTSIDE) * HOUR


def _life(book: Book, dice: Random, found: datetime) -> Iterator[Event]:
    """Everything that happens to one case."""
    worktime = book.worktime
    limits, weights = zip(*LIMITS, strict=True)
    yield Event("findings", found)
    yield Event("actions", found)
    limit = dice.choices(limits, weights)[0]
    for turn, text in enumerate((limit, str(book.policy.rework))):
        due = book.deadline(book.limit(text), found).due_at
        case = Life(text, found, found, due)
        case.step_due_at = _step(book, Stage.SIGN, found)
        yield Event("news", _leaves(book, found, text), 1.3)
        signed = worktime.add(found, dice.expovariate(1 / 3.5) * HOUR)
        handed_in = max(_handed_in(book, dice, found, due), signed)
        yield from _looks(book, case, found, signed)
        case.status, case.since, case.step_due_at = Status.IN_PROGRESS, signed, None
        yield from _looks(book, case, signed, handed_in)
        yield Event("actions", signed)
        yield Event("actions", handed_in)
        yield Event("news", _leaves(book, handed_in, text))
        verified = worktime.add(handed_in, dice.expovariate(1 / 8) * HOUR)
        case.status, case.since = Status.SUBMITTED, handed_in
        case.step_due_at = _step(book, Stage.VERIFY, handed_in)
        yield from _looks(book, case, handed_in, verified)
        yield Event("actions", verified)
        yield Event("news", _leaves(book, verified, text))
        if turn or dice.random() > ONCE_MORE:
            return
        found = verified


def _handed_in(book: Book, dice: Random, found: datetime, due: datetime) -> datetime:
    """In time, rather towards the end, or late."""
    if dice.random() > IN_TIME:
        return book.worktime.add(due, dice.expovariate(1 / 16) * HOUR)
    part = dice.triangular(0, 1, 1)
    working = book.worktime.between(found, due)
    return book.worktime.add(found, part * working) if working else found + part * (due - found)


def _step(book: Book, stage: Stage, since: datetime) -> datetime:
    return book.deadline(book.policy.stages[stage].limit, since).due_at


def _looks(book: Book, case: Life, since: datetime, until: datetime) -> Iterator[Event]:
    """The looks of a step, and the notices that follow from them."""
    for look in agenda(case, book, since):
        if look.at > until:
            return
        yield Event("looks", look.at)
        leaves = _leaves(book, look.at, case.limit, level=look.level)
        kind = "levels" if look.act is Act.ESCALATE else "reminders"
        yield Event(kind, leaves, float(len(look.tell)))


def _leaves(book: Book, at: datetime, limit: str, *, level: int = 0) -> datetime:
    """When a notice may leave: quiet hours hold it, unless it may wake people."""
    wakes = level in book.policy.burden.night_levels
    if wakes or book.limit(limit).unit is LimitUnit.CONTINUOUS_HOUR:
        return at
    return held_until(book, at) or at


def write(days: dict[str, Day], lives: int) -> None:
    """Keep the days for the simulation."""
    rounded = {
        name: asdict(day) | {"minutes": {
            kind: [round(each, 1) for each in values] for kind, values in day.minutes.items()
        }} for name, day in days.items()
    }  # fmt: skip
    FILE.write_text(json.dumps({"lives": lives, "days": rounded}) + "\n", "utf-8")


def kept() -> dict[str, Day]:
    """The days as they were last written down."""
    found = json.loads(FILE.read_text("utf-8"))["days"]
    return {name: Day(**day) for name, day in found.items()}
