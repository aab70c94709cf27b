"""减负: what is due is judged person by person, and bound into messages.

Whoever claims what a person is due holds the person: two hands never send one person two
digests in the same round.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy.engine import Connection

from ledger.overdue import overdue_of
from ledger.past import Pasts, messages_of, pasts_of
from ledger.reference import Reference
from models.notice import NoticeKind
from rules.digest import FAR, PACES, TOGETHER, Due, Fate, Overdue, Pace, Past, verdicts
from rules.quiet import day_of

Row = Mapping[Any, Any]


@dataclass(slots=True)
class Bound:
    """A message: its name, and the notices that go in it."""

    name: str
    rows: list[Row]
    unsaid: int = 0
    """So many reminders to this person were held back since the last message that said so."""
    overdue: tuple[Overdue, ...] = ()

    @property
    def order(self) -> tuple[int, datetime]:
        """The ladder first, then news, then reminders; of each what is due first."""
        first = min(_RANK[PACES[row["kind"]]] for row in self.rows)
        return first, min((own for row in self.rows if (own := _own_due(row))), default=FAR)


_RANK = {Pace.AT_ONCE: 0, Pace.NEWS: 1, Pace.REMINDER: 2}


@dataclass(slots=True)
class Judged:
    """What becomes of the notices of one claim."""

    bound: list[Bound] = field(default_factory=list)
    """The messages that go, the most urgent first."""
    home: dict[int, Bound] = field(default_factory=dict)
    """Of each notice that goes, the message it goes in."""
    capped: list[int] = field(default_factory=list)
    waiting: defaultdict[datetime, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def going(self) -> list[Row]:
        """The notices that go, in the order of their messages."""
        return [row for one in self.bound for row in one.rows]


def weigh(
    connection: Connection, reference: Reference, rows: Sequence[Row], at: datetime, most: int
) -> Judged:
    """Judge the notices in `rows`, person by person; nothing is written.

    What was in a message already goes again in the same one: it has been judged. Beyond `most`
    messages the rest is left as it is.
    """
    judged = Judged()
    if not rows:
        return judged
    pasts = pasts_of(connection, reference, rows, at)
    names = messages_of(connection, [row["id"] for row in rows if row["attempts"]])
    for person, group in groupby(sorted(rows, key=_by_person), itemgetter("person_id")):
        mine = list(group)
        # What was held back and is sent by hand is not held back again.
        tried = [row for row in mine if row["attempts"] or "resent" in row["facts"]]
        _again(judged, reference, tried, names, at)
        fresh = [row for row in mine if not row["attempts"] and "resent" not in row["facts"]]
        _judge(judged, reference, fresh, pasts[person], at)
    judged.bound = sorted(judged.bound, key=lambda one: one.order)[:most]
    judged.home = {row["id"]: one for one in judged.bound for row in one.rows}
    _remember(connection, reference, judged, pasts, at)
    return judged


def message_of(notice_id: int) -> str:
    """The name of the message whose first notice this is."""
    return f"m{notice_id}"


def due_of(reference: Reference, row: Row, at: datetime) -> Due:
    """A notice as the rules see it. What is about no single case goes by the rules in force."""
    own = [row[name] for name in _DUES if row[name] and row[name] > at]
    return Due(
        row["owed_at"],
        row["limit"] or "",
        reference.books[row["policy_id"] or reference.active],
        row["kind"],
        _level(row),
        min(own, default=None),
    )


_DUES = ("due_at", "step_due_at", "look_back_due_at")


def _level(row: Row) -> int:
    return int(row["facts"].get("level") or 0) if row["kind"] is NoticeKind.ESCALATION else 0


def _own_due(row: Row) -> datetime | None:
    due: datetime | None = row["due_at"] or row["step_due_at"] or row["look_back_due_at"]
    return due


def _by_person(row: Row) -> tuple[int, int]:
    return row["person_id"], row["id"]


def digest_time(reference: Reference, row: Row) -> time | None:
    """When this person wants to be told together what can wait, as far as the policy allows."""
    allowed, chosen = reference.book.policy.burden.digest_times, row["digest_at"]
    return allowed.within(chosen) if allowed and chosen else None


# -- judging -----------------------------------------------------------------------------------


def _again(
    judged: Judged,
    reference: Reference,
    rows: Sequence[Row],
    names: Mapping[int, str],
    at: datetime,
) -> None:
    """Messages to be tried again; quiet hours hold those of which nothing wakes anybody."""
    messages: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        messages[names.get(row["id"]) or message_of(row["id"])].append(row)
    for name, together in messages.items():
        held = [due_of(reference, row, at).held_until(at) for row in together]
        until = [opening for opening in held if opening is not None]
        if len(until) < len(held):
            judged.bound.append(Bound(name, together))
        else:
            judged.waiting[min(until)] += [row["id"] for row in together]


def _judge(
    judged: Judged, reference: Reference, rows: Sequence[Row], past: Pasts, at: datetime
) -> None:
    """What becomes of what was never tried. News and reminders that go are one message."""
    if not rows:
        return
    due = [due_of(reference, row, at) for row in rows]
    digest_at = digest_time(reference, rows[0])
    said = verdicts(due, past.reminders, past.news, at, digest_at)
    going: dict[bool, list[Row]] = {True: [], False: []}
    for row, one, verdict in zip(rows, due, said, strict=True):
        if verdict.until:
            judged.waiting[verdict.until].append(row["id"])
        elif verdict.fate is Fate.CAPPED:
            judged.capped.append(row["id"])
            past.held_back += 1
        else:
            going[one.pace is Pace.AT_ONCE].append(row)
    judged.bound += _at_once(going[True])
    if digest := going[False]:
        judged.bound.append(Bound(message_of(digest[0]["id"]), digest))


def _at_once(rows: Sequence[Row]) -> Iterator[Bound]:
    """So many together as can all be named; what is about no single case alone."""
    alone = [[row] for row in rows if row["case_id"] is None]
    cases = sorted((row for row in rows if row["case_id"] is not None), key=_urgency)
    full = [cases[start : start + TOGETHER] for start in range(0, len(cases), TOGETHER)]
    return (Bound(message_of(together[0]["id"]), list(together)) for together in alone + full)


def _urgency(row: Row) -> tuple[datetime, int]:
    return _own_due(row) or FAR, row["id"]


# -- what a digest says besides ----------------------------------------------------------------


def _remember(
    connection: Connection,
    reference: Reference,
    judged: Judged,
    pasts: Mapping[int, Pasts],
    at: datetime,
) -> None:
    """Give messages that remind what was held back, and the day's first one what is overdue."""
    reminding = {
        one.rows[0]["person_id"]: one
        for one in judged.bound
        if any(row["kind"] is NoticeKind.REMINDER for row in one.rows)
    }
    for person, one in reminding.items():
        one.unsaid = pasts[person].reminders.capped + pasts[person].held_back
    first = [p for p in reminding if _first_of_day(reference, pasts[p].reminders, at)]
    overdue = overdue_of(connection, reference, first, at)
    for person in first:
        told = {row["number"] for row in reminding[person].rows}
        mine = [case for case in overdue[person] if case.number not in told]
        reminding[person].overdue = tuple(mine)


def _first_of_day(reference: Reference, past: Past, at: datetime) -> bool:
    """Whether nothing has reminded this person since the day's work began."""
    today = day_of(reference.book, at)
    return today is not None and (past.last is None or past.last < today.opening)
