"""说明信: why a deadline is what it is, and what will happen to a case, as a short letter."""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from typing import Any

from duban.letters.ahead import ahead, lines
from duban.letters.course import passed
from duban.letters.fired import fired
from duban.letters.limit import reckoned, running, standing_clocks
from duban.letters.place import place
from duban.letters.saying import moment
from ledger.standing import Standing
from ledger.thread import Thread
from models.verb import Verb
from models.words import Words
from rules.explanation import explain
from rules.history import remembers
from rules.lifecycle import allowed
from rules.limits import Deadline
from rules.worktime import Worktime

_GAP = Words("", "")


def deadline_letter(deadline: Deadline, worktime: Worktime, lang: str) -> str:
    """Why this limit from this start is due when it is."""
    return "\n".join(words.within(lang) for words in explain(deadline, worktime))


def case_letter(thread: Thread, at: datetime, lang: str, now: datetime | None = None) -> str:
    """Where a case stood at `at`, why its limit ends when it does, what lay ahead, what was done.

    Of the past only what was known then is told. With `now`, an `at` later than both it and the
    last record is told as a forecast: what will have happened by then if nobody acts.
    """
    told = "\n".join(words.within(lang) for words in _told(thread, at, now))
    return told.strip("\n")


def _told(thread: Thread, at: datetime, now: datetime | None) -> Iterator[Words]:
    yield _heading(thread.case)
    if not recorded(thread, at):
        yield _not_yet(thread, at)
    elif not is_known(thread, at):
        yield from _records_alone(thread, at)
    elif is_forecast(thread, at, now):
        yield from _forecast(thread, at, _since(thread, now))
    else:
        yield from _letter(thread, thread.as_of(at))


def is_past(thread: Thread, at: datetime) -> bool:
    """Whether something has happened to the case since `at`."""
    return len(recorded(thread, at)) < len(thread.records)


def is_known(thread: Thread, at: datetime) -> bool:
    """Whether the ledger can tell how the case stood at `at`, beyond what its records say."""
    if not recorded(thread, at):
        return False
    return not is_past(thread, at) or remembers(thread.records)


def is_forecast(thread: Thread, at: datetime, now: datetime | None) -> bool:
    """Whether `at` has not come yet, seen from `now`."""
    return now is not None and at > _since(thread, now)


def recorded(thread: Thread, at: datetime) -> list[Any]:
    """The records of the case up to `at`: none that was written after a later one."""
    return list(takewhile(lambda record: record.at <= at, thread.records))


def _heading(case: Any) -> Words:
    return Words(
        f"案件 {case.number}：{case.place}，{case.problem}",
        f"Case {case.number}: {case.place}, {case.problem}",
    )


# -- a case as it stood ------------------------------------------------------------------------


def _letter(thread: Thread, s: Standing) -> Iterator[Words]:
    zone = thread.reference.zone
    when, later = moment(s.at, zone), len(thread.records) - len(s.records)
    yield Words(f"以 {when.zh} 为准。", f"As of {when.en}.")
    yield _GAP
    yield from place(thread, s)
    yield from standing_clocks(s, zone)
    yield _GAP
    yield from ahead(thread, s)
    yield _GAP
    yield from fired(thread, s)
    yield _GAP
    if remembers(s.records):
        yield from passed(thread, s)
        yield _GAP
    yield from reckoned(s, zone)
    yield _GAP
    yield from _later(thread, later) if s.past else _commands(s)


def _commands(s: Standing) -> Iterator[Words]:
    verbs = [verb for verb in allowed(s.facts.status) if verb in _COMMANDS]
    if verbs:
        yield Words(
            f"此时可以：{'、'.join(verb.words.zh for verb in verbs)}。",
            f"What can be done now: {', '.join(verb.words.en for verb in verbs)}.",
        )


_ENGINE = {
    Verb.JOIN,
    Verb.HOLD,
    Verb.REMIND,
    Verb.ESCALATE,
    Verb.RECOMPUTE,
    Verb.DRAW,
    Verb.PROPOSE,
}
_ASKED_FIRST = {Verb.REVIEW, Verb.EXTEND, Verb.SUSPEND, Verb.REFUSE_REQUEST, Verb.UPHOLD_APPEAL,
                Verb.REFUSE_APPEAL}  # fmt: skip
_ALWAYS = {Verb.NOTE, Verb.RECORD_COST, Verb.MEASURE, Verb.EXPOSE}
_COMMANDS = frozenset(Verb) - _ENGINE - _ASKED_FIRST - _ALWAYS
"""What the reader may choose now: not what the engine does by itself, nor what answers a request
that may not be there, nor what can be noted at any time."""


def _later(thread: Thread, more: int) -> Iterator[Words]:
    number = thread.case.number
    yield Words(
        f"此后又有 {more} 条记录，见 duban case {number}；"
        f"现在的期限与日程见 duban explain {number}。",
        f"{more} more {'record' if more == 1 else 'records'} followed: duban case {number}. "
        f"The limit and what lies ahead as of now: duban explain {number}.",
    )


# -- when there is less to tell ----------------------------------------------------------------


def _not_yet(thread: Thread, at: datetime) -> Words:
    zone = thread.reference.zone
    when, first = moment(at, zone), moment(thread.records[0].at, zone)
    return Words(
        f"{when.zh} 时还没有这个案件：它于 {first.zh} 上报。",
        f"At {when.en} this case did not exist yet: it was reported {first.en}.",
    )


def _records_alone(thread: Thread, at: datetime) -> Iterator[Words]:
    zone, known = thread.reference.zone, recorded(thread, at)
    when, status = moment(at, zone), known[-1].status.words
    yield Words(
        f"截至 {when.zh}：{status.zh}。本案的记录是旧版写下的，没有记下当时的时限和日程，"
        "只能照录当时的记录：",
        f"At {when.en}: {status.en}. The records of this case were written by an earlier version "
        "and do not hold its limits of that time. Records then:",
    )
    for record in known:
        noted = moment(record.at, zone)
        yield Words(f"  · {noted.zh} {record.words}", f"  · {noted.en} {record.words}")
    yield from _later(thread, len(thread.records) - len(known))


# -- what is to come ---------------------------------------------------------------------------


def _since(thread: Thread, now: datetime | None) -> datetime:
    """From when a forecast is made: now, and not before what has been done to the case."""
    known = (now, thread.records[-1].at, thread.case.looked_until)
    return max(at for at in known if at is not None)


def forecast(thread: Thread, at: datetime, now: datetime | None) -> Standing:
    """How the case stands now: what a forecast begins from."""
    return thread.as_of(_since(thread, now))


def _forecast(thread: Thread, at: datetime, now: datetime) -> Iterator[Words]:
    zone, s = thread.reference.zone, thread.as_of(now)
    when, seen = moment(at, zone), moment(now, zone)
    yield Words(
        f"{when.zh} 还没有到。下面是从 {seen.zh} 的情况推算的，不是记录。",
        f"{when.en} has not come yet. What follows is a forecast made {seen.en}, not a record.",
    )
    yield _GAP
    yield from place(thread, s)
    yield from standing_clocks(s, zone)
    yield _GAP
    looks = [look for look in s.agenda() if look.at <= at]
    if looks:
        yield Words("若一直无人处理，到那时将：", "If nobody acts, until then:")
        yield from lines(thread, s, looks)
    else:
        yield Words("到那时不会有督办动作。", "Nothing will happen by itself until then.")
    if s.rounds:
        yield Words("到那时：", "By then:")
        yield running(s.after(at), zone)
    yield _GAP
    yield from reckoned(s, zone)
