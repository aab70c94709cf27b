"""Dispatch: from a decision about units and a limit to a running clock and notices owed.

Intake, the dispatch sweep and the supervisor's hand all dispatch through here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ledger.changes import ENGINE, Change
from ledger.reference import Reference
from models.case import LimitSource, Stage, Status
from models.category import Role
from models.escalation import Outcome
from models.notice import NoticeKind
from models.person import DutyKind
from models.verb import Verb
from models.words import Words
from rules.agenda import Act, Book, Look, next_look
from rules.duty import Recipient
from rules.ladder import UPWARDS, Step
from rules.limits import Limit
from rules.routing import Routed, Undecided, route

TICK = timedelta(microseconds=1)
"""What is to be looked at from this very instant is planned from just before it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the paper says about duty, before any rule is asked."""

    units: tuple[str, ...] = ()
    coordinate: bool = False


def decide(
    reference: Reference, claim: Claim, category: str | None, area_path: str | None, at: datetime
) -> Routed | Undecided:
    """Which units answer: those the paper names, else those of the route."""
    if claim.coordinate:
        return Undecided(Words("原件请求协调定责", "the paper itself asks for duty to be settled"))
    if claim.units:
        return _named(reference, claim.units)
    known = reference.categories.get(category or "")
    called = f"{known.code} {known.minor}" if known else ""
    on = at.astimezone(reference.zone).date()
    return route(category, area_path, on, reference.routes, called)


def _named(reference: Reference, names: Sequence[str]) -> Routed | Undecided:
    found = {name: reference.unit(name) for name in names}
    unknown = [name for name, unit in found.items() if unit is None]
    if unknown:
        return Undecided(
            Words(
                f"单位名录中没有：{'、'.join(unknown)}",
                f"not in the directory of units: {', '.join(unknown)}",
            )
        )
    ids = list(dict.fromkeys(unit for unit in found.values() if unit is not None))
    units = [(ids[0], Role.LEAD), *((unit, Role.ASSISTING) for unit in ids[1:])]
    return Routed(tuple(units), Words("原件指明责任单位", "named on the paper"))


def choose_limit(
    reference: Reference, book: Book, paper: str, category: str | None
) -> tuple[Limit, LimitSource]:
    """The handling limit by the policy's order of sources, and where it came from."""
    for source in book.policy.reading.sources:
        if source is LimitSource.PAPER and paper:
            return book.limit(paper), source
        if source is LimitSource.CATEGORY and category:
            return book.limit(reference.categories[category].limit), source
    return book.policy.stages[Stage.HANDLE].limit, LimitSource.POLICY


def dispatch(
    change: Change,
    reference: Reference,
    book: Book,
    routed: Routed,
    limit: tuple[Limit, LimitSource],
    at: datetime,
    actor: str = ENGINE,
    verb: Verb = Verb.DISPATCH,
) -> None:
    """Hand the case to its units: a new epoch, the handling clock from `at`, notices owed."""
    case = change.case
    due, text = book.deadline(limit[0], at), written(limit[0])
    change.move(Status.DISPATCHED, at)
    case.set(
        epoch=case.epoch + 1,
        dispatched_at=at,
        clock_from=at,
        due_at=due.due_at,
        provisional=due.provisional,
        limit=text,
        limit_source=limit[1],
    )
    raised = book.policy.relapse_raises if case.recurrence_of else 0
    case.set(raised=raised, raised_at=at if raised else None)
    for unit, role in routed.units:
        change.assign(unit, role, at)
    names = [reference.directory.units[unit].name for unit, _ in routed.units]
    told = [reference.directory.nearest(unit, UPWARDS, at) for unit, _ in routed.units]
    start_step(change, book, Stage.SIGN, at)
    change.record(
        verb,
        at,
        f"{routed.reason.zh}，交办{'、'.join(names)}；时限{text}（{limit[1].words.zh}），"
        f"{local(due.due_at, reference)} 到期{'（暂定）' if due.provisional else ''}。"
        f"{'反弹案件，督办提高一级。' if raised else ''}",
        actor,
        units=[
            {"unit": name, "role": role.value}
            for name, (_, role) in zip(names, routed.units, strict=True)
        ],
        limit=text,
        due=due.due_at.isoformat(),
        provisional=due.provisional,
    )
    for (unit, role), who in zip(routed.units, told, strict=True):
        why, missing = f"dispatched:{case.number}:{case.epoch}:{unit}", _missing(who)
        keys = change.owe(NoticeKind.DISPATCHED, at, who, why, role=role.value, nobody=missing)
        if missing:
            _log_missing(change, reference.directory.units[unit].name, unit, who, keys, at)
    plan(change, book, at - TICK if raised else at)


def _missing(told: Sequence[Recipient]) -> bool:
    """Whether the unit has no contact on duty; then whoever is next above was told."""
    return not told or told[0].duty is not DutyKind.CONTACT


def _log_missing(
    change: Change,
    name: str,
    unit: int,
    told: Sequence[Recipient],
    keys: Sequence[str],
    at: datetime,
) -> None:
    """The escalation log keeps what could not be carried out, from the first notice on."""
    look = Look(at, Stage.DISPATCH, Act.REMIND, f"交办{name}"[:64], tell=(DutyKind.CONTACT,))
    instead = "、".join(f"{r.duty.words.zh}{r.person}" for r in told)
    said = f"{name}联络员无人在岗，{f'改告{instead}' if instead else '无人可告'}。"
    log_step(change, Step(look, Outcome.NOBODY, tuple(told)), said, keys, unit, at)


def log_step(
    change: Change, step: Step, said: str, keys: Sequence[str], unit: int | None, at: datetime
) -> None:
    """Write one step of follow-up twice: as a record of the case, and into the log."""
    look = step.look
    seq = change.record(
        Verb.ESCALATE if look.level else Verb.REMIND,
        at,
        said,
        stage=look.stage.value,
        level=look.level,
        rule=look.rule,
        planned=look.at.astimezone(UTC).isoformat(),
        card=look.card,
        outcome=step.outcome.value,
        recipients=keys,
    )
    change.log(step, at, seq, keys, unit)


def hold(change: Change, reference: Reference, book: Book, why: Words, at: datetime) -> None:
    """No unit can be named: the case waits in the supervisor's queue, and says why."""
    case = change.case
    waiting = {"since": case.since, "step_due_at": case.step_due_at}
    change.move(Status.UNDECIDED, at)
    # One clock for both: it waits to be dispatched since it was filed.
    case.set(**waiting)
    change.record(Verb.HOLD, at, f"待定责：{why.zh}。", reason_en=why.en)
    change.owe(
        NoticeKind.UNDECIDED,
        at,
        reference.directory.who(None, DutyKind.OFFICE, at),
        f"undecided:{case.number}",
        reason=why.zh,
    )
    plan(change, book)


@lru_cache(maxsize=1024)
def written(limit: Limit) -> str:
    """A limit as it stands in a case; kept, for a paper repeats few."""
    return str(limit)


def start_step(change: Change, book: Book, stage: Stage, at: datetime) -> None:
    """Start the clock of the step the new status waits for."""
    due = book.deadline(book.policy.stages[stage].limit, at)
    change.case.set(step_due_at=due.due_at)


def plan(
    change: Change,
    book: Book,
    looked_until: datetime | None = None,
    pauses: Sequence[tuple[datetime, datetime]] = (),
) -> None:
    """Keep the instant of the next look after `looked_until`.

    Without it the case has been judged no further than before: a level that has come due since
    the last sweep is not lost because somebody signed first.
    """
    case = change.case
    until = looked_until or case.looked_until
    case.set(looked_until=until, next_look_at=next_look(case, book, until, pauses))


def local(at: datetime, reference: Reference) -> str:
    """An instant as the city's clocks show it."""
    return at.astimezone(reference.zone).strftime("%Y-%m-%d %H:%M")
