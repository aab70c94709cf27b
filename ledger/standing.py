"""当时: a case as it stood at an instant, put together from its records and its rows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ledger.changes import CLOCKS
from ledger.parts import answering
from models.case import Stage, Status
from models.category import Role
from models.verb import Verb
from rules.addressees import Answering
from rules.agenda import Act, Book, Look, agenda
from rules.history import BLANK, course, remembers

if TYPE_CHECKING:
    from ledger.thread import Thread

BEGINNING = datetime.min.replace(tzinfo=UTC)

Pauses = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Part:
    """A unit's part as it was then; inside the unit it lay with a section and a handler."""

    unit_id: int
    name: str
    role: Role
    section: str = ""
    handler_id: int | None = None
    leader_id: int | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as it stood at `at`: nothing that came later is in it.

    `facts` are those of `rules.history.BLANK` with the status; `rounds` the facts of each
    handling clock as it ended, the last one as it stands; `missed` the rows of the log whose
    time had come by `at`, and which were written later.
    """

    at: datetime
    past: bool
    facts: Any
    rounds: tuple[Any, ...]
    records: tuple[Any, ...]
    parts: tuple[Part, ...]
    pauses: Pauses
    fired: tuple[Any, ...]
    missed: tuple[Any, ...]
    asked: Any | None
    book: Book
    looked_until: datetime

    @property
    def answering(self) -> Answering:
        """Who answered for the case then."""
        return answering(self.parts, self.facts.inspector_id)

    def agenda(self) -> list[Look]:
        """The looks that lay ahead, with those whose time had come and that nobody had done.

        Of a suspended case also what follows once it has resumed by itself.
        """
        looks = agenda(self.facts, self.book, BEGINNING, self.pauses)
        coming = [look for look in looks if self._ahead(look)]
        after = self.resumed()
        if after is None:
            return coming
        return coming + agenda(after, self.book, after.since, self.pauses)

    def resumed(self) -> Any | None:
        """The facts of a suspended case once it has resumed on its date; None of any other."""
        facts = self.facts
        if facts.status is not Status.SUSPENDED or facts.resumes_at is None:
            return None
        limit = self.book.limit(facts.limit)
        due = self.book.handling(limit, facts.clock_from, facts.extensions, self.pauses)
        now = {
            "status": Status.IN_PROGRESS,
            "since": facts.resumes_at,
            "resumes_at": None,
            "step_due_at": None,
            "due_at": due.due_at,
            "provisional": due.provisional,
        }
        return SimpleNamespace(**{**vars(facts), **now})

    def after(self, at: datetime) -> "Standing":
        """The same at a later instant, if nobody acts until then."""
        again = self.resumed()
        facts = again if again is not None and again.since <= at else self.facts
        return replace(self, at=at, facts=facts, rounds=(*self.rounds[:-1], facts))

    def _ahead(self, look: Look) -> bool:
        if self._done(look):
            return False
        if not self.past:
            return look.at > self.looked_until
        return look.at > self.at or look.act is Act.RESUME or self._missed(look)

    def _done(self, look: Look) -> bool:
        key = (look.stage, look.level, "" if look.level else look.rule)
        mine = (row for row in self.fired if row.epoch == self._clock(row.stage))
        return key in [(row.stage, row.level, "" if row.level else row.rule) for row in mine]

    def _clock(self, stage: Stage) -> int:
        return int(getattr(self.facts, CLOCKS.get(stage, "turn")))

    def _missed(self, look: Look) -> bool:
        key = (look.stage, look.level, look.rule, look.at)
        return key in [(row.stage, row.level, row.rule, row.planned_at) for row in self.missed]


def standing(thread: "Thread", at: datetime) -> Standing:
    """How a case stood at `at`, which is not before its first record.

    Of the past this needs records that tell the facts (`rules.history.remembers`).
    """
    known = tuple(takewhile(lambda record: record.at <= at, thread.records))
    past = len(known) < len(thread.records)
    told = [facts for _, facts in course(thread.records, at)] if remembers(known) else []
    facts = _facts(told[-1]) if past else _row(thread.case)
    return Standing(
        at=at,
        past=past,
        facts=facts,
        rounds=tuple(_rounds([*map(_facts, told), facts])),
        records=known,
        parts=tuple(_parts(thread, known, at) if past else _parts_now(thread)),
        pauses=_pauses(thread.rests, facts, at),
        fired=tuple(row for row in thread.log if row.at <= at),
        missed=tuple(row for row in thread.log if row.planned_at <= at < row.at),
        asked=next((row for row in thread.requests if _open(row, at)), None),
        book=thread.reference.books[facts.policy_id or thread.case.policy_id],
        looked_until=thread.case.looked_until,
    )


def _facts(told: dict[str, Any]) -> Any:
    return SimpleNamespace(**told)


def _row(case: Any) -> Any:
    return SimpleNamespace(**{name: getattr(case, name) for name in (*BLANK, "status")})


def _rounds(told: Sequence[Any]) -> Iterator[Any]:
    """The facts at the end of each handling clock there has been."""
    timed = [facts for facts in told if facts.clock_from is not None]
    for facts, following in zip(timed, [*timed[1:], None], strict=False):
        if following is None or following.clock_from != facts.clock_from:
            yield facts


def _pauses(rests: Sequence[Any], facts: Any, at: datetime) -> Pauses:
    """The pauses begun by `at`; one that had not ended then ends where it was to end."""
    begun = (rest for rest in rests if rest.started_at <= at)
    return [(rest.started_at, _end(rest, facts, at)) for rest in begun]


def _end(rest: Any, facts: Any, at: datetime) -> datetime:
    ended: datetime | None = rest.ended_at
    if ended is not None and ended <= at:
        return ended
    return facts.resumes_at or ended or at


def _open(request: Any, at: datetime) -> bool:
    decided = request.decided_at
    return bool(request.asked_at <= at and (decided is None or decided > at))


# -- who had it --------------------------------------------------------------------------------


def _parts_now(thread: "Thread") -> Iterator[Part]:
    for p in thread.parts:
        if p.ended_at is None:
            yield Part(p.unit_id, p.name, p.role, p.section, p.handler_id, p.leader_id,
                       p.confirmed_at)  # fmt: skip


def _parts(thread: "Thread", known: Sequence[Any], at: datetime) -> Iterator[Part]:
    """The same of the past: roles and people are rewritten in place, so the records tell them."""
    mine = [p for p in thread.parts if p.started_at <= at and not (p.ended_at and p.ended_at <= at)]
    lead = _lead(mine, known)
    inside = _inside(known)
    for part in mine:
        mark = inside.get(part.unit_id, {})
        yield Part(
            unit_id=part.unit_id,
            name=part.name,
            role=_role(part, lead),
            section=mark.get("section", ""),
            handler_id=mark.get("handler"),
            leader_id=mark.get("leader"),
            confirmed_at=_confirmed(part, known),
        )


def _lead(parts: Sequence[Any], known: Sequence[Any]) -> int | None:
    """The unit that led: the first of those it was handed to, or who took it over since."""
    taken: int | None = None
    for record in known:
        if _hands_over(record):
            taken = None
        elif record.verb == Verb.TAKE_OVER:
            taken = json.loads(record.data)["unit_id"]
    return taken or next((part.unit_id for part in parts), None)


def _hands_over(record: Any) -> bool:
    """Whether a record gives the case to units: only a dispatch, by whatever verb, lists them."""
    return "units" in json.loads(record.data)


def _role(part: Any, lead: int | None) -> Role:
    if part.unit_id == lead:
        return Role.LEAD
    return Role.ASSISTING if part.role == Role.LEAD else part.role


def _inside(known: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """With whom it lay inside each unit; forgotten when it is handed to other units."""
    found: dict[int, dict[str, Any]] = {}
    for record in known:
        if _hands_over(record):
            found = {}
        elif record.verb == Verb.ASSIGN:
            data = json.loads(record.data)
            found[data["unit_id"]] = data
    return found


def _confirmed(part: Any, known: Sequence[Any]) -> datetime | None:
    """When an assisting unit had reported its part done, unless it was opened again since."""
    done: datetime | None = None
    for record in known:
        if record.at < part.started_at:
            continue
        if record.verb == Verb.CONFIRM_PART and _of(record) == part.unit_id:
            done = record.at
        elif record.verb in _OPENS_ALL or _opens(record, part):
            done = None
    return done


def _of(record: Any) -> int | None:
    unit: int | None = json.loads(record.data).get("unit_id")
    return unit


_OPENS_ALL = {Verb.VERIFY_FAIL, Verb.LOOK_BACK_FAIL, Verb.REOPEN}


def _opens(record: Any, part: Any) -> bool:
    """A verification in part opens the parts of the units it leaves something to."""
    return part.unit_id in json.loads(record.data).get("units_left", ())
